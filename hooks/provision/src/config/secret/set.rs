//! What the file itself puts into a Secret: a text, a key of another Secret, or a text made of keys of the source.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::{Site, Template, written::site};
use crate::config::{Fault, Parsed, once, output::check_key};

/// Where the value of a key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    Text(String),
    /// A key of another Secret.
    Of {
        from: Site,
        key: String,
    },
    Template(Template),
}

/// `set` as the file writes it.
#[derive(Default)]
pub(super) struct Written(BTreeMap<String, WrittenValue>);

enum WrittenValue {
    Text(String),
    Made(WrittenMade),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "secret and key, or template")]
#[schemars(rename = "SecretSet")]
struct WrittenMade {
    /// A Secret, of which `key` is told. Exactly one of secret and template.
    secret: Option<String>,
    /// Where that Secret is (the owner's namespace).
    namespace: Option<String>,
    /// A key of that Secret (the same as here).
    key: Option<String>,
    /// A text with {{ KEY }} for the value of a key of the source.
    #[schemars(with = "Option<String>")]
    template: Option<Parsed<Template>>,
}

impl Written {
    pub(super) fn check(self, at: &str, namespace: &str) -> Result<BTreeMap<String, Said>, Fault> {
        let check = |(name, value): (String, WrittenValue)| {
            let at = format!("{at}[\"{name}\"]");
            check_key(&name).map_err(|fault| Fault::new(at.as_str(), fault))?;
            let said = match value {
                WrittenValue::Text(text) => Said::Text(text),
                WrittenValue::Made(made) => made.check(&at, &name, namespace)?,
            };
            Ok((name, said))
        };
        self.0.into_iter().map(check).collect()
    }
}

impl WrittenMade {
    fn check(self, at: &str, name: &str, namespace: &str) -> Result<Said, Fault> {
        let Self { secret, namespace: elsewhere, key, template } = self;
        match (secret, template) {
            (Some(secret), None) => {
                let key = key.unwrap_or_else(|| name.to_owned());
                check_key(&key).map_err(|fault| Fault::new(at, fault))?;
                Ok(Said::Of { from: site(elsewhere, namespace, secret, [at, at])?, key })
            }
            (None, Some(Parsed(template))) if key.is_none() && elsewhere.is_none() => {
                Ok(Said::Template(template))
            }
            (None, Some(_)) => Err(Fault::new(at, "a template has neither key nor namespace")),
            (None, None) => Err(Fault::new(at, "a value needs a source: secret or template is missing")),
            (Some(_), Some(_)) => {
                Err(Fault::new(at, "a value has one source: secret and template exclude each other"))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Written;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("keys with values")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Written, A::Error> {
                once::entries(map).map(Written)
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

impl<'de> Deserialize<'de> for WrittenValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = WrittenValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a whole number, true or false, {secret: NAME, key: KEY} or {template: TEXT}")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<WrittenValue, E> {
        Ok(WrittenValue::Text(value.to_string()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<WrittenValue, E> {
        Ok(WrittenValue::Text(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<WrittenValue, E> {
        Ok(WrittenValue::Text(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<WrittenValue, E> {
        // 1.10 would come out as 1.1.
        Err(E::custom("a number with a point can be written in more than one way: put it between quotes"))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<WrittenValue, E> {
        Ok(WrittenValue::Text(value.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WrittenValue, A::Error> {
        WrittenMade::deserialize(MapAccessDeserializer::new(map)).map(WrittenValue::Made)
    }
}

impl JsonSchema for Written {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "SecretValues".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let made = generator.subschema_for::<WrittenMade>();
        json_schema!({
            "type": "object",
            "additionalProperties": { "anyOf": [{ "type": ["string", "integer", "boolean"] }, made] }
        })
    }
}
