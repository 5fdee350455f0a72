//! What a run takes away, oldest first, and what it leaves although it could go. Pure: who carries it out is [`crate::run`].

use std::collections::{BTreeMap, BTreeSet};

use feature::{FeatureName, Owner};
use jiff::Timestamp;
use provision::config::secret::Pattern;

use crate::{
    clock::Due,
    config::BackEnd,
    copies::{Copy, CopyName},
    release::Release,
    thing::{Place, Thing},
};

/// What a run goes by.
#[derive(Debug)]
pub(crate) struct Rules<'a> {
    pub(crate) now: Timestamp,
    /// This feature alone, due or not.
    pub(crate) feature: Option<&'a FeatureName>,
    pub(crate) protect: &'a [Pattern],
    pub(crate) namespaces: &'a [String],
    pub(crate) unasked: &'a [Pattern],
}

/// Why a copy stays where a back end does not say what it holds.
pub(crate) const UNSEEN: &str = "something of it may be protected, and not every back end says what it holds";

impl Rules<'_> {
    /// Whether Helm is asked for the releases of a namespace.
    pub(crate) fn asks(&self, namespace: &str) -> bool {
        self.namespaces.iter().any(|asked| asked == namespace)
    }

    /// Whether of the things of a namespace their marks alone say when they go.
    pub(crate) fn leaves_unasked(&self, namespace: &str) -> bool {
        self.unasked.iter().any(|pattern| pattern.matches(namespace))
    }

    /// Whether `protect` could mean a thing of a copy that a back end does not name just now. What hooks make there for a copy
    /// has its feature at the end of its name, or the name was too long for its store; names of base, which are what
    /// people protect, have neither.
    pub(crate) fn may_protect(&self, feature: &FeatureName) -> bool {
        self.protect.iter().map(Pattern::to_string).any(|pattern| {
            let is_glob = pattern.contains(['*', '?', '[']);
            // Databases have underscores where others have dashes.
            let name = pattern.trim_end_matches(".fifo").replace('_', "-");
            is_glob || name.ends_with(&format!("-{feature}")) || pattern.len() >= SHORTEST_CUT
        })
    }
}

/// How long a name is that was too long: of all stores a database's are the shortest.
const SHORTEST_CUT: usize = provision::config::database::MAX_NAME;

/// Releases of a copy that go, in their order, and why.
#[derive(Debug)]
pub(crate) struct Going<'a> {
    pub(crate) copy: &'a Copy,
    pub(crate) releases: Vec<&'a Release>,
    pub(crate) why: String,
}

/// What is left of one release of a feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leftover {
    pub(crate) owner: Owner,
    pub(crate) feature: FeatureName,
    pub(crate) things: Vec<Thing>,
}

/// What could go and stays.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Staying {
    pub(crate) thing: String,
    pub(crate) reason: String,
}

/// The releases that are there, by namespace and name.
pub(crate) type Live = BTreeMap<(String, String), For>;

/// For whom a release is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum For {
    /// A copy of this feature.
    Copy(FeatureName),
    /// What its record says is not what its objects say, or it says nothing: its things may be any feature's.
    Anybody(Option<FeatureName>),
}

impl For {
    /// What is known of a release; nothing of one that is no copy's.
    pub(crate) fn of(release: Option<&Release>) -> Self {
        match release {
            Some(release) if !release.is_mislabelled => Self::Copy(release.feature.clone()),
            unclear => Self::Anybody(unclear.map(|release| release.feature.clone())),
        }
    }

    /// Whether a thing is of use to the release of this name in the thing's namespace.
    fn uses(&self, release: &str, thing: &Thing) -> bool {
        match self {
            Self::Copy(feature) => *feature == thing.feature,
            Self::Anybody(feature) => {
                feature.as_ref() == Some(&thing.feature) || thing.owner.may_be_of(release)
            }
        }
    }
}

/// The releases that go. `hollow` are those whose objects somebody else has deleted, as `namespace/release`: they go alone, so
/// that the next deploy finds nothing that it takes for theirs.
pub(crate) fn going<'a>(
    copies: &'a [Copy],
    hollow: &BTreeSet<String>,
    rules: &Rules<'_>,
) -> (Vec<Going<'a>>, Vec<Staying>) {
    let (mut going, mut staying) = (Vec::new(), Vec::new());
    for copy in copies.iter().filter(|copy| rules.feature.is_none_or(|feature| copy.name.feature == *feature))
    {
        let (releases, why): (Vec<&Release>, String) = match (copy.due(), rules.feature) {
            (None, _) => continue,
            (Some(_), Some(feature)) => (copy.releases.iter().collect(), format!("all of {feature}")),
            (Some(Due::At(at)), None) if at <= rules.now => {
                (copy.releases.iter().collect(), format!("{} was due at {at}", copy.name.feature))
            }
            (Some(_), None) => {
                let gone: Vec<_> =
                    copy.releases.iter().filter(|release| hollow.contains(&release.owner())).collect();
                if gone.is_empty() {
                    continue;
                }
                if let Some(release) = gone.iter().find(|release| release.has_delete_hooks()) {
                    let reason = format!(
                        "the objects of {} are gone, and its hooks are for when the copy is due",
                        release.owner()
                    );
                    staying.push(Staying { thing: copy.name.to_string(), reason });
                    continue;
                }
                (gone, "its objects are gone, and the release does not know".to_owned())
            }
        };
        match held(copy, rules) {
            Some(reason) => staying.push(Staying { thing: copy.name.to_string(), reason }),
            None => going.push(Going { copy, releases, why }),
        }
    }
    going.sort_by_key(|going| (going.copy.due(), going.copy.since()));
    (going, staying)
}

/// Why a copy stays of which some releases could go: what is true of one of them keeps all.
pub(crate) fn held(copy: &Copy, rules: &Rules<'_>) -> Option<String> {
    let releases = &copy.releases;
    if let Some(thing) = copy.things.iter().find(|thing| is_protected(thing, rules.protect)) {
        return Some(format!("{} is protected", thing.name));
    }
    if let Some(release) = releases.iter().find(|release| release.is_protected(rules.protect)) {
        return Some(format!("release {} is protected", release.owner()));
    }
    if let Some(release) = releases.iter().find(|release| release.is_mislabelled) {
        let fault = "its record says that it is of the feature, and its objects do not";
        return Some(format!("release {}: {fault}", release.owner()));
    }
    let under_way = releases.iter().find(|release| release.is_under_way(rules.now))?;
    Some(format!("a deploy of {} is under way", under_way.owner()))
}

/// What is left of releases that are no more, the oldest first.
pub(crate) fn leftovers(things: &[Thing], live: &Live, rules: &Rules<'_>) -> (Vec<Leftover>, Vec<Staying>) {
    let mut left = BTreeMap::<(String, FeatureName), Leftover>::new();
    for thing in things.iter().filter(|thing| rules.feature.is_none_or(|feature| thing.feature == *feature)) {
        let key = (thing.owner.to_string(), thing.feature.clone());
        let leftover = left.entry(key).or_insert_with(|| Leftover {
            owner: thing.owner.clone(),
            feature: thing.feature.clone(),
            things: Vec::new(),
        });
        leftover.things.push(thing.clone());
    }
    let mut staying = Vec::new();
    let mut left: Vec<Leftover> =
        left.into_values().filter_map(|leftover| leftover.left(live, rules)).collect();
    left.retain(|leftover| {
        let protected = leftover.things.iter().find(|thing| is_protected(thing, rules.protect));
        if let Some(thing) = protected {
            let reason = format!("{} is protected", thing.name);
            staying.push(Staying { thing: leftover.name(), reason });
        }
        protected.is_none()
    });
    left.sort_by_cached_key(Leftover::applied);
    (left, staying)
}

fn is_protected(thing: &Thing, protect: &[Pattern]) -> bool {
    // Behind its kind and namespace; of what a queue has in a topic of somebody's the queue is the copy's.
    let name = thing.name.rsplit('/').next().and_then(|name| name.rsplit("->").next()).unwrap_or_default();
    // Groups of Kafka are told from its topics.
    let names = [name.strip_prefix("group:").unwrap_or(name), thing.owner.release()];
    protect.iter().any(|pattern| names.iter().any(|name| pattern.matches(name)))
}

impl Leftover {
    /// As reports call it: the owner.
    pub(crate) fn name(&self) -> String {
        self.owner.to_string()
    }

    /// The copy that it was of.
    pub(crate) fn copy(&self) -> CopyName {
        CopyName::of(&self.owner, &self.feature)
    }

    /// What of it goes. A hook takes all that an owner has in its back end for a feature, so where marks alone say when things go,
    /// all of those there have to say it.
    fn left(mut self, live: &Live, rules: &Rules<'_>) -> Option<Self> {
        let namespace = self.owner.namespace();
        if rules.asks(namespace) {
            let uses = |((of, release), whose): (&(String, String), &For)| {
                of == namespace && self.things.iter().any(|thing| whose.uses(release, thing))
            };
            return (!live.iter().any(uses)).then_some(self);
        }
        if !rules.leaves_unasked(namespace) {
            return None;
        }
        let is_over = |thing: &Thing| thing.expires_at.is_some_and(|at| at <= rules.now);
        let mut lives: Vec<Place> =
            self.things.iter().filter(|thing| !is_over(thing)).map(|thing| thing.place.clone()).collect();
        // Subscriptions go before the queues in which they end.
        if lives.contains(&Place::BackEnd(BackEnd::Sns)) {
            lives.push(Place::BackEnd(BackEnd::Sqs));
        }
        self.things.retain(|thing| !lives.contains(&thing.place));
        (!self.things.is_empty()).then_some(self)
    }

    fn applied(&self) -> Timestamp {
        self.things.iter().map(Thing::applied).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
