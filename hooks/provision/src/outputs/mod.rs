//! What the application is told: values of things, in keys of `Secret`s and `ConfigMap`s.
//!
//! An output goes only into an object that we create or that carries our mark. Each hook owns the keys
//! that it writes (field manager `devstack/<hook>`, never forced); the mark on the object belongs to
//! all hooks together (`devstack`, forced). Values never reach a report, a log or an error.
//!
//! This module decides and writes nothing; `objects` does what it has decided.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::Timestamp;
use k8s_openapi::{ByteString, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::core::DynamicObject;

use crate::{
    change::{Change, Difference, NONE},
    config::{Mark, Place, Target, TargetKind},
    error::Error,
    marks::Tags,
};
use feature::words;

pub(crate) mod objects;

/// One value for one key; `None` where the thing is not made yet.
pub struct Output {
    pub place: Place,
    pub value: Option<Hidden>,
}

/// A value that is never shown: it has no `Display`, and its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(String);

impl From<String> for Hidden {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl Hidden {
    /// For whoever has to write it where it belongs.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// All that one object is to hold of this hook's.
#[derive(Clone)]
pub(crate) struct Bundle {
    pub(crate) target: Target,
    values: BTreeMap<String, Option<Hidden>>,
}

/// An object as the cluster has it, as far as outputs care.
pub(crate) struct Found {
    uid: String,
    resource_version: String,
    secret_type: Option<String>,
    marks: Tags,
    data: BTreeMap<String, String>,
    /// Which field manager owns which keys of `data`.
    owned: BTreeMap<String, BTreeSet<String>>,
}

/// Outputs by the object that they go to.
pub(crate) fn bundles(outputs: impl IntoIterator<Item = Output>) -> Vec<Bundle> {
    let mut by_target = BTreeMap::<Target, BTreeMap<String, Option<Hidden>>>::new();
    for Output { place: Place { target, key }, value } in outputs {
        by_target.entry(target).or_default().insert(key, value);
    }
    by_target.into_iter().map(|(target, values)| Bundle { target, values }).collect()
}

/// The field manager of a hook's own keys.
pub(crate) fn manager(hook: &str) -> String {
    format!("{}/{hook}", words::MANAGER)
}

impl Bundle {
    /// What must happen to the object for `manager` to have its keys there, and no others.
    pub(crate) fn plan(&self, found: Option<&Found>, mark: &Mark, manager: &str, now: Timestamp) -> Change {
        let Some(found) = found else {
            let value = |value: &Option<Hidden>| if value.is_some() { "set" } else { "known after apply" };
            let fields = self.values.iter().map(|(key, new)| Difference::new(key, NONE, value(new)));
            return Change::Create(fields.collect());
        };
        if let Err(not_ours) = mark.claims(&found.marks) {
            return Change::Refuse(format!(
                "{not_ours}, and an output goes only into an object that we made: choose another name"
            ));
        }
        let mut differences = Vec::new();
        let nobody = BTreeSet::new();
        let own = found.owned.get(manager).unwrap_or(&nobody);
        for (key, value) in &self.values {
            let have = found.data.get(key);
            let same = value.as_ref().map(|value| have == Some(&encoded(self.target.kind, value)));
            let other = found.owned.iter().find(|(name, keys)| *name != manager && keys.contains(key));
            // Where the value is not known yet and the key is ours too, it will most likely be the same.
            let clash = if own.contains(key) { same == Some(false) } else { same != Some(true) };
            if let (Some((other, _)), true) = (other, clash) {
                return Change::Refuse(format!(
                    "its key {key} belongs to field manager {other:?}: take that edit back"
                ));
            }
            let from = if have.is_some() { "another value" } else { NONE };
            match same {
                Some(true) if own.contains(key) => {}
                Some(true) => differences.push(Difference::new(key, "not ours", "ours")),
                Some(false) => differences.push(Difference::new(key, from, "set")),
                None => differences.push(Difference::new(key, from, "known after apply")),
            }
        }
        let stale = own.iter().filter(|key| !self.values.contains_key(*key));
        differences.extend(stale.map(|key| Difference::new(key, "set", NONE)));
        differences.extend(mark.edit(&found.marks, now).differences(&found.marks));
        Change::of(differences)
    }

    /// The same with what `manager` has in the object already: nothing of it goes.
    fn beside(mut self, found: Option<&Found>, manager: &str) -> Self {
        let own = found.and_then(|found| found.owned.get(manager).map(|keys| (found, keys)));
        for (found, key) in own.iter().flat_map(|(found, keys)| keys.iter().map(move |key| (found, key))) {
            let there = || found.data.get(key).and_then(|value| decoded(self.target.kind, value));
            self.values.entry(key.clone()).or_insert_with(there);
        }
        self
    }

    /// The keys that it is to hold.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.values.keys().cloned().collect()
    }

    /// The object's `data`; it is complete once all things are there.
    fn data(&self) -> Result<BTreeMap<&str, String>, Error> {
        self.values
            .iter()
            .map(|(key, value)| match value {
                Some(value) => Ok((key.as_str(), encoded(self.target.kind, value))),
                None => Err(Error::internal(format!("{}: the value of {key} is not known", self.target))),
            })
            .collect()
    }
}

impl Found {
    fn read(object: DynamicObject) -> Result<Self, Error> {
        let DynamicObject { metadata, data, types: _ } = object;
        let ObjectMeta { uid, resource_version, labels, annotations, managed_fields, .. } = metadata;
        let (Some(uid), Some(resource_version)) = (uid, resource_version) else {
            return Err(Error::internal("the cluster reports an object without a uid"));
        };
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let keys = |value: Option<&serde_json::Value>| value.and_then(|value| value.as_object()).cloned();
        let mut owned = BTreeMap::<String, BTreeSet<String>>::new();
        for entry in managed_fields.unwrap_or_default() {
            let fields = entry.fields_v1.map(|fields| fields.0).unwrap_or_default();
            let keys = keys(fields.get("f:data")).unwrap_or_default();
            let keys = keys.keys().filter_map(|key| key.strip_prefix("f:")).map(str::to_owned);
            owned.entry(entry.manager.unwrap_or_default()).or_default().extend(keys);
        }
        let mut marks = annotations.unwrap_or_default();
        marks.remove(words::FEATURE);
        if let Some(feature) = labels.unwrap_or_default().remove(words::FEATURE) {
            marks.insert(words::FEATURE.to_owned(), feature);
        }
        Ok(Self {
            uid,
            resource_version,
            secret_type: data.get("type").map(text),
            marks,
            data: keys(data.get("data"))
                .unwrap_or_default()
                .iter()
                .map(|(k, v)| (k.clone(), text(v)))
                .collect(),
            owned,
        })
    }

    /// Whether a hook other than `manager` still has keys here.
    fn others(&self, manager: &str) -> bool {
        let family = manager_prefix();
        self.owned.iter().any(|(name, keys)| name != manager && name.starts_with(&family) && !keys.is_empty())
    }
}

fn manager_prefix() -> String {
    manager("")
}

/// The value as it stands in the object's JSON.
fn encoded(kind: TargetKind, value: &Hidden) -> String {
    match kind {
        TargetKind::ConfigMap => value.0.clone(),
        TargetKind::Secret => {
            let bytes = ByteString(value.0.clone().into_bytes());
            let json = serde_json::to_value(bytes).expect("bytes become a JSON string");
            json.as_str().unwrap_or_default().to_owned()
        }
    }
}

/// The opposite of [`encoded`]; none where it is no text.
fn decoded(kind: TargetKind, value: &str) -> Option<Hidden> {
    match kind {
        TargetKind::ConfigMap => Some(Hidden(value.to_owned())),
        TargetKind::Secret => {
            let ByteString(bytes) = serde_json::from_value(value.into()).ok()?;
            String::from_utf8(bytes).ok().map(Hidden)
        }
    }
}

#[cfg(test)]
mod tests;
