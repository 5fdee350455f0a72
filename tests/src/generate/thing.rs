//! What a document says, before it is decided how it is written.

use serde_json::Value;

#[derive(Clone, Debug)]
pub(super) enum Thing {
    /// A string, in any notation that says it.
    Text(String),
    /// A scalar as it is written, and what Helm reads.
    Raw(&'static str, Value),
    Null,
    Map(Vec<Entry>),
    /// Labels, annotations or a selector: these can stand for one another by alias and merge key.
    Labels(Vec<Entry>),
    Seq(Vec<Thing>),
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: Key,
    pub value: Thing,
}

#[derive(Clone, Debug)]
pub(super) enum Key {
    Text(String),
    /// A key as it is written, and what Helm reads.
    Raw(&'static str, &'static str),
    /// `<<`, of whatever there is when it is written.
    Merge,
}

pub(super) fn text(text: impl Into<String>) -> Thing {
    Thing::Text(text.into())
}

pub(super) fn entry(key: impl Into<String>, value: Thing) -> Entry {
    Entry { key: Key::Text(key.into()), value }
}

pub(super) fn map<const N: usize>(entries: [(&str, Thing); N]) -> Thing {
    Thing::Map(entries.into_iter().map(|(key, value)| entry(key, value)).collect())
}

impl Thing {
    pub fn is_collection(&self) -> bool {
        matches!(self, Self::Map(_) | Self::Labels(_) | Self::Seq(_))
    }

    pub fn is_empty(&self) -> bool {
        match self {
            Self::Map(entries) | Self::Labels(entries) => entries.is_empty(),
            Self::Seq(items) => items.is_empty(),
            _ => false,
        }
    }
}
