//! Scalars that have a grammar, parsed while they are read, so that an error gets its place.

use std::{borrow::Cow, fmt, marker::PhantomData, str::FromStr};

use feature::words;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};

use super::Fault;

/// A text that must be there. The reader would take a plain `null` for the word.
pub(super) fn given(written: Option<String>, at: &str, key: &str) -> Result<String, Fault> {
    written.ok_or_else(|| {
        Fault::new(format!("{at}.{key}"), format!("the key {key:?} is missing or has no value"))
    })
}

/// A text of a file that is a `T`.
pub struct Parsed<T>(pub T);

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text(PhantomData))
    }
}

struct Text<T>(PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Text<T> {
    type Value = Parsed<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Parsed<T>, E> {
        text.parse().map(Parsed).map_err(E::custom)
    }
}

pub(super) struct ApiVersion;

impl FromStr for ApiVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == words::API_VERSION {
            return Ok(Self);
        }
        Err(format!("apiVersion {text:?} is not known: this hook reads {:?}", words::API_VERSION))
    }
}

pub(super) struct Kind;

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            words::FEATURE_RESOURCES => Ok(Self),
            words::FEATURE_COPY => Err(format!(
                "kind {text:?} is the post-renderer's file: a hook reads kind {:?}",
                words::FEATURE_RESOURCES
            )),
            _ => Err(format!("kind {text:?} is not known: a hook reads kind {:?}", words::FEATURE_RESOURCES)),
        }
    }
}

impl<T> JsonSchema for Parsed<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

/// A text that may be of digits alone, which then needs no quotes.
pub(super) fn digits(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "integer"] })
}

/// A text that may be any number, which then needs no quotes.
pub(super) fn numbers(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "number"] })
}

pub(super) fn api_version(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "const": words::API_VERSION })
}

pub(super) fn kind(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "const": words::FEATURE_RESOURCES })
}
