//! Texts as SQL takes them. Pure.

use postgres_protocol::escape::{escape_identifier, escape_literal};

/// A name, whatever is in it.
pub(crate) fn name(text: &str) -> String {
    escape_identifier(text)
}

/// A role that something is granted to.
pub(crate) fn grantee(text: &str) -> String {
    if text == "public" { "PUBLIC".to_owned() } else { name(text) }
}

/// A text, whatever is in it.
pub(crate) fn text(text: &str) -> String {
    escape_literal(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_texts_stay_texts() {
        assert_eq!(name("a\"; DROP DATABASE orders; --"), "\"a\"\"; DROP DATABASE orders; --\"");
        assert_eq!(text("a'; DROP DATABASE orders; --").trim(), "'a''; DROP DATABASE orders; --'");
        assert_eq!(text("\\'").trim(), "E'\\\\'''");
        assert_eq!((grantee("public"), grantee("PUBLIC")), ("PUBLIC".to_owned(), "\"PUBLIC\"".to_owned()));
    }
}
