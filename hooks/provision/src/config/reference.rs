//! What one thing of AWS says of another: its ARN, or a queue of the same file by its name there.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed},
};
use serde_json::{Value, json};

use super::{
    Parsed,
    attribute::{Attribute, Kind, Setting},
};

/// A name of Amazon's: `arn:partition:service:region:account:resource`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arn(String);

/// A queue that another thing refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueueRef {
    /// A queue of the file: by its name there while the file is read, by its name in the store afterwards.
    Own(String),
    /// A queue that somebody else made.
    Other(Arn),
}

/// Where messages go that nobody could work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetters {
    pub queue: QueueRef,
    /// After how many receives; SNS has no such number.
    pub max_receives: Option<i64>,
}

/// Which queues may have a queue for their dead letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    All,
    None,
    By(Vec<QueueRef>),
}

impl Arn {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn service(&self) -> &str {
        self.part(2)
    }

    #[must_use]
    pub fn account(&self) -> &str {
        self.part(4)
    }

    /// The last part: of a queue or a topic its name.
    #[must_use]
    pub fn resource(&self) -> &str {
        self.part(5)
    }

    /// The ARN of the thing called `name` beside this one: same partition, region and account.
    #[must_use]
    pub fn beside(&self, service: &str, name: &str) -> Self {
        Self(format!("arn:{}:{service}:{}:{}:{name}", self.part(1), self.part(3), self.part(4)))
    }

    fn part(&self, index: usize) -> &str {
        self.0.splitn(6, ':').nth(index).unwrap_or_default()
    }
}

impl FromStr for Arn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<_> = text.splitn(6, ':').collect();
        let legal = |b: u8| b.is_ascii_graphic() && !b"\"'\\".contains(&b);
        if parts.len() != 6
            || parts[0] != "arn"
            || parts[2].is_empty()
            || parts[5].is_empty()
            || !text.bytes().all(legal)
        {
            return Err(format!("{text:?} is no ARN (arn:partition:service:region:account:resource)"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl QueueRef {
    /// The key of a redrive policy that says this.
    pub(super) fn key(&self) -> &'static str {
        match self {
            Self::Own(_) => "deadLetterQueue",
            Self::Other(_) => "deadLetterTargetArn",
        }
    }

    /// The queue's name in the store.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Own(name) => name,
            Self::Other(arn) => arn.resource(),
        }
    }

    /// The queue's ARN, where `near` is one of its neighbours'.
    #[must_use]
    pub fn arn(&self, near: &Arn) -> Arn {
        match self {
            Self::Own(name) => near.beside("sqs", name),
            Self::Other(arn) => arn.clone(),
        }
    }

    fn of(queue: Option<String>, arn: Option<Arn>, keys: [&str; 2]) -> Result<Self, String> {
        let [by_name, by_arn] = keys;
        match (queue, arn) {
            (Some(name), None) => Ok(Self::Own(name)),
            (None, Some(arn)) => Ok(Self::Other(arn)),
            (None, None) => Err(format!("a queue is missing: {by_name} (of this file) or {by_arn}")),
            (Some(_), Some(_)) => Err(format!("{by_name} and {by_arn} exclude each other")),
        }
    }
}

/// The ARN of a queue.
struct QueueArn(Arn);

impl FromStr for QueueArn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<Arn>() {
            Ok(arn) if arn.service() == "sqs" => Ok(Self(arn)),
            _ => Err(format!(
                "{text:?} is no ARN of a queue (such as arn:aws:sqs:ap-south-1:123456789012:emails)"
            )),
        }
    }
}

/// The number of a redrive policy, as if it were an attribute of its own.
static MAX_RECEIVES: Attribute = Attribute::new(
    "maxReceiveCount",
    "maxReceiveCount",
    Kind::Number { least: 1, most: 1000, unit: "receives" },
);

fn max_receives<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    match (&MAX_RECEIVES).deserialize(deserializer)? {
        Setting::Text(digits) => digits.parse().map(Some).map_err(de::Error::custom),
        _ => Ok(None),
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
#[schemars(rename = "DeadLetters")]
pub(super) struct WrittenDeadLetters {
    dead_letter_queue: Option<String>,
    dead_letter_target_arn: Option<Parsed<QueueArn>>,
    #[serde(default, deserialize_with = "max_receives")]
    #[schemars(range(min = 1, max = 1000))]
    max_receive_count: Option<i64>,
}

impl DeadLetters {
    pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D, counted: bool) -> Result<Self, D::Error> {
        let WrittenDeadLetters { dead_letter_queue, dead_letter_target_arn, max_receive_count } =
            WrittenDeadLetters::deserialize(deserializer)?;
        let arn = dead_letter_target_arn.map(|Parsed(QueueArn(arn))| arn);
        let queue = QueueRef::of(dead_letter_queue, arn, ["deadLetterQueue", "deadLetterTargetArn"])
            .map_err(de::Error::custom)?;
        let max_receives = match (counted, max_receive_count) {
            (true, Some(_)) | (false, None) => max_receive_count,
            (true, None) => return Err(de::Error::missing_field("maxReceiveCount")),
            (false, Some(_)) => {
                return Err(de::Error::custom("maxReceiveCount is a queue's: a subscription has none"));
            }
        };
        Ok(Self { queue, max_receives })
    }

    /// As the API takes it.
    #[must_use]
    pub fn json(&self, near: &Arn) -> Value {
        let mut json = json!({"deadLetterTargetArn": self.queue.arn(near).as_str()});
        if let Some(most) = self.max_receives {
            json["maxReceiveCount"] = json!(most);
        }
        json
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
#[schemars(rename = "Allowed")]
pub(super) struct WrittenAllowed {
    redrive_permission: Permission,
    #[serde(default)]
    source_queues: Vec<String>,
    #[serde(default)]
    source_queue_arns: Vec<Parsed<QueueArn>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Permission {
    AllowAll,
    DenyAll,
    ByQueue,
}

impl Allowed {
    pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let WrittenAllowed { redrive_permission, source_queues, source_queue_arns } =
            WrittenAllowed::deserialize(deserializer)?;
        let mut queues: Vec<_> = source_queues.into_iter().map(QueueRef::Own).collect();
        queues.extend(source_queue_arns.into_iter().map(|Parsed(QueueArn(arn))| QueueRef::Other(arn)));
        match (redrive_permission, queues.len()) {
            (Permission::AllowAll, 0) => Ok(Self::All),
            (Permission::DenyAll, 0) => Ok(Self::None),
            (Permission::ByQueue, 1..=10) => Ok(Self::By(queues)),
            (Permission::ByQueue, _) => Err(de::Error::custom(
                "byQueue needs 1 to 10 queues: sourceQueues (of this file) or sourceQueueArns",
            )),
            _ => Err(de::Error::custom("only byQueue has sourceQueues and sourceQueueArns")),
        }
    }

    /// As the API takes it.
    #[must_use]
    pub fn json(&self, near: &Arn) -> Value {
        match self {
            Self::All => json!({"redrivePermission": "allowAll"}),
            Self::None => json!({"redrivePermission": "denyAll"}),
            Self::By(queues) => {
                let arns: Vec<_> = queues.iter().map(|queue| queue.arn(near).to_string()).collect();
                json!({"redrivePermission": "byQueue", "sourceQueueArns": arns})
            }
        }
    }
}
