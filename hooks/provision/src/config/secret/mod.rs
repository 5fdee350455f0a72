//! The section `secret`: Secrets of a copy's own, each made of another one and of what the file says.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::PathBuf,
};

use feature::{FeatureName, Owner, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Bound, Fault, Mark, Place, Scope, TargetKind};
use crate::cluster::At;

mod keys;
mod set;
mod template;
mod written;

pub use keys::{Keys, Pattern};
pub use set::Said;
pub use template::Template;
pub use written::MAX_NAME;
pub(super) use written::Written;

/// A checked section.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// None: the cluster that the pod runs in, or that KUBECONFIG names.
    pub kubeconfig: Option<PathBuf>,
    /// Whether Secrets that the file no longer names are deleted.
    pub prune: bool,
    /// In the order of the file; no two are one object, and none is made of another.
    pub secrets: Vec<Cloned>,
}

/// One Secret as the config asks for it.
#[derive(Clone, Debug)]
pub struct Cloned {
    /// What the file calls it.
    pub written: String,
    /// Where it is. One that is `immutable` has a hash of what it holds behind its name, once that is known.
    pub to: Site,
    /// Where its keys and its type come from; where there is none it is `Opaque`.
    pub from: Option<Site>,
    /// Which of those keys it has, and what they are called.
    pub keys: Keys,
    /// What it has besides, or in their place.
    pub set: BTreeMap<String, Said>,
    /// Labels of the source that it has too.
    pub labels: Vec<Pattern>,
    pub immutable: bool,
    pub conflict: Conflict,
    /// Whether it goes with all that is in it, whosever keys those are.
    pub whole: bool,
    /// Whose it is to be.
    pub owner: Owner,
    /// Whose copy has it; none is base's.
    pub feature: Option<FeatureName>,
    /// Keys that other sections of the file write into it: none of these is ever cloned.
    pub others: BTreeSet<String>,
    pub outputs: Vec<Bound<Value>>,
    /// What it is to hold, once that is known.
    pub content: Option<Content>,
}

/// What a Secret holds. Has no `Debug` of its values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Content {
    /// Its type.
    pub kind: String,
    /// Values in base64, as they stand in the object's JSON.
    pub data: BTreeMap<String, String>,
    pub labels: BTreeMap<String, String>,
}

/// A Secret of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    pub namespace: String,
    pub name: String,
}

/// What is done where the Secret is there and is nobody's of ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SecretConflict")]
pub enum Conflict {
    /// It is refused.
    #[default]
    Fail,
    /// It is taken over, keys and all, and goes with the copy.
    Adopt,
    /// It is left as it is.
    Skip,
    /// Keys are added that it does not have, and go with the copy; what it has stays.
    Merge,
}

/// What of a Secret an application can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SecretValue")]
pub enum Value {
    /// The name in the cluster.
    Name,
    /// Another text whenever anything that is cloned is another, from which nobody comes to what it is: pods that
    /// are deployed with it restart.
    Checksum,
}

impl Secrets {
    pub(super) fn places(&self) -> impl Iterator<Item = (&Place, &str)> {
        let outputs = self.secrets.iter().flat_map(|secret| &secret.outputs);
        outputs.map(|output| (&output.place, output.at.as_str()))
    }

    /// The keys that outputs of the section tell into a Secret.
    #[must_use]
    pub fn told(&self, namespace: &str, name: &str) -> BTreeSet<String> {
        let here = self.secrets.first().is_some_and(|first| first.owner.namespace() == namespace);
        let places = self.places().map(|(place, _)| place);
        let places =
            places.filter(|place| place.target.kind == TargetKind::Secret && place.target.name == name);
        places.filter(|_| here).map(|place| place.key.clone()).collect()
    }

    /// Leaves to outputs, its own among them, the keys that they write into objects of `namespace`.
    pub(super) fn leave<'p>(
        &mut self,
        namespace: &str,
        others: impl Iterator<Item = (&'p Place, &'p str)>,
    ) -> Result<(), Fault> {
        let cloned = |(place, at): (&Place, &str)| (place.clone(), at.to_owned());
        let places: Vec<(Place, String)> = others.map(cloned).chain(self.places().map(cloned)).collect();
        for (place, at) in places.iter().filter(|(place, _)| place.target.kind == TargetKind::Secret) {
            let is_there =
                |secret: &Cloned| secret.to.namespace == namespace && secret.to.name == place.target.name;
            let secrets = self.secrets.iter_mut().enumerate();
            let Some((i, secret)) = secrets.into_iter().find(|(_, secret)| is_there(secret)) else {
                continue;
            };
            let key = &place.key;
            if secret.set.contains_key(key) {
                let fault = format!("key {key:?} is set here and written by an output: it has one source");
                return Err(Fault::new(format!("secret.secrets[{i}].set[\"{key}\"]"), fault));
            }
            if secret.immutable {
                let fault = format!("secret {} is immutable, and nothing else goes into it", secret.to);
                return Err(Fault::new(at.as_str(), fault));
            }
            secret.others.insert(place.key.clone());
        }
        Ok(())
    }
}

impl Cloned {
    /// One that no file asks for any more.
    #[must_use]
    pub fn left_over(site: Site, conflict: Conflict, mark: &Mark) -> Self {
        Self {
            written: site.name.clone(),
            to: site,
            from: None,
            keys: Keys::default(),
            set: BTreeMap::new(),
            labels: Vec::new(),
            immutable: false,
            conflict,
            whole: false,
            owner: mark.owner.clone(),
            feature: mark.scope.feature().cloned(),
            others: BTreeSet::new(),
            outputs: Vec::new(),
            content: None,
        }
    }

    /// The field manager of keys that its owner puts into a Secret of somebody else's: 128 characters are the most.
    #[must_use]
    pub fn merger(&self) -> String {
        feature::shortened(&format!("{}{}", words::MERGER, self.owner), 128)
    }

    /// The Secrets that it is made of.
    pub fn sources(&self) -> impl Iterator<Item = &Site> {
        let set = self.set.values().filter_map(|said| match said {
            Said::Of { from, .. } => Some(from),
            Said::Text(_) | Said::Template(_) => None,
        });
        self.from.iter().chain(set)
    }
}

impl Site {
    #[must_use]
    pub fn at(&self) -> At {
        At { kind: TargetKind::Secret, namespace: self.namespace.clone(), name: self.name.clone() }
    }
}

impl Scope {
    /// None is base.
    #[must_use]
    pub fn feature(&self) -> Option<&FeatureName> {
        match self {
            Self::Base => None,
            Self::Copy { feature, .. } => Some(feature),
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.data.keys().collect();
        write!(f, "{} {keys:?} {:?}", self.kind, self.labels)
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl fmt::Display for Cloned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to, f)
    }
}
