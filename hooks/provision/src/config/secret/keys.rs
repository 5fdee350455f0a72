//! Which keys of a Secret are cloned, and what they are called then. Pure.

use std::{
    borrow::Cow,
    cmp::Reverse,
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

/// Checked as far as the file says it: what comes of a star is known with the source.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// None is every key.
    include: Option<Vec<Pattern>>,
    exclude: Vec<Pattern>,
    /// From the source's name to the clone's.
    rename: BTreeMap<String, String>,
    /// The same for all names of a shape, the longest first.
    shapes: Vec<Shape>,
}

/// Names that have a head and a tail, and what these are in the clone: `DB_*` is `BASE_DB_*`.
#[derive(Clone, Debug)]
struct Shape {
    written: String,
    from: (String, String),
    to: (String, String),
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
    pub fn named<'a>(&'a self, key: &'a str) -> Option<Cow<'a, str>> {
        let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(key));
        let goes = self.include.as_ref().is_none_or(|include| any(include)) && !any(&self.exclude);
        if !goes {
            return None;
        }
        if let Some(to) = self.rename.get(key) {
            return Some(to.into());
        }
        let shaped = self.shapes.iter().find_map(|shape| shape.named(key));
        Some(shaped.map_or(key.into(), Cow::from))
    }

    /// Whether no key of any source is cloned.
    #[must_use]
    pub fn are_none(&self) -> bool {
        self.include.as_ref().is_some_and(Vec::is_empty)
    }

    /// Keys that are to be renamed and that a source with these does not have, or that are left out.
    pub fn unmet<'a>(&'a self, there: &'a BTreeSet<String>) -> impl Iterator<Item = &'a str> {
        let met = |key: &&String| there.contains(*key) && self.named(key).is_some();
        let keys = self.rename.keys().filter(move |key| !met(key));
        let meets = |key: &String, shape: &Shape| shape.named(key).is_some() && self.named(key).is_some();
        let shapes = self.shapes.iter().filter(move |shape| !there.iter().any(|key| meets(key, shape)));
        keys.chain(shapes.map(|shape| &shape.written)).map(String::as_str)
    }
}

impl Shape {
    /// What the key is called in the clone, if it has the shape.
    fn named(&self, key: &str) -> Option<String> {
        let ((head, tail), (to_head, to_tail)) = (&self.from, &self.to);
        let star = key.strip_prefix(head.as_str())?.strip_suffix(tail.as_str())?;
        Some(format!("{to_head}{star}{to_tail}"))
    }

    /// The shape that is written so; nothing where neither side has a star.
    fn read(from: &str, to: &str) -> Result<Option<Self>, String> {
        let halves = |text: &str| text.split_once('*').map(|(head, tail)| (head.to_owned(), tail.to_owned()));
        match (halves(from), halves(to)) {
            (None, None) => Ok(None),
            (Some(from_halves), Some(to)) if !from_halves.1.contains('*') && !to.1.contains('*') => {
                Ok(Some(Self { written: from.to_owned(), from: from_halves, to }))
            }
            _ => {
                Err("either both names have one *, which is the same text in both, or neither has any"
                    .to_owned())
            }
        }
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
    /// From the source's name of a key to the clone's. One `*` in both is the same text in both.
    #[serde(default)]
    rename: Texts,
}

impl Written {
    pub(super) fn check(self, at: &str) -> Result<Keys, Fault> {
        let Self { include, exclude, rename: Texts(rename) } = self;
        let patterns =
            |written: Vec<Parsed<Pattern>>| written.into_iter().map(|Parsed(pattern)| pattern).collect();
        let mut seen = BTreeSet::new();
        let mut shapes = Vec::new();
        for (from, to) in &rename {
            let at = format!("{at}.rename[\"{from}\"]");
            let shape = Shape::read(from, to).map_err(|fault| Fault::new(at.as_str(), fault))?;
            let some = to.replacen('*', "x", usize::from(shape.is_some()));
            check_key(&some).map_err(|fault| Fault::new(at.as_str(), fault))?;
            shapes.extend(shape);
            if !seen.insert(to) {
                return Err(Fault::new(at, format!("two keys are renamed to {to:?}")));
            }
        }
        shapes.sort_by_key(|shape| Reverse(shape.written.len()));
        let rename = rename.into_iter().filter(|(from, _)| !from.contains('*')).collect();
        Ok(Keys { include: include.map(patterns), exclude: patterns(exclude), rename, shapes })
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
            assert_eq!(keys.named(key).as_deref(), named, "{key}");
        }
    }

    #[test]
    fn a_star_is_the_same_text_in_both_names_and_the_longer_shape_goes_before() {
        let keys = keys("{rename: {'DB_*': 'BASE_*', 'DB_RO_*_URL': '*_URL', DB_X: Y}, exclude: [DB_Z]}");
        let cases = [
            ("DB_URL", Some("BASE_URL")),
            ("DB_", Some("BASE_")),
            ("DB_RO_ORDERS_URL", Some("ORDERS_URL")),
            ("DB_RO_URL", Some("BASE_RO_URL")),
            ("DB_X", Some("Y")),
            ("DB_Z", None),
            ("XDB_URL", Some("XDB_URL")),
        ];
        for (key, named) in cases {
            assert_eq!(keys.named(key).as_deref(), named, "{key}");
        }
        let there = ["DB_RO_A_URL", "DB_Z"].map(str::to_owned).into();
        assert_eq!(keys.unmet(&there).collect::<Vec<_>>(), ["DB_X"]);
        assert_eq!(keys.unmet(&BTreeSet::new()).collect::<Vec<_>>(), ["DB_X", "DB_RO_*_URL", "DB_*"]);
        for wrong in [
            "{A: 'B*'}",
            "{'A*': B}",
            "{'A**': 'B*'}",
            "{'A*': 'B**'}",
            "{'A*': 'B=*'}",
            "{'A*': 'C*', 'B*': 'C*'}",
        ] {
            let written = serde_yaml::from_str::<Written>(&format!("{{rename: {wrong}}}")).expect("YAML");
            assert!(written.check("keys").is_err(), "{wrong}");
        }
    }

    #[test]
    fn nothing_said_is_every_key_and_an_empty_list_is_none() {
        assert_eq!(keys("{}").named("a").as_deref(), Some("a"));
        assert_eq!(keys("{include: []}").named("a"), None);
    }

    #[test]
    fn a_key_that_is_renamed_and_not_there_is_told() {
        let keys = keys("{exclude: [B], rename: {A: a, B: b, C: c}}");
        let there = ["B", "C"].map(str::to_owned).into();
        assert_eq!(keys.unmet(&there).collect::<Vec<_>>(), ["A", "B"]);
    }
}
