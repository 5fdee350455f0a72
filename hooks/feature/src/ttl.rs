use std::{fmt, str::FromStr, time::Duration};

/// How long a copy lives: one whole number and one of `s m h d w`, or the word `forever`.
///
/// The grammar is kube-janitor's, which ignores what it cannot read; so `1h30m` is refused here
/// instead of living for ever there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ttl {
    text: String,
    lasts: Option<Duration>,
}

/// Why a text is no ttl.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TtlError {
    #[error(
        "ttl {0:?} is not one whole number with one of s, m, h, d, w (such as 90m or 6h), \
         nor the word forever"
    )]
    Grammar(String),
    #[error("ttl {0:?} is zero: the copy would be due before it is up")]
    Zero(String),
    #[error("ttl {0:?} is longer than 100 years: say forever if that is meant")]
    TooLong(String),
}

impl Ttl {
    /// The text as it was written, which is also what the annotation carries.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How long that is; `None` is forever.
    #[must_use]
    pub fn lasts(&self) -> Option<Duration> {
        self.lasts
    }
}

impl FromStr for Ttl {
    type Err = TtlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let ttl = |lasts| Self { text: text.to_owned(), lasts };
        if text == "forever" {
            return Ok(ttl(None));
        }
        let grammar = || TtlError::Grammar(text.chars().take(64).collect());
        let unit = text.chars().last().ok_or_else(grammar)?;
        let seconds_each: u64 = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return Err(grammar()),
        };
        let digits = &text[..text.len() - 1];
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(grammar());
        }
        let too_long = || TtlError::TooLong(text.chars().take(64).collect());
        let count: u64 = digits.parse().map_err(|_| too_long())?;
        let seconds = count.checked_mul(seconds_each).ok_or_else(too_long)?;
        match seconds {
            0 => Err(TtlError::Zero(text.to_owned())),
            1..=3_155_760_000 => Ok(ttl(Some(Duration::from_secs(seconds)))),
            _ => Err(too_long()),
        }
    }
}

impl fmt::Display for Ttl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_and_one_unit_is_a_ttl() {
        let cases = [("45s", 45), ("90m", 5400), ("6h", 21_600), ("7d", 604_800), ("2w", 1_209_600)];
        for (text, seconds) in cases {
            let ttl: Ttl = text.parse().expect("legal");
            assert_eq!((ttl.as_str(), ttl.lasts()), (text, Some(Duration::from_secs(seconds))));
        }
        assert_eq!("forever".parse::<Ttl>().expect("legal").lasts(), None);
    }

    #[test]
    fn what_kube_janitor_would_ignore_is_refused() {
        for bad in ["", "6", "h", "1h30m", "6 h", "6H", "-6h", "+6h", "6.5h", "six", "Forever", "٦h", "6ы"]
        {
            assert_eq!(bad.parse::<Ttl>(), Err(TtlError::Grammar(bad.into())), "{bad:?}");
        }
        assert_eq!("0h".parse::<Ttl>(), Err(TtlError::Zero("0h".into())));
        for long in ["5219w", "99999999999999999999s", "18446744073709551615w"] {
            assert_eq!(long.parse::<Ttl>(), Err(TtlError::TooLong(long.into())));
        }
    }
}
