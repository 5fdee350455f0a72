//! The mark of a database or a role: its comment, as JSON. Pure.

use provision::marks::Tags;

use crate::sql;

/// Where a comment of somebody's own is kept when it is taken over.
const THEIRS: &str = "comment";

/// What a comment says.
pub(crate) fn read(comment: Option<&str>) -> Tags {
    let Some(text) = comment else { return Tags::new() };
    serde_json::from_str(text).unwrap_or_else(|_| Tags::from([(THEIRS.to_owned(), text.to_owned())]))
}

/// The statement that writes it on a database.
pub(crate) fn on_database(name: &str, tags: &Tags) -> String {
    format!("COMMENT ON DATABASE {} IS {}", sql::name(name), sql::text(&written(tags)))
}

/// The statement that writes it on a role.
pub(crate) fn on_role(name: &str, tags: &Tags) -> String {
    format!("COMMENT ON ROLE {} IS {}", sql::name(name), sql::text(&written(tags)))
}

/// The opposite of [`read`].
fn written(tags: &Tags) -> String {
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
