use std::{fmt, str::FromStr};

use crate::names;

/// How long the name of a Helm release is at most.
const MAX_RELEASE: usize = 53;

/// The release that made a thing, written `namespace/release`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    namespace: String,
    release: String,
}

/// Why a text is no owner.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "owner {0:?} is not `namespace/release`: a DNS label of at most 63 characters, a slash, \
     and a Helm release name of at most 53"
)]
pub struct OwnerError(String);

impl Owner {
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    #[must_use]
    pub fn release(&self) -> &str {
        &self.release
    }

    /// Whether this may be the release, or an instance of our chart in it, which is called `release.alias`. Of a name that
    /// was shortened its head alone can tell.
    #[must_use]
    pub fn may_be_of(&self, release: &str) -> bool {
        let inside = format!("{release}.");
        let starts_alike = |head: &str| head.starts_with(&inside) || inside.starts_with(head);
        self.release == release
            || self.release.starts_with(&inside)
            || names::head(&self.release, MAX_RELEASE).is_some_and(starts_alike)
    }
}

impl FromStr for Owner {
    type Err = OwnerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || OwnerError(text.chars().take(160).collect());
        let (namespace, release) = text.split_once('/').ok_or_else(error)?;
        let edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let word = |text: &str, max: usize, inner: &[u8]| {
            let bytes = text.as_bytes();
            (1..=max).contains(&bytes.len())
                && bytes.iter().all(|&b| edge(b) || inner.contains(&b))
                && edge(bytes[0])
                && edge(bytes[bytes.len() - 1])
        };
        if !word(namespace, 63, b"-") || !word(release, MAX_RELEASE, b"-.") {
            return Err(error());
        }
        Ok(Self { namespace: namespace.to_owned(), release: release.to_owned() })
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.release)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_a_namespace_and_a_release() {
        let owner: Owner = "demo/orders-feat1".parse().expect("legal");
        assert_eq!((owner.namespace(), owner.release()), ("demo", "orders-feat1"));
        assert_eq!(owner.to_string(), "demo/orders-feat1");
    }

    #[test]
    fn an_owner_is_of_its_release_and_of_the_one_that_has_it_as_an_alias() {
        let (long, longest) = ("r".repeat(48), "r".repeat(53));
        let cut = names::shortened(&format!("{long}.cache"), MAX_RELEASE);
        let within = names::shortened(&format!("{}.cache-of-orders", &long[..40]), MAX_RELEASE);
        let cases = [
            ("orders", "orders", true),
            ("orders.cache", "orders", true),
            ("orders-feat1", "orders", false),
            ("orders", "orders.cache", false),
            (&cut, &long, true),
            (&cut, &longest, true),
            (&cut, "orders", false),
            (&within, &long[..40], true),
            (&within, &long[..39], false),
        ];
        for (owner, release, expected) in cases {
            let parsed: Owner = format!("demo/{owner}").parse().expect("legal");
            assert_eq!(parsed.may_be_of(release), expected, "{owner} of {release}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let long = format!("demo/{}", "x".repeat(54));
        for bad in ["", "demo", "/x", "demo/", "demo/a/b", "Demo/x", "demo/-x", "a.b/x", long.as_str()] {
            assert_eq!(bad.parse::<Owner>(), Err(OwnerError(bad.into())), "{bad:?}");
        }
    }
}
