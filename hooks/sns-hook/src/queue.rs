//! The queues that topics send to: whose they are, and the statement in their policy that lets a topic in.

use std::collections::BTreeMap;

use aws::{
    error::{classed, is},
    policy,
    queue::{ABSENT, Reader, Reported},
};
use aws_sdk_sqs::types::QueueAttributeName;
use provision::{
    config::{aws::Access, reference::Arn},
    error::Error,
    marks::Tags,
};
use serde_json::Value;
use tokio::sync::Mutex;

/// The queues of the section `sqs`.
pub(crate) struct Queues {
    reader: Reader,
    /// A policy is read, changed and written: one at a time, or the statements of two topics overwrite one another.
    turn: Mutex<()>,
}

/// A queue as SQS reports it, as far as topics care.
pub(crate) struct Queue {
    url: String,
    pub(crate) arn: Arn,
    pub(crate) policy: Option<Value>,
    pub(crate) tags: Tags,
}

impl Queues {
    pub(crate) async fn open(access: &Access) -> Result<Self, Error> {
        Ok(Self { reader: Reader::open(access).await?, turn: Mutex::default() })
    }

    /// All queues: names and URLs.
    pub(crate) async fn list(&self) -> Result<BTreeMap<String, String>, Error> {
        self.reader.list().await
    }

    /// The topics that we have let into a queue.
    pub(crate) async fn admitted(&self, name: &str, url: &str) -> Result<Vec<Arn>, Error> {
        let Some(reported) = self.reader.attributes(url).await? else { return Ok(Vec::new()) };
        Ok(policy::topics(policy_of(name, &reported)?.as_ref()))
    }

    /// The same, and what is written on the queue, which nobody asks for where there are no topics.
    pub(crate) async fn topics_and_tags(&self, name: &str) -> Result<(Vec<Arn>, Tags), Error> {
        let nothing = (Vec::new(), Tags::new());
        let Some(url) = self.reader.url(name).await? else { return Ok(nothing) };
        let topics = self.admitted(name, &url).await?;
        if topics.is_empty() {
            return Ok(nothing);
        }
        Ok(self.reader.tags(&url).await?.map_or(nothing, |tags| (topics, tags)))
    }

    pub(crate) async fn read(&self, name: &str) -> Result<Option<Queue>, Error> {
        let Some(url) = self.reader.url(name).await? else { return Ok(None) };
        let Some(reported) = self.reader.attributes(&url).await? else { return Ok(None) };
        let Some(tags) = self.reader.tags(&url).await? else { return Ok(None) };
        let policy = policy_of(name, &reported)?;
        Ok(Some(Queue { url, arn: reported.arn, policy, tags }))
    }

    /// Lets the topic send to the queue; all that the policy says of others stays. False where there is no
    /// such queue.
    pub(crate) async fn admit(&self, name: &str, topic: &Arn) -> Result<bool, Error> {
        let _turn = self.turn.lock().await;
        let Some(queue) = self.read(name).await? else { return Ok(false) };
        if !policy::allows(queue.policy.as_ref(), topic, &queue.arn) {
            let merged = policy::with(queue.policy.as_ref(), topic, &queue.arn);
            self.write(&queue, &merged.to_string()).await?;
        }
        Ok(true)
    }

    /// Takes back what [`Self::admit`] wrote.
    pub(crate) async fn dismiss(&self, name: &str, topic: &Arn) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        let Some(queue) = self.read(name).await? else { return Ok(()) };
        if !policy::topics(queue.policy.as_ref()).contains(topic) {
            return Ok(());
        }
        let rest = policy::without(queue.policy.as_ref(), topic);
        self.write(&queue, &rest.map(|rest| rest.to_string()).unwrap_or_default()).await
    }

    async fn write(&self, queue: &Queue, policy: &str) -> Result<(), Error> {
        let request = self.reader.client.set_queue_attributes().queue_url(&queue.url);
        match request.attributes(QueueAttributeName::Policy, policy).send().await {
            Ok(_) => Ok(()),
            Err(error) if is(&error, &ABSENT) => {
                Err(Error::unreachable("the queue went away while its policy was changed"))
            }
            Err(error) => Err(classed("SetQueueAttributes", &error)),
        }
    }
}

fn policy_of(name: &str, reported: &Reported) -> Result<Option<Value>, Error> {
    let policy = reported.attributes.get("Policy").filter(|text| !text.is_empty());
    let policy = policy.map(|text| serde_json::from_str(text)).transpose();
    policy.map_err(|error| Error::refused(format!("the policy of queue {name} is no JSON: {error}")))
}

#[cfg(test)]
impl Queue {
    pub(crate) fn of(arn: Arn, policy: Option<Value>) -> Self {
        Self { url: String::new(), arn, policy, tags: Tags::new() }
    }
}
