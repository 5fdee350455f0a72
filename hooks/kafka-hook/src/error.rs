//! Errors of Kafka, by what can be done about them.
//!
//! librdkafka says that a call was not answered, and why in passing: what it has said of its connections is
//! listened to by [`Ear`], and is the cause.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use provision::error::Error;
use rdkafka::{
    client::ClientContext,
    config::RDKafkaLogLevel,
    consumer::ConsumerContext,
    error::{KafkaError, RDKafkaErrorCode as Code},
    statistics::Statistics,
};

use crate::native::No;

/// Hears what librdkafka says of its connections. It is for errors alone: nothing is written anywhere.
#[derive(Clone, Default)]
pub(crate) struct Ear(Arc<Mutex<Vec<Heard>>>);

struct Heard {
    when: Instant,
    code: Code,
    words: String,
}

/// How long something that was heard is why a call was not answered.
const RECENT: Duration = Duration::from_secs(15);
/// How much is kept: librdkafka repeats itself.
const MOST: usize = 64;

impl ClientContext for Ear {
    /// That a broker has closed a connection is nowhere but here.
    fn log(&self, _: RDKafkaLogLevel, facility: &str, line: &str) {
        let words = line.split_once("]: ").map_or(line, |(_, words)| words);
        if facility == "FAIL" && words.contains(CLOSED) {
            self.hear(Code::BrokerTransportFailure, words);
        }
    }

    fn stats(&self, _: Statistics) {}

    fn error(&self, error: KafkaError, reason: &str) {
        if let KafkaError::Global(code) = error {
            self.hear(code, reason);
        }
    }
}

impl ConsumerContext for Ear {}

impl Ear {
    fn hear(&self, code: Code, words: &str) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.len() == MOST {
            heard.remove(0);
        }
        heard.push(Heard { when: Instant::now(), code, words: words.to_owned() });
    }

    /// Whether there is no broker left that could answer.
    pub(crate) fn is_hopeless(&self) -> bool {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.iter().any(|heard| heard.code == Code::AllBrokersDown)
    }

    /// Why nothing was answered lately, if anything was heard.
    pub(crate) fn cause(&self) -> Option<Error> {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = heard.iter().filter(|heard| heard.when.elapsed() < RECENT);
        // The weightiest, and of those the last.
        let heavy = recent
            .filter(|heard| heard.code != Code::AllBrokersDown)
            .max_by_key(|heard| weight(heard.code, &heard.words));
        heavy.map(|heard| connection(heard.code, &heard.words))
    }

    /// What an error of the call named `act` means.
    pub(crate) fn classed(&self, act: &str, error: &KafkaError) -> Error {
        match code(error) {
            Some(code) => self.no(act, No { code, words: None }),
            None => Error::internal(format!("{act}: {error}")),
        }
    }

    /// What a no to the call named `act` means.
    pub(crate) fn no(&self, act: &str, No { code, words }: No) -> Error {
        // librdkafka's words for a code say no more than the code.
        let words = words.filter(|words| !words.starts_with("Broker: "));
        let text = match &words {
            Some(words) => format!("{act}: {code:?}: {}", words.trim_end_matches(['.', ' '])),
            None => format!("{act}: {code}"),
        };
        if UNANSWERED.contains(&code) {
            self.cause().unwrap_or_else(|| Error::unreachable(text))
        } else if TRANSIENT.contains(&code) {
            Error::unreachable(text)
        } else if DENIED.contains(&code) {
            self.cause().unwrap_or_else(|| Error::denied(format!("auth: {text}")))
        } else if FORBIDDEN.contains(&code) {
            Error::refused(format!("{text}; whoever the hook runs as must be allowed to do this"))
        } else {
            Error::refused(text)
        }
    }
}

/// The code of an error, wherever it has one.
pub(crate) fn code(error: &KafkaError) -> Option<Code> {
    match error {
        KafkaError::AdminOp(code) => Some(*code),
        other => other.rdkafka_error_code(),
    }
}

/// How much an error of a connection says beside others.
fn weight(code: Code, words: &str) -> u8 {
    match code {
        Code::Authentication | Code::SaslAuthenticationFailed | Code::UnsupportedSASLMechanism => 4,
        _ if is_tls(code, words) => 3,
        Code::Resolve => 2,
        _ if words.contains(CLOSED) => 0,
        _ => 1,
    }
}

fn is_tls(code: Code, words: &str) -> bool {
    code == Code::SSL
        || ["SSL routines", "SSL handshake", "SSL connection"].iter().any(|it| words.contains(it))
}

/// What librdkafka says where a broker hangs up, and no more of it.
const CLOSED: &str = "Disconnected: connection closed by peer";

/// What librdkafka makes of the first bytes of another protocol, such as HTTP, which it takes for a length.
const STRANGE: [&str; 2] = ["Invalid response size", "Invalid frame size"];

/// An error of a connection: `127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after
/// 0ms in state CONNECT)`. What it is in one word stands in front.
fn connection(code: Code, words: &str) -> Error {
    let said = words.rfind(" (after ").map_or(words, |at| &words[..at]);
    let (broker, cause) = said.split_once(": ").unwrap_or(("", said));
    let address = broker.rsplit("://").next().unwrap_or(broker);
    let (address, id) = address.rsplit_once('/').unwrap_or((address, "bootstrap"));
    // The brokers that were asked first are those that the errors name anyway.
    let whose = match id {
        "bootstrap" => String::new(),
        id => format!("broker {id}, which calls itself {address}: "),
    };
    let last = cause.rsplit(": ").next().unwrap_or(cause);
    match code {
        Code::Resolve if id == "bootstrap" => {
            Error::unreachable(format!("DNS: {address} does not resolve ({last})"))
        }
        Code::Resolve => Error::unreachable(format!("DNS: {whose}that does not resolve ({last})")),
        Code::Authentication | Code::SaslAuthenticationFailed | Code::UnsupportedSASLMechanism => {
            Error::denied(format!("auth: {whose}{}", cause.trim_end_matches([':', ' '])))
        }
        _ if is_tls(code, cause) => Error::unreachable(format!("TLS: {whose}{}", without_number(cause))),
        _ if cause.ends_with("Connection refused") => Error::unreachable(format!("refused: {whose}{last}")),
        _ if cause.contains(CLOSED) => Error::unreachable(format!(
            "closed: {whose}the connection is closed at once: is security.protocol the one of that port?"
        )),
        _ if STRANGE.iter().any(|strange| cause.contains(strange)) => Error::unreachable(format!(
            "protocol: {whose}what answers does not speak Kafka: is it the right port, and security.protocol the \
             one of that port?"
        )),
        _ => Error::unreachable(format!("{whose}{cause}")),
    }
}

/// Without what OpenSSL says for its makers: `error:0A000412:SSL routines::`.
fn without_number(cause: &str) -> String {
    let number = cause.find("error:").and_then(|at| Some((at, cause[at..].find("::")? + at + 2)));
    number.map_or_else(|| cause.to_owned(), |(from, to)| format!("{}{}", &cause[..from], &cause[to..]))
}

/// Codes that mean that there is no such topic.
pub(crate) const ABSENT: [Code; 3] =
    [Code::UnknownTopicOrPartition, Code::UnknownTopic, Code::UnknownPartition];

/// Codes of librdkafka's own that mean: there was no answer.
const UNANSWERED: [Code; 8] = [
    Code::BrokerTransportFailure,
    Code::AllBrokersDown,
    Code::OperationTimedOut,
    Code::TimedOutQueue,
    Code::MessageTimedOut,
    Code::Resolve,
    Code::SSL,
    Code::BrokerDestroy,
];

/// Codes that mean: the same call works later.
const TRANSIENT: [Code; 26] = [
    Code::RequestTimedOut,
    Code::NotController,
    Code::LeaderNotAvailable,
    Code::NotLeaderForPartition,
    Code::BrokerNotAvailable,
    Code::ReplicaNotAvailable,
    Code::NetworkException,
    Code::CoordinatorLoadInProgress,
    Code::CoordinatorNotAvailable,
    Code::NotCoordinator,
    Code::NotEnoughReplicas,
    Code::NotEnoughReplicasAfterAppend,
    Code::ThrottlingQuotaExceeded,
    Code::ReassignmentInProgress,
    Code::RebalanceInProgress,
    Code::UnstableOffsetCommit,
    Code::FencedLeaderEpoch,
    Code::UnknownLeaderEpoch,
    Code::OffsetNotAvailable,
    Code::KafkaStorageError,
    Code::WaitingForCoordinator,
    Code::WaitCache,
    Code::Retry,
    Code::Partial,
    Code::QueueFull,
    Code::RebootstrapRequired,
];

/// Codes that mean: nobody knows these credentials, at least not yet.
const DENIED: [Code; 4] = [
    Code::Authentication,
    Code::SaslAuthenticationFailed,
    Code::UnsupportedSASLMechanism,
    Code::IllegalSASLState,
];

/// Codes that mean: these credentials are known, and may not.
const FORBIDDEN: [Code; 3] =
    [Code::TopicAuthorizationFailed, Code::GroupAuthorizationFailed, Code::ClusterAuthorizationFailed];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_says_what_is_wrong_with_it_in_one_word_first() {
        let cases = [
            (
                Code::BrokerTransportFailure,
                "127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state \
                 CONNECT, 4 identical error(s) suppressed)",
                Error::unreachable("refused: Connection refused"),
            ),
            (
                Code::Resolve,
                "nohost:9092/bootstrap: Failed to resolve 'nohost:9092': Name or service not known (after 3ms in \
                 state CONNECT)",
                Error::unreachable("DNS: nohost:9092 does not resolve (Name or service not known)"),
            ),
            (
                Code::Resolve,
                "ssl://nohost:9093/2: Failed to resolve 'nohost:9093': Name or service not known (after 3ms in state \
                 CONNECT)",
                Error::unreachable(
                    "DNS: broker 2, which calls itself nohost:9093: that does not resolve (Name or service not \
                     known)",
                ),
            ),
            (
                Code::Authentication,
                "sasl_plaintext://127.0.0.1:1/bootstrap: SASL authentication error: Authentication failed: Invalid \
                 username or password (after 106ms in state AUTH_REQ)",
                Error::denied(
                    "auth: SASL authentication error: Authentication failed: Invalid username or password",
                ),
            ),
            (
                Code::BrokerTransportFailure,
                "ssl://127.0.0.1:1/bootstrap: Receive failed: error:0A000412:SSL routines::ssl/tls alert bad \
                 certificate: SSL alert number 42 (after 0ms in state APIVERSION_QUERY)",
                Error::unreachable("TLS: Receive failed: ssl/tls alert bad certificate: SSL alert number 42"),
            ),
            (
                Code::BrokerTransportFailure,
                "127.0.0.1:1/bootstrap: Disconnected: connection closed by peer: receive 0 after POLLIN (after 0ms \
                 in state UP)",
                Error::unreachable(
                    "closed: the connection is closed at once: is security.protocol the one of that port?",
                ),
            ),
            (
                Code::BadMessage,
                "127.0.0.1:1/bootstrap: Receive failed: Invalid response size 1213486160 (0..100000000): increase \
                 receive.message.max.bytes (after 1ms in state APIVERSION_QUERY)",
                Error::unreachable(
                    "protocol: what answers does not speak Kafka: is it the right port, and security.protocol the \
                     one of that port?",
                ),
            ),
            (
                Code::SSL,
                "ssl://127.0.0.1:1/bootstrap: SSL handshake failed: certificate verify failed (after 5ms in state \
                 SSL_HANDSHAKE)",
                Error::unreachable("TLS: SSL handshake failed: certificate verify failed"),
            ),
        ];
        for (code, words, error) in cases {
            assert_eq!(connection(code, words), error, "{words}");
        }
    }

    #[test]
    fn what_was_heard_is_why_nothing_was_answered() {
        let ear = Ear::default();
        let unanswered = || No::from(Code::OperationTimedOut);
        assert_eq!(
            ear.no("Act", unanswered()),
            Error::unreachable("Act: OperationTimedOut (Local: Timed out)")
        );
        let hear = |code, words| ear.error(KafkaError::Global(code), words);
        hear(Code::Authentication, "x:1/1: no");
        hear(Code::BrokerTransportFailure, "x:1/bootstrap: Disconnected");
        assert!(!ear.is_hopeless());
        hear(Code::AllBrokersDown, "1/1 brokers are down");
        assert!(ear.is_hopeless());
        let denied = Error::denied("auth: broker 1, which calls itself x:1: no");
        assert_eq!(ear.no("Act", unanswered()), denied);
        assert_eq!(ear.classed("Act", &KafkaError::MetadataFetch(Code::BrokerTransportFailure)), denied);
    }

    #[test]
    fn a_no_is_transient_forbidden_or_final() {
        let no = |code, words: &str| Ear::default().no("Act", No { code, words: Some(words.to_owned()) });
        assert_eq!(
            no(Code::NotController, "Broker: Not controller for cluster"),
            Error::unreachable("Act: NotController (Broker: Not controller for cluster)")
        );
        assert_eq!(
            no(Code::TopicAuthorizationFailed, "no"),
            Error::refused(
                "Act: TopicAuthorizationFailed: no; whoever the hook runs as must be allowed to do this"
            )
        );
        assert_eq!(
            no(Code::InvalidConfig, "x is unknown"),
            Error::refused("Act: InvalidConfig: x is unknown")
        );
        assert_eq!(
            Ear::default().classed("Act", &KafkaError::AdminOp(Code::InvalidPartitions)),
            Error::refused("Act: InvalidPartitions (Broker: Invalid number of partitions)")
        );
    }
}
