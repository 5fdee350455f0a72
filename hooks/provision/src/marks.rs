//! The mark: what we write on a thing that we made, and whose a thing is that we find.
//!
//! Pure: the clock is a parameter, and every store (tags, labels and annotations) is a map here.

use std::{collections::BTreeMap, fmt};

use feature::words;
use jiff::Timestamp;

use crate::{
    change::{Difference, NONE},
    config::{Mark, Scope},
};

/// What a store says about one thing: ours and others', by key.
pub type Tags = BTreeMap<String, String>;

/// What must be written on a thing so that it bears the mark. Empty is the case of every second apply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    pub set: Tags,
    /// Keys of ours that no longer hold: an old `expires-at` on a thing that now lives for ever.
    pub remove: Vec<String>,
    /// What says whose the thing is, written or there already: whoever has a lock looks at it again.
    pub whose: Tags,
}

/// Why a thing is not ours to touch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotOurs {
    Unmarked,
    Owner(String),
    Feature(String),
    Base,
}

const KEYS: [&str; 6] =
    [words::FEATURE, words::OWNER, words::BY, words::SOURCE, words::TTL, words::EXPIRES_AT];

/// What of a thing's tags says whose it is.
#[must_use]
pub fn whose(tags: &Tags) -> Tags {
    let of = |key: &str| tags.get_key_value(key).map(|(key, value)| (key.clone(), value.clone()));
    [words::OWNER, words::FEATURE].into_iter().filter_map(of).collect()
}

/// Whether a key is one of the mark's.
#[must_use]
pub fn is_of_mark(key: &str) -> bool {
    KEYS.contains(&key)
}

impl Mark {
    /// The mark as it is written at `now`: base's names its owner alone, since nothing of base expires.
    pub(crate) fn written(&self, now: Timestamp) -> Tags {
        let mut tags = Tags::from([(words::OWNER.to_owned(), self.owner.to_string())]);
        if let Scope::Copy { feature, by, source, ttl } = &self.scope {
            let mut add = |key: &str, value: String| tags.insert(key.to_owned(), value);
            add(words::FEATURE, feature.to_string());
            add(words::TTL, ttl.to_string());
            if let Some(by) = by {
                add(words::BY, by.clone());
            }
            if let Some(source) = source {
                add(words::SOURCE, source.clone());
            }
            if let Some(lasts) = ttl.lasts() {
                let lasts = i64::try_from(lasts.as_secs()).expect("a ttl is at most 100 years");
                add(words::EXPIRES_AT, (now.as_second() + lasts).to_string());
            }
        }
        tags
    }

    /// Whether a thing with these tags is this owner's and this feature's.
    pub(crate) fn claims(&self, found: &Tags) -> Result<(), NotOurs> {
        let owner = found.get(words::OWNER).ok_or(NotOurs::Unmarked)?;
        if *owner != self.owner.to_string() {
            return Err(NotOurs::Owner(owner.clone()));
        }
        let ours = match &self.scope {
            Scope::Base => None,
            Scope::Copy { feature, .. } => Some(feature.as_str()),
        };
        match found.get(words::FEATURE) {
            theirs if theirs.map(String::as_str) == ours => Ok(()),
            Some(theirs) => Err(NotOurs::Feature(theirs.clone())),
            None => Err(NotOurs::Base),
        }
    }

    /// What is to be written on a thing with these tags. `expires-at` moves only when more than a tenth
    /// of the ttl has passed since it was written: a second apply writes nothing.
    pub(crate) fn edit(&self, found: &Tags, now: Timestamp) -> Edit {
        let mut set = self.written(now);
        let whose = whose(&set);
        let remove = KEYS
            .into_iter()
            .filter(|key| found.contains_key(*key) && !set.contains_key(*key))
            .map(str::to_owned)
            .collect();
        let same_ttl = found.get(words::TTL) == set.get(words::TTL);
        set.retain(|key, value| match found.get(key) {
            Some(have) if key == words::EXPIRES_AT => !(same_ttl && self.fresh(have, value)),
            have => have != Some(value),
        });
        Edit { set, remove, whose }
    }

    fn fresh(&self, have: &str, want: &str) -> bool {
        let Scope::Copy { ttl, .. } = &self.scope else { return false };
        let (Ok(have), Ok(want), Some(lasts)) = (have.parse::<i64>(), want.parse::<i64>(), ttl.lasts())
        else {
            return false;
        };
        want.abs_diff(have) <= lasts.as_secs() / 10
    }
}

impl Edit {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { set, remove, whose: _ } = self;
        set.is_empty() && remove.is_empty()
    }

    /// The same for people, beside the fields of the thing itself.
    pub(crate) fn differences(&self, found: &Tags) -> impl Iterator<Item = Difference> {
        let have = |key: &str| found.get(key).map_or(NONE, String::as_str).to_owned();
        let set = self.set.iter().map(move |(key, to)| Difference::new(key, have(key), to));
        let remove = self.remove.iter().map(move |key| Difference::new(key, have(key), NONE));
        set.chain(remove)
    }
}

impl fmt::Display for NotOurs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unmarked => f.write_str("it exists without a mark of ours"),
            Self::Owner(owner) => write!(f, "it belongs to release {owner}"),
            Self::Feature(feature) => write!(f, "it belongs to feature {feature}"),
            Self::Base => f.write_str("it belongs to base"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(ttl: &str, by: Option<&str>) -> Mark {
        let scope = Scope::Copy {
            feature: "feat1".parse().expect("legal"),
            by: by.map(str::to_owned),
            source: None,
            ttl: ttl.parse().expect("legal"),
        };
        Mark { owner: "demo/orders".parse().expect("legal"), scope }
    }

    fn base() -> Mark {
        Mark { owner: "demo/orders".parse().expect("legal"), scope: Scope::Base }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn tags<const N: usize>(pairs: [(&str, &str); N]) -> Tags {
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn a_copys_mark_says_all_and_bases_only_the_owner() {
        let full = tags([
            (words::FEATURE, "feat1"),
            (words::OWNER, "demo/orders"),
            (words::BY, "alice"),
            (words::TTL, "1h"),
            (words::EXPIRES_AT, "4600"),
        ]);
        assert_eq!(mark("1h", Some("alice")).written(at(1000)), full);
        assert!(!mark("forever", None).written(at(0)).contains_key(words::EXPIRES_AT));
        assert_eq!(base().written(at(0)), tags([(words::OWNER, "demo/orders")]));
    }

    #[test]
    fn a_thing_is_ours_by_owner_and_feature() {
        let cases = [
            (mark("1h", None), tags([]), Err(NotOurs::Unmarked)),
            (mark("1h", None), tags([(words::FEATURE, "feat1")]), Err(NotOurs::Unmarked)),
            (mark("1h", None), tags([(words::OWNER, "demo/x")]), Err(NotOurs::Owner("demo/x".into()))),
            (mark("1h", None), tags([(words::OWNER, "demo/orders")]), Err(NotOurs::Base)),
            (
                mark("1h", None),
                tags([(words::OWNER, "demo/orders"), (words::FEATURE, "feat2")]),
                Err(NotOurs::Feature("feat2".into())),
            ),
            (mark("1h", None), tags([(words::OWNER, "demo/orders"), (words::FEATURE, "feat1")]), Ok(())),
            (base(), tags([(words::OWNER, "demo/orders")]), Ok(())),
            (
                base(),
                tags([(words::OWNER, "demo/orders"), (words::FEATURE, "feat1")]),
                Err(NotOurs::Feature("feat1".into())),
            ),
        ];
        for (mark, found, verdict) in cases {
            assert_eq!(mark.claims(&found), verdict, "{found:?}");
        }
    }

    #[test]
    fn expires_at_moves_after_a_tenth_of_the_ttl_and_not_before() {
        let mark = mark("1h", None);
        let written = mark.written(at(1000));
        assert!(mark.edit(&written, at(1000)).is_empty());
        assert!(mark.edit(&written, at(1360)).is_empty());
        let later = Edit { set: tags([(words::EXPIRES_AT, "4961")]), remove: vec![], whose: whose(&written) };
        assert_eq!(mark.edit(&written, at(1361)), later);
        let skewed =
            Edit { set: tags([(words::EXPIRES_AT, "4000")]), remove: vec![], whose: whose(&written) };
        assert_eq!(mark.edit(&written, at(400)), skewed);
    }

    #[test]
    fn what_no_longer_holds_is_removed_and_what_is_not_ours_stays() {
        let mut found = mark("1h", Some("alice")).written(at(0));
        found.insert("team".into(), "payments".into());
        let edit = mark("forever", None).edit(&found, at(0));
        assert_eq!(edit.set, tags([(words::TTL, "forever")]));
        assert_eq!(edit.remove, [words::BY, words::EXPIRES_AT]);
        let shorter = mark("59m", Some("alice")).edit(&found, at(0));
        assert_eq!(shorter.set, tags([(words::TTL, "59m"), (words::EXPIRES_AT, "3540")]));
    }
}
