//! The section as a file writes it, and what has to hold in it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    super::{
        Fault, Parsed, Scope, attribute,
        attribute::{Attributes, Setting, Table},
        aws, given,
        named::{check_name, is_fifo, named, one_name},
        once::Texts,
        output, parsed, tags,
    },
    Queue, QueueTable, Sqs, Value, dead_letters,
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
#[schemars(rename = "Sqs")]
pub(in super::super) struct Written {
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
    pub(in super::super) fn check(self, at: &str, scope: &Scope) -> Result<Sqs, Fault> {
        let Self { endpoint_url, region, expect_account_id, credentials, prune, queues } = self;
        let access = aws::Written { endpoint_url, region, expect_account_id, credentials }.check(at)?;
        let mut checked: Vec<(String, Queue)> = Vec::new();
        for (i, queue) in queues.into_iter().enumerate() {
            let at = format!("{at}.queues[{i}]");
            let queue = queue.check(&at, scope)?;
            if let Some((_, first)) = checked.iter().find(|(_, first)| first.name == queue.name) {
                let fault = one_name("queue", &first.written, &queue.written, &queue.name);
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
            extra: attribute::extra(extra_attributes.0, QueueTable::ROWS, at)?,
            tags: tags::check(tags.0, &format!("{at}.tags"))?,
            clone_from: clone_from.map(|from| source(from, &written, scope, at)).transpose()?,
            adopt,
            outputs: output::check(outputs, at)?,
            written,
        };
        attribute::together(&queue.attributes, queue.fifo(), "queue", at)?;
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
