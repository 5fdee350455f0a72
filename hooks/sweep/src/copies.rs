//! Which copies there are: the releases of a feature in a namespace, and what carries its mark. Pure.

use std::{collections::BTreeMap, fmt};

use feature::{FeatureName, Owner};
use jiff::Timestamp;

use crate::{
    clock::{self, Due},
    release::Release,
    thing::Thing,
};

/// What there is of a feature in a namespace: releases, things, or both.
#[derive(Clone, Debug)]
pub(crate) struct Copy {
    pub(crate) name: CopyName,
    /// Those that have objects first, of these those without hooks that run when they go, then by name: the order in which
    /// they go.
    pub(crate) releases: Vec<Release>,
    /// In the order of their names.
    pub(crate) things: Vec<Thing>,
}

/// Which copy it is. As reports call it: `demo/feat1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CopyName {
    pub(crate) namespace: String,
    pub(crate) feature: FeatureName,
}

impl Copy {
    /// When it goes; none where there is no release that could say so.
    pub(crate) fn due(&self) -> Option<Due> {
        (!self.releases.is_empty()).then(|| clock::due(&self.releases))
    }

    /// Since when it is as it is: since its newest deploy, or the last time that its hooks ran.
    pub(crate) fn since(&self) -> Timestamp {
        let applied = || self.things.iter().map(Thing::applied).max().unwrap_or_default();
        if self.releases.is_empty() { applied() } else { clock::newest(&self.releases) }
    }

    /// The person behind it.
    pub(crate) fn by(&self) -> Option<&str> {
        let of_releases = self.releases.iter().find_map(|release| release.by.as_deref());
        of_releases.or_else(|| self.things.iter().find_map(|thing| thing.by.as_deref()))
    }

    /// The link behind it.
    pub(crate) fn source(&self) -> Option<&str> {
        let of_releases = self.releases.iter().find_map(|release| release.source.as_deref());
        of_releases.or_else(|| self.things.iter().find_map(|thing| thing.source.as_deref()))
    }
}

impl CopyName {
    /// The copy that something of an owner is of: the owner's namespace counts, wherever it is itself.
    pub(crate) fn of(owner: &Owner, feature: &FeatureName) -> Self {
        Self { namespace: owner.namespace().to_owned(), feature: feature.clone() }
    }
}

impl fmt::Display for CopyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.feature)
    }
}

/// All copies, by namespace and feature.
pub(crate) fn copies(releases: Vec<Release>, things: Vec<Thing>) -> Vec<Copy> {
    let mut copies = BTreeMap::new();
    for release in releases {
        of(&mut copies, release.copy()).releases.push(release);
    }
    for thing in things {
        of(&mut copies, thing.copy()).things.push(thing);
    }
    let mut copies: Vec<Copy> = copies.into_values().collect();
    for copy in &mut copies {
        copy.releases.sort_by_cached_key(|release| {
            (!release.is_application(), release.has_delete_hooks(), release.head.release.clone())
        });
        copy.things.sort_by(|one, other| one.name.cmp(&other.name));
    }
    copies
}

fn of(copies: &mut BTreeMap<CopyName, Copy>, name: CopyName) -> &mut Copy {
    copies.entry(name).or_insert_with_key(|name| Copy {
        name: name.clone(),
        releases: Vec::new(),
        things: Vec::new(),
    })
}
