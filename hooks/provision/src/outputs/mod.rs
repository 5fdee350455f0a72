//! What the application is told: values of things, in keys of `Secret`s and `ConfigMap`s.
//!
//! An output goes only into an object that we create or that carries our mark. Each hook owns the keys
//! that it writes (field manager `devstack/<hook>`, never forced); the mark on the object belongs to
//! all hooks together (`devstack`, forced). Values never reach a report, a log or an error.
//!
//! This module decides and writes nothing; `objects` does what it has decided.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;

use crate::{
    change::{Change, Difference, NONE},
    cluster::{self, Found},
    config::{Mark, Place, Target, TargetKind},
    error::Error,
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
        let values = self.values.iter();
        let values = values
            .map(|(key, value)| (key.clone(), value.as_ref().map(|value| encoded(self.target.kind, value))));
        let mut differences = match cluster::differences(found, manager, &values.collect()) {
            Ok(differences) => differences,
            Err(reason) => return Change::Refuse(reason),
        };
        differences.extend(mark.edit(&found.marks, now).differences(&found.marks));
        Change::of(differences)
    }

    /// The same with what `manager` has in the object already: nothing of it goes.
    fn beside(mut self, found: Option<&Found>, manager: &str) -> Self {
        for (found, key) in
            found.iter().flat_map(|found| found.owned_by(manager).into_iter().map(move |key| (found, key)))
        {
            let there = || found.data.get(key).and_then(|value| decoded(self.target.kind, value));
            self.values.entry(key.to_owned()).or_insert_with(there);
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

/// The value as it stands in the object's JSON.
fn encoded(kind: TargetKind, value: &Hidden) -> String {
    match kind {
        TargetKind::ConfigMap => value.0.clone(),
        TargetKind::Secret => cluster::encoded(value.0.clone().into_bytes()),
    }
}

/// The opposite of [`encoded`]; none where it is no text.
fn decoded(kind: TargetKind, value: &str) -> Option<Hidden> {
    match kind {
        TargetKind::ConfigMap => Some(Hidden(value.to_owned())),
        TargetKind::Secret => String::from_utf8(cluster::decoded(value)).ok().map(Hidden),
    }
}

#[cfg(test)]
mod tests;
