//! What carries our mark: in a back end, as the hooks' verb `marks` says it, or in the cluster. Pure.

use std::fmt;

use feature::{FeatureName, Owner, Ttl, words};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};
use provision::{cluster::marks, report::Marked};
use serde_json::Value;

use crate::{config::BackEnd, copies::CopyName};

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

impl Thing {
    /// The thing of a line of `<hook> marks --output=json`; none where it is base's, or its mark is none that a hook writes.
    ///
    /// # Errors
    /// With the reason, where it is no such line.
    pub(crate) fn of_line(back_end: BackEnd, line: &str) -> Result<Option<Self>, String> {
        let marked = serde_json::from_str(line).map_err(|error| error.to_string())?;
        Ok(Self::of(marked, Place::BackEnd(back_end)))
    }

    /// What of an object of the cluster is a copy's: all of it, or keys in it that hooks have put there.
    pub(crate) fn of_object(kind: ObjectKind, namespace: &str, metadata: ObjectMeta) -> Vec<Self> {
        let ObjectMeta { name, uid, resource_version, labels, annotations, managed_fields, .. } = metadata;
        let (Some(name), Some(uid), Some(resource_version)) = (name, uid, resource_version) else {
            return Vec::new();
        };
        let namespace = namespace.to_owned();
        // One in a namespace beside its owner's is called by that, too.
        let called = |owner: &str| match owner.split_once('/') {
            Some((of_owner, _)) if of_owner != namespace => format!("{kind}/{namespace}/{name}"),
            _ => format!("{kind}/{name}"),
        };
        let marks = marks(&labels.unwrap_or_default(), annotations.unwrap_or_default());
        if let Some(owner) = marks.get(words::OWNER) {
            let marked = Marked::of(&called(owner), &marks);
            let place = Place::Object(Object { kind, namespace, name, uid, resource_version });
            return Self::of(marked, place).into_iter().collect();
        }
        let merged = managed_fields.unwrap_or_default().into_iter().flat_map(|entry| merged(&entry));
        merged
            .filter_map(|(feature, owner)| {
                let called = called(&owner);
                let marks = [(words::FEATURE.to_owned(), feature), (words::OWNER.to_owned(), owner)].into();
                let place = Place::Merged { namespace: namespace.clone(), name: name.clone() };
                Self::of(Marked::of(&called, &marks), place)
            })
            .collect()
    }

    fn of(marked: Marked, place: Place) -> Option<Self> {
        let Marked { thing, owner, feature, by, source, ttl, expires_at } = marked;
        Some(Self {
            name: thing,
            feature: feature?.parse().ok()?,
            owner: owner?.parse().ok()?,
            by,
            source,
            ttl: ttl.and_then(|ttl| ttl.parse().ok()),
            expires_at: expires_at.and_then(|second| Timestamp::from_second(second).ok()),
            place,
        })
    }

    /// The copy that it is of.
    pub(crate) fn copy(&self) -> CopyName {
        CopyName::of(&self.owner, &self.feature)
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

/// The features for which an owner has put keys into an object, and that owner: its field manager has set a label for each.
fn merged(entry: &ManagedFieldsEntry) -> Vec<(String, String)> {
    let owner = entry.manager.as_deref().and_then(|manager| manager.strip_prefix(words::MERGER));
    let fields = entry.fields_v1.as_ref().map(|fields| &fields.0["f:metadata"]["f:labels"]);
    let (Some(owner), Some(labels)) = (owner, fields.and_then(Value::as_object)) else { return Vec::new() };
    let features = labels.keys().filter_map(|key| key.strip_prefix("f:")?.strip_prefix(words::MERGED));
    features.map(|feature| (feature.to_owned(), owner.to_owned())).collect()
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret => "secret",
            Self::ConfigMap => "configmap",
        })
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.kind, self.namespace, self.name)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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

    fn things(object: &Value) -> Vec<String> {
        let metadata = serde_json::from_value(object.clone()).expect("metadata");
        let things = Thing::of_object(ObjectKind::Secret, "demo", metadata);
        things.iter().map(|thing| format!("{} {} {:?}", thing.owner, thing.feature, thing.place)).collect()
    }

    #[test]
    fn an_object_that_says_whose_it_is_is_one_thing_and_keys_in_anothers_are_one_for_each_copy() {
        let head = json!({"name": "told", "uid": "1", "resourceVersion": "2"});
        let with = |key: &str, value: Value| {
            let mut object = head.clone();
            object[key] = value;
            object
        };
        let mut own = with("annotations", json!({(words::OWNER): "demo/a"}));
        assert_eq!(things(&own), Vec::<String>::new(), "base's");
        own["labels"] = json!({(words::FEATURE): "feat1"});
        let [thing] = &things(&own)[..] else { panic!("one") };
        assert!(thing.starts_with("demo/a feat1 Object("), "{thing}");

        let labels = json!({(format!("f:{}feat1", words::MERGED)): {}, "f:team": {}});
        let fields = |labels: &Value| json!({"f:metadata": {"f:labels": labels}});
        let entry = |manager: &str| json!({"manager": manager, "fieldsV1": fields(&labels)});
        let owners =
            [format!("{}demo/a", words::MERGER), format!("{}demo/b", words::MERGER), "helm".to_owned()];
        let entries: Vec<Value> = owners.iter().map(|manager| entry(manager)).collect();
        let place = "Merged { namespace: \"demo\", name: \"told\" }";
        let expected = [format!("demo/a feat1 {place}"), format!("demo/b feat1 {place}")];
        assert_eq!(things(&with("managedFields", json!(entries))), expected);
    }
}
