//! What carries our mark: in a back end, as the hooks' verb `marks` says it, or in the cluster. Pure.

use feature::{FeatureName, Owner, Ttl, words};
use jiff::Timestamp;
use provision::marks::Tags;
use serde::Deserialize;

use crate::config::BackEnd;

/// A thing of a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Thing {
    /// As reports call it: `sqs/emails-feat1`.
    pub(crate) name: String,
    pub(crate) feature: FeatureName,
    pub(crate) owner: Owner,
    pub(crate) by: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) ttl: Option<Ttl>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) place: Place,
}

/// Where a thing is, and what takes it away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    BackEnd(BackEnd),
    /// A Secret or a `ConfigMap` of ours, which goes whole.
    Object(Object),
    /// Keys of ours in a Secret that is somebody else's.
    Merged {
        namespace: String,
        name: String,
    },
}

/// An object of the cluster as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) kind: ObjectKind,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) resource_version: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ObjectKind {
    Secret,
    ConfigMap,
}

/// A line of `<hook> marks --output=json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Line {
    thing: String,
    owner: String,
    feature: Option<String>,
    by: Option<String>,
    source: Option<String>,
    ttl: Option<String>,
    expires_at: Option<i64>,
}

impl Thing {
    /// The thing of a line; none where it is base's, or its mark is none that a hook writes.
    ///
    /// # Errors
    /// With the reason, where it is no such line.
    pub(crate) fn of_line(back_end: BackEnd, line: &str) -> Result<Option<Self>, String> {
        let Line { thing, owner, feature, by, source, ttl, expires_at } =
            serde_json::from_str(line).map_err(|error| error.to_string())?;
        let (Some(Ok(feature)), Ok(owner)) = (feature.map(|feature| feature.parse()), owner.parse()) else {
            return Ok(None);
        };
        Ok(Some(Self {
            name: thing,
            feature,
            owner,
            by,
            source,
            ttl: ttl.and_then(|ttl| ttl.parse().ok()),
            expires_at: expires_at.and_then(|second| Timestamp::from_second(second).ok()),
            place: Place::BackEnd(back_end),
        }))
    }

    /// The thing that has these marks; none where they are base's or nobody's.
    pub(crate) fn of_marks(name: String, marks: &Tags, place: Place) -> Option<Self> {
        let mark = |key: &str| marks.get(key);
        Some(Self {
            name,
            feature: mark(words::FEATURE)?.parse().ok()?,
            owner: mark(words::OWNER)?.parse().ok()?,
            by: mark(words::BY).cloned(),
            source: mark(words::SOURCE).cloned(),
            ttl: mark(words::TTL).and_then(|ttl| ttl.parse().ok()),
            expires_at: mark(words::EXPIRES_AT)
                .and_then(|second| Timestamp::from_second(second.parse().ok()?).ok()),
            place,
        })
    }

    /// When it was last applied, as far as its mark says; what it does not say is long ago.
    pub(crate) fn applied(&self) -> Timestamp {
        let lasts = self.ttl.as_ref().and_then(Ttl::lasts);
        let began = self.expires_at.zip(lasts).and_then(|(end, lasts)| end.checked_sub(lasts).ok());
        began.unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The head of its name: `sqs`.
    pub(crate) fn kind(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_hook_is_a_thing_and_bases_is_none() {
        let line = r#"{"thing":"sqs/emails-feat1","owner":"demo/orders","feature":"feat1","ttl":"1h","expiresAt":4600}"#;
        let thing = Thing::of_line(BackEnd::Sqs, line).expect("a line").expect("a copy's");
        assert_eq!((thing.kind(), thing.feature.as_str()), ("sqs", "feat1"));
        assert_eq!(thing.applied().as_second(), 1000);
        for none in [
            r#"{"thing":"sqs/emails","owner":"demo/orders"}"#,
            r#"{"thing":"sqs/emails","owner":"demo","feature":"feat1"}"#,
            r#"{"thing":"sqs/emails","owner":"demo/orders","feature":"Feat"}"#,
        ] {
            assert_eq!(Thing::of_line(BackEnd::Sqs, none), Ok(None), "{none}");
        }
        assert!(Thing::of_line(BackEnd::Sqs, "waiting").is_err());
    }
}
