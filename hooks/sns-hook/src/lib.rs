//! Gives a copy its own SNS topics with their subscriptions, and its queues a part in base's topics.
//!
//! Knows the API of SNS, and of SQS the policy of a queue; what the file may say is in
//! [`provision::config::sns`], when and how often something is done is the engine's.

#![forbid(unsafe_code)]

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use aws::{
    field,
    session::{Service, Session, place, settles},
};
use aws_sdk_sns::Client;
use provision::{
    Listed, Provider,
    change::Change,
    config::{
        FeatureResources, Mark, Place,
        reference::Arn,
        sns::{INTO, Sns, Subscription, Topic, Value, Want},
    },
    error::Error,
    marks::{Edit, Tags},
    outputs::{Hidden, Output},
};

mod change;
mod plan;
mod queue;
mod read;
mod subscription;

use queue::{Queue, Queues};

/// The topics of one account and region, and the queues that they send to.
pub struct Topics {
    client: Client,
    /// None where the file has no queues.
    queues: Option<Queues>,
    emulator: bool,
    /// Topics that are known to be there, by name.
    arns: RefCell<BTreeMap<String, Arn>>,
    /// Topics that may have come since the list was read.
    touched: RefCell<BTreeSet<String>>,
    /// Attributes that this run has written, by topic.
    written: RefCell<BTreeMap<String, BTreeSet<String>>>,
}

/// A topic as SNS reports it, as far as a want is about it.
pub struct Have {
    arn: Arn,
    /// By the API's names in lower case: emulators differ in capitals.
    attributes: BTreeMap<String, String>,
    /// Attributes that an emulator has taken and does not report.
    blind: BTreeSet<String>,
    /// None where the topic is base's: of it nothing but the subscription is ours.
    tags: Option<Tags>,
    /// Those that the want is about and that are there.
    subscriptions: Vec<Subscribed>,
    /// The queues of the file that the want sends to and that are there, by name.
    queues: BTreeMap<String, Queue>,
}

/// A subscription as SNS reports it.
struct Subscribed {
    /// None while it waits for somebody to confirm it.
    arn: Option<String>,
    protocol: String,
    endpoint: String,
    /// By the API's names.
    attributes: BTreeMap<String, String>,
    pending: bool,
}

impl Provider for Topics {
    const SECTION: &'static str = "sns";

    type Section = Sns;
    type Want = Want;
    type Have = Have;

    fn section(config: &FeatureResources) -> Option<&Sns> {
        config.sns.as_ref()
    }

    fn wants(section: &Sns) -> &[Want] {
        &section.wants
    }

    fn prunes(section: &Sns) -> bool {
        section.prune
    }

    fn written(want: &Want) -> &str {
        want.written()
    }

    fn needs(_: &Want) -> Vec<&str> {
        Vec::new()
    }

    fn endpoint(section: &Sns) -> String {
        place(&section.access, Service::Sns)
    }

    async fn connect(section: &Sns) -> Result<Self, Error> {
        let session = Session::open(&section.access, Service::Sns).await?;
        let mut config = aws_sdk_sns::config::Builder::from(&session.sdk);
        config.set_endpoint_url(session.url);
        let queues = match &section.queues {
            Some(access) => Some(Queues::open(access).await?),
            None => None,
        };
        let topics = Self {
            client: Client::from_conf(config.build()),
            queues,
            emulator: session.emulator.is_some(),
            arns: RefCell::default(),
            touched: RefCell::default(),
            written: RefCell::default(),
        };
        topics.list().await?;
        Ok(topics)
    }

    /// Subscriptions first: their queues' policies say of which topics they are.
    async fn strays(&self, section: &Sns, mark: &Mark) -> Result<Vec<Want>, Error> {
        let wanted = |name: &String| {
            section.wants.iter().any(|want| matches!(want, Want::Topic(topic) if topic.name == *name))
        };
        let mut strays = self.left_subscribed(&section.wants, mark).await?;
        let arns = self.arns.borrow();
        let topics =
            arns.keys().filter(|name| mark.scope.may_have_named(name, Topic::MAX_NAME) && !wanted(name));
        strays.extend(topics.map(|name| Want::Topic(Topic::named(name))));
        Ok(strays)
    }

    /// Topics, and queues, behind an arrow: what a queue has in topics is whose the queue is.
    async fn listed(&self, _: &Sns, _: &Mark) -> Result<Vec<Listed>, Error> {
        let mut names: Vec<String> = self.arns.borrow().keys().cloned().collect();
        if let Some(queues) = &self.queues {
            names.extend(queues.list().await?.into_keys().map(|queue| format!("{INTO}{queue}")));
        }
        Ok(names.into_iter().map(|name| Listed { name, tags: None }).collect())
    }

    async fn written_on(&self, name: &str) -> Result<Vec<(String, Tags)>, Error> {
        if let Some(queue) = name.strip_prefix(INTO) {
            return self.subscribed_by(queue).await;
        }
        let Some(arn) = self.arn(name).await? else { return Ok(Vec::new()) };
        Ok(self.tags(&arn).await?.map(|tags| (name.to_owned(), tags)).into_iter().collect())
    }

    fn held(_: &Have) -> Option<String> {
        None
    }

    async fn resolve(&self, want: &Want) -> Result<Want, Error> {
        if let Want::Shared(shared) = want
            && self.arn_of_shared(shared).await?.is_none()
        {
            return Err(Error::refused(format!(
                "there is no topic {:?}: base's has to be there",
                shared.topic.name()
            )));
        }
        Ok(want.clone())
    }

    async fn observe(&self, want: &Want) -> Result<Option<Have>, Error> {
        match want {
            Want::Topic(topic) => self.topic(topic).await,
            Want::Shared(shared) => self.shared(shared).await,
        }
    }

    fn keeps(_: &Want) -> Option<&Place> {
        None
    }

    fn remember(want: Want, _: Option<&Have>, _: Option<Hidden>) -> Want {
        want
    }

    fn tags(have: &Have) -> Option<&Tags> {
        have.tags.as_ref()
    }

    fn touches(have: &Have) -> Vec<(String, &Tags)> {
        have.queues.iter().map(|(name, queue)| (format!("sqs/{name}"), &queue.tags)).collect()
    }

    fn adopts(want: &Want) -> bool {
        matches!(want, Want::Topic(topic) if topic.adopt)
    }

    fn plan(want: &Want, have: Option<&Have>) -> Change {
        plan::change(want, have)
    }

    async fn apply(&self, want: &Want, change: &Change, marks: &Edit) -> Result<(), Error> {
        match (want, change) {
            (_, Change::Keep | Change::Delete | Change::Refuse(_)) => Ok(()),
            (Want::Topic(topic), Change::Create(_)) => self.create(topic, marks).await,
            (Want::Topic(topic), Change::Update(_)) => self.update(topic, change, marks).await,
            (Want::Shared(shared), Change::Create(_) | Change::Update(_)) => self.join(shared).await,
        }
    }

    fn settles(&self) -> Duration {
        settles(self.emulator)
    }

    fn warnings(_: &Want, have: &Have) -> Vec<String> {
        let mut warnings = field::not_reported(have.blind.iter().map(String::as_str));
        let pending = have.subscriptions.iter().filter(|subscription| subscription.pending);
        let pending = pending.map(|Subscribed { protocol, endpoint, .. }| {
            format!("the subscription {protocol}:{endpoint} waits for whoever gets it to confirm it")
        });
        warnings.extend(pending);
        warnings
    }

    async fn delete(&self, want: &Want, _: &Have) -> Result<(), Error> {
        match want {
            Want::Topic(topic) => self.remove(topic).await,
            Want::Shared(shared) => self.leave(shared).await,
        }
    }

    fn outputs(want: &Want, have: Option<&Have>) -> Vec<Output> {
        let value = |value, have: &Have| match value {
            Value::Name => have.arn.resource().to_owned(),
            Value::Arn => have.arn.to_string(),
        };
        want.outputs()
            .iter()
            .map(|output| Output {
                place: output.place.clone(),
                value: have.map(|have| value(output.value, have).into()),
            })
            .collect()
    }
}

impl Have {
    /// The ARN of a neighbour of the file's queues: they may be in another region than the topic.
    fn near(&self) -> &Arn {
        self.queues.values().next().map_or(&self.arn, |queue| &queue.arn)
    }

    /// Whether the queue's policy says anything of the topic.
    fn admitted(&self, queue: &str) -> bool {
        let queue = self.queues.get(queue);
        queue.is_some_and(|queue| aws::policy::topics(queue.policy.as_ref()).contains(&self.arn))
    }

    /// The one that a want asks for; of twins every hook keeps the same.
    fn subscription(&self, want: &Subscription) -> Option<&Subscribed> {
        self.like(want).min_by_key(|have| (have.arn.is_none(), have.arn.as_deref()))
    }

    /// What emulators make of two hooks that subscribe at once, and AWS does not: more than one for a want.
    fn twins<'a>(&'a self, want: &Subscription) -> impl Iterator<Item = &'a str> {
        let kept = self.subscription(want).and_then(|have| have.arn.as_deref());
        self.like(want).filter_map(|have| have.arn.as_deref()).filter(move |arn| Some(*arn) != kept)
    }

    fn like<'a>(&'a self, want: &Subscription) -> impl Iterator<Item = &'a Subscribed> {
        let endpoint = plan::endpoint(want, self.near());
        let protocol = want.protocol.as_str();
        self.subscriptions.iter().filter(move |have| have.protocol == protocol && have.endpoint == endpoint)
    }
}

#[cfg(test)]
mod tests;
