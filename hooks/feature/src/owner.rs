use std::{fmt, str::FromStr};

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
        if !word(namespace, 63, b"-") || !word(release, 53, b"-.") {
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
    fn anything_else_is_refused() {
        let long = format!("demo/{}", "x".repeat(54));
        for bad in ["", "demo", "/x", "demo/", "demo/a/b", "Demo/x", "demo/-x", "a.b/x", long.as_str()] {
            assert_eq!(bad.parse::<Owner>(), Err(OwnerError(bad.into())), "{bad:?}");
        }
    }
}
