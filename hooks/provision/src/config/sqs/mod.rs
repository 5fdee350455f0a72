//! The section `sqs`: queues of SQS, or of an emulator of it.

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Bound, Fault, Parsed, Place, Scope, attribute,
    attribute::{Attribute, Attributes, Kind, Setting, Table},
    aws::{self, Access},
    given,
    once::Texts,
    output, parsed,
    reference::{Allowed, DeadLetters, QueueRef},
    tags,
};
use crate::marks::Tags;

mod dead_letters;

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

/// Whether a queue or a topic of this name is FIFO.
#[must_use]
pub fn is_fifo(name: &str) -> bool {
    name.ends_with(FIFO)
}

/// The end of the name of every FIFO queue and topic.
pub(super) const FIFO: &str = ".fifo";

/// What a queue or topic of a file is called in its store: the feature goes before `.fifo`.
pub(super) fn named(scope: &Scope, written: &str, max: usize) -> String {
    match written.strip_suffix(FIFO) {
        Some(stem) => scope.named(stem, max - FIFO.len()) + FIFO,
        None => scope.named(written, max),
    }
}

/// Refuses what no queue (80) or topic (256) can be called.
pub(super) fn check_name(name: &str, what: &str, max: usize) -> Result<(), String> {
    let stem = name.strip_suffix(FIFO).unwrap_or(name);
    let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if stem.is_empty() || name.len() > max || !stem.bytes().all(legal) {
        return Err(format!(
            "{name:?} is no name of a {what}: 1 to {max} letters, digits, dashes and underscores, .fifo at the \
             end of a FIFO {what}'s included"
        ));
    }
    Ok(())
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
#[schemars(rename = "Sqs")]
pub(super) struct Written {
    /// An emulator's URL; absent: as the environment says (`AWS_ENDPOINT_URL_SQS`, `AWS_ENDPOINT_URL`), and else AWS.
    endpoint_url: Option<Parsed<aws::Endpoint>>,
    /// Absent: as the environment says.
    region: Option<String>,
    /// The account that is meant, 12 digits: needed for AWS itself.
    #[serde(default)]
    #[schemars(schema_with = "parsed::digits")]
    expect_account_id: Option<Parsed<aws::AccountId>>,
    /// Keys for an emulator that wants some; AWS itself gets the environment's.
    credentials: Option<aws::WrittenCredentials>,
    /// Whether queues of this owner that the file no longer names are deleted (true).
    prune: Option<bool>,
    queues: Vec<WrittenQueue>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
#[schemars(rename = "Queue")]
struct WrittenQueue {
    /// As base calls it; a copy's gets the feature behind it.
    #[schemars(required)]
    name: Option<String>,
    #[serde(default)]
    attributes: attribute::Written<QueueTable>,
    /// Attributes that are newer than this hook, by the API's names.
    #[serde(default)]
    extra_attributes: Texts,
    #[serde(default)]
    tags: Texts,
    /// A queue of base's whose attributes and tags it starts from.
    clone_from: Option<String>,
    /// Whether a queue of this name that has no mark is taken over.
    #[serde(default)]
    adopt: bool,
    #[serde(default)]
    outputs: Vec<output::Written<Value>>,
}

impl Written {
    pub(super) fn check(self, at: &str, scope: &Scope) -> Result<Sqs, Fault> {
        let Self { endpoint_url, region, expect_account_id, credentials, prune, queues } = self;
        let access = aws::Written { endpoint_url, region, expect_account_id, credentials }.check(at)?;
        let mut checked: Vec<(String, Queue)> = Vec::new();
        for (i, queue) in queues.into_iter().enumerate() {
            let at = format!("{at}.queues[{i}]");
            let queue = queue.check(&at, scope)?;
            if let Some((_, first)) = checked.iter().find(|(_, first)| first.name == queue.name) {
                let fault = if first.written == queue.written {
                    format!("queue {:?} is there twice", queue.written)
                } else {
                    format!(
                        "queues {:?} and {:?} both come to {:?}: rename one",
                        first.written, queue.written, queue.name
                    )
                };
                return Err(Fault::new(format!("{at}.name"), fault));
            }
            checked.push((at, queue));
        }
        let queues = dead_letters::resolved(checked)?;
        Ok(Sqs { access, prune: prune.unwrap_or(true), queues })
    }
}

impl WrittenQueue {
    fn check(self, at: &str, scope: &Scope) -> Result<Queue, Fault> {
        let Self { name, attributes, extra_attributes, tags, clone_from, adopt, outputs } = self;
        let written = given(name, at, "name")?;
        check_name(&written, "queue", Queue::MAX_NAME)
            .map_err(|fault| Fault::new(format!("{at}.name"), fault))?;
        let attribute::Written { attributes, .. } = attributes;
        let queue = Queue {
            name: named(scope, &written, Queue::MAX_NAME),
            attributes,
            extra: extra(extra_attributes.0, QueueTable::ROWS, at)?,
            tags: tags::check(tags.0, &format!("{at}.tags"))?,
            clone_from: clone_from.map(|from| source(from, &written, scope, at)).transpose()?,
            adopt,
            outputs: outputs
                .into_iter()
                .enumerate()
                .map(|(i, output)| output.check(format!("{at}.outputs[{i}]")))
                .collect::<Result<_, _>>()?,
            written,
        };
        together(&queue.attributes, queue.fifo(), "queue", at)?;
        exclusive(&queue.attributes, at)?;
        Ok(queue)
    }
}

/// The base queue that is cloned: of the same kind, and only for a copy.
fn source(from: String, written: &str, scope: &Scope, at: &str) -> Result<String, Fault> {
    let fault = |why: String| Err(Fault::new(format!("{at}.cloneFrom"), why));
    if *scope == Scope::Base {
        return fault("base has nobody to clone from: say its attributes".to_owned());
    }
    if let Err(why) = check_name(&from, "queue", Queue::MAX_NAME) {
        return fault(why);
    }
    if is_fifo(&from) != is_fifo(written) {
        return fault(format!(
            "one of {from:?} and {written:?} is a FIFO queue (.fifo) and one is not: a clone is of the same kind"
        ));
    }
    Ok(from)
}

/// Attributes by the API's own names, which the table must not know.
pub(super) fn extra(
    written: BTreeMap<String, String>,
    rows: &[Attribute],
    at: &str,
) -> Result<BTreeMap<String, String>, Fault> {
    for name in written.keys() {
        let at = format!("{at}.extraAttributes[\"{name}\"]");
        if let Some(row) = rows.iter().find(|row| row.api.eq_ignore_ascii_case(name) || row.name == name) {
            return Err(Fault::new(at, format!("{name} is known: say attributes.{}", row.name)));
        }
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(Fault::new(at, format!("{name:?} is no name of an attribute: letters and digits")));
        }
    }
    Ok(written)
}

/// What the name of a queue or topic and its attributes must agree on.
pub(super) fn together(attributes: &Attributes, fifo: bool, what: &str, at: &str) -> Result<(), Fault> {
    for (row, setting) in attributes.iter().filter(|(row, _)| row.fifo) {
        let says = matches!(setting, Setting::Text(text) if text == "true");
        let fault = match row.name {
            "fifoQueue" | "fifoTopic" if says == fifo => continue,
            "fifoQueue" | "fifoTopic" => {
                format!(
                    "{} does not fit the name: a FIFO {what}'s name ends with .fifo, and no other's does",
                    row.name
                )
            }
            _ if fifo => continue,
            name => format!("{name} is only for a FIFO {what}, whose name ends with .fifo"),
        };
        return Err(Fault::new(format!("{at}.attributes.{}", row.name), fault));
    }
    Ok(())
}

/// What two attributes of a queue must agree on.
fn exclusive(attributes: &Attributes, at: &str) -> Result<(), Fault> {
    let is =
        |name: &str, value: &str| matches!(attributes.get(name), Some(Setting::Text(text)) if text == value);
    let fault = |name: &str, why: &str| Err(Fault::new(format!("{at}.attributes.{name}"), why));
    if is("sqsManagedSseEnabled", "true")
        && matches!(attributes.get("kmsMasterKeyId"), Some(Setting::Text(_)))
    {
        return fault("sqsManagedSseEnabled", "sqsManagedSseEnabled and kmsMasterKeyId exclude each other");
    }
    if is("fifoThroughputLimit", "perMessageGroupId") && !is("deduplicationScope", "messageGroup") {
        return fault("fifoThroughputLimit", "perMessageGroupId needs deduplicationScope: messageGroup");
    }
    Ok(())
}

/// The queues of a file by their names there, for what refers to them.
pub(super) struct Names<'a>(pub(super) &'a [Queue]);

impl Names<'_> {
    /// The reference with the name in the store.
    pub(super) fn resolved(&self, reference: QueueRef) -> Result<QueueRef, String> {
        let QueueRef::Own(written) = &reference else { return Ok(reference) };
        match self.0.iter().find(|queue| queue.written == *written) {
            Some(queue) => Ok(QueueRef::Own(queue.name.clone())),
            None => {
                let known: Vec<_> = self.0.iter().map(|queue| queue.written.as_str()).collect();
                Err(format!("the file has no queue {written:?}{}", super::fault::meant(written, &known)))
            }
        }
    }
}

pub(super) fn allowed(allowed: Allowed, names: &Names<'_>) -> Result<Allowed, String> {
    Ok(match allowed {
        Allowed::By(queues) => {
            Allowed::By(queues.into_iter().map(|queue| names.resolved(queue)).collect::<Result<_, _>>()?)
        }
        other => other,
    })
}

/// Whether this is one that a queue of that kind can have for its dead letters.
pub(super) fn takes_dead_letters(fifo: bool, target: &QueueRef) -> Result<(), String> {
    if is_fifo(target.name()) == fifo {
        return Ok(());
    }
    let name = target.name();
    Err(if fifo {
        format!("{name:?} is no FIFO queue, and the dead letters of a FIFO queue go to a FIFO queue alone")
    } else {
        format!("{name:?} is a FIFO queue, and takes the dead letters of FIFO queues alone")
    })
}
