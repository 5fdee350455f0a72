use aws::policy;
use feature::words;
use provision::config;
use serde_json::json;

use super::*;

/// What a file asks for whose section `sns` says this.
fn want(says: &str) -> Want {
    let head = format!("apiVersion: {}\nkind: {}", words::API_VERSION, words::FEATURE_RESOURCES);
    let sqs = "sqs: {endpointUrl: 'http://x:1', queues: [{name: emails}]}";
    let text = format!("{head}\nfeature: feat1\nowner: demo/orders\n{sqs}\nsns: {{{says}}}\n");
    let sns = config::read("f", &text).unwrap_or_else(|error| panic!("{error}")).sns.expect("given");
    sns.wants.into_iter().next().expect("one")
}

fn topic(says: &str) -> Want {
    want(&format!("topics: [{{name: orders, {says}}}]"))
}

fn arn(text: &str) -> Arn {
    text.parse().expect(text)
}

/// A topic without anything.
fn have() -> Have {
    Have {
        arn: arn("arn:aws:sns:eu-1:000000000000:orders-feat1"),
        attributes: BTreeMap::from([
            ("displayname".to_owned(), "Orders".to_owned()),
            ("httpsuccessfeedbacksamplerate".to_owned(), "10".to_owned()),
        ]),
        blind: BTreeSet::new(),
        tags: Some(Tags::new()),
        subscriptions: Vec::new(),
        queues: BTreeMap::new(),
    }
}

/// The same with the queue subscribed; the queue's policy lets in whom `admits` names.
fn subscribed(attributes: &[(&str, &str)], admits: Option<&Arn>) -> Have {
    let queue = arn("arn:aws:sqs:eu-1:000000000000:emails-feat1");
    let mut have = have();
    have.subscriptions.push(Subscribed {
        arn: Some("arn:aws:sns:eu-1:000000000000:orders-feat1:1".to_owned()),
        protocol: "sqs".to_owned(),
        endpoint: queue.to_string(),
        attributes: attributes.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        pending: false,
    });
    let policy = admits.map(|topic| policy::with(None, topic, &queue));
    have.queues.insert("emails-feat1".to_owned(), Queue::of(queue, policy));
    have
}

fn told(change: &Change) -> Vec<String> {
    match change {
        Change::Update(fields) | Change::Create(fields) => fields.iter().map(ToString::to_string).collect(),
        other => vec![format!("{other:?}")],
    }
}

const SUBSCRIPTION: &str = "subscriptions: [{protocol: sqs, queue: emails, attributes: {rawMessageDelivery: true, \
                            filterPolicy: {a: [b]}}}]";

#[test]
fn only_what_the_config_says_is_compared() {
    let cases = [
        ("", vec!["Keep"]),
        ("attributes: {displayName: Orders, httpSuccessFeedbackSampleRate: 10}", vec!["Keep"]),
        ("attributes: {displayName: Bills}", vec!["displayName: Orders -> Bills"]),
        ("attributes: {displayName: none}", vec!["displayName: Orders -> none"]),
        ("attributes: {kmsMasterKeyId: alias/a}", vec!["kmsMasterKeyId: alias/a"]),
        ("tags: {team: mail}", vec!["tags.team: mail"]),
    ];
    for (says, fields) in cases {
        assert_eq!(told(&plan::change(&topic(says), Some(&have()))), fields, "{says}");
    }
}

#[test]
fn a_subscription_is_a_field_of_its_topic_and_so_is_the_way_into_the_queue() {
    let want = topic(SUBSCRIPTION);
    let topic = have().arn;
    let other = arn("arn:aws:sns:eu-1:000000000000:others");
    let raw = [("RawMessageDelivery", "true"), ("FilterPolicy", r#"{ "a": ["b"] }"#)];
    let cases = [
        (
            have(),
            vec![
                "subscription sqs:emails-feat1: there",
                "subscription sqs:emails-feat1 rawMessageDelivery: true",
                r#"subscription sqs:emails-feat1 filterPolicy: {"a":["b"]}"#,
                "policy of queue emails-feat1: the topic may send",
            ],
        ),
        (subscribed(&raw, Some(&topic)), vec!["Keep"]),
        (subscribed(&raw, Some(&other)), vec!["policy of queue emails-feat1: the topic may send"]),
        (
            subscribed(&raw[1..], Some(&topic)),
            vec!["subscription sqs:emails-feat1 rawMessageDelivery: false -> true"],
        ),
    ];
    for (have, fields) in cases {
        assert_eq!(told(&plan::change(&want, Some(&have))), fields);
    }
}

#[test]
fn of_twins_the_same_one_stays_in_whatever_order_they_are_listed() {
    let arn = have().arn;
    let Want::Topic(want) = topic(SUBSCRIPTION) else { panic!("a topic") };
    for (twin, least) in [("0", "0"), ("2", "1")] {
        let mut both = subscribed(&[], Some(&arn));
        both.subscriptions.extend(subscribed(&[], Some(&arn)).subscriptions);
        both.subscriptions[0].arn = Some(format!("{arn}:{twin}"));
        for _ in 0..2 {
            both.subscriptions.reverse();
            let kept = both.subscription(&want.subscriptions[0]).and_then(|kept| kept.arn.clone());
            assert_eq!(kept, Some(format!("{arn}:{least}")));
            let fields = told(&plan::change(&Want::Topic(want.clone()), Some(&both)));
            assert_eq!(fields[0], "subscription sqs:emails-feat1 count: 2 -> 1");
        }
    }
}

#[test]
fn a_queue_gets_the_messages_of_its_feature_from_bases_topic_and_no_others() {
    let want = want(
        "subscriptions: [{topic: orders, filterBy: feature, queue: emails, attributes: {filterPolicy: {a: [b]}}}]",
    );
    let fields =
        [r#"filterPolicy: {"a":["b"],"uber-ctx-key":["feat1"]}"#, "filterPolicyScope: MessageAttributes"];
    assert_eq!(told(&plan::change(&want, None)), fields);
    let mut there =
        subscribed(&[("FilterPolicy", r#"{"uber-ctx-key":["feat1"],"a":["b"]}"#)], Some(&have().arn));
    there.tags = None;
    assert_eq!(told(&plan::change(&want, Some(&there))), ["Keep"]);
    there.subscriptions[0].attributes.insert("FilterPolicy".to_owned(), json!({"a": ["b"]}).to_string());
    let drift =
        r#"subscription sqs:emails-feat1 filterPolicy: {"a": ["b"]} -> {"a":["b"],"uber-ctx-key":["feat1"]}"#;
    let told = told(&plan::change(&want, Some(&there)));
    assert_eq!(
        told.iter().map(|told| told.replace("\": [", "\":[")).collect::<Vec<_>>(),
        [drift.replace("\": [", "\":[")]
    );
}

#[test]
fn a_queue_for_what_could_not_be_delivered_lets_the_topic_in_too() {
    let redrive = "attributes: {redrivePolicy: {deadLetterQueue: emails}}";
    let want = topic(&format!("subscriptions: [{{protocol: https, endpoint: 'https://x/y', {redrive}}}]"));
    let fields = told(&plan::change(&want, Some(&have())));
    assert!(fields.contains(&"policy of queue emails-feat1: the topic may send".to_owned()), "{fields:?}");
}

#[test]
fn a_topic_of_the_other_kind_is_refused() {
    let mut have = have();
    have.attributes.insert("fifotopic".to_owned(), "true".to_owned());
    let change = plan::change(&topic(""), Some(&have));
    assert!(
        matches!(&change, Change::Refuse(reason) if reason.contains("stays what it was made")),
        "{change:?}"
    );
}

#[test]
fn what_waits_to_be_confirmed_is_a_warning_and_is_not_changed() {
    let want = topic(
        "subscriptions: [{protocol: https, endpoint: 'https://x/y', attributes: {rawMessageDelivery: true}}]",
    );
    let mut have = have();
    have.subscriptions.push(Subscribed {
        arn: None,
        protocol: "https".to_owned(),
        endpoint: "https://x/y".to_owned(),
        attributes: BTreeMap::new(),
        pending: true,
    });
    assert_eq!(plan::change(&want, Some(&have)), Change::Keep);
    assert_eq!(
        Topics::warnings(&want, &have),
        ["the subscription https:https://x/y waits for whoever gets it to confirm it"]
    );
}
