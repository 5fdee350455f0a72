//! Gives a copy its own SQS queues.
//!
//! Knows the API of SQS and nothing else: what the file may say is in [`provision::config::sqs`], when
//! and how often something is done is the engine's.

#![forbid(unsafe_code)]

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use aws::{
    field,
    queue::Reader,
    session::{Service, place, settles},
};
use provision::{
    Listed, Provider,
    change::Change,
    config::{
        FeatureResources, Mark, Place,
        reference::Arn,
        sqs::{Queue, Sqs, Value},
    },
    error::Error,
    marks::{Edit, Tags},
    outputs::{Hidden, Output},
};

mod calls;
mod clone;
mod plan;

/// The queues of one account and region.
pub struct Queues {
    reader: Reader,
    section: Sqs,
    /// Queues that are known to be there, by name, with their URLs.
    urls: RefCell<BTreeMap<String, String>>,
    /// Queues that may have come since the list was read: they are asked for one by one.
    touched: RefCell<BTreeSet<String>>,
    /// The ARN of any queue here, which is all but the name of every other one's.
    near: RefCell<Option<Arn>>,
    /// Attributes that this run has written, by queue.
    written: RefCell<BTreeMap<String, BTreeSet<&'static str>>>,
}

/// A queue as SQS reports it.
pub struct Have {
    url: String,
    arn: Arn,
    /// `url` at the endpoint that we use ourselves.
    rewritten: String,
    /// By the API's names.
    attributes: BTreeMap<String, String>,
    /// Attributes that an emulator has taken and does not report.
    blind: BTreeSet<&'static str>,
    tags: Tags,
}

impl Provider for Queues {
    const SECTION: &'static str = "sqs";

    type Section = Sqs;
    type Want = Queue;
    type Have = Have;

    fn section(config: &FeatureResources) -> Option<&Sqs> {
        config.sqs.as_ref()
    }

    fn wants(section: &Sqs) -> &[Queue] {
        &section.queues
    }

    fn prunes(section: &Sqs) -> bool {
        section.prune
    }

    fn written(want: &Queue) -> &str {
        &want.written
    }

    fn needs(want: &Queue) -> Vec<&str> {
        want.dead_letters().into_iter().collect()
    }

    fn endpoint(section: &Sqs) -> String {
        place(&section.access, Service::Sqs)
    }

    async fn connect(section: &Sqs) -> Result<Self, Error> {
        let reader = Reader::open(&section.access).await?;
        let urls = reader.list().await?;
        Ok(Self {
            reader,
            section: section.clone(),
            urls: RefCell::new(urls),
            // The list may be older than they are.
            touched: RefCell::new(section.queues.iter().map(|queue| queue.name.clone()).collect()),
            near: RefCell::default(),
            written: RefCell::default(),
        })
    }

    async fn strays(&self, section: &Sqs, mark: &Mark) -> Result<Vec<Queue>, Error> {
        let wanted = |name: &String| section.queues.iter().any(|queue| queue.name == *name);
        let urls = self.urls.borrow();
        Ok(urls
            .keys()
            .filter(|name| mark.scope.may_have_named(name, Queue::MAX_NAME) && !wanted(name))
            .map(|name| Queue::named(name))
            .collect())
    }

    async fn listed(&self, _: &Sqs, _: &Mark) -> Result<Vec<Listed>, Error> {
        Ok(self.urls.borrow().keys().map(|name| Listed { name: name.clone(), tags: None }).collect())
    }

    async fn written_on(&self, name: &str) -> Result<Vec<(String, Tags)>, Error> {
        let Some(url) = self.url(name).await? else { return Ok(Vec::new()) };
        Ok(self.reader.tags(&url).await?.map(|tags| (name.to_owned(), tags)).into_iter().collect())
    }

    /// A subscription whose queue is gone cannot be found again: its topic may be base's.
    fn held(have: &Have) -> Option<String> {
        let policy = have.attributes.get("Policy").and_then(|policy| serde_json::from_str(policy).ok());
        let topics = aws::policy::topics(policy.as_ref());
        let topic = topics.first()?.resource();
        Some(format!("topic {topic} still sends to it: sns-hook ends that, and the next apply deletes it"))
    }

    async fn resolve(&self, want: &Queue) -> Result<Queue, Error> {
        let want = self.cloned(want).await?;
        self.dead_letters_are_there(&want).await?;
        Ok(want)
    }

    async fn observe(&self, want: &Queue) -> Result<Option<Have>, Error> {
        self.read(&want.name).await
    }

    fn keeps(_: &Queue) -> Option<&Place> {
        None
    }

    fn remember(want: Queue, _: Option<&Have>, _: Option<Hidden>) -> Queue {
        want
    }

    fn tags(have: &Have) -> Option<&Tags> {
        Some(&have.tags)
    }

    fn touches(_: &Have) -> Vec<(String, &Tags)> {
        Vec::new()
    }

    fn adopts(want: &Queue) -> bool {
        want.adopt
    }

    fn plan(want: &Queue, have: Option<&Have>) -> Change {
        plan::change(want, have)
    }

    async fn apply(&self, want: &Queue, change: &Change, marks: &Edit) -> Result<(), Error> {
        match change {
            Change::Create(_) => self.create(want, marks).await,
            Change::Update(_) => self.update(want, change, marks).await,
            Change::Keep | Change::Delete | Change::Refuse(_) => Ok(()),
        }
    }

    fn settles(&self) -> Duration {
        settles(self.reader.emulator.is_some())
    }

    fn warnings(_: &Queue, have: &Have) -> Vec<String> {
        field::not_reported(have.blind.iter().copied())
    }

    async fn delete(&self, want: &Queue, _: &Have) -> Result<(), Error> {
        self.remove(&want.name).await
    }

    fn outputs(want: &Queue, have: Option<&Have>) -> Vec<Output> {
        let value = |value, have: &Have| match value {
            Value::Url => have.url.clone(),
            Value::UrlRewritten => have.rewritten.clone(),
            Value::Name => want.name.clone(),
            Value::Arn => have.arn.to_string(),
        };
        want.outputs
            .iter()
            .map(|output| Output {
                place: output.place.clone(),
                value: have.map(|have| value(output.value, have).into()),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
