//! Labels and annotations that a copy gets beside ours, and where the pods of unknown kinds are.

use std::str::FromStr;

use feature::words;

use super::grammar::{is_word, name_of_object, shown};

/// `KEY=VALUE`: a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub key: String,
    pub value: String,
}

/// `KEY=VALUE`: an annotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    pub key: String,
    pub value: String,
}

/// `KIND=PATH`: where a kind has the metadata of pods, as `RayCluster=spec.workerGroupSpecs[].template.metadata`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodPath {
    pub kind: String,
    pub path: String,
}

impl FromStr for Label {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
        Self::new(key, value)
    }
}

impl Label {
    pub fn new(key: &str, value: &str) -> Result<Self, String> {
        let key = metadata_key(key)?;
        if !value.is_empty() && !is_word(value, 63) {
            return Err(format!(
                "{:?} is no value of a label: at most 63 letters, digits and -_. between two of them",
                shown(value)
            ));
        }
        Ok(Self { key, value: value.to_owned() })
    }
}

impl FromStr for Annotation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
        Self::new(key, value)
    }
}

impl Annotation {
    pub fn new(key: &str, value: &str) -> Result<Self, String> {
        let key = metadata_key(key)?;
        if value.len() > 4096 || value.chars().any(|c| c.is_control() && c != '\n') {
            return Err(format!(
                "the value of {key} is no annotation of ours: at most 4096 bytes, of control characters only \
                 line ends"
            ));
        }
        Ok(Self { key, value: value.to_owned() })
    }
}

impl FromStr for PodPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, path) = text.split_once('=').ok_or("expected KIND=PATH")?;
        let letters = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric());
        if !kind.starts_with(|c: char| c.is_ascii_uppercase()) || kind.len() > 63 || !letters(kind) {
            return Err(format!("{:?} is no kind, as RayCluster is one", shown(kind)));
        }
        let word = |word: &str| {
            let name = word.strip_suffix("[]").unwrap_or(word);
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        };
        let own = ["apiVersion", "kind", "metadata"].iter().any(|key| path.split('.').next() == Some(key));
        let two = path.contains('.') && !own;
        if path.len() > 253 || !two || !path.split('.').all(word) || path.ends_with("[]") {
            return Err(format!(
                "{:?} is no path to the metadata of pods, as spec.workerGroupSpecs[].template.metadata is one: \
                 names with dots between them, [] behind each that is a list",
                shown(path)
            ));
        }
        Ok(Self { kind: kind.to_owned(), path: path.to_owned() })
    }
}

/// The key of a label or annotation that is not for others to write.
fn metadata_key(key: &str) -> Result<String, String> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if !is_word(name, 63) || prefix.is_some_and(|prefix| name_of_object(prefix).is_err()) {
        return Err(format!("{:?} is no key: [DOMAIN/]NAME, NAME as a label's value is", shown(key)));
    }
    let ours = words::FEATURE.split_once('/').map(|(domain, _)| domain);
    let helms = matches!(prefix, Some("helm.sh" | "meta.helm.sh" | "postrenderer.helm.sh"));
    if prefix.is_some() && prefix == ours || helms || key == "app.kubernetes.io/managed-by" {
        return Err(format!("{key} is written by devstack or Helm"));
    }
    if key == words::JANITOR_TTL {
        return Err(format!("{key} is what --janitor writes"));
    }
    Ok(key.to_owned())
}
