use std::{
    fmt,
    sync::{Arc, Mutex},
};

use axum::http::HeaderMap;
use rdkafka::{
    ClientConfig, ClientContext,
    config::FromClientConfigAndContext as _,
    error::{KafkaError, KafkaResult},
    message::{Header, OwnedHeaders},
    producer::{FutureProducer, FutureRecord},
    types::RDKafkaErrorCode,
    util::Timeout,
};

use crate::error::StoreError;

/// The topic that this pod produces to.
pub(crate) struct Events {
    pub(crate) address: Address,
    producer: FutureProducer<Said>,
    said: Said,
}

/// Where the topic is, and who reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) bootstrap: String,
    pub(crate) topic: String,
    pub(crate) group: String,
}

/// What librdkafka last complained about: an event that was not delivered does not know why.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Option<String>>>);

impl ClientContext for Said {
    fn error(&self, error: KafkaError, reason: &str) {
        if !is_vague(&error) {
            *self.0.lock().expect("nobody panics while holding it") = Some(reason.to_owned());
        }
    }
}

impl Events {
    /// The topic at `address`; nobody is asked yet.
    pub(crate) fn at(address: Address) -> KafkaResult<Self> {
        let mut config = address.config();
        // Who posts is told within this time.
        config.set("message.timeout.ms", "5000");
        let said = Said::default();
        let producer = FutureProducer::from_config_and_context(&config, said.clone())?;
        Ok(Self { address, producer, said })
    }

    /// Produces `body` with `context` as the record's headers, and returns the record's partition and
    /// offset.
    pub(crate) async fn produce(&self, body: &str, context: &HeaderMap) -> Result<(i32, i64), StoreError> {
        let headers = context.iter().fold(OwnedHeaders::new(), |headers, (name, value)| {
            headers.insert(Header { key: name.as_str(), value: Some(value.as_bytes()) })
        });
        let record = FutureRecord::<(), str>::to(&self.address.topic).payload(body).headers(headers);
        let sent = self.producer.send(record, Timeout::Never).await;
        // Also where all went well: what was said before is not why the next one fails.
        let said = self.said.0.lock().expect("nobody panics while holding it").take();
        sent.map(|delivery| (delivery.partition, delivery.offset)).map_err(|(error, _)| {
            let cause = [Some(cause(&error)), said].into_iter().flatten().collect::<Vec<_>>().join(": ");
            StoreError { act: "produce to", place: self.address.to_string(), cause }
        })
    }
}

impl Address {
    /// What whoever produces and whoever reads have in common.
    pub(crate) fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.bootstrap);
        // A topic or a broker that was away is found again about as soon as it is back.
        config.set("topic.metadata.refresh.interval.ms", "5000").set("reconnect.backoff.max.ms", "2000");
        config
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.topic, self.bootstrap)
    }
}

/// Whether it only sums up what was said of each broker.
pub(crate) fn is_vague(error: &KafkaError) -> bool {
    error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown)
}

/// Kafka's own words, once: the error repeats them, with the act that we name ourselves.
pub(crate) fn cause(error: &KafkaError) -> String {
    error.rdkafka_error_code().map_or_else(|| error.to_string(), |code| code.to_string())
}
