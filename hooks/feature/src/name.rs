use std::{fmt, str::FromStr};

/// The name of one feature: a DNS-1123 label of at most 30 characters without `--`.
///
/// 30 leaves room for the release name (53) and for a label of the preview host (63). `--` is what
/// separates the two parts of a preview host, and `base` is the word for what is no copy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeatureName(String);

/// Why a text is no feature name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeatureNameError {
    #[error(
        "the feature is empty: is the variable that should name it set? \
         (base is asked for by word, never by an empty feature)"
    )]
    Empty,
    #[error("feature {0:?} has {len} characters: at most 30 are allowed", len = .0.chars().count())]
    TooLong(String),
    #[error(
        "feature {0:?} is no DNS label: lower-case letters, digits and single dashes, \
         with a letter or digit at both ends"
    )]
    NoLabel(String),
    #[error("\"base\" is the word for what is no copy: choose another feature name")]
    Base,
}

impl FeatureName {
    const MAX: usize = 30;

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FeatureName {
    type Err = FeatureNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(FeatureNameError::Empty);
        }
        if text.chars().count() > Self::MAX {
            return Err(FeatureNameError::TooLong(text.chars().take(64).collect()));
        }
        let legal = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !legal || text.starts_with('-') || text.ends_with('-') || text.contains("--") {
            return Err(FeatureNameError::NoLabel(text.to_owned()));
        }
        if text == "base" {
            return Err(FeatureNameError::Base);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for FeatureName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_dns_labels_are_taken() {
        for good in ["feat1", "pr-12", "0", "a-b-c", &"x".repeat(30)] {
            assert_eq!(good.parse::<FeatureName>().map(|n| n.to_string()), Ok(good.to_owned()));
        }
    }

    #[test]
    fn everything_else_is_refused_with_its_rule() {
        let cases = [
            ("", FeatureNameError::Empty),
            (&"x".repeat(31), FeatureNameError::TooLong("x".repeat(31))),
            ("Feat1", FeatureNameError::NoLabel("Feat1".into())),
            ("-feat", FeatureNameError::NoLabel("-feat".into())),
            ("feat-", FeatureNameError::NoLabel("feat-".into())),
            ("a--b", FeatureNameError::NoLabel("a--b".into())),
            ("feat_1", FeatureNameError::NoLabel("feat_1".into())),
            ("feat.1", FeatureNameError::NoLabel("feat.1".into())),
            ("`) || Host(`", FeatureNameError::NoLabel("`) || Host(`".into())),
            ("f\n", FeatureNameError::NoLabel("f\n".into())),
            ("é", FeatureNameError::NoLabel("é".into())),
            ("base", FeatureNameError::Base),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<FeatureName>(), Err(error));
        }
    }
}
