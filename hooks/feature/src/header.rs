use std::{fmt, str::FromStr};

use crate::words;

/// The request header whose value names the feature, which is also the key of the W3C `baggage`
/// member that does. An RFC 9110 token of at most 64 characters, kept in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header(String);

/// Why a text is no header name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    #[error(
        "header {0:?} is no header name of 1 to 64 letters, digits and any of !#$%&'*+-.^_|~ \
         (RFC 9110, token, without the backtick)"
    )]
    Grammar(String),
    #[error("header \"baggage\" is what carries the context of others: choose a name of its own")]
    Baggage,
    #[error("header {0:?} is what HTTP, its routers or a copy's answers use: choose a name of its own")]
    Taken(String),
}

/// Headers that never reach a rule as they were sent, or mean something to every router.
const TAKEN: [&str; 15] = [
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    words::RESPONSE_HEADER,
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl Header {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Header {
    type Err = HeaderError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The backtick is a legal token character, and the one that ends a literal in a rule.
        let legal = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_|~".contains(&b);
        if !(1..=64).contains(&text.len()) || !text.bytes().all(legal) {
            return Err(HeaderError::Grammar(text.chars().take(80).collect()));
        }
        if text.eq_ignore_ascii_case("baggage") {
            return Err(HeaderError::Baggage);
        }
        let name = text.to_ascii_lowercase();
        if TAKEN.contains(&name.as_str()) {
            return Err(HeaderError::Taken(name));
        }
        Ok(Self(name))
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_header_in_lower_case() {
        assert_eq!("Uber-Ctx-Key".parse::<Header>().expect("legal").as_str(), "uber-ctx-key");
        assert_eq!("x_y.z~1".parse::<Header>().expect("legal").as_str(), "x_y.z~1");
    }

    #[test]
    fn what_could_end_a_literal_or_a_line_is_refused() {
        let long = "x".repeat(65);
        for bad in ["", "a b", "a`b", "a\"b", "a\nb", "a:b", "é", "a,b", "a;b", "a=b", long.as_str()] {
            assert_eq!(bad.parse::<Header>(), Err(HeaderError::Grammar(bad.into())), "{bad:?}");
        }
        assert_eq!("Baggage".parse::<Header>(), Err(HeaderError::Baggage));
        assert_eq!("Host".parse::<Header>(), Err(HeaderError::Taken("host".into())));
        assert!(words::RESPONSE_HEADER.parse::<Header>().is_err());
    }
}
