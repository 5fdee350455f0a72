//! The section `sns`: topics of a copy with their subscriptions, and subscriptions to topics of base's.

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Bound, Fault, Parsed, Place, Scope, attribute,
    attribute::{Attribute, Attributes, Kind, Table},
    aws::{self, Access},
    given,
    named::{check_name, is_fifo, named, one_name},
    once::Texts,
    output, parsed,
    sqs::{Queue, Sqs},
    tags,
};
use crate::marks::Tags;

mod shared;
mod subscription;

pub use shared::{Filter, INTO, Shared, TopicRef};
pub use subscription::{Protocol, Subscription, SubscriptionTable, Target};

/// A checked section.
#[derive(Clone, Debug)]
pub struct Sns {
    pub access: Access,
    /// Where the queues of the file are; none where it has none.
    pub queues: Option<Access>,
    /// Whether topics that the file no longer names are deleted.
    pub prune: bool,
    /// Topics first, in the order of the file; no two have one name.
    pub wants: Vec<Want>,
}

/// What the section asks for.
#[derive(Clone, Debug)]
pub enum Want {
    Topic(Topic),
    Shared(Shared),
}

/// One topic as the config asks for it.
#[derive(Clone, Debug, Default)]
pub struct Topic {
    /// Its name in the file.
    pub written: String,
    /// Its name in the back end: a copy's bears the feature.
    pub name: String,
    /// What the file says of it; all else is the back end's default and is left alone.
    pub attributes: Attributes,
    /// Attributes that this table does not know, by the API's names.
    pub extra: BTreeMap<String, String>,
    pub tags: Tags,
    /// No two are alike in protocol and endpoint.
    pub subscriptions: Vec<Subscription>,
    /// Whether a topic of this name that has no mark is taken over.
    pub adopt: bool,
    pub outputs: Vec<Bound<Value>>,
}

/// What of a topic an application can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TopicValue")]
pub enum Value {
    /// The name in the back end.
    Name,
    /// What publishers call it.
    Arn,
}

/// What a file may say of a topic.
#[derive(Clone, Copy, Debug)]
pub struct TopicTable;

impl Table for TopicTable {
    const ROWS: &'static [Attribute] = &[
        Attribute::new("displayName", "DisplayName", Kind::Text(100)),
        Attribute::new("policy", "Policy", Kind::Policy).firm(),
        Attribute::new("deliveryPolicy", "DeliveryPolicy", Kind::Partial),
        Attribute::new("kmsMasterKeyId", "KmsMasterKeyId", Kind::Text(2048)),
        Attribute::new("signatureVersion", "SignatureVersion", Kind::Word(&["1", "2"])).absent("1"),
        Attribute::new("tracingConfig", "TracingConfig", Kind::Word(&["PassThrough", "Active"]))
            .absent("PassThrough")
            .unread(),
        Attribute::new("dataProtectionPolicy", "DataProtectionPolicy", Kind::Json).unread(),
        Attribute::fifo("fifoTopic", "FifoTopic", Kind::Flag),
        Attribute::fifo("contentBasedDeduplication", "ContentBasedDeduplication", Kind::Flag),
        Attribute::fifo("fifoThroughputScope", "FifoThroughputScope", Kind::Word(&["Topic", "MessageGroup"]))
            .absent("Topic")
            .unread(),
        Attribute::fifo("archivePolicy", "ArchivePolicy", Kind::Json),
        role("applicationSuccessFeedbackRoleArn", "ApplicationSuccessFeedbackRoleArn"),
        role("applicationFailureFeedbackRoleArn", "ApplicationFailureFeedbackRoleArn"),
        rate("applicationSuccessFeedbackSampleRate", "ApplicationSuccessFeedbackSampleRate"),
        role("firehoseSuccessFeedbackRoleArn", "FirehoseSuccessFeedbackRoleArn"),
        role("firehoseFailureFeedbackRoleArn", "FirehoseFailureFeedbackRoleArn"),
        rate("firehoseSuccessFeedbackSampleRate", "FirehoseSuccessFeedbackSampleRate"),
        role("httpSuccessFeedbackRoleArn", "HTTPSuccessFeedbackRoleArn"),
        role("httpFailureFeedbackRoleArn", "HTTPFailureFeedbackRoleArn"),
        rate("httpSuccessFeedbackSampleRate", "HTTPSuccessFeedbackSampleRate"),
        role("lambdaSuccessFeedbackRoleArn", "LambdaSuccessFeedbackRoleArn"),
        role("lambdaFailureFeedbackRoleArn", "LambdaFailureFeedbackRoleArn"),
        rate("lambdaSuccessFeedbackSampleRate", "LambdaSuccessFeedbackSampleRate"),
        role("sqsSuccessFeedbackRoleArn", "SQSSuccessFeedbackRoleArn"),
        role("sqsFailureFeedbackRoleArn", "SQSFailureFeedbackRoleArn"),
        rate("sqsSuccessFeedbackSampleRate", "SQSSuccessFeedbackSampleRate"),
    ];
}

const fn role(name: &'static str, api: &'static str) -> Attribute {
    Attribute::new(name, api, Kind::Arn)
}

const fn rate(name: &'static str, api: &'static str) -> Attribute {
    Attribute::new(name, api, Kind::Number { least: 0, most: 100, unit: "percent" })
}

impl Sns {
    pub(super) fn places(&self) -> impl Iterator<Item = (&Place, &str)> {
        self.wants.iter().flat_map(Want::outputs).map(|output| (&output.place, output.at.as_str()))
    }
}

impl Want {
    /// Its name in the file.
    #[must_use]
    pub fn written(&self) -> &str {
        match self {
            Self::Topic(topic) => &topic.written,
            Self::Shared(shared) => &shared.written,
        }
    }

    #[must_use]
    pub fn outputs(&self) -> &[Bound<Value>] {
        match self {
            Self::Topic(topic) => &topic.outputs,
            Self::Shared(_) => &[],
        }
    }
}

impl Topic {
    /// The longest name that SNS takes.
    pub const MAX_NAME: usize = 256;

    /// A topic of which only the name is known.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { written: name.to_owned(), name: name.to_owned(), ..Self::default() }
    }

    /// Whether it keeps the order of its messages, which its name alone decides.
    #[must_use]
    pub fn fifo(&self) -> bool {
        is_fifo(&self.name)
    }
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topic(topic) => f.write_str(&topic.name),
            Self::Shared(shared) => write!(f, "{shared}"),
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
#[schemars(rename = "Sns")]
pub(super) struct Written {
    /// An emulator's URL; absent, with all keys of the access: where the section sqs is, and without
    /// one as the environment says (`AWS_ENDPOINT_URL_SNS`, `AWS_ENDPOINT_URL`), and else AWS.
    endpoint_url: Option<Parsed<aws::Endpoint>>,
    /// Absent: as the environment says.
    region: Option<String>,
    /// The account that is meant, 12 digits: needed for AWS itself.
    #[serde(default)]
    #[schemars(schema_with = "parsed::digits")]
    expect_account_id: Option<Parsed<aws::AccountId>>,
    /// Keys for an emulator that wants some; AWS itself gets the environment's.
    credentials: Option<aws::WrittenCredentials>,
    /// Whether topics of this owner that the file no longer names are deleted (true).
    prune: Option<bool>,
    #[serde(default)]
    topics: Vec<WrittenTopic>,
    /// Queues of the copy that take part in topics of base's.
    #[serde(default)]
    subscriptions: Vec<shared::Written>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
#[schemars(rename = "Topic")]
struct WrittenTopic {
    /// As base calls it; a copy's gets the feature behind it.
    #[schemars(required)]
    name: Option<String>,
    #[serde(default)]
    attributes: attribute::Written<TopicTable>,
    /// Attributes that are newer than this hook, by the API's names.
    #[serde(default)]
    extra_attributes: Texts,
    #[serde(default)]
    tags: Texts,
    #[serde(default)]
    subscriptions: Vec<subscription::Written>,
    /// Whether a topic of this name that has no mark is taken over.
    #[serde(default)]
    adopt: bool,
    #[serde(default)]
    outputs: Vec<output::Written<Value>>,
}

impl Written {
    /// `sqs` is the section of that name, whose queues subscriptions may name.
    pub(super) fn check(
        self,
        at: &str,
        scope: &Scope,
        header: &str,
        sqs: Option<&Sqs>,
    ) -> Result<Sns, Fault> {
        let Self { endpoint_url, region, expect_account_id, credentials, prune, topics, subscriptions } =
            self;
        let access = aws::Written { endpoint_url, region, expect_account_id, credentials }.check(at)?;
        let access = match sqs {
            Some(sqs) if access == Access::default() => sqs.access.clone(),
            _ => access,
        };
        let queues = sqs.map(|sqs| sqs.queues.as_slice()).unwrap_or_default();
        let mut wants: Vec<Want> = Vec::new();
        for (i, topic) in topics.into_iter().enumerate() {
            let at = format!("{at}.topics[{i}]");
            let topic = topic.check(&at, scope, queues)?;
            let same = wants.iter().find_map(|want| match want {
                Want::Topic(first) if first.name == topic.name => Some(first),
                _ => None,
            });
            if let Some(first) = same {
                let fault = one_name("topic", &first.written, &topic.written, &topic.name);
                return Err(Fault::new(format!("{at}.name"), fault));
            }
            wants.push(Want::Topic(topic));
        }
        for (i, written) in subscriptions.into_iter().enumerate() {
            let at = format!("{at}.subscriptions[{i}]");
            let shared = written.check(&at, scope, header, queues)?;
            if wants
                .iter()
                .any(|want| matches!(want, Want::Shared(first) if first.to_string() == shared.to_string()))
            {
                return Err(Fault::new(at, format!("the subscription {shared} is there twice")));
            }
            wants.push(Want::Shared(shared));
        }
        Ok(Sns { access, queues: sqs.map(|sqs| sqs.access.clone()), prune: prune.unwrap_or(true), wants })
    }
}

impl WrittenTopic {
    fn check(self, at: &str, scope: &Scope, queues: &[Queue]) -> Result<Topic, Fault> {
        let Self { name, attributes, extra_attributes, tags, subscriptions, adopt, outputs } = self;
        let written = given(name, at, "name")?;
        check_name(&written, "topic", Topic::MAX_NAME)
            .map_err(|fault| Fault::new(format!("{at}.name"), fault))?;
        let attribute::Written { attributes, .. } = attributes;
        let mut topic = Topic {
            name: named(scope, &written, Topic::MAX_NAME),
            attributes,
            extra: attribute::extra(extra_attributes.0, TopicTable::ROWS, at)?,
            tags: tags::check(tags.0, &format!("{at}.tags"))?,
            subscriptions: Vec::new(),
            adopt,
            outputs: output::check(outputs, at)?,
            written,
        };
        attribute::together(&topic.attributes, topic.fifo(), "topic", at)?;
        for (i, written) in subscriptions.into_iter().enumerate() {
            let at = format!("{at}.subscriptions[{i}]");
            let subscription = written.check(&at, topic.fifo(), queues)?;
            if topic.subscriptions.iter().any(|first| first.same_place(&subscription)) {
                return Err(Fault::new(at, format!("the subscription {subscription} is there twice")));
            }
            topic.subscriptions.push(subscription);
        }
        Ok(topic)
    }
}
