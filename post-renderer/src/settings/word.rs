//! Words and texts that settings have and nothing else.

use std::str::FromStr;

use feature::words;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::copy;

/// `--isolate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IsolateWord {
    /// Names and selectors must contain the release.
    Check,
    /// No check, for a namespace of the copy's own.
    Off,
}

/// `--cluster-scoped`.
#[derive(Clone, Copy, Debug, clap::ValueEnum, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClusterScopedWord {
    /// They stay, and change what base has.
    Keep,
    /// They are left out.
    Drop,
}

/// A release's name, as Helm takes it.
#[derive(Clone, Debug)]
pub struct Release(pub String);

/// A name, as Kubernetes takes it.
#[derive(Clone, Debug)]
pub struct ObjectName(pub String);

/// A person or a link, as it is to stand in an annotation.
#[derive(Clone, Debug)]
pub struct Note(pub String);

impl FromStr for Release {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        copy::release(text).map(Self)
    }
}

impl FromStr for ObjectName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        copy::name_of_object(text).map(Self)
    }
}

impl FromStr for Note {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        copy::note(text).map(Self)
    }
}

/// `apiVersion` of the file.
#[derive(Clone, Copy, Debug)]
pub struct ApiVersion;

/// `kind` of the file.
#[derive(Clone, Copy, Debug)]
pub struct Kind;

impl FromStr for ApiVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            words::API_VERSION => Ok(Self),
            _ => {
                Err(format!("apiVersion {text:?} is not known: this version reads {:?}", words::API_VERSION))
            }
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            words::FEATURE_COPY => Ok(Self),
            words::FEATURE_RESOURCES => Err(format!(
                "kind {text:?} is the hooks' file: the post-renderer reads kind {:?}",
                words::FEATURE_COPY
            )),
            _ => Err(format!(
                "kind {text:?} is not known: the post-renderer reads kind {:?}",
                words::FEATURE_COPY
            )),
        }
    }
}

impl JsonSchema for ApiVersion {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ApiVersion".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "const": words::API_VERSION })
    }
}

impl JsonSchema for Kind {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Kind".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "const": words::FEATURE_COPY })
    }
}
