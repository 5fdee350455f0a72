//! The queues that topics send to: whose they are, and the statement in their policy that lets a topic in.

use aws::{
    error::{classed, is},
    policy,
    session::{Service, Session},
};
use aws_sdk_sqs::{Client, types::QueueAttributeName};
use provision::{
    config::{aws::Access, reference::Arn},
    error::Error,
    marks::Tags,
};
use serde_json::Value;
use tokio::sync::Mutex;

const ABSENT: [&str; 2] = ["QueueDoesNotExist", "NonExistentQueue"];

/// The queues of the section `sqs`.
pub(crate) struct Queues {
    client: Client,
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
        let session = Session::open(access, Service::Sqs).await?;
        let mut config = aws_sdk_sqs::config::Builder::from(&session.sdk);
        config.set_endpoint_url(session.url);
        Ok(Self { client: Client::from_conf(config.build()), turn: Mutex::default() })
    }

    /// All queues: names and URLs.
    pub(crate) async fn list(&self) -> Result<Vec<(String, String)>, Error> {
        let mut queues = Vec::new();
        let mut token = None;
        loop {
            let request = self.client.list_queues().max_results(1000).set_next_token(token);
            let answer = request.send().await.map_err(|error| classed("ListQueues", &error))?;
            let named = answer.queue_urls.unwrap_or_default().into_iter();
            queues.extend(named.filter_map(|url| Some((url.rsplit('/').next()?.to_owned(), url))));
            token = answer.next_token;
            if token.is_none() {
                return Ok(queues);
            }
        }
    }

    /// The topics that we have let into a queue.
    pub(crate) async fn admitted(&self, name: &str, url: &str) -> Result<Vec<Arn>, Error> {
        let policy = self.reported(name, url).await?.and_then(|(_, policy)| policy);
        Ok(policy::topics(policy.as_ref()))
    }

    pub(crate) async fn read(&self, name: &str) -> Result<Option<Queue>, Error> {
        let url = match self.client.get_queue_url().queue_name(name).send().await {
            Ok(answer) => answer
                .queue_url
                .ok_or_else(|| Error::internal("GetQueueUrl answers without a URL: is this SQS?"))?,
            Err(error) if is(&error, &ABSENT) => return Ok(None),
            Err(error) => return Err(classed("GetQueueUrl", &error)),
        };
        let Some((arn, policy)) = self.reported(name, &url).await? else { return Ok(None) };
        let tags = match self.client.list_queue_tags().queue_url(&url).send().await {
            Ok(answer) => answer.tags.unwrap_or_default().into_iter().collect(),
            Err(error) if is(&error, &ABSENT) => return Ok(None),
            Err(error) => return Err(classed("ListQueueTags", &error)),
        };
        Ok(Some(Queue { url, arn, policy, tags }))
    }

    async fn reported(&self, name: &str, url: &str) -> Result<Option<(Arn, Option<Value>)>, Error> {
        let names = [QueueAttributeName::QueueArn, QueueAttributeName::Policy];
        let request = self.client.get_queue_attributes().queue_url(url);
        let attributes = match request.set_attribute_names(Some(names.to_vec())).send().await {
            Ok(answer) => answer.attributes.unwrap_or_default(),
            Err(error) if is(&error, &ABSENT) => return Ok(None),
            Err(error) => return Err(classed("GetQueueAttributes", &error)),
        };
        let arn = attributes.get(&QueueAttributeName::QueueArn).and_then(|arn| arn.parse().ok());
        let arn = arn.ok_or_else(|| {
            Error::internal(format!("GetQueueAttributes says no QueueArn for {url}: is this SQS?"))
        })?;
        let policy = attributes.get(&QueueAttributeName::Policy).filter(|text| !text.is_empty());
        let policy = policy.map(|text| serde_json::from_str(text)).transpose();
        let policy = policy
            .map_err(|error| Error::refused(format!("the policy of queue {name} is no JSON: {error}")))?;
        Ok(Some((arn, policy)))
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
        let request = self.client.set_queue_attributes().queue_url(&queue.url);
        match request.attributes(QueueAttributeName::Policy, policy).send().await {
            Ok(_) => Ok(()),
            Err(error) if is(&error, &ABSENT) => {
                Err(Error::unreachable("the queue went away while its policy was changed"))
            }
            Err(error) => Err(classed("SetQueueAttributes", &error)),
        }
    }
}

#[cfg(test)]
impl Queue {
    pub(crate) fn of(arn: Arn, policy: Option<Value>) -> Self {
        Self { url: String::new(), arn, policy, tags: Tags::new() }
    }
}
