//! Gives a copy its own SQS queues.
//!
//! Knows the API of SQS and nothing else: what the file may say is in [`provision::config::sqs`], when
//! and how often something is done is the engine's.

use std::{collections::HashMap, time::Duration};

use aws_sdk_sqs::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig, timeout::TimeoutConfig},
    operation::{
        create_queue::CreateQueueError, delete_queue::DeleteQueueError,
        get_queue_attributes::GetQueueAttributesError, get_queue_url::GetQueueUrlError,
        list_queue_tags::ListQueueTagsError,
    },
    types::QueueAttributeName,
};
use provision::{
    Provider,
    change::{Change, Difference},
    config::{
        FeatureResources,
        sqs::{Attribute, Queue, Sqs, Value},
    },
    error::Error,
    marks::{Edit, Tags},
    outputs::Output,
};

mod api;

use api::{absent, classed, exists};

/// The queues of one account and region.
pub struct Queues {
    client: Client,
    endpoint: String,
}

/// A queue as SQS reports it.
pub struct Have {
    url: String,
    arn: String,
    /// `url` at the endpoint that we use ourselves.
    rewritten: String,
    attributes: HashMap<QueueAttributeName, String>,
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

    fn endpoint(section: &Sqs) -> String {
        section.endpoint.to_string()
    }

    async fn connect(section: &Sqs) -> Result<Self, Error> {
        let endpoint = section.endpoint.to_string();
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(section.region.clone()))
            .endpoint_url(&endpoint)
            // Always these: the environment's real credentials must never travel to an emulator.
            .credentials_provider(Credentials::new("test", "test", None, None, "emulator"))
            // The engine's is the only retry policy, and so is its deadline.
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().connect_timeout(Duration::from_secs(5)).build())
            .build();
        Ok(Self { client: Client::from_conf(config), endpoint })
    }

    async fn observe(&self, want: &Queue) -> Result<Option<Have>, Error> {
        let Some(url) = self.url(want).await? else { return Ok(None) };
        let attributes = self
            .client
            .get_queue_attributes()
            .queue_url(&url)
            .attribute_names(QueueAttributeName::All)
            .send()
            .await;
        // Between two of these calls somebody may have deleted the queue.
        let attributes = match attributes {
            Ok(answer) => answer.attributes.unwrap_or_default(),
            Err(error) if absent(&error, GetQueueAttributesError::is_queue_does_not_exist) => {
                return Ok(None);
            }
            Err(error) => return Err(classed("GetQueueAttributes", &error)),
        };
        let tags = match self.client.list_queue_tags().queue_url(&url).send().await {
            Ok(answer) => answer.tags.unwrap_or_default().into_iter().collect(),
            Err(error) if absent(&error, ListQueueTagsError::is_queue_does_not_exist) => {
                return Ok(None);
            }
            Err(error) => return Err(classed("ListQueueTags", &error)),
        };
        let arn = attributes.get(&QueueAttributeName::QueueArn).cloned().ok_or_else(|| {
            Error::internal(format!("GetQueueAttributes says no QueueArn for {url}: is this SQS?"))
        })?;
        Ok(Some(Have { rewritten: rewritten(&url, &self.endpoint), url, arn, attributes, tags }))
    }

    fn tags(have: &Have) -> &Tags {
        &have.tags
    }

    fn adopts(want: &Queue) -> bool {
        want.adopt
    }

    fn plan(want: &Queue, have: &Have) -> Change {
        let differs = |(attribute, value): (&Attribute, &i64)| {
            let value = value.to_string();
            let have = have.attributes.get(&api_name(*attribute)).map_or("unset", String::as_str);
            (have != value).then(|| Difference::new(attribute.name(), have, value))
        };
        Change::of(want.attributes.iter().filter_map(differs).collect())
    }

    async fn apply(&self, want: &Queue, change: &Change, marks: &Edit) -> Result<(), Error> {
        match change {
            Change::Create => self.create(want, marks).await,
            Change::Update(_) => self.update(want, change, marks).await,
            Change::Keep | Change::Refuse(_) => Ok(()),
        }
    }

    async fn delete(&self, want: &Queue) -> Result<(), Error> {
        let Some(url) = self.url(want).await? else { return Ok(()) };
        match self.client.delete_queue().queue_url(url).send().await {
            Ok(_) => Ok(()),
            Err(error) if absent(&error, DeleteQueueError::is_queue_does_not_exist) => Ok(()),
            Err(error) => Err(classed("DeleteQueue", &error)),
        }
    }

    fn outputs(want: &Queue, have: Option<&Have>) -> Vec<Output> {
        let value = |value, have: &Have| match value {
            Value::Url => have.url.clone(),
            Value::UrlRewritten => have.rewritten.clone(),
            Value::Name => want.name.clone(),
            Value::Arn => have.arn.clone(),
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

impl Queues {
    async fn url(&self, want: &Queue) -> Result<Option<String>, Error> {
        match self.client.get_queue_url().queue_name(&want.name).send().await {
            Ok(answer) => answer
                .queue_url
                .map(Some)
                .ok_or_else(|| Error::internal("GetQueueUrl answers without a URL: is this SQS?")),
            Err(error) if absent(&error, GetQueueUrlError::is_queue_does_not_exist) => Ok(None),
            Err(error) => Err(classed("GetQueueUrl", &error)),
        }
    }

    async fn create(&self, want: &Queue, marks: &Edit) -> Result<(), Error> {
        let attributes = want.attributes.iter().map(|(name, value)| (api_name(*name), value.to_string()));
        let request = self
            .client
            .create_queue()
            .queue_name(&want.name)
            .set_attributes(Some(attributes.collect()))
            .set_tags(Some(marks.set.clone().into_iter().collect()));
        match request.send().await {
            Ok(_) => Ok(()),
            // Lost a race for the same name: the engine looks again at whose it is now.
            Err(error) if exists(&error, CreateQueueError::is_queue_name_exists) => Ok(()),
            Err(error) => Err(classed("CreateQueue", &error)),
        }
    }

    async fn update(&self, want: &Queue, change: &Change, marks: &Edit) -> Result<(), Error> {
        let url = self
            .url(want)
            .await?
            .ok_or_else(|| Error::unreachable("the queue went away while it was being changed"))?;
        let drifted: HashMap<_, _> = want
            .attributes
            .iter()
            .filter(|(name, _)| change.touches(name.name()))
            .map(|(name, value)| (api_name(*name), value.to_string()))
            .collect();
        if !drifted.is_empty() {
            let request = self.client.set_queue_attributes().queue_url(&url).set_attributes(Some(drifted));
            request.send().await.map_err(|error| classed("SetQueueAttributes", &error))?;
        }
        let Edit { set, remove } = marks;
        if !set.is_empty() {
            let tags = set.clone().into_iter().collect();
            let request = self.client.tag_queue().queue_url(&url).set_tags(Some(tags));
            request.send().await.map_err(|error| classed("TagQueue", &error))?;
        }
        if !remove.is_empty() {
            let request = self.client.untag_queue().queue_url(&url).set_tag_keys(Some(remove.clone()));
            request.send().await.map_err(|error| classed("UntagQueue", &error))?;
        }
        Ok(())
    }
}

fn api_name(attribute: Attribute) -> QueueAttributeName {
    match attribute {
        Attribute::VisibilityTimeout => QueueAttributeName::VisibilityTimeout,
        Attribute::MessageRetentionPeriod => QueueAttributeName::MessageRetentionPeriod,
        Attribute::DelaySeconds => QueueAttributeName::DelaySeconds,
        Attribute::ReceiveMessageWaitTimeSeconds => QueueAttributeName::ReceiveMessageWaitTimeSeconds,
        Attribute::MaximumMessageSize => QueueAttributeName::MaximumMessageSize,
    }
}

/// The path of `url` at `endpoint`: emulators call themselves by names that a pod cannot resolve.
fn rewritten(url: &str, endpoint: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or("", |slash| &rest[slash..]);
    format!("{endpoint}{path}")
}

#[cfg(test)]
mod tests;
