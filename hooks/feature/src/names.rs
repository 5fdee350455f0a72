use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::FeatureName;

/// What a thing called `name` at base is called in a copy: `{name}-{feature}`, [`shortened`] to the
/// store's limit `max`. Two names that come to one are the caller's to refuse: it knows all of them.
#[must_use]
pub fn suffixed(name: &str, feature: &FeatureName, max: usize) -> String {
    shortened(&format!("{name}-{feature}"), max)
}

/// A name of at most `max` bytes (names of back ends are ASCII): of a longer one the head is kept, and
/// told apart by a dash and 8 hex digits of the SHA-256 of the whole.
#[must_use]
pub fn shortened(full: &str, max: usize) -> String {
    if full.len() <= max {
        return full.to_owned();
    }
    let mut head = max.saturating_sub(9);
    while !full.is_char_boundary(head) {
        head -= 1;
    }
    let mut cut = format!("{}-", &full[..head]);
    for byte in &Sha256::digest(full.as_bytes())[..4] {
        write!(cut, "{byte:02x}").expect("writing to a String cannot fail");
    }
    cut
}

/// Whether a name is as long, and ends, as [`shortened`] leaves one.
#[must_use]
pub fn is_cut(name: &str, max: usize) -> bool {
    head(name, max).is_some()
}

/// What is kept of a name's head where it is as long, and ends, as [`shortened`] leaves one.
pub(crate) fn head(name: &str, max: usize) -> Option<&str> {
    let hex = |b: &u8| b.is_ascii_digit() || (b'a'..=b'f').contains(b);
    let (kept, end) = name.split_at_checked(name.len().checked_sub(9)?)?;
    let end = end.strip_prefix('-')?;
    (name.len() == max && end.as_bytes().iter().all(hex)).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gets_the_feature_behind_it() {
        let feature = "feat1".parse().expect("legal");
        assert_eq!(suffixed("emails", &feature, 80), "emails-feat1");
    }

    #[test]
    fn a_name_over_the_limit_keeps_its_head_and_stays_apart() {
        let feature = "feat1".parse().expect("legal");
        let (one, other) = (suffixed(&"x".repeat(80), &feature, 80), suffixed(&"x".repeat(81), &feature, 80));
        assert_eq!((one.len(), other.len()), (80, 80));
        assert!(one.starts_with(&"x".repeat(71)) && one.as_bytes()[71] == b'-');
        assert_ne!(one, other);
        assert!(is_cut(&one, 80) && !is_cut(&one, 81) && !is_cut(&"x".repeat(80), 80));
    }
}
