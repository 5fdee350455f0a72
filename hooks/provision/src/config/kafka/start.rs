//! Where a consumer group starts in a topic.

use std::{fmt, str::FromStr, time::Duration};

use feature::Ttl;

/// The messages that a group gets first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// All that are there.
    Earliest,
    /// Those that come from now on.
    Latest,
    /// Those of so long a time before now.
    Ago(Ttl, Duration),
}

impl FromStr for Start {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "earliest" => return Ok(Self::Earliest),
            "latest" => return Ok(Self::Latest),
            _ => {}
        }
        let ago = text.parse::<Ttl>().ok().and_then(|ttl| ttl.lasts().map(|lasts| Self::Ago(ttl, lasts)));
        ago.ok_or_else(|| {
            let text: String = text.chars().take(64).collect();
            format!(
                "from {text:?} is neither earliest nor latest, nor one whole number with one of s, m, h, d, w \
                 (1h: the messages of the last hour)"
            )
        })
    }
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Earliest => f.write_str("earliest"),
            Self::Latest => f.write_str("latest"),
            Self::Ago(ttl, _) => write!(f, "{ttl} ago"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_a_word_or_a_time() {
        let start = |text: &str| text.parse::<Start>().map(|start| start.to_string());
        assert_eq!(start("earliest").as_deref(), Ok("earliest"));
        assert_eq!(start("latest").as_deref(), Ok("latest"));
        assert_eq!(start("90m").as_deref(), Ok("90m ago"));
        for bad in ["", "forever", "Latest", "0h", "1h30m", "-1", "12", "now"] {
            assert!(start(bad).is_err(), "{bad}");
        }
    }
}
