//! What the marks come to when they are read in their order. Pure.

use std::collections::BTreeMap;

use provision::marks::{Tags, whose};

/// The marks that hold, by their keys.
#[derive(Debug, Default)]
pub(super) struct Fold(BTreeMap<String, Tags>);

impl Fold {
    /// Adds what was written next: a mark, or nothing where one was taken away. What is no mark is passed by.
    pub(super) fn add(&mut self, key: String, written: Option<String>) {
        let Some(written) = written else {
            self.0.remove(&key);
            return;
        };
        let Ok(claim) = serde_json::from_str::<Tags>(&written) else { return };
        match self.0.get_mut(&key) {
            Some(first) if whose(first) != whose(&claim) => {}
            Some(mark) => *mark = claim,
            None => {
                self.0.insert(key, claim);
            }
        }
    }

    pub(super) fn of(&self, key: &str) -> Option<&Tags> {
        self.0.get(key)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &Tags)> {
        self.0.iter().map(|(key, tags)| (key.as_str(), tags))
    }
}

/// A mark as it is written.
pub(super) fn written(mark: &Tags) -> String {
    serde_json::to_string(mark).expect("a map of texts is JSON")
}

#[cfg(test)]
mod tests {
    use feature::words;

    use super::*;

    fn mark(owner: &str, feature: &str, ttl: &str) -> Tags {
        let pairs = [(words::OWNER, owner), (words::FEATURE, feature), (words::TTL, ttl)];
        pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
    }

    #[test]
    fn the_first_claim_holds_until_it_is_taken_away() {
        let (ours, renewed) = (mark("a/b", "f", "1h"), mark("a/b", "f", "2h"));
        let (theirs, other) = (mark("c/d", "f", "1h"), mark("a/b", "g", "1h"));
        let (ours, renewed, theirs, other) = (&ours, &renewed, &theirs, &other);
        let cases: [(&[Option<&Tags>], Option<&Tags>); 8] = [
            (&[], None),
            (&[Some(ours)], Some(ours)),
            (&[Some(ours), Some(renewed)], Some(renewed)),
            (&[Some(ours), Some(theirs)], Some(ours)),
            (&[Some(ours), Some(other)], Some(ours)),
            (&[Some(ours), Some(theirs), Some(renewed)], Some(renewed)),
            (&[Some(ours), None], None),
            (&[Some(ours), None, Some(theirs), Some(ours)], Some(theirs)),
        ];
        for (claims, holds) in cases {
            let mut fold = Fold::default();
            for claim in claims {
                fold.add("topic/x".to_owned(), claim.map(written));
            }
            assert_eq!(fold.of("topic/x"), holds, "{claims:?}");
        }
    }

    #[test]
    fn what_is_no_mark_is_passed_by() {
        let mut fold = Fold::default();
        let ours = mark("a/b", "f", "1h");
        fold.add("topic/x".to_owned(), Some(written(&ours)));
        for text in ["", "null", "[]", "{\"a\": 1}", "mark"] {
            fold.add("topic/x".to_owned(), Some(text.to_owned()));
            fold.add("topic/y".to_owned(), Some(text.to_owned()));
        }
        assert_eq!((fold.of("topic/x"), fold.of("topic/y")), (Some(&ours), None));
        fold.add("group/x".to_owned(), Some(written(&ours)));
        assert_eq!(fold.all().map(|(key, _)| key).collect::<Vec<_>>(), ["group/x", "topic/x"]);
    }
}
