//! A queue of the copy at a topic of base's: it gets the messages that carry the feature, and no others.

use std::fmt;

use feature::{FeatureName, words};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{
        Fault, Parsed, Scope, attribute,
        attribute::{Attributes, Setting, Table},
        named::{Names, check_name, is_fifo},
        reference::{Arn, QueueRef},
        sqs::Queue,
    },
    Topic,
    subscription::{FIFO_QUEUE, MOST_KEYS, Protocol, SubscriptionTable, Target, check_attributes},
};

/// A subscription to a topic that stays whose it is.
#[derive(Clone, Debug)]
pub struct Shared {
    /// Its name in the file: the queue's.
    pub written: String,
    pub topic: TopicRef,
    /// The copy's queue, by its name in the store.
    pub queue: String,
    /// With the filter by the feature.
    pub attributes: Attributes,
}

/// Between topic and queue in the name of a part.
pub const INTO: &str = "->";

/// A topic that is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopicRef {
    Name(String),
    Arn(Arn),
}

/// What a shared topic's messages are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Filter {
    /// A message attribute, called like the request header, that names the feature.
    Feature,
}

impl Shared {
    /// A part that is there, of which no more is known.
    #[must_use]
    pub fn of(topic: Arn, queue: &str) -> Self {
        let topic = TopicRef::Arn(topic);
        Self { written: queue.to_owned(), topic, queue: queue.to_owned(), attributes: Attributes::default() }
    }
}

impl TopicRef {
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Arn(arn) => arn.resource(),
        }
    }
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{INTO}{}", self.topic.name(), self.queue)
    }
}

/// Exactly one of `topic` and `topicArn`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
#[schemars(rename = "SharedSubscription")]
pub(in super::super) struct Written {
    /// A topic of base's, in the account and region of the section.
    topic: Option<String>,
    topic_arn: Option<Parsed<Arn>>,
    /// Which messages the copy gets: those with its feature in the message attribute that is called
    /// like the request header.
    filter_by: Filter,
    /// A queue of this file, by its name there.
    #[schemars(required)]
    queue: Option<String>,
    #[serde(default)]
    attributes: attribute::Written<SubscriptionTable>,
}

impl Written {
    pub(super) fn check(
        self,
        at: &str,
        scope: &Scope,
        header: &str,
        queues: &[Queue],
    ) -> Result<Shared, Fault> {
        let Self { topic, topic_arn, filter_by: Filter::Feature, queue, attributes } = self;
        let Scope::Copy { feature, .. } = scope else {
            return Err(Fault::new(
                at,
                "base has no feature to filter by: give its topic subscriptions of its own",
            ));
        };
        check_header(header).map_err(|fault| Fault::new("header", fault))?;
        let topic = match (topic, topic_arn) {
            (Some(name), None) => {
                check_name(&name, "topic", Topic::MAX_NAME)
                    .map_err(|fault| Fault::new(format!("{at}.topic"), fault))?;
                TopicRef::Name(name)
            }
            (None, Some(Parsed(arn))) if arn.service() == "sns" => TopicRef::Arn(arn),
            (None, Some(Parsed(arn))) => {
                return Err(Fault::new(format!("{at}.topicArn"), format!("{arn} is no topic's ARN")));
            }
            (None, None) => {
                return Err(Fault::new(at, "base's topic is missing: topic (its name) or topicArn"));
            }
            (Some(_), Some(_)) => return Err(Fault::new(at, "topic and topicArn exclude each other")),
        };
        let written = super::given(queue, at, "queue")?;
        let queue = Names(queues)
            .resolved(QueueRef::Own(written.clone()))
            .map_err(|fault| Fault::new(format!("{at}.queue"), fault))?;
        if is_fifo(queue.name()) != is_fifo(topic.name()) && is_fifo(queue.name()) {
            return Err(Fault::new(format!("{at}.queue"), FIFO_QUEUE));
        }
        let attribute::Written { mut attributes, .. } = attributes;
        let name = queue.name().to_owned();
        filter(&mut attributes, feature, header, at)?;
        check_attributes(&mut attributes, Protocol::Sqs, &Target::Queue(queue), queues, at)?;
        Ok(Shared { written, topic, queue: name, attributes })
    }
}

/// Adds the feature to the filter: SNS delivers what meets every key of it.
fn filter(attributes: &mut Attributes, feature: &FeatureName, header: &str, at: &str) -> Result<(), Fault> {
    let fault = |name: &str, why: String| Err(Fault::new(format!("{at}.attributes.{name}"), why));
    if matches!(attributes.get("filterPolicyScope"), Some(Setting::Text(scope)) if scope == "MessageBody") {
        return fault(
            "filterPolicyScope",
            "filterBy: feature looks at message attributes, not at bodies".into(),
        );
    }
    let mut policy = match attributes.get("filterPolicy") {
        Some(Setting::Json(Value::Object(policy))) => policy.clone(),
        _ => serde_json::Map::new(),
    };
    if policy.insert(header.to_owned(), json!([feature.as_str()])).is_some() {
        return fault(
            "filterPolicy",
            format!("{header:?} is what filterBy: feature filters by: leave it out"),
        );
    }
    if policy.len() > MOST_KEYS {
        return fault(
            "filterPolicy",
            format!(
                "filterPolicy has more than {} keys beside the feature's: SNS takes {MOST_KEYS}",
                MOST_KEYS - 1
            ),
        );
    }
    let row = |name| SubscriptionTable::ROWS.iter().find(|row| row.name == name).expect("a row of the table");
    attributes.set(row("filterPolicyScope"), Setting::Text("MessageAttributes".to_owned()));
    attributes.set(row("filterPolicy"), Setting::Json(Value::Object(policy)));
    Ok(())
}

/// Refuses a header that SNS does not take as the name of a message attribute.
fn check_header(header: &str) -> Result<(), String> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
    if header.bytes().all(legal)
        && !header.starts_with('.')
        && !header.ends_with('.')
        && !header.contains("..")
    {
        return Ok(());
    }
    Err(format!(
        "header {header:?} is no name of a message attribute (letters, digits and any of _-.), which filterBy: \
         feature needs; the default is {}",
        words::DEFAULT_HEADER
    ))
}
