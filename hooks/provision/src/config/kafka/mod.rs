//! The section `kafka`: topics and consumer groups of a copy.

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Bound, Place};

mod client;
mod name;
mod start;
mod written;

pub use client::{Brokers, Property};
pub use start::Start;
pub(super) use written::Written;

/// A checked section.
#[derive(Clone, Debug)]
pub struct Kafka {
    pub brokers: Brokers,
    /// The cluster that is meant; absent: whichever answers.
    pub expect_cluster: Option<String>,
    /// Properties of the client, by librdkafka's names.
    pub client: BTreeMap<String, Property>,
    /// Whether topics and groups that the file no longer names are deleted.
    pub prune: bool,
    /// How many copies of the marks the cluster keeps; absent: its default.
    pub marks_replicas: Option<i32>,
    /// Topics first, in the order of the file; no two have one name.
    pub wants: Vec<Want>,
}

/// What the section asks for.
#[derive(Clone, Debug)]
pub enum Want {
    Topic(Topic),
    Group(Group),
}

/// One topic as the config asks for it.
#[derive(Clone, Debug, Default)]
pub struct Topic {
    /// Its name in the file.
    pub written: String,
    /// Its name in the back end: a copy's bears the feature.
    pub name: String,
    /// How many partitions it has; absent: the broker's default, and whatever is there.
    pub partitions: Option<i32>,
    /// How many it has at the least: as many as the topic that it is cloned from.
    pub at_least: Option<i32>,
    /// On how many brokers each partition is; absent: the broker's default, and whatever is there.
    pub replicas: Option<i32>,
    /// What the file says of it, by Kafka's names; none is the broker's default, and all else is left alone.
    pub config: BTreeMap<String, Option<String>>,
    /// The topic, by its very name, whose partitions and configs it starts from.
    pub clone_from: Option<String>,
    /// Whether a topic of this name that has no mark is taken over.
    pub adopt: bool,
    pub outputs: Vec<Bound<Value>>,
}

/// One consumer group as the config asks for it.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Its name in the file.
    pub written: String,
    /// Its name in the back end: a copy's bears the feature.
    pub name: String,
    /// Where it starts in topics, each by its very name; no two are of one topic.
    pub offsets: Vec<Offsets>,
    /// Whether a group of this name that has no mark is taken over.
    pub adopt: bool,
    pub outputs: Vec<Bound<Value>>,
}

/// Where a group starts in one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offsets {
    pub topic: String,
    pub from: Start,
}

/// What of a topic or a group an application can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KafkaValue")]
pub enum Value {
    /// The name in the back end.
    Name,
}

/// The longest name that Kafka takes.
pub const MAX_NAME: usize = 249;

impl Kafka {
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
            Self::Group(group) => &group.written,
        }
    }

    /// Its name in the back end, where a topic and a group may have the same.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Topic(topic) => &topic.name,
            Self::Group(group) => &group.name,
        }
    }

    #[must_use]
    pub fn adopt(&self) -> bool {
        match self {
            Self::Topic(topic) => topic.adopt,
            Self::Group(group) => group.adopt,
        }
    }

    #[must_use]
    pub fn outputs(&self) -> &[Bound<Value>] {
        match self {
            Self::Topic(topic) => &topic.outputs,
            Self::Group(group) => &group.outputs,
        }
    }
}

impl Topic {
    /// A topic of which only the name is known.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { written: name.to_owned(), name: name.to_owned(), ..Self::default() }
    }
}

impl Group {
    /// A group of which only the name is known.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { written: name.to_owned(), name: name.to_owned(), ..Self::default() }
    }
}

/// A colon is in no name, so a group is never taken for a topic.
impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topic(topic) => f.write_str(&topic.name),
            Self::Group(group) => write!(f, "group:{}", group.name),
        }
    }
}
