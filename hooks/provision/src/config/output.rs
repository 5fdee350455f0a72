//! `outputs` of a thing: which of its values goes to which key of which object.

use std::{collections::BTreeSet, fmt};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Fault, given};

/// An object in the owner's namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    pub kind: TargetKind,
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetKind {
    Secret,
    ConfigMap,
}

/// One key of such an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub target: Target,
    pub key: String,
}

/// One value (of those that the section knows) bound to its place.
#[derive(Clone, Debug)]
pub struct Bound<V> {
    pub value: V,
    pub place: Place,
    /// Its path in the file.
    pub(super) at: String,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

impl fmt::Display for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret => "secret",
            Self::ConfigMap => "configmap",
        })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
#[schemars(rename = "OutputOf{V}")]
pub(super) struct Written<V> {
    /// What of the thing is told.
    value: V,
    /// A Secret in the owner's namespace. Exactly one of secret and configMap.
    secret: Option<String>,
    /// A `ConfigMap` in the owner's namespace.
    config_map: Option<String>,
    #[schemars(required)]
    key: Option<String>,
}

impl<V> Written<V> {
    fn check(self, at: String) -> Result<Bound<V>, Fault> {
        let Self { value, secret, config_map, key } = self;
        let key = given(key, &at, "key")?;
        let (kind, written, name) = match (secret, config_map) {
            (Some(name), None) => (TargetKind::Secret, "secret", name),
            (None, Some(name)) => (TargetKind::ConfigMap, "configMap", name),
            (None, None) => {
                return Err(Fault::new(at, "an output needs a place: secret or configMap is missing"));
            }
            (Some(_), Some(_)) => {
                return Err(Fault::new(
                    at,
                    "an output has one place: secret and configMap exclude each other",
                ));
            }
        };
        check_object(&name).map_err(|fault| Fault::new(format!("{at}.{written}"), fault))?;
        check_key(&key).map_err(|fault| Fault::new(format!("{at}.key"), fault))?;
        let place = Place { target: Target { kind, name }, key };
        Ok(Bound { value, place, at })
    }
}

/// The outputs of the thing at `at`.
pub(super) fn check<V>(written: Vec<Written<V>>, at: &str) -> Result<Vec<Bound<V>>, Fault> {
    let each = written.into_iter().enumerate();
    each.map(|(i, output)| output.check(format!("{at}.outputs[{i}]"))).collect()
}

/// Refuses two outputs of one file that go to one place.
pub(super) fn all_apart<'a>(places: impl Iterator<Item = (&'a Place, &'a str)>) -> Result<(), Fault> {
    let mut seen = BTreeSet::new();
    for (place, at) in places {
        if !seen.insert(place) {
            let Place { target, key } = place;
            return Err(Fault::new(at, format!("key {key:?} of {target} is given by two outputs")));
        }
    }
    Ok(())
}

/// What Kubernetes takes for the name of a Secret or a `ConfigMap`.
pub(super) fn check_object(name: &str) -> Result<(), String> {
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let part = |part: &[u8]| {
        let legal = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
        edge(part.first()) && edge(part.last()) && part.iter().all(legal)
    };
    if name.len() <= 253 && name.as_bytes().split(|b| *b == b'.').all(part) {
        return Ok(());
    }
    Err(format!(
        "{name:?} is no name of an object: lower-case letters, digits, dashes and dots, with a letter or digit at \
         both ends and around dots, 1 to 253"
    ))
}

/// What Kubernetes takes for a key of a Secret or a `ConfigMap`.
///
/// # Errors
/// With what a key is.
pub fn check_key(key: &str) -> Result<(), String> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    if (1..=253).contains(&key.len()) && key.bytes().all(legal) && key != "." && !key.starts_with("..") {
        return Ok(());
    }
    Err(format!(
        "{key:?} is no key: 1 to 253 letters, digits, dashes, dots and underscores, and not one dot or two at its head"
    ))
}
