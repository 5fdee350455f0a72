//! The calls of SQS that read, for both hooks: each once, since when one is made again is the engine's to say.

use std::collections::BTreeMap;

use aws_sdk_sqs::{Client, types::QueueAttributeName};
use provision::{
    config::{
        aws::{Access, Endpoint},
        reference::Arn,
    },
    error::Error,
    marks::Tags,
};

use crate::{
    error::{classed, is},
    session::{Service, Session},
};

/// Of a queue that is not there, by AWS and by emulators.
pub const ABSENT: [&str; 2] = ["QueueDoesNotExist", "NonExistentQueue"];

/// The queues of one account and region.
#[derive(Clone, Debug)]
pub struct Reader {
    pub client: Client,
    /// The emulator's URL; none for AWS itself.
    pub emulator: Option<Endpoint>,
}

/// What SQS says of a queue.
#[derive(Clone, Debug)]
pub struct Reported {
    pub arn: Arn,
    /// By the API's names.
    pub attributes: BTreeMap<String, String>,
}

impl Reader {
    /// Makes sure of where it is and whose; asks for no queue.
    pub async fn open(access: &Access) -> Result<Self, Error> {
        let Session { sdk, url, emulator } = Session::open(access, Service::Sqs).await?;
        let mut config = aws_sdk_sqs::config::Builder::from(&sdk);
        config.set_endpoint_url(url);
        Ok(Self { client: Client::from_conf(config.build()), emulator })
    }

    /// All queues with their URLs, by name, in as few calls as there are thousands of them.
    pub async fn list(&self) -> Result<BTreeMap<String, String>, Error> {
        let mut queues = BTreeMap::new();
        let mut token = None;
        loop {
            let request = self.client.list_queues().max_results(1000).set_next_token(token);
            let answer = request.send().await.map_err(|error| classed("ListQueues", &error))?;
            let urls = answer.queue_urls.unwrap_or_default().into_iter();
            queues.extend(urls.filter_map(|url| Some((url.rsplit('/').next()?.to_owned(), url))));
            token = answer.next_token;
            if token.is_none() {
                return Ok(queues);
            }
        }
    }

    /// None where there is no such queue.
    pub async fn url(&self, name: &str) -> Result<Option<String>, Error> {
        match self.client.get_queue_url().queue_name(name).send().await {
            Ok(answer) => answer
                .queue_url
                .map(Some)
                .ok_or_else(|| Error::internal("GetQueueUrl answers without a URL: is this SQS?")),
            Err(error) if is(&error, &ABSENT) => Ok(None),
            Err(error) => Err(classed("GetQueueUrl", &error)),
        }
    }

    /// All attributes; none where somebody has deleted the queue since.
    pub async fn attributes(&self, url: &str) -> Result<Option<Reported>, Error> {
        let request = self.client.get_queue_attributes().queue_url(url);
        let answer = match request.attribute_names(QueueAttributeName::All).send().await {
            Ok(answer) => answer.attributes.unwrap_or_default(),
            Err(error) if is(&error, &ABSENT) => return Ok(None),
            Err(error) => return Err(classed("GetQueueAttributes", &error)),
        };
        let attributes: BTreeMap<String, String> =
            answer.into_iter().map(|(name, value)| (name.as_str().to_owned(), value)).collect();
        let arn = attributes.get("QueueArn").and_then(|arn| arn.parse().ok()).ok_or_else(|| {
            Error::internal(format!("GetQueueAttributes says no QueueArn for {url}: is this SQS?"))
        })?;
        Ok(Some(Reported { arn, attributes }))
    }

    /// None where somebody has deleted the queue since.
    pub async fn tags(&self, url: &str) -> Result<Option<Tags>, Error> {
        match self.client.list_queue_tags().queue_url(url).send().await {
            Ok(answer) => Ok(Some(answer.tags.unwrap_or_default().into_iter().collect())),
            Err(error) if is(&error, &ABSENT) => Ok(None),
            Err(error) => Err(classed("ListQueueTags", &error)),
        }
    }
}
