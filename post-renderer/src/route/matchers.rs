//! The two matchers by which a request names its feature. Names come in as types whose grammar has
//! no character that could end a literal, and are quoted all the same.

use feature::{FeatureName, Header};

/// The names of matchers, which Traefik 3 changed. A chart may ask it for the older ones by route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    V2,
    V3,
}

/// The plain header with exactly this value.
pub fn header(syntax: Syntax, header: &Header, feature: &FeatureName) -> String {
    let matcher = match syntax {
        Syntax::V2 => "Headers",
        Syntax::V3 => "Header",
    };
    format!("{matcher}({}, {})", go_quoted(header.as_str()), go_quoted(feature.as_str()))
}

/// The baggage member.
pub fn baggage(syntax: Syntax, header: &Header, feature: &FeatureName) -> String {
    let matcher = match syntax {
        Syntax::V2 => "HeadersRegexp",
        Syntax::V3 => "HeaderRegexp",
    };
    format!("{matcher}({}, {})", go_quoted("baggage"), go_quoted(&baggage_pattern(header, feature)))
}

/// A member of the W3C `baggage` header with exactly this key and value, with or without properties,
/// wherever in the list. Whole tokens: pr-1 never matches pr-12.
///
/// It is anchored and spans the whole value: some routers look for a pattern within, others demand
/// that it takes all.
pub fn baggage_pattern(header: &Header, feature: &FeatureName) -> String {
    let (key, value) = (escaped(header.as_str()), escaped(feature.as_str()));
    format!(r"^(.*,)?[ \t]*{key}[ \t]*=[ \t]*{value}[ \t]*(;[^,]*)?(,.*)?$")
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

/// The priority that a rule has by itself: its bytes.
pub fn length(rule: &str) -> i64 {
    i64::try_from(rule.len()).expect("a rule is shorter than all memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_is_matched_as_a_whole_token() {
        let (key, feature) = ("uber-ctx-key".parse().expect("legal"), "feat1".parse().expect("legal"));
        assert_eq!(header(Syntax::V3, &key, &feature), "Header(`uber-ctx-key`, `feat1`)");
        assert_eq!(header(Syntax::V2, &key, &feature), "Headers(`uber-ctx-key`, `feat1`)");
        assert_eq!(
            baggage(Syntax::V3, &key, &feature),
            r"HeaderRegexp(`baggage`, `^(.*,)?[ \t]*uber-ctx-key[ \t]*=[ \t]*feat1[ \t]*(;[^,]*)?(,.*)?$`)"
        );
    }

    #[test]
    fn what_a_pattern_would_read_otherwise_is_escaped() {
        let (key, feature) = ("x.y$z".parse().expect("legal"), "feat1".parse().expect("legal"));
        assert!(baggage(Syntax::V2, &key, &feature).contains(r"x\.y\$z"));
        assert_eq!(go_quoted("a`b\"c"), "\"a`b\\\"c\"");
    }
}
