//! The section `sqs`: queues of SQS, or of an emulator of it.

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Bound, Place,
    attribute::{Attribute, Attributes, Kind, Setting, Table},
    aws::Access,
    named::is_fifo,
    reference::{DeadLetters, QueueRef},
};
use crate::marks::Tags;

mod dead_letters;
mod written;

pub(super) use written::Written;

/// A checked section.
#[derive(Clone, Debug)]
pub struct Sqs {
    pub access: Access,
    /// Whether queues that the file no longer names are deleted.
    pub prune: bool,
    /// In the order of the file; no two have one name, and no dead letters go round in a circle.
    pub queues: Vec<Queue>,
}

/// One queue as the config asks for it.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    /// Its name in the file.
    pub written: String,
    /// Its name in the back end: a copy's bears the feature.
    pub name: String,
    /// What the file says of it; all else is the back end's default and is left alone.
    pub attributes: Attributes,
    /// Attributes that this table does not know, by the API's names.
    pub extra: BTreeMap<String, String>,
    pub tags: Tags,
    /// The queue whose attributes and tags it starts from.
    pub clone_from: Option<String>,
    /// Whether a queue of this name that has no mark is taken over.
    pub adopt: bool,
    pub outputs: Vec<Bound<Value>>,
}

/// What of a queue an application can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "QueueValue")]
pub enum Value {
    /// As the back end says it.
    Url,
    /// With the scheme, host and port of the endpoint: what an emulator calls itself is often a name
    /// that no pod can reach.
    UrlRewritten,
    /// The name in the back end.
    Name,
    /// The name that policies of AWS use.
    Arn,
}

/// What a file may say of a queue.
#[derive(Clone, Copy, Debug)]
pub struct QueueTable;

impl Table for QueueTable {
    const ROWS: &'static [Attribute] = &[
        Attribute::new("visibilityTimeout", "VisibilityTimeout", seconds(0, 43_200)),
        Attribute::new("messageRetentionPeriod", "MessageRetentionPeriod", seconds(60, 1_209_600)),
        Attribute::new("delaySeconds", "DelaySeconds", seconds(0, 900)),
        Attribute::new("receiveMessageWaitTimeSeconds", "ReceiveMessageWaitTimeSeconds", seconds(0, 20)),
        Attribute::new(
            "maximumMessageSize",
            "MaximumMessageSize",
            Kind::Number { least: 1024, most: 1_048_576, unit: "bytes" },
        ),
        Attribute::new("policy", "Policy", Kind::Policy),
        Attribute::new("redrivePolicy", "RedrivePolicy", Kind::DeadLetters { counted: true }),
        Attribute::new("redriveAllowPolicy", "RedriveAllowPolicy", Kind::Allowed),
        Attribute::new("kmsMasterKeyId", "KmsMasterKeyId", Kind::Text(2048)),
        Attribute::new("kmsDataKeyReusePeriodSeconds", "KmsDataKeyReusePeriodSeconds", seconds(60, 86_400)),
        Attribute::new("sqsManagedSseEnabled", "SqsManagedSseEnabled", Kind::Flag),
        Attribute::fifo("fifoQueue", "FifoQueue", Kind::Flag),
        Attribute::fifo("contentBasedDeduplication", "ContentBasedDeduplication", Kind::Flag),
        Attribute::fifo("deduplicationScope", "DeduplicationScope", Kind::Word(&["queue", "messageGroup"]))
            .absent("queue"),
        Attribute::fifo(
            "fifoThroughputLimit",
            "FifoThroughputLimit",
            Kind::Word(&["perQueue", "perMessageGroupId"]),
        )
        .absent("perQueue"),
    ];
}

const fn seconds(least: i64, most: i64) -> Kind {
    Kind::Number { least, most, unit: "seconds" }
}

impl Sqs {
    pub(super) fn places(&self) -> impl Iterator<Item = (&Place, &str)> {
        self.queues
            .iter()
            .flat_map(|queue| queue.outputs.iter().map(|output| (&output.place, output.at.as_str())))
    }
}

impl Queue {
    /// The longest name that SQS takes.
    pub const MAX_NAME: usize = 80;

    /// A queue of which only the name is known.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { written: name.to_owned(), name: name.to_owned(), ..Self::default() }
    }

    /// Whether it keeps the order of its messages, which its name alone decides.
    #[must_use]
    pub fn fifo(&self) -> bool {
        is_fifo(&self.name)
    }

    /// The queue of the same file that takes its dead letters.
    #[must_use]
    pub fn dead_letters(&self) -> Option<&str> {
        match self.attributes.get("redrivePolicy") {
            Some(Setting::DeadLetters(DeadLetters { queue: QueueRef::Own(name), .. })) => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
