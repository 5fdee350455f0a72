//! What can go wrong, by what a caller can do about it.

use std::{error::Error as StdError, time::Duration};

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
    /// The back end does not answer, or not yet: the same call may work later. Of a write nobody knows
    /// then whether it was carried out.
    #[error("{text}")]
    Unreachable {
        text: String,
        /// How long the back end asks to be left alone.
        after: Option<Duration>,
    },
    /// The back end does not know whom we speak as. Where it has just been set up, it may in some seconds.
    #[error("{0}")]
    Denied(String),
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
        Self::Unreachable { text: text.into(), after: None }
    }

    /// The same with what the back end asks for, if it asks.
    #[must_use]
    pub fn not_before(self, after: Option<Duration>) -> Self {
        match self {
            Self::Unreachable { text, .. } => Self::Unreachable { text, after },
            other => other,
        }
    }

    pub fn denied(text: impl Into<String>) -> Self {
        Self::Denied(text.into())
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
            Self::Unreachable { text, after } => Self::Unreachable { text: words(&text), after },
            Self::Denied(text) => Self::Denied(words(&text)),
            Self::Refused(text) => Self::Refused(words(&text)),
            Self::Internal(text) => Self::Internal(words(&text)),
        }
    }

    /// The exit code of the class.
    #[must_use]
    pub fn exit(&self) -> exit::Code {
        match self {
            Self::Config(_) => exit::CONFIG,
            Self::Unreachable { .. } => exit::UNREACHABLE,
            Self::Denied(_) | Self::Refused(_) => exit::REFUSED,
            Self::Internal(_) => exit::INTERNAL,
        }
    }
}

/// The last cause of a chain of errors, which is the one that says what happened: `Connection refused`
/// rather than `dispatch failure`. What it is in one word stands in front: DNS, refused, TLS; the last
/// causes themselves do not mention it.
#[must_use]
pub fn root_cause(error: &(dyn StdError + 'static)) -> String {
    let mut chain = vec![error.to_string()];
    let mut link = error;
    let mut refused = false;
    while let Some(source) = link.source() {
        chain.push(source.to_string());
        refused |= source
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused);
        link = source;
    }
    let last = chain.last().cloned().unwrap_or_default();
    let says = |word: &str| chain.iter().any(|link| link.contains(word));
    if chain.iter().any(|link| link.starts_with("dns error")) || says("failed to lookup address") {
        format!("DNS: its name does not resolve ({last})")
    } else if says("certificate")
        || says("received corrupt message")
        || says("HandshakeFailure")
        || says("fatal alert")
    {
        format!("TLS: {last}")
    } else if refused {
        format!("refused: {last}")
    } else {
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_has_its_exit_code() {
        let cases = [
            (Error::config(""), exit::CONFIG),
            (Error::unreachable(""), exit::UNREACHABLE),
            (Error::denied(""), exit::REFUSED),
            (Error::refused(""), exit::REFUSED),
            (Error::internal(""), exit::INTERNAL),
        ];
        for (error, code) in cases {
            assert_eq!(error.exit(), code);
        }
    }

    #[test]
    fn the_root_cause_is_the_last_link_and_its_kind_stands_in_front() {
        #[derive(Debug, thiserror::Error)]
        #[error("{0}")]
        struct Link(&'static str, #[source] Option<Box<dyn StdError + Send + Sync>>);

        let chain = |first, last| Link(first, Some(Box::new(Link(last, None))));
        assert_eq!(root_cause(&chain("dispatch failure", "out of luck")), "out of luck");
        let dns = chain("dns error", "Name or service not known");
        assert_eq!(root_cause(&dns), "DNS: its name does not resolve (Name or service not known)");
        let tls = chain("io error", "invalid peer certificate: UnknownIssuer");
        assert_eq!(root_cause(&tls), "TLS: invalid peer certificate: UnknownIssuer");
        let refused = std::io::Error::new(std::io::ErrorKind::ConnectionRefused, "Connection refused");
        assert_eq!(root_cause(&Link("tcp", Some(Box::new(refused)))), "refused: Connection refused");
    }
}
