//! Which keys of a Secret are cloned, and what they are called then. Pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::{Fault, Parsed, once::Texts, output::check_key};

/// A glob: `*` is anything, `?` one character, `[a-c]` one of some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(glob::Pattern);

/// Checked: nothing is renamed to nothing, or two to one.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// None is every key.
    include: Option<Vec<Pattern>>,
    exclude: Vec<Pattern>,
    /// From the source's name to the clone's.
    rename: BTreeMap<String, String>,
}

impl Pattern {
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.0.matches(text)
    }
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("the pattern is empty".to_owned());
        }
        // Two stars have a meaning of their own in paths, and none here.
        let pattern = glob::Pattern::new(text).ok().filter(|_| !text.contains("**"));
        pattern.map(Self).ok_or_else(|| {
            format!("{text:?} is no pattern: * is anything, ? one character, [a-c] one of some")
        })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl Keys {
    /// What a key of the source is called in the clone; nothing for one that is not cloned.
    #[must_use]
    pub fn named<'a>(&'a self, key: &'a str) -> Option<&'a str> {
        let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(key));
        let goes = self.include.as_ref().is_none_or(|include| any(include)) && !any(&self.exclude);
        goes.then(|| self.rename.get(key).map_or(key, String::as_str))
    }

    /// Whether no key of any source is cloned.
    #[must_use]
    pub fn are_none(&self) -> bool {
        self.include.as_ref().is_some_and(Vec::is_empty)
    }

    /// Keys that are to be renamed and that a source with these does not have, or that are left out.
    pub fn unmet<'a>(&'a self, there: &'a BTreeSet<String>) -> impl Iterator<Item = &'a str> {
        let met = |key: &&String| there.contains(*key) && self.named(key).is_some();
        self.rename.keys().filter(move |key| !met(key)).map(String::as_str)
    }
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "include, exclude and rename")]
#[schemars(rename = "SecretKeys")]
pub(super) struct Written {
    /// Globs, of which a key has to match one; absent: every key.
    #[schemars(with = "Option<Vec<String>>")]
    include: Option<Vec<Parsed<Pattern>>>,
    /// Globs, of which a key may match none.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    exclude: Vec<Parsed<Pattern>>,
    /// From the source's name of a key to the clone's.
    #[serde(default)]
    rename: Texts,
}

impl Written {
    pub(super) fn check(self, at: &str) -> Result<Keys, Fault> {
        let Self { include, exclude, rename: Texts(rename) } = self;
        let patterns =
            |written: Vec<Parsed<Pattern>>| written.into_iter().map(|Parsed(pattern)| pattern).collect();
        let mut seen = BTreeSet::new();
        for (from, to) in &rename {
            let at = format!("{at}.rename[\"{from}\"]");
            check_key(to).map_err(|fault| Fault::new(at.as_str(), fault))?;
            if !seen.insert(to) {
                return Err(Fault::new(at, format!("two keys are renamed to {to:?}")));
            }
        }
        Ok(Keys { include: include.map(patterns), exclude: patterns(exclude), rename })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(yaml: &str) -> Keys {
        serde_yaml::from_str::<Written>(yaml).expect("YAML").check("keys").expect("legal")
    }

    #[test]
    fn a_key_that_is_included_and_not_excluded_is_cloned_under_its_new_name() {
        let keys =
            keys("{include: ['DB_*', tls.crt], exclude: ['*_OLD', 'DB_[XY]'], rename: {DB_URL: BASE_URL}}");
        let cases = [
            ("DB_URL", Some("BASE_URL")),
            ("DB_HOST", Some("DB_HOST")),
            ("DB_URL_OLD", None),
            ("DB_X", None),
            ("tls.crt", Some("tls.crt")),
            ("tlsxcrt", None),
            ("OTHER", None),
        ];
        for (key, named) in cases {
            assert_eq!(keys.named(key), named, "{key}");
        }
    }

    #[test]
    fn nothing_said_is_every_key_and_an_empty_list_is_none() {
        assert_eq!(keys("{}").named("a"), Some("a"));
        assert_eq!(keys("{include: []}").named("a"), None);
    }

    #[test]
    fn a_key_that_is_renamed_and_not_there_is_told() {
        let keys = keys("{exclude: [B], rename: {A: a, B: b, C: c}}");
        let there = ["B", "C"].map(str::to_owned).into();
        assert_eq!(keys.unmet(&there).collect::<Vec<_>>(), ["A", "B"]);
    }
}
