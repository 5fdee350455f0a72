//! An object as the cluster reports it, and who owns which of its keys.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{FieldsV1, ManagedFieldsEntry, ObjectMeta};
use kube::core::DynamicObject;
use serde_json::{Map, Value, json};

use crate::{error::Error, marks::Tags};
use feature::words;

/// A Secret or a `ConfigMap`. Has no `Debug`: it holds what nobody prints.
#[derive(Clone)]
pub struct Found {
    pub name: String,
    pub uid: String,
    pub resource_version: String,
    /// The type of a Secret.
    pub kind: Option<String>,
    pub immutable: bool,
    pub labels: Tags,
    pub annotations: Tags,
    /// What we and others have written on it: its annotations, and of its labels the feature.
    pub marks: Tags,
    /// Values as they stand in the object's JSON: those of a Secret in base64.
    pub data: BTreeMap<String, String>,
    managed: Vec<ManagedFieldsEntry>,
}

impl TryFrom<Value> for Found {
    type Error = Error;

    /// An object as the cluster says it.
    fn try_from(json: Value) -> Result<Self, Error> {
        let object = serde_json::from_value(json);
        Self::read(object.map_err(|error| Error::internal(format!("read an object: {error}")))?)
    }
}

impl Found {
    pub(super) fn read(object: DynamicObject) -> Result<Self, Error> {
        let DynamicObject { metadata, data, types: _ } = object;
        let ObjectMeta { name, uid, resource_version, labels, annotations, managed_fields, .. } = metadata;
        let (Some(name), Some(uid), Some(resource_version)) = (name, uid, resource_version) else {
            return Err(Error::internal("the cluster reports an object without a name, a uid or a version"));
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (labels, annotations) = (labels.unwrap_or_default(), annotations.unwrap_or_default());
        let marks = marks(&labels, annotations.clone());
        let values = data.get("data").and_then(Value::as_object);
        Ok(Self {
            name,
            uid,
            resource_version,
            kind: data.get("type").map(text),
            immutable: data.get("immutable").and_then(Value::as_bool).unwrap_or_default(),
            labels,
            annotations,
            marks,
            data: values.into_iter().flatten().map(|(key, value)| (key.clone(), text(value))).collect(),
            managed: managed_fields.unwrap_or_default(),
        })
    }

    /// Which of its keys belong to whom, by field manager.
    #[must_use]
    pub fn owned(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut owned = BTreeMap::<&str, BTreeSet<&str>>::new();
        for entry in &self.managed {
            let manager = entry.manager.as_deref().unwrap_or_default();
            owned.entry(manager).or_default().extend(keys(entry));
        }
        owned
    }

    /// The keys of one field manager.
    #[must_use]
    pub fn owned_by(&self, manager: &str) -> BTreeSet<&str> {
        self.owned().remove(manager).unwrap_or_default()
    }

    /// Whether some of its keys belong to no field manager.
    #[must_use]
    pub fn has_nobodys_keys(&self) -> bool {
        let owned: BTreeSet<&str> = self.owned().into_values().flatten().collect();
        self.data.keys().any(|key| !owned.contains(key.as_str()))
    }

    /// Whether a hook has keys here by other managers than these, or has made it and not come to say whose they are.
    #[must_use]
    pub fn has_others(&self, managers: &[&str]) -> bool {
        let of_a_hook = |name: &str| {
            name.strip_prefix(words::MANAGER).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let mut owned = self.owned().into_iter();
        owned.any(|(name, keys)| of_a_hook(name) && !managers.contains(&name) && !keys.is_empty())
    }

    /// The keys that a manager has otherwise than by an apply: what was made with them has not been handed over.
    #[must_use]
    pub fn held_by(&self, manager: &str) -> BTreeSet<&str> {
        self.said_by(manager)
            .filter(|entry| entry.operation.as_deref() != Some(APPLY))
            .flat_map(keys)
            .collect()
    }

    /// Whether a field manager has said anything of it, of its keys or of its metadata.
    #[must_use]
    pub fn is_said_by(&self, manager: &str) -> bool {
        let is_empty = |entry: &ManagedFieldsEntry| {
            let fields = entry.fields_v1.as_ref().and_then(|fields| fields.0.as_object());
            fields.is_none_or(Map::is_empty)
        };
        self.said_by(manager).any(|entry| !is_empty(entry))
    }

    /// Which field manager other than this one has set a label.
    #[must_use]
    pub fn other_of_label(&self, label: &str, manager: &str) -> Option<&str> {
        let others = self.managed.iter().filter(|entry| entry.manager.as_deref() != Some(manager));
        let mut of = others.filter(|entry| below(entry, &["f:metadata", "f:labels"]).any(|key| key == label));
        of.next().map(|entry| entry.manager.as_deref().unwrap_or_default())
    }

    /// Which labels belong to a field manager.
    #[must_use]
    pub fn labels_of(&self, manager: &str) -> BTreeSet<&str> {
        self.said_by(manager).flat_map(|entry| below(entry, &["f:metadata", "f:labels"])).collect()
    }

    fn said_by(&self, manager: &str) -> impl Iterator<Item = &ManagedFieldsEntry> {
        self.managed.iter().filter(move |entry| entry.manager.as_deref() == Some(manager))
    }

    /// The same as if those keys that `from` holds were `manager`'s.
    #[must_use]
    pub fn taken_over(&self, from: &str, manager: &str) -> Self {
        let held = self.held_by(from);
        if held.is_empty() {
            return self.clone();
        }
        Self { managed: self.given(&held, manager), ..self.clone() }
    }

    /// Its managed fields with these keys as an apply of `manager` has them, and nobody else.
    pub(super) fn given(&self, given: &BTreeSet<&str>, manager: &str) -> Vec<ManagedFieldsEntry> {
        if given.is_empty() {
            return self.managed.clone();
        }
        let is_own = |entry: &ManagedFieldsEntry| {
            entry.manager.as_deref() == Some(manager) && entry.operation.as_deref() == Some(APPLY)
        };
        let (own, mut others): (Vec<_>, Vec<_>) = self.managed.iter().cloned().partition(is_own);
        for entry in &mut others {
            let fields = entry.fields_v1.as_mut().and_then(|fields| fields.0.as_object_mut());
            let Some(fields) = fields else { continue };
            if let Some(data) = fields.get_mut("f:data").and_then(Value::as_object_mut) {
                data.retain(|key, _| !key.strip_prefix("f:").is_some_and(|key| given.contains(key)));
                if data.keys().all(|key| key == ".") {
                    fields.remove("f:data");
                }
            }
        }
        let is_empty = |entry: &ManagedFieldsEntry| {
            let fields = entry.fields_v1.as_ref().and_then(|fields| fields.0.as_object());
            fields.is_some_and(Map::is_empty)
        };
        others.retain(|entry| !is_empty(entry));
        let mut own = own.into_iter().next().unwrap_or_else(|| ManagedFieldsEntry {
            api_version: Some("v1".to_owned()),
            fields_type: Some("FieldsV1".to_owned()),
            fields_v1: None,
            manager: Some(manager.to_owned()),
            operation: Some(APPLY.to_owned()),
            subresource: None,
            time: self.managed.iter().find_map(|entry| entry.time.clone()),
        });
        let fields = own.fields_v1.get_or_insert_with(|| FieldsV1(json!({})));
        for key in given {
            fields.0["f:data"][format!("f:{key}")] = json!({});
        }
        others.push(own);
        others
    }
}

/// What is written on an object: its annotations, and of its labels the feature.
#[must_use]
pub fn marks(labels: &Tags, annotations: Tags) -> Tags {
    let mut marks = annotations;
    marks.remove(words::FEATURE);
    if let Some(feature) = labels.get(words::FEATURE) {
        marks.insert(words::FEATURE.to_owned(), feature.clone());
    }
    marks
}

const APPLY: &str = "Apply";

fn keys(entry: &ManagedFieldsEntry) -> impl Iterator<Item = &str> {
    below(entry, &["f:data"])
}

/// The names of the fields below one that an entry has.
fn below<'e>(entry: &'e ManagedFieldsEntry, path: &[&str]) -> impl Iterator<Item = &'e str> {
    let fields = entry.fields_v1.as_ref().map(|fields| &fields.0);
    let below = path.iter().fold(fields, |value, key| value.and_then(|value| value.get(key)));
    below.and_then(Value::as_object).into_iter().flat_map(Map::keys).filter_map(|key| key.strip_prefix("f:"))
}
