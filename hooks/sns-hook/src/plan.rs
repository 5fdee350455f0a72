//! What must happen to a topic and its subscriptions. Pure.

use aws::{field, policy, value};
use provision::{
    change::{Change, Difference, NONE},
    config::{
        attribute::{Attribute, Setting},
        reference::{Arn, DeadLetters, QueueRef},
        sns::{Protocol, Shared, Subscription, Target, Topic, TopicRef, Want},
    },
    marks::Tags,
};

use crate::{Have, Subscribed};

pub(crate) fn change(want: &Want, have: Option<&Have>) -> Change {
    match (want, have) {
        (Want::Topic(topic), None) => Change::Create(fields(topic)),
        (Want::Topic(topic), Some(have)) => topic_change(topic, have),
        (Want::Shared(shared), None) => Change::Create(field::attributes_made(&shared.attributes)),
        (Want::Shared(shared), Some(have))
            if have.subscriptions.is_empty() && !have.admitted(&shared.queue) =>
        {
            Change::Create(field::attributes_made(&shared.attributes))
        }
        (Want::Shared(shared), Some(have)) => {
            Change::of(subscription_differences(&subscription(shared), have))
        }
    }
}

/// Who gets the messages, as the API says it; a queue of the file is beside `near`.
pub(crate) fn endpoint(want: &Subscription, near: &Arn) -> String {
    match &want.target {
        Target::Queue(queue) => queue.arn(near).to_string(),
        Target::Endpoint(endpoint) => endpoint.clone(),
    }
}

/// The queues of the file that a want sends to.
pub(crate) fn own_queues(want: &Want) -> Vec<String> {
    match want {
        Want::Topic(topic) => topic.subscriptions.iter().flat_map(sends_to).map(str::to_owned).collect(),
        Want::Shared(shared) => sends_to(&subscription(shared)).into_iter().map(str::to_owned).collect(),
    }
}

/// The queues of the file that get a subscription's messages, or those of them that could not be delivered.
pub(crate) fn sends_to(want: &Subscription) -> Vec<&str> {
    let mut names = Vec::new();
    if let Target::Queue(QueueRef::Own(name)) = &want.target {
        names.push(name.as_str());
    }
    if let Some(Setting::DeadLetters(DeadLetters { queue: QueueRef::Own(name), .. })) =
        want.attributes.get("redrivePolicy")
    {
        names.push(name);
    }
    names
}

/// Whether a want is why a topic may send to a queue.
pub(crate) fn asks_for(want: &Want, topic: &Arn, queue: &str) -> bool {
    let named = match want {
        Want::Topic(want) => want.name == topic.resource(),
        Want::Shared(Shared { topic: TopicRef::Name(name), .. }) => name == topic.resource(),
        Want::Shared(Shared { topic: TopicRef::Arn(arn), .. }) => arn == topic,
    };
    named && own_queues(want).iter().any(|name| name == queue)
}

/// A queue's part in a topic of base's, as the subscription that it is.
pub(crate) fn subscription(shared: &Shared) -> Subscription {
    Subscription {
        protocol: Protocol::Sqs,
        target: Target::Queue(QueueRef::Own(shared.queue.clone())),
        attributes: shared.attributes.clone(),
    }
}

/// What is to be changed in one attribute of a subscription that is there.
pub(crate) fn drift(
    row: &Attribute,
    setting: &Setting,
    there: &Subscribed,
    near: &Arn,
) -> Option<Difference> {
    // Nobody can change a subscription that waits to be confirmed.
    there.arn.as_ref()?;
    value::difference(row, setting, there.attributes.get(row.api).map(String::as_str), near)
}

fn topic_change(want: &Topic, have: &Have) -> Change {
    let kind = have.attributes.get("fifotopic").is_some_and(|fifo| fifo == "true");
    if kind != want.fifo() {
        return Change::Refuse(field::other_kind("topic", kind));
    }
    let reported = |name: &str| have.attributes.get(&name.to_lowercase()).map(String::as_str);
    let attributes = want
        .attributes
        .iter()
        .filter(|(row, _)| row.name != "fifoTopic" && !have.blind.contains(row.name))
        .filter_map(|(row, setting)| value::difference(row, setting, reported(row.api), &have.arn));
    let mut differences: Vec<Difference> = attributes.collect();
    let extra = field::extra_differences(&want.extra, reported).into_iter();
    differences.extend(extra.filter(|extra| !have.blind.contains(&extra.field)));
    differences.extend(field::tag_differences(&want.tags, have.tags.as_ref().unwrap_or(&Tags::new())));
    differences.extend(want.subscriptions.iter().flat_map(|want| subscription_differences(want, have)));
    Change::of(differences)
}

fn subscription_differences(want: &Subscription, have: &Have) -> Vec<Difference> {
    let name = format!("subscription {want}");
    let mut differences = Vec::new();
    match have.subscription(want) {
        None => {
            differences.push(Difference::new(&name, NONE, "there"));
            let made = field::attributes_made(&want.attributes);
            differences.extend(made.into_iter().map(|field| below(&name, field)));
        }
        Some(there) => {
            let twins = have.twins(want).count();
            if twins > 0 {
                differences.push(Difference::new(format!("{name} count"), (1 + twins).to_string(), "1"));
            }
            let drifted =
                want.attributes.iter().filter_map(|(row, setting)| drift(row, setting, there, have.near()));
            differences.extend(drifted.map(|field| below(&name, field)));
        }
    }
    for queue in sends_to(want) {
        let there = have.queues.get(queue);
        if !there.is_some_and(|queue| policy::allows(queue.policy.as_ref(), &have.arn, &queue.arn)) {
            differences.push(Difference::new(format!("policy of queue {queue}"), NONE, "the topic may send"));
        }
    }
    differences
}

fn below(name: &str, field: Difference) -> Difference {
    Difference { field: format!("{name} {}", field.field), ..field }
}

/// What a topic is made with.
fn fields(want: &Topic) -> Vec<Difference> {
    let mut fields = field::made(&want.attributes, &want.extra, &want.tags);
    for want in &want.subscriptions {
        let name = format!("subscription {want}");
        fields.push(Difference::new(&name, NONE, "there"));
        let rest = field::attributes_made(&want.attributes).into_iter();
        fields.extend(rest.map(|field| below(&name, field)));
    }
    fields
}
