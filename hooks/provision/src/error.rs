//! What can go wrong, by what a caller can do about it.

use std::error::Error as StdError;

use crate::exit;

/// Why a hook, or one call of a provider, failed. The class decides the exit code and whether the one
/// retry policy tries again; the text says the cause, and what to do.
///
/// A provider says only the cause and the remedy: the engine puts the thing, the act and the endpoint
/// in front. No text here ever holds a secret value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The command line or the file is wrong.
    #[error("{0}")]
    Config(String),
    /// The back end does not answer, or not yet: the same call may work later.
    #[error("{0}")]
    Unreachable(String),
    /// Somebody else's thing, or the back end's own no: the same call will not work later.
    #[error("{0}")]
    Refused(String),
    /// A fault of ours, or an answer that makes no sense.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    pub fn config(text: impl Into<String>) -> Self {
        Self::Config(text.into())
    }

    pub fn unreachable(text: impl Into<String>) -> Self {
        Self::Unreachable(text.into())
    }

    pub fn refused(text: impl Into<String>) -> Self {
        Self::Refused(text.into())
    }

    pub fn internal(text: impl Into<String>) -> Self {
        Self::Internal(text.into())
    }

    /// The same class with other words.
    #[must_use]
    pub fn worded(self, words: impl FnOnce(&str) -> String) -> Self {
        match self {
            Self::Config(text) => Self::Config(words(&text)),
            Self::Unreachable(text) => Self::Unreachable(words(&text)),
            Self::Refused(text) => Self::Refused(words(&text)),
            Self::Internal(text) => Self::Internal(words(&text)),
        }
    }

    /// The exit code of the class.
    #[must_use]
    pub fn exit(&self) -> exit::Code {
        match self {
            Self::Config(_) => exit::CONFIG,
            Self::Unreachable(_) => exit::UNREACHABLE,
            Self::Refused(_) => exit::REFUSED,
            Self::Internal(_) => exit::INTERNAL,
        }
    }
}

/// The last cause of a chain of errors, which is the one that says what happened: `Connection refused`
/// rather than `dispatch failure`. A name that does not resolve is called so, since its own last
/// cause does not mention names.
#[must_use]
pub fn root_cause(error: &(dyn StdError + 'static)) -> String {
    let mut chain = vec![error.to_string()];
    let mut link = error;
    while let Some(source) = link.source() {
        chain.push(source.to_string());
        link = source;
    }
    let last = chain.last().cloned().unwrap_or_default();
    let dns = chain.iter().any(|link| link.starts_with("dns error"));
    if dns { format!("its name does not resolve ({last})") } else { last }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_has_its_exit_code() {
        let cases = [
            (Error::config(""), exit::CONFIG),
            (Error::unreachable(""), exit::UNREACHABLE),
            (Error::refused(""), exit::REFUSED),
            (Error::internal(""), exit::INTERNAL),
        ];
        for (error, code) in cases {
            assert_eq!(error.exit(), code);
        }
    }

    #[test]
    fn the_root_cause_is_the_last_link_and_names_dns() {
        #[derive(Debug, thiserror::Error)]
        #[error("{0}")]
        struct Link(&'static str, #[source] Option<Box<Link>>);

        let chain = |first, last| Link(first, Some(Box::new(Link(last, None))));
        assert_eq!(root_cause(&chain("dispatch failure", "Connection refused")), "Connection refused");
        let dns = chain("dns error", "Name or service not known");
        assert_eq!(root_cause(&dns), "its name does not resolve (Name or service not known)");
    }
}
