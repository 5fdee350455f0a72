//! The two matchers by which a request names its feature. Names come in as types whose grammar has
//! no character that could end a literal, and are quoted all the same.

use feature::{FeatureName, Header};

/// The plain header with exactly this value.
pub fn header(header: &Header, feature: &FeatureName) -> String {
    format!("Header({}, {})", go_quoted(header.as_str()), go_quoted(feature.as_str()))
}

/// A member of the W3C `baggage` header with exactly this key and value, with or without properties,
/// wherever in the list. Whole tokens: pr-1 never matches pr-12.
pub fn baggage(header: &Header, feature: &FeatureName) -> String {
    let (key, value) = (escaped(header.as_str()), escaped(feature.as_str()));
    let pattern = format!(r"(^|,)[ \t]*{key}[ \t]*=[ \t]*{value}[ \t]*(;[^,]*)?(,|$)");
    format!("HeaderRegexp({}, {})", go_quoted("baggage"), go_quoted(&pattern))
}

/// A text as a string literal of a rule: as Go writes it, raw where that is possible.
pub fn go_quoted(text: &str) -> String {
    let raw = text.chars().all(|c| c == '\t' || (' '..='~').contains(&c)) && !text.contains('`');
    // JSON's escapes are Go's, but for `\/`, which serde_json never writes.
    if raw { format!("`{text}`") } else { crate::mapping::quoted(text) }
}

/// A header's or feature's name as a regular expression that matches nothing else.
fn escaped(name: &str) -> String {
    name.chars().fold(String::new(), |mut pattern, c| {
        if !c.is_ascii_alphanumeric() && c != '-' && c != '_' {
            pattern.push('\\');
        }
        pattern.push(c);
        pattern
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_is_matched_as_a_whole_token() {
        let (key, feature) = ("uber-ctx-key".parse().expect("legal"), "feat1".parse().expect("legal"));
        assert_eq!(header(&key, &feature), "Header(`uber-ctx-key`, `feat1`)");
        assert_eq!(
            baggage(&key, &feature),
            r"HeaderRegexp(`baggage`, `(^|,)[ \t]*uber-ctx-key[ \t]*=[ \t]*feat1[ \t]*(;[^,]*)?(,|$)`)"
        );
    }

    #[test]
    fn what_a_pattern_would_read_otherwise_is_escaped() {
        let (key, feature) = ("x.y$z".parse().expect("legal"), "feat1".parse().expect("legal"));
        assert!(baggage(&key, &feature).contains(r"x\.y\$z"));
        assert_eq!(go_quoted("a`b\"c"), "\"a`b\\\"c\"");
    }
}
