//! The hooks' file, kind `FeatureResources`: its whole vocabulary, read once and checked whole.
//!
//! Every hook checks every section, and acts on its own. What comes out of here cannot be wrong:
//! names are derived, ranges are kept, no two things come to one name. Nothing here talks to a back
//! end, and nothing here guesses: what is not known is an error with its place.

use std::{fs, path::Path};

use feature::{FeatureName, FeatureNameError, Header, Owner, Ttl, is_cut, suffixed, words};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::Error;

pub mod attribute;
pub mod aws;
pub mod database;
pub mod kafka;
pub mod named;
pub mod reference;
pub mod secret;
pub mod sns;
pub mod source;
pub mod sqs;

mod fault;
mod mask;
mod once;
mod output;
mod parsed;
mod place;
mod schema;
mod tags;

pub use fault::ConfigError;
use fault::Fault;
pub use output::{Bound, Place, Target, TargetKind, check_key};
pub use parsed::Parsed;
use parsed::{ApiVersion, Kind, given};
pub use schema::schema;

/// A checked file.
#[derive(Debug)]
pub struct FeatureResources {
    pub mark: Mark,
    pub sqs: Option<sqs::Sqs>,
    pub sns: Option<sns::Sns>,
    pub kafka: Option<kafka::Kafka>,
    pub database: Option<database::Databases>,
    pub secret: Option<secret::Secrets>,
}

impl FeatureResources {
    /// Everything that the file asks for, as reports call it: `sqs/emails-feat1`.
    pub fn things(&self) -> impl Iterator<Item = String> {
        let queues = self.sqs.iter().flat_map(|sqs| &sqs.queues).map(|queue| format!("sqs/{queue}"));
        let wants = self.sns.iter().flat_map(|sns| &sns.wants).map(|want| format!("sns/{want}"));
        let databases = self.database.iter().flat_map(|section| &section.databases);
        let streams = self.kafka.iter().flat_map(|kafka| &kafka.wants).map(|want| format!("kafka/{want}"));
        let secrets = self.secret.iter().flat_map(|section| &section.secrets);
        let secrets = secrets.map(|secret| format!("secret/{secret}"));
        queues
            .chain(wants)
            .chain(streams)
            .chain(databases.map(|database| format!("database/{database}")))
            .chain(secrets)
    }
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

    /// Whether a thing of this name could be one of a copy's: `max` is where its store cuts names off.
    /// Base's things are called anything, and nothing of base is ever deleted.
    #[must_use]
    pub fn may_have_named(&self, name: &str, max: usize) -> bool {
        let (stem, max) =
            name.strip_suffix(named::FIFO).map_or((name, max), |stem| (stem, max - named::FIFO.len()));
        match self {
            Self::Base => false,
            Self::Copy { feature, .. } => {
                stem.strip_suffix(feature.as_str()).is_some_and(|head| head.ends_with('-'))
                    || is_cut(stem, max)
            }
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

/// What the hooks give to a copy: one section for each hook.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
#[schemars(title = "FeatureResources")]
struct Written {
    #[schemars(schema_with = "parsed::api_version")]
    api_version: Parsed<ApiVersion>,
    #[schemars(schema_with = "parsed::kind")]
    kind: Parsed<Kind>,
    /// The feature whose copy this is. Exactly one of feature and base.
    #[serde(default)]
    #[schemars(schema_with = "parsed::digits")]
    feature: Option<Parsed<FeatureName>>,
    /// Base itself: names as they are, nothing expires, nothing is deleted.
    base: Option<bool>,
    /// The release that things belong to: namespace/release.
    owner: Parsed<Owner>,
    /// The person behind the copy.
    by: Option<String>,
    /// The link (branch, pull request) behind the copy.
    source: Option<String>,
    /// How long the copy lives: a whole number with s, m, h, d or w, or the word forever (6h). Not for base.
    ttl: Option<Parsed<Ttl>>,
    /// The request header that names the feature (uber-ctx-key), which is also the message attribute that does.
    header: Option<Parsed<Header>>,
    sqs: Option<sqs::Written>,
    sns: Option<sns::Written>,
    kafka: Option<kafka::Written>,
    database: Option<database::Written>,
    secret: Option<secret::Written>,
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
            header,
            sqs,
            sns,
            kafka,
            database,
            secret,
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
        let header =
            header.map_or_else(|| words::DEFAULT_HEADER.to_owned(), |Parsed(header)| header.to_string());
        let sns = sns.map(|section| section.check("sns", &scope, &header, sqs.as_ref())).transpose()?;
        let kafka = kafka.map(|section| section.check("kafka", &scope)).transpose()?;
        let database = database.map(|section| section.check("database", &scope)).transpose()?;
        let places = sqs.iter().flat_map(sqs::Sqs::places).chain(sns.iter().flat_map(sns::Sns::places));
        let places = places.chain(kafka.iter().flat_map(kafka::Kafka::places));
        let places: Vec<_> = places.chain(database.iter().flat_map(database::Databases::places)).collect();
        let mut secret = secret.map(|section| section.check("secret", &scope, &owner)).transpose()?;
        if let Some(secret) = secret.as_mut().filter(|secret| secret.kubeconfig.is_none()) {
            secret.leave(owner.namespace(), places.iter().copied())?;
        }
        output::all_apart(places.into_iter().chain(secret.iter().flat_map(secret::Secrets::places)))?;
        Ok(FeatureResources { mark: Mark { owner, scope }, sqs, sns, kafka, database, secret })
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
    // What tags of AWS take every other store takes too.
    if value.chars().count() > 256 || !value.chars().all(tags::legal) {
        let fault = format!(
            "{key} is more than 256 characters, or has others than letters, digits, spaces and _.:/=+-@ (a tag \
             of AWS has no others)"
        );
        return Err(Fault::new(key, fault));
    }
    Ok(Some(value))
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
