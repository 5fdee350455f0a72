//! The section `sqs`: queues on an emulator of SQS.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::Deserialize;

use super::{Bound, Fault, Parsed, Place, Scope, given, output};

/// A checked section.
#[derive(Clone, Debug)]
pub struct Sqs {
    pub endpoint: Endpoint,
    pub region: String,
    /// In the order of the file; no two have one name.
    pub queues: Vec<Queue>,
}

/// One queue as the config asks for it.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Its name in the back end: a copy's bears the feature.
    pub name: String,
    /// What the file says of it; all else is the back end's default and is left alone.
    pub attributes: BTreeMap<Attribute, i64>,
    /// Whether a queue of this name that has no mark is taken over.
    pub adopt: bool,
    pub outputs: Vec<Bound<Value>>,
}

/// An attribute that a file may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attribute {
    VisibilityTimeout,
    MessageRetentionPeriod,
    DelaySeconds,
    ReceiveMessageWaitTimeSeconds,
    MaximumMessageSize,
}

/// What of a queue an application can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Value {
    /// As the back end says it.
    Url,
    /// With the scheme, host and port of `endpointUrl`: what an emulator calls itself is often a name
    /// that no pod can reach.
    UrlRewritten,
    Name,
    Arn,
}

/// Where the back end is: a scheme, a host and perhaps a port, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(String);

impl Sqs {
    /// The longest name that SQS takes.
    const MAX_NAME: usize = 80;

    pub(super) fn places(&self) -> impl Iterator<Item = (&Place, &str)> {
        self.queues
            .iter()
            .flat_map(|queue| queue.outputs.iter().map(|output| (&output.place, output.at.as_str())))
    }
}

impl Attribute {
    /// The name in the file, which is the API's own with its first letter lowered.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::VisibilityTimeout => "visibilityTimeout",
            Self::MessageRetentionPeriod => "messageRetentionPeriod",
            Self::DelaySeconds => "delaySeconds",
            Self::ReceiveMessageWaitTimeSeconds => "receiveMessageWaitTimeSeconds",
            Self::MaximumMessageSize => "maximumMessageSize",
        }
    }

    /// The range of the API and its unit.
    fn range(self) -> (i64, i64, &'static str) {
        match self {
            Self::VisibilityTimeout => (0, 43_200, "seconds"),
            Self::MessageRetentionPeriod => (60, 1_209_600, "seconds"),
            Self::DelaySeconds => (0, 900, "seconds"),
            Self::ReceiveMessageWaitTimeSeconds => (0, 20, "seconds"),
            Self::MaximumMessageSize => (1024, 1_048_576, "bytes"),
        }
    }
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Endpoint {
    /// The URL without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |why: &str| Err(format!("endpointUrl {why} (such as http://localstack.infra:4566)"));
        let origin = text.strip_suffix('/').unwrap_or(text);
        let Some(authority) = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"))
        else {
            return error("is no http:// or https:// URL");
        };
        // What stands before an @ is never repeated: it would be a password.
        if authority.contains('@') {
            return error("holds a user or a password: leave them out, an emulator needs none");
        }
        // The colons of an IPv6 address are inside of its brackets.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let legal = |b: u8| b.is_ascii_alphanumeric() || b"-._[]:".contains(&b);
        if host.is_empty() || !host.bytes().all(legal) {
            return error("is more or less than a scheme, a host and a port");
        }
        let in_range =
            |port: &str| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|p| p > 0);
        if port.is_some_and(|port| !in_range(port)) {
            return error("has a port that is no number from 1 to 65535");
        }
        Ok(Self(origin.to_owned()))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
pub(super) struct Written {
    endpoint_url: Option<Parsed<Endpoint>>,
    region: Option<String>,
    queues: Vec<WrittenQueue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
struct WrittenQueue {
    name: Option<String>,
    #[serde(default)]
    attributes: WrittenAttributes,
    #[serde(default)]
    adopt: bool,
    #[serde(default)]
    outputs: Vec<output::Written<Value>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
struct WrittenAttributes {
    visibility_timeout: Option<i64>,
    message_retention_period: Option<i64>,
    delay_seconds: Option<i64>,
    receive_message_wait_time_seconds: Option<i64>,
    maximum_message_size: Option<i64>,
}

impl Written {
    pub(super) fn check(self, at: &str, scope: &Scope) -> Result<Sqs, Fault> {
        let Self { endpoint_url, region, queues } = self;
        let Parsed(endpoint) = endpoint_url.ok_or_else(|| {
            Fault::new(
                at,
                "the key \"endpointUrl\" is missing: AWS itself is not supported yet, so name an \
                 emulator (such as http://localstack.infra:4566)",
            )
        })?;
        let region = given(region, at, "region")?;
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if region.is_empty() || !region.bytes().all(legal) {
            return Err(Fault::new(
                format!("{at}.region"),
                "region is no name of a region (such as ap-south-1)",
            ));
        }
        let mut named = BTreeMap::new();
        let mut checked = Vec::new();
        for (i, queue) in queues.into_iter().enumerate() {
            let at = format!("{at}.queues[{i}]");
            let (written, queue) = queue.check(&at, scope)?;
            if let Some(first) = named.insert(queue.name.clone(), written.clone()) {
                let fault = if first == written {
                    format!("queue {written:?} is there twice")
                } else {
                    format!("queues {first:?} and {written:?} both come to {:?}: rename one", queue.name)
                };
                return Err(Fault::new(format!("{at}.name"), fault));
            }
            checked.push(queue);
        }
        Ok(Sqs { endpoint, region, queues: checked })
    }
}

impl WrittenQueue {
    /// The queue with its name in the file.
    fn check(self, at: &str, scope: &Scope) -> Result<(String, Queue), Fault> {
        let Self { name, attributes, adopt, outputs } = self;
        let name = given(name, at, "name")?;
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if !(1..=Sqs::MAX_NAME).contains(&name.len()) || !name.bytes().all(legal) {
            let fault = "is no name of a queue: 1 to 80 letters, digits, dashes and underscores";
            let fifo = name.strip_suffix(".fifo").map_or("", |_| " (FIFO queues are not supported yet)");
            return Err(Fault::new(format!("{at}.name"), format!("{name:?} {fault}{fifo}")));
        }
        let queue = Queue {
            name: scope.named(&name, Sqs::MAX_NAME),
            attributes: attributes.check(at)?,
            adopt,
            outputs: outputs
                .into_iter()
                .enumerate()
                .map(|(i, output)| output.check(format!("{at}.outputs[{i}]")))
                .collect::<Result<_, _>>()?,
        };
        Ok((name, queue))
    }
}

impl WrittenAttributes {
    fn check(self, at: &str) -> Result<BTreeMap<Attribute, i64>, Fault> {
        let Self {
            visibility_timeout,
            message_retention_period,
            delay_seconds,
            receive_message_wait_time_seconds,
            maximum_message_size,
        } = self;
        [
            (Attribute::VisibilityTimeout, visibility_timeout),
            (Attribute::MessageRetentionPeriod, message_retention_period),
            (Attribute::DelaySeconds, delay_seconds),
            (Attribute::ReceiveMessageWaitTimeSeconds, receive_message_wait_time_seconds),
            (Attribute::MaximumMessageSize, maximum_message_size),
        ]
        .into_iter()
        .filter_map(|(attribute, written)| written.map(|written| (attribute, written)))
        .map(|(attribute, written)| {
            let (least, most, unit) = attribute.range();
            if (least..=most).contains(&written) {
                return Ok((attribute, written));
            }
            let name = attribute.name();
            let fault = format!("{name} {written} is not in {least} to {most} ({unit})");
            Err(Fault::new(format!("{at}.attributes.{name}"), fault))
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_scheme_a_host_and_a_port() {
        let cases = [
            ("http://localstack.infra:4566", "http://localstack.infra:4566"),
            ("https://sqs.example.com/", "https://sqs.example.com"),
            ("http://10.0.0.1:1", "http://10.0.0.1:1"),
            ("http://[::1]:4566", "http://[::1]:4566"),
            ("http://[::1]", "http://[::1]"),
        ];
        for (text, endpoint) in cases {
            assert_eq!(text.parse(), Ok(Endpoint(endpoint.to_owned())), "{text}");
        }
        let bad = [
            "",
            "localstack:4566",
            "ftp://x",
            "http://",
            "http://:4566",
            "http://x:0",
            "http://x:65536",
            "http://x:",
            "http://x:+1",
            "http://x/path",
            "http://x?q",
            "http://x#f",
            "http://a b",
            "http://u:p@x",
        ];
        for text in bad {
            let error = text.parse::<Endpoint>().expect_err(text);
            assert!(!error.contains("u:p"), "{error}");
        }
    }
}
