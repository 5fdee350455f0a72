//! The mark of a database or a role: its comment, as JSON. Pure.

use feature::words;
use provision::marks::Tags;

/// Where a comment of somebody's own is kept when it is taken over.
const THEIRS: &str = "comment";

/// Whether a key is of the mark, and so on both the database and its role.
pub(crate) fn is_of_mark(key: &str) -> bool {
    [words::FEATURE, words::OWNER, words::BY, words::SOURCE, words::TTL, words::EXPIRES_AT].contains(&key)
}

/// What a comment says.
pub(crate) fn read(comment: Option<&str>) -> Tags {
    let Some(text) = comment else { return Tags::new() };
    serde_json::from_str(text).unwrap_or_else(|_| Tags::from([(THEIRS.to_owned(), text.to_owned())]))
}

/// The opposite.
pub(crate) fn written(tags: &Tags) -> String {
    serde_json::to_string(tags).expect("texts are JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_a_comment_of_somebodys_own_stays() {
        assert_eq!(read(None), Tags::new());
        let tags = Tags::from([("a".to_owned(), "b'\"\\".to_owned())]);
        assert_eq!(read(Some(&written(&tags))), tags);
        for own in ["The orders", "[1]", "{\"a\": 1}", ""] {
            let tags = read(Some(own));
            assert_eq!(tags[THEIRS], own);
            assert_eq!(read(Some(&written(&tags))), tags);
        }
    }
}
