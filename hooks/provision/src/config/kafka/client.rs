//! How brokers are reached: their addresses, and the properties of the client.
//!
//! The properties are librdkafka's, which knows them better than any list here: only what a hook has to decide
//! itself, and what a file must not hold, is refused.

use std::{borrow::Cow, collections::BTreeMap, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::super::{
    Fault, mask, once,
    source::{self, Source},
};

/// The brokers that are asked first: `host:port`, with commas between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brokers(String);

/// The value of one property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Property {
    Said(String),
    /// A value that the file does not hold.
    Elsewhere(Source),
}

/// Properties that a hook sets itself, or that mean nothing to it, each with what to do instead.
const OWN: [(&str, &str); 12] = [
    ("bootstrap.servers", "say bootstrapServers"),
    ("metadata.broker.list", "say bootstrapServers"),
    ("group.id", "a hook joins no group"),
    ("group.instance.id", "a hook joins no group"),
    ("enable.auto.commit", "a hook joins no group"),
    ("enable.partition.eof", "a hook sets it itself"),
    ("allow.auto.create.topics", "a hook makes no topic by asking for it"),
    ("acks", "a mark counts once all replicas have it"),
    ("request.required.acks", "a mark counts once all replicas have it"),
    ("enable.idempotence", "a mark is written exactly once"),
    ("transactional.id", "a mark is written exactly once"),
    ("sasl.jaas.config", "it is for Java alone: say sasl.mechanism, sasl.username and sasl.password"),
];

/// What says how a client shows who it is: the property and its other name.
const MECHANISM: [&str; 2] = ["sasl.mechanism", "sasl.mechanisms"];

impl Brokers {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Brokers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let each: Vec<&str> = text.split(',').map(str::trim).collect();
        for broker in &each {
            // What stands before an @ is never repeated: it would be a password.
            if broker.contains('@') {
                return Err(
                    "bootstrapServers holds a user or a password: say sasl.username and sasl.password \
                            in clientConfig"
                        .to_owned(),
                );
            }
            if broker.contains("://") {
                return Err(format!(
                    "bootstrapServers: {broker:?} has a scheme: say security.protocol in clientConfig"
                ));
            }
            let (host, port) = broker.rsplit_once(':').unwrap_or((broker, ""));
            let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
            let legal =
                |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b) || bare.is_some() && b == b':';
            let port = port.bytes().all(|b| b.is_ascii_digit()).then(|| port.parse::<u16>().ok()).flatten();
            let host = bare.unwrap_or(host);
            if host.is_empty() || !host.bytes().all(legal) || port.is_none_or(|port| port == 0) {
                return Err(format!(
                    "bootstrapServers: {broker:?} is no host:port (such as kafka:9092, with commas between several)"
                ));
            }
        }
        Ok(Self(each.join(",")))
    }
}

impl fmt::Display for Brokers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The properties as a file writes them.
#[derive(Default)]
pub(super) struct Written(BTreeMap<String, WrittenProperty>);

enum WrittenProperty {
    Said(String),
    Elsewhere(source::Written),
}

impl Written {
    pub(super) fn check(self, at: &str) -> Result<BTreeMap<String, Property>, Fault> {
        let properties: BTreeMap<String, Property> = self
            .0
            .into_iter()
            .map(|(name, value)| {
                let place = format!("{at}[\"{name}\"]");
                if let Some((_, instead)) = OWN.iter().find(|(own, _)| *own == name) {
                    let fault = Fault::new(place, format!("clientConfig has no {name}: {instead}"));
                    return Err(if mask::is_secret(&name) { fault.hidden() } else { fault });
                }
                let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
                if name.is_empty() || !name.bytes().all(legal) {
                    let fault = format!("{name:?} is no name of a property, such as security.protocol");
                    return Err(Fault::new(place, fault).hidden());
                }
                let value = match value {
                    WrittenProperty::Said(_) if mask::is_secret(&name) => {
                        let fault = format!(
                            "{name} is a secret, never in the file itself: say {{env: X}} or {{file: path}}"
                        );
                        return Err(Fault::new(place, fault).hidden());
                    }
                    // A client would wait for its token for ever.
                    WrittenProperty::Said(text)
                        if MECHANISM.contains(&&*name) && text.eq_ignore_ascii_case("OAUTHBEARER") =>
                    {
                        let fault = format!(
                            "{name}: a hook has no tokens for OAUTHBEARER: it can do PLAIN, SCRAM-SHA-256 and \
                             SCRAM-SHA-512, and client certificates"
                        );
                        return Err(Fault::new(place, fault));
                    }
                    WrittenProperty::Said(text) => Property::Said(text),
                    WrittenProperty::Elsewhere(source) => {
                        Property::Elsewhere(source.check(at, &name).map_err(|fault| fault.at(place))?)
                    }
                };
                Ok((name, value))
            })
            .collect::<Result<_, Fault>>()?;
        match unheard(&properties) {
            Some((name, layer)) => Err(Fault::new(
                format!("{at}[\"{name}\"]"),
                format!(
                    "{name} means nothing where security.protocol does not say {layer}: say SASL_SSL there"
                ),
            )),
            None => Ok(properties),
        }
    }
}

/// A property of TLS or of SASL without that layer, which the client would leave out in silence; and the layer.
fn unheard(properties: &BTreeMap<String, Property>) -> Option<(&str, &'static str)> {
    let protocol = match properties.get("security.protocol") {
        // Whoever has put it elsewhere knows.
        Some(Property::Elsewhere(_)) => return None,
        Some(Property::Said(protocol)) => protocol.to_ascii_uppercase(),
        None => String::new(),
    };
    let lacks = |name: &str| {
        ["sasl", "ssl"]
            .into_iter()
            .zip(["SASL", "SSL"])
            .find(|(head, layer)| {
                name.strip_prefix(head).is_some_and(|rest| rest.starts_with('.')) && !protocol.contains(layer)
            })
            .map(|(_, layer)| layer)
    };
    properties.keys().find_map(|name| Some((name.as_str(), lacks(name)?)))
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PropertiesVisitor)
    }
}

struct PropertiesVisitor;

impl<'de> Visitor<'de> for PropertiesVisitor {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("properties of librdkafka with values")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Written, A::Error> {
        once::entries(map).map(Written)
    }
}

impl<'de> Deserialize<'de> for WrittenProperty {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PropertyVisitor)
    }
}

struct PropertyVisitor;

impl<'de> Visitor<'de> for PropertyVisitor {
    type Value = WrittenProperty;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true or false, or where the value is: {env: X} or {file: path}")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<WrittenProperty, E> {
        Ok(WrittenProperty::Said(value.to_string()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<WrittenProperty, E> {
        Ok(WrittenProperty::Said(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<WrittenProperty, E> {
        Ok(WrittenProperty::Said(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<WrittenProperty, E> {
        Ok(WrittenProperty::Said(value.to_string()))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<WrittenProperty, E> {
        Ok(WrittenProperty::Said(value.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WrittenProperty, A::Error> {
        source::Written::deserialize(MapAccessDeserializer::new(map)).map(WrittenProperty::Elsewhere)
    }
}

impl JsonSchema for Written {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Properties".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let elsewhere = generator.subschema_for::<source::Written>();
        json_schema!({
            "type": "object",
            "additionalProperties": { "anyOf": [{ "type": ["string", "number", "boolean"] }, elsewhere] }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_are_hosts_with_ports() {
        let cases = [
            ("kafka:9092", "kafka:9092"),
            ("a.b-c:1, d_e:65535", "a.b-c:1,d_e:65535"),
            ("[::1]:9092", "[::1]:9092"),
        ];
        for (text, brokers) in cases {
            assert_eq!(text.parse(), Ok(Brokers(brokers.to_owned())), "{text}");
        }
        let bad = [
            "",
            "kafka",
            "kafka:",
            ":9092",
            "kafka:0",
            "kafka:65536",
            "kafka:+1",
            "a b:1",
            "a:1,",
            "::1:9092",
            "PLAINTEXT://kafka:9092",
            "http://kafka:9092",
            "u:p@kafka:9092",
            "kafka:9092/x",
        ];
        for text in bad {
            let error = text.parse::<Brokers>().expect_err(text);
            assert!(!error.contains("u:p"), "{error}");
        }
    }

    #[test]
    fn a_secret_is_known_by_its_name() {
        for name in [
            "sasl.password",
            "ssl.key.password",
            "ssl.keystore.password",
            "ssl.key.pem",
            "sasl.oauthbearer.client.secret",
            "sasl.oauthbearer.assertion.private.key.pem",
            "sasl.oauthbearer.assertion.private.key.passphrase",
        ] {
            assert!(mask::is_secret(name), "{name}");
        }
        for name in ["sasl.username", "ssl.certificate.pem", "ssl.key.location", "sasl.mechanism"] {
            assert!(!mask::is_secret(name), "{name}");
        }
    }
}
