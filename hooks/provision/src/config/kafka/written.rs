//! The section as a file writes it, and what has to hold in it.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

use super::{
    super::{Fault, Parsed, Scope, given, named::one_name, once, output},
    Brokers, Group, Kafka, MAX_NAME, Offsets, Start, Topic, Value, Want, client,
    name::{check_group, check_topic, collide},
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
#[schemars(rename = "Kafka")]
pub(in super::super) struct Written {
    /// The brokers that are asked first: host:port, with commas between several.
    bootstrap_servers: Parsed<Brokers>,
    /// The id of the cluster that is meant; absent: whichever answers.
    expect_cluster_id: Option<String>,
    /// Properties of librdkafka, such as security.protocol; secrets by {env: X} or {file: path}.
    #[serde(default)]
    client_config: client::Written,
    /// Whether topics and groups of this owner that the file no longer names are deleted (true).
    prune: Option<bool>,
    /// The topic in which the marks of all copies are.
    #[serde(default)]
    marks: WrittenMarks,
    #[serde(default)]
    topics: Vec<WrittenTopic>,
    #[serde(default)]
    consumer_groups: Vec<WrittenGroup>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
#[schemars(rename = "Marks")]
struct WrittenMarks {
    /// On how many brokers it is, where a hook makes it; absent: the broker's default.
    #[schemars(range(min = 1, max = 32767))]
    replication_factor: Option<i64>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
#[schemars(rename = "KafkaTopic")]
struct WrittenTopic {
    /// As base calls it; a copy's gets the feature behind it.
    #[schemars(required)]
    name: Option<String>,
    /// It can grow and never shrinks; absent: as many as cloneFrom's, or the broker's default.
    #[schemars(range(min = 1, max = 2_147_483_647))]
    partitions: Option<i64>,
    /// On how many brokers each partition is, which stays as it was made; absent: the broker's default.
    #[schemars(range(min = 1, max = 32767))]
    replication_factor: Option<i64>,
    /// Configs of topics by Kafka's names; null is the broker's default.
    #[serde(default)]
    config: Configs,
    /// A topic of base's, by its very name, whose partitions and configs it has unless they are said here.
    clone_from: Option<String>,
    /// Whether a topic of this name that has no mark is taken over.
    #[serde(default)]
    adopt: bool,
    /// What the application is told, each in a Secret or a `ConfigMap`.
    #[serde(default)]
    outputs: Vec<output::Written<Value>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
#[schemars(rename = "ConsumerGroup")]
struct WrittenGroup {
    /// As base calls it; a copy's gets the feature behind it.
    #[schemars(required)]
    name: Option<String>,
    /// Where it starts where it has no offset yet.
    #[serde(default)]
    offsets: Vec<WrittenOffsets>,
    /// Whether a group of this name that has no mark is taken over.
    #[serde(default)]
    adopt: bool,
    /// What the application is told, each in a Secret or a `ConfigMap`.
    #[serde(default)]
    outputs: Vec<output::Written<Value>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
#[schemars(rename = "Offsets")]
struct WrittenOffsets {
    /// A topic by its very name.
    #[schemars(required)]
    topic: Option<String>,
    /// earliest, latest, or how long ago: a whole number with s, m, h, d or w.
    from: Parsed<Start>,
}

impl Written {
    pub(in super::super) fn check(self, at: &str, scope: &Scope) -> Result<Kafka, Fault> {
        let Self {
            bootstrap_servers: Parsed(brokers),
            expect_cluster_id,
            client_config,
            prune,
            marks: WrittenMarks { replication_factor },
            topics,
            consumer_groups,
        } = self;
        let plain = |b: u8| b.is_ascii_graphic();
        if expect_cluster_id.as_ref().is_some_and(|id| id.is_empty() || !id.bytes().all(plain)) {
            let fault = "expectClusterId is no id of a cluster, such as 4L6g3nShT-eMCtK--X86sw";
            return Err(Fault::new(format!("{at}.expectClusterId"), fault));
        }
        let client = client_config.check(&format!("{at}.clientConfig"))?;
        let marks_replicas = replicas(replication_factor, &format!("{at}.marks"))?;
        let mut wants: Vec<Want> = Vec::new();
        for (i, topic) in topics.into_iter().enumerate() {
            let at = format!("{at}.topics[{i}]");
            let topic = topic.check(&at, scope)?;
            for first in &wants {
                let Want::Topic(first) = first else { continue };
                if let Some(fault) = clash(first, &topic) {
                    return Err(Fault::new(format!("{at}.name"), fault));
                }
            }
            wants.push(Want::Topic(topic));
        }
        for (i, group) in consumer_groups.into_iter().enumerate() {
            let at = format!("{at}.consumerGroups[{i}]");
            let group = group.check(&at, scope)?;
            let same =
                wants.iter().find(|want| matches!(want, Want::Group(first) if first.name == group.name));
            if let Some(first) = same {
                let fault = one_name("consumer group", first.written(), &group.written, &group.name);
                return Err(Fault::new(format!("{at}.name"), fault));
            }
            wants.push(Want::Group(group));
        }
        Ok(Kafka {
            brokers,
            expect_cluster: expect_cluster_id,
            client,
            prune: prune.unwrap_or(true),
            marks_replicas,
            wants,
        })
    }
}

impl WrittenTopic {
    fn check(self, at: &str, scope: &Scope) -> Result<Topic, Fault> {
        let Self { name, partitions, replication_factor, config, clone_from, adopt, outputs } = self;
        let written = given(name, at, "name")?;
        check_topic(&written).map_err(|fault| Fault::new(format!("{at}.name"), fault))?;
        let partitions = partitions
            .map(|count| {
                i32::try_from(count).ok().filter(|count| *count > 0).ok_or_else(|| {
                    let fault = format!(
                        "partitions {count} is no number from 1 to {}: leave it out for the broker's default",
                        i32::MAX
                    );
                    Fault::new(format!("{at}.partitions"), fault)
                })
            })
            .transpose()?;
        if let Some(from) = &clone_from {
            source(from, scope).map_err(|fault| Fault::new(format!("{at}.cloneFrom"), fault))?;
        }
        Ok(Topic {
            name: scope.named(&written, MAX_NAME),
            partitions,
            at_least: None,
            replicas: replicas(replication_factor, at)?,
            config: config.check(&format!("{at}.config"))?,
            clone_from,
            adopt,
            outputs: output::check(outputs, at)?,
            written,
        })
    }
}

impl WrittenGroup {
    fn check(self, at: &str, scope: &Scope) -> Result<Group, Fault> {
        let Self { name, offsets, adopt, outputs } = self;
        let written = given(name, at, "name")?;
        check_group(&written).map_err(|fault| Fault::new(format!("{at}.name"), fault))?;
        let mut checked: Vec<Offsets> = Vec::new();
        for (i, WrittenOffsets { topic, from: Parsed(from) }) in offsets.into_iter().enumerate() {
            let at = format!("{at}.offsets[{i}]");
            let topic = given(topic, &at, "topic")?;
            let fault = |why: String| Err(Fault::new(format!("{at}.topic"), why));
            if let Err(why) = check_topic(&topic) {
                return fault(why);
            }
            if checked.iter().any(|first| first.topic == topic) {
                return fault(format!("the start in topic {topic:?} is there twice"));
            }
            checked.push(Offsets { topic, from });
        }
        Ok(Group {
            name: scope.named(&written, MAX_NAME),
            offsets: checked,
            adopt,
            outputs: output::check(outputs, at)?,
            written,
        })
    }
}

fn replicas(written: Option<i64>, at: &str) -> Result<Option<i32>, Fault> {
    let legal = |count: i64| i16::try_from(count).ok().filter(|count| *count > 0).map(i32::from);
    written
        .map(|count| {
            legal(count).ok_or_else(|| {
                let fault = format!(
                    "replicationFactor {count} is no number from 1 to {}: leave it out for the broker's default",
                    i16::MAX
                );
                Fault::new(format!("{at}.replicationFactor"), fault)
            })
        })
        .transpose()
}

/// Refuses a topic that cannot be cloned: only a copy clones, and never itself.
fn source(from: &str, scope: &Scope) -> Result<(), String> {
    if *scope == Scope::Base {
        return Err("base has nobody to clone from: say partitions and config".to_owned());
    }
    check_topic(from)
}

/// Why one cluster cannot have both topics.
fn clash(first: &Topic, second: &Topic) -> Option<String> {
    if first.name == second.name {
        return Some(one_name("topic", &first.written, &second.written, &second.name));
    }
    collide(&first.name, &second.name).then(|| {
        format!(
            "topics {:?} and {:?} collide: Kafka takes a dot and an underscore for the same; rename one",
            first.written, second.written
        )
    })
}

/// Configs of a topic as a file writes them: numbers and flags need no quotes.
#[derive(Default)]
struct Configs(BTreeMap<String, Option<String>>);

impl Configs {
    fn check(self, at: &str) -> Result<BTreeMap<String, Option<String>>, Fault> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        match self.0.keys().find(|name| name.is_empty() || !name.bytes().all(legal)) {
            Some(name) => {
                let fault = format!("{name:?} is no name of a topic's config, such as retention.ms");
                Err(Fault::new(format!("{at}[\"{name}\"]"), fault))
            }
            None => Ok(self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Configs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ConfigsVisitor)
    }
}

struct ConfigsVisitor;

impl<'de> Visitor<'de> for ConfigsVisitor {
    type Value = Configs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("configs of a topic with values")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Configs, A::Error> {
        once::entries(map).map(Configs)
    }
}

impl JsonSchema for Configs {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Configs".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let value = json_schema!({ "type": ["string", "number", "boolean"] });
        json_schema!({ "type": "object", "additionalProperties": { "anyOf": [value, { "type": "null" }] } })
    }
}

#[cfg(test)]
mod tests {
    use feature::words;

    use super::*;
    use crate::config::{kafka::Property, read, source::Source};

    fn kafka(says: &str) -> Kafka {
        let head = format!("apiVersion: {}\nkind: {}", words::API_VERSION, words::FEATURE_RESOURCES);
        let text =
            format!("{head}\nfeature: feat1\nowner: demo/orders\nkafka:\n  bootstrapServers: x:1\n{says}\n");
        read("f", &text).expect("legal").kafka.expect("given")
    }

    #[test]
    fn numbers_flags_and_texts_are_values_alike_and_nothing_is_the_default() {
        let says = "  topics:\n    - name: a\n      config: {a: 1, b: true, c: x, d: null, e: , f: '1', g: 0.5, h: 007}";
        let Some(Want::Topic(topic)) = kafka(says).wants.into_iter().next() else { panic!("a topic") };
        let config: Vec<_> = topic.config.values().map(Option::as_deref).collect();
        let one = Some("1");
        assert_eq!(config, [one, Some("true"), Some("x"), None, None, one, Some("0.5"), Some("007")]);
        assert_eq!((topic.partitions, topic.replicas, topic.at_least), (None, None, None));
    }

    #[test]
    fn a_property_is_said_or_elsewhere() {
        let says =
            "  clientConfig: {a: 1, b: true, c: x, d: -1, e: {env: E}, f: {file: /f}, z.password: {env: P}}";
        let said = |text: &str| Property::Said(text.to_owned());
        let env = |name: &str| Property::Elsewhere(Source::Env(name.to_owned()));
        let file = Property::Elsewhere(Source::File("/f".into()));
        let client: Vec<_> = kafka(says).client.into_values().collect();
        assert_eq!(client, [said("1"), said("true"), said("x"), said("-1"), env("E"), file, env("P")]);
    }

    #[test]
    fn what_is_not_said_has_its_default() {
        let kafka = kafka("  consumerGroups: [{name: a}]");
        assert!(kafka.prune && kafka.client.is_empty() && kafka.expect_cluster.is_none());
        assert_eq!(kafka.marks_replicas, None);
        let [Want::Group(group)] = kafka.wants.as_slice() else { panic!("a group") };
        assert_eq!((group.name.as_str(), group.offsets.len(), group.adopt), ("a-feat1", 0, false));
    }
}
