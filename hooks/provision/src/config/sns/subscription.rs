//! One subscription: who gets a topic's messages, which of them, and how.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{
    Fault, attribute,
    attribute::{Attribute, Attributes, Kind, Setting, Table},
    named::{Names, is_fifo, takes_dead_letters},
    reference::{Arn, QueueRef},
    sqs::Queue,
};

/// A subscription as the config asks for it.
#[derive(Clone, Debug)]
pub struct Subscription {
    pub protocol: Protocol,
    pub target: Target,
    pub attributes: Attributes,
}

/// Who gets the messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A queue: of the file by its name in the store, or somebody else's.
    Queue(QueueRef),
    /// Anything else, as the API takes it.
    Endpoint(String),
}

/// How messages are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    Sqs,
    Http,
    Https,
    Email,
    EmailJson,
    Sms,
    Application,
    Lambda,
    Firehose,
}

/// What a file may say of a subscription.
#[derive(Clone, Copy, Debug)]
pub struct SubscriptionTable;

impl Table for SubscriptionTable {
    const ROWS: &'static [Attribute] = &[
        Attribute::new("rawMessageDelivery", "RawMessageDelivery", Kind::Flag),
        Attribute::new(
            "filterPolicyScope",
            "FilterPolicyScope",
            Kind::Word(&["MessageAttributes", "MessageBody"]),
        )
        .absent("MessageAttributes"),
        Attribute::new("filterPolicy", "FilterPolicy", Kind::Json),
        Attribute::new("redrivePolicy", "RedrivePolicy", Kind::DeadLetters { counted: false }),
        Attribute::new("deliveryPolicy", "DeliveryPolicy", Kind::Partial),
        Attribute::new("replayPolicy", "ReplayPolicy", Kind::Json),
        Attribute::new("subscriptionRoleArn", "SubscriptionRoleArn", Kind::Arn),
    ];
}

/// How many keys SNS takes in one filter policy.
pub(super) const MOST_KEYS: usize = 5;

/// What is wrong with a FIFO queue at a standard topic.
pub(super) const FIFO_QUEUE: &str = "a FIFO queue takes from FIFO topics alone, whose names end with .fifo";

impl Protocol {
    /// As the API says it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sqs => "sqs",
            Self::Http => "http",
            Self::Https => "https",
            Self::Email => "email",
            Self::EmailJson => "email-json",
            Self::Sms => "sms",
            Self::Application => "application",
            Self::Lambda => "lambda",
            Self::Firehose => "firehose",
        }
    }

    /// What an endpoint of this protocol is; where it is not, the error says so.
    fn check(self, endpoint: &str) -> Result<(), String> {
        let arn_of = |service: &str| endpoint.parse::<Arn>().is_ok_and(|arn| arn.service() == service);
        let authority = |scheme: &str| {
            let (_, rest) = endpoint.split_once(scheme)?;
            rest.split(['/', '?', '#']).next()
        };
        let url = |scheme: &str| {
            endpoint.starts_with(scheme)
                && authority(scheme).is_some_and(|authority| {
                    // The colons of an IPv6 address are inside of its brackets.
                    let (host, port) = match authority.rsplit_once(':') {
                        Some((host, port)) if !port.ends_with(']') => (host, port),
                        _ => (authority, ""),
                    };
                    !host.is_empty() && port.bytes().all(|b| b.is_ascii_digit())
                })
        };
        if authority("://").is_some_and(|authority| authority.contains('@')) {
            return Err(
                "endpoint holds a user or a password, which whoever reads the file would see: leave them out"
                    .into(),
            );
        }
        let (legal, expected) = match self {
            Self::Sqs => (arn_of("sqs"), "the ARN of a queue (for a queue of this file say queue)"),
            Self::Http => (url("http://"), "an http:// URL"),
            Self::Https => (url("https://"), "an https:// URL"),
            Self::Email | Self::EmailJson => (
                endpoint.split('@').count() == 2
                    && !endpoint.contains(|c: char| c.is_whitespace() || c == ':'),
                "an address of mail",
            ),
            Self::Sms => {
                let digits = endpoint.strip_prefix('+').unwrap_or_default();
                (
                    (5..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()),
                    "a phone number such as +911234567890",
                )
            }
            Self::Application => (arn_of("sns"), "the ARN of an endpoint of a platform application"),
            Self::Lambda => (arn_of("lambda"), "the ARN of a function"),
            Self::Firehose => (arn_of("firehose"), "the ARN of a delivery stream"),
        };
        // What it is stands in the quoted line, where it is masked.
        if legal { Ok(()) } else { Err(format!("endpoint is not {expected}")) }
    }
}

impl Subscription {
    /// Whether both have one protocol and one endpoint: a topic has one such subscription.
    #[must_use]
    pub fn same_place(&self, other: &Self) -> bool {
        self.protocol == other.protocol && self.target == other.target
    }
}

impl fmt::Display for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = match &self.target {
            Target::Queue(QueueRef::Own(name)) => name.as_str(),
            Target::Queue(QueueRef::Other(arn)) => arn.as_str(),
            Target::Endpoint(endpoint) => endpoint,
        };
        write!(f, "{}:{target}", self.protocol.as_str())
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
#[schemars(rename = "Subscription")]
pub(in super::super) struct Written {
    protocol: Protocol,
    /// A queue of this file, by its name there.
    queue: Option<String>,
    /// Whatever else the protocol delivers to.
    endpoint: Option<String>,
    #[serde(default)]
    attributes: attribute::Written<SubscriptionTable>,
}

impl Written {
    /// `fifo` says what the topic is.
    pub(super) fn check(self, at: &str, fifo: bool, queues: &[Queue]) -> Result<Subscription, Fault> {
        let Self { protocol, queue, endpoint, attributes: attribute::Written { mut attributes, .. } } = self;
        let target = target(protocol, queue, endpoint, queues, at)?;
        if fifo && protocol != Protocol::Sqs {
            return Err(Fault::new(format!("{at}.protocol"), "a FIFO topic delivers to queues alone (sqs)"));
        }
        if let (Target::Queue(queue), false) = (&target, fifo)
            && is_fifo(queue.name())
        {
            let key = match queue {
                QueueRef::Own(_) => "queue",
                QueueRef::Other(_) => "endpoint",
            };
            return Err(Fault::new(format!("{at}.{key}"), FIFO_QUEUE));
        }
        check_attributes(&mut attributes, protocol, &target, queues, at)?;
        Ok(Subscription { protocol, target, attributes })
    }
}

fn target(
    protocol: Protocol,
    queue: Option<String>,
    endpoint: Option<String>,
    queues: &[Queue],
    at: &str,
) -> Result<Target, Fault> {
    match (queue, endpoint) {
        (Some(name), None) if protocol == Protocol::Sqs => Names(queues)
            .resolved(QueueRef::Own(name))
            .map(Target::Queue)
            .map_err(|fault| Fault::new(format!("{at}.queue"), fault)),
        (Some(_), None) => {
            Err(Fault::new(format!("{at}.queue"), "queue is for the protocol sqs: say endpoint"))
        }
        (None, Some(endpoint)) => {
            protocol.check(&endpoint).map_err(|fault| Fault::new(format!("{at}.endpoint"), fault))?;
            Ok(match endpoint.parse::<Arn>() {
                Ok(arn) if protocol == Protocol::Sqs => Target::Queue(QueueRef::Other(arn)),
                _ => Target::Endpoint(endpoint),
            })
        }
        (None, None) => {
            Err(Fault::new(at, "a subscription needs who gets the messages: queue or endpoint is missing"))
        }
        (Some(_), Some(_)) => Err(Fault::new(at, "queue and endpoint exclude each other")),
    }
}

/// What attributes must agree on, with one another and with the protocol.
pub(super) fn check_attributes(
    attributes: &mut Attributes,
    protocol: Protocol,
    target: &Target,
    queues: &[Queue],
    at: &str,
) -> Result<(), Fault> {
    let fault = |name: &str, why: String| Err(Fault::new(format!("{at}.attributes.{name}"), why));
    if let Some(Setting::Text(text)) = attributes.get("rawMessageDelivery")
        && text == "true"
        && !matches!(protocol, Protocol::Sqs | Protocol::Http | Protocol::Https | Protocol::Firehose)
    {
        return fault(
            "rawMessageDelivery",
            format!("{} has no rawMessageDelivery: sqs, http, https and firehose do", protocol.as_str()),
        );
    }
    if attributes.get("filterPolicyScope").is_some()
        && !matches!(attributes.get("filterPolicy"), Some(Setting::Json(_)))
    {
        return fault(
            "filterPolicyScope",
            "filterPolicyScope is the scope of a filterPolicy, which is missing".into(),
        );
    }
    if let Some(Setting::Json(policy)) = attributes.get("filterPolicy")
        && policy.as_object().is_some_and(|keys| keys.len() > MOST_KEYS)
    {
        return fault(
            "filterPolicy",
            format!("filterPolicy has more than {MOST_KEYS} keys: SNS takes no more"),
        );
    }
    if protocol == Protocol::Firehose
        && !matches!(attributes.get("subscriptionRoleArn"), Some(Setting::Text(_)))
    {
        return fault("subscriptionRoleArn", "the protocol firehose needs subscriptionRoleArn".into());
    }
    if protocol != Protocol::Firehose && attributes.get("subscriptionRoleArn").is_some() {
        return fault("subscriptionRoleArn", "subscriptionRoleArn is for the protocol firehose alone".into());
    }
    let fifo = matches!(target, Target::Queue(queue) if is_fifo(queue.name()));
    for (row, setting) in attributes.iter_mut() {
        let Setting::DeadLetters(dead) = setting else { continue };
        let key = dead.queue.key();
        let kind = takes_dead_letters(fifo, &dead.queue);
        let resolved = Names(queues).resolved(dead.queue.clone()).and_then(|queue| kind.map(|()| queue));
        dead.queue =
            resolved.map_err(|why| Fault::new(format!("{at}.attributes.{}.{key}", row.name), why))?;
    }
    Ok(())
}
