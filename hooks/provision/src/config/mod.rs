//! The hooks' file, kind `FeatureResources`: its whole vocabulary, read once and checked whole.
//!
//! Every hook checks every section, and acts on its own. What comes out of here cannot be wrong:
//! names are derived, ranges are kept, no two things come to one name. Nothing here talks to a back
//! end, and nothing here guesses: what is not known is an error with its place.

use std::{fmt, fs, marker::PhantomData, path::Path, str::FromStr};

use feature::{FeatureName, FeatureNameError, Owner, Ttl, suffixed, words};
use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};

use crate::error::Error;

pub mod sqs;

mod fault;
mod output;
mod place;

pub use fault::ConfigError;
use fault::Fault;
pub use output::{Bound, Place, Target, TargetKind};

/// A checked file.
#[derive(Debug)]
pub struct FeatureResources {
    pub mark: Mark,
    pub sqs: Option<sqs::Sqs>,
}

/// Whose the things are, and for what: what is written on each of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub owner: Owner,
    pub scope: Scope,
}

/// A copy's things bear its name and die; base's do neither.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    Base,
    Copy { feature: FeatureName, by: Option<String>, source: Option<String>, ttl: Ttl },
}

impl Scope {
    /// What a thing called `name` in the file is called in its store.
    fn named(&self, name: &str, max: usize) -> String {
        match self {
            Self::Base => name.to_owned(),
            Self::Copy { feature, .. } => suffixed(name, feature, max),
        }
    }
}

#[cfg(test)]
impl Mark {
    /// The mark of one copy, which the tests of this crate work with.
    pub(crate) fn of_feat1() -> Self {
        let scope = Scope::Copy {
            feature: "feat1".parse().expect("legal"),
            by: None,
            source: None,
            ttl: "1h".parse().expect("legal"),
        };
        Self { owner: "demo/orders".parse().expect("legal"), scope }
    }
}

/// Reads and checks the file at `path`.
pub fn load(path: &Path) -> Result<FeatureResources, Error> {
    let text = fs::read_to_string(path)
        .map_err(|error| Error::config(format!("read the config file {}: {error}", path.display())))?;
    read(&path.display().to_string(), &text).map_err(|error| Error::config(error.to_string()))
}

/// Checks `text`, which errors call `file`.
pub fn read(file: &str, text: &str) -> Result<FeatureResources, ConfigError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // The reader takes nothing for an empty mapping.
    if text.lines().map(str::trim).all(|line| line.is_empty() || line == "---" || line.starts_with('#')) {
        return Err(ConfigError::new(file, text, 0, "the file is empty"));
    }
    if let Some(at) = place::too_deep(text) {
        return Err(ConfigError::new(file, text, at, "brackets stand too deep in one another"));
    }
    serde_yaml::from_str::<Written>(text)
        .map_err(|error| ConfigError::read(file, text, &error))?
        .check()
        .map_err(|fault| fault.in_file(file, text))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
struct Written {
    api_version: Parsed<ApiVersion>,
    kind: Parsed<Kind>,
    feature: Option<Parsed<FeatureName>>,
    base: Option<bool>,
    owner: Parsed<Owner>,
    by: Option<String>,
    source: Option<String>,
    ttl: Option<Parsed<Ttl>>,
    sqs: Option<sqs::Written>,
}

impl Written {
    fn check(self) -> Result<FeatureResources, Fault> {
        let Self {
            api_version: Parsed(ApiVersion),
            kind: Parsed(Kind),
            feature,
            base,
            owner: Parsed(owner),
            by,
            source,
            ttl,
            sqs,
        } = self;
        let (by, source) = (person(by, "by")?, person(source, "source")?);
        let scope = match (feature, base.unwrap_or(false)) {
            (Some(Parsed(feature)), false) => {
                Scope::Copy { feature, by, source, ttl: ttl.map_or_else(default_ttl, |Parsed(ttl)| ttl) }
            }
            (None, false) => return Err(Fault::new("", FeatureNameError::Empty.to_string())),
            (Some(_), true) => {
                return Err(Fault::new(
                    "base",
                    "base: true and a feature exclude each other: leave one of them out",
                ));
            }
            (None, true) => {
                if ttl.is_some() {
                    return Err(Fault::new("ttl", "base has no ttl: it is never swept"));
                }
                Scope::Base
            }
        };
        let sqs = sqs.map(|section| section.check("sqs", &scope)).transpose()?;
        output::all_apart(sqs.iter().flat_map(sqs::Sqs::places))?;
        Ok(FeatureResources { mark: Mark { owner, scope }, sqs })
    }
}

fn default_ttl() -> Ttl {
    words::DEFAULT_TTL.parse().expect("the default ttl is a ttl")
}

/// The person or the link behind a copy: one line that every store takes as a tag.
fn person(written: Option<String>, key: &str) -> Result<Option<String>, Fault> {
    let Some(value) = written else { return Ok(None) };
    if value.is_empty() {
        return Err(Fault::new(key, format!("{key} is empty: leave it out where nobody is named")));
    }
    if value.chars().count() > 256 || value.chars().any(char::is_control) {
        return Err(Fault::new(key, format!("{key} is not one line of at most 256 characters")));
    }
    Ok(Some(value))
}

/// A text that must be there. The reader would take a plain `null` for the word.
fn given(written: Option<String>, at: &str, key: &str) -> Result<String, Fault> {
    written.ok_or_else(|| {
        Fault::new(format!("{at}.{key}"), format!("the key {key:?} is missing or has no value"))
    })
}

/// A scalar that has a grammar. It is parsed while it is read, so that the error gets its place.
struct Parsed<T>(T);

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

struct ApiVersion;

impl FromStr for ApiVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == words::API_VERSION {
            return Ok(Self);
        }
        Err(format!("apiVersion {text:?} is not known: this hook reads {:?}", words::API_VERSION))
    }
}

struct Kind;

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

#[cfg(test)]
mod tests {
    use super::*;

    fn file(scope: &str) -> FeatureResources {
        let head = format!("apiVersion: {}\nkind: {}", words::API_VERSION, words::FEATURE_RESOURCES);
        read("f", &format!("{head}\nowner: demo/orders-feat1\n{scope}\n")).expect("legal")
    }

    #[test]
    fn a_copy_has_a_feature_and_a_ttl_and_base_has_neither() {
        let config = file("feature: feat1\nby: alice");
        let Scope::Copy { feature, by, source, ttl } = config.mark.scope else { panic!("a copy") };
        assert_eq!((feature.as_str(), ttl.as_str()), ("feat1", words::DEFAULT_TTL));
        assert_eq!((by.as_deref(), source), (Some("alice"), None));
        assert!(config.sqs.is_none());

        let config = file("base: true");
        assert_eq!(config.mark.scope, Scope::Base);
    }

    #[test]
    fn a_feature_of_digits_needs_no_quotes() {
        let config = file("feature: 007\nttl: forever");
        assert!(matches!(config.mark.scope, Scope::Copy { feature, .. } if feature.as_str() == "007"));
    }
}
