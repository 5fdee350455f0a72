use std::{convert::Infallible, sync::Mutex, time::Duration};

use rdkafka::{
    ClientContext, Message as _,
    config::FromClientConfigAndContext as _,
    consumer::{BaseConsumer, Consumer as _, ConsumerContext, Rebalance, StreamConsumer},
    error::{KafkaError, KafkaResult},
    message::BorrowedMessage,
    types::RDKafkaErrorCode,
};

use crate::{
    events::{Address, cause, is_vague},
    inbox::Inbox,
    link::{Link, say},
};

/// A member of the group that reads the topic. It leaves the group when it is dropped, so that nobody
/// waits for it.
pub(crate) struct Reader(StreamConsumer<Watch>);

/// How the topic was found, for people.
struct Watch {
    address: Address,
    link: Mutex<Link<Option<RDKafkaErrorCode>>>,
}

impl Reader {
    /// A reader of the topic at `address`, which is waited for if it is not there.
    pub(crate) fn of(address: &Address) -> KafkaResult<Self> {
        let mut config = address.config();
        config
            .set("group.id", &address.group)
            .set("auto.offset.reset", "earliest")
            // An event is done once it is recorded.
            .set("enable.auto.offset.store", "false")
            // So long a pod that was killed keeps its partitions.
            .set("session.timeout.ms", "10000");
        let watch = Watch { address: address.clone(), link: Mutex::new(Link::Unknown) };
        let consumer = StreamConsumer::from_config_and_context(&config, watch)?;
        consumer.subscribe(&[&address.topic])?;
        Ok(Self(consumer))
    }

    /// Moves events from the topic to the inbox for as long as it is polled. It outlives every error;
    /// each change for the better or the worse is one line on stderr.
    pub(crate) async fn read(&self, inbox: &Inbox) -> Infallible {
        let watch = self.0.context();
        loop {
            match self.0.recv().await.and_then(|event| self.take(&event, inbox)) {
                Ok(()) => watch.up(),
                Err(error) => {
                    watch.down(&error, &cause(&error));
                    // librdkafka tries again by itself; this is for an error that it repeats at once.
                    tokio::time::sleep(Duration::from_millis(250)).await;
                }
            }
        }
    }

    fn take(&self, event: &BorrowedMessage<'_>, inbox: &Inbox) -> KafkaResult<()> {
        let body = event.payload().unwrap_or_default();
        let id = format!("{}@{}", event.partition(), event.offset());
        inbox.record(&id, &String::from_utf8_lossy(body));
        self.0.store_offset_from_message(event)
    }
}

impl Watch {
    fn up(&self) {
        self.found(Link::Up, || format!("{} reads {}", self.address.group, self.address));
    }

    fn down(&self, error: &KafkaError, reason: &str) {
        if is_vague(error) {
            return;
        }
        let line =
            || format!("{} cannot read {}: {reason}; it tries again", self.address.group, self.address);
        self.found(Link::Down(error.rdkafka_error_code()), line);
    }

    fn found(&self, state: Link<Option<RDKafkaErrorCode>>, line: impl Fn() -> String) {
        if self.link.lock().expect("nobody panics while holding it").becomes(state) {
            say(&line());
        }
    }
}

impl ClientContext for Watch {
    /// Called before the error is received: only here is the reason known.
    fn error(&self, error: KafkaError, reason: &str) {
        self.down(&error, reason);
    }
}

impl ConsumerContext for Watch {
    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(partitions) = rebalance
            && partitions.count() > 0
        {
            self.up();
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use rdkafka::mocking::MockCluster;
    use tokio::time::{sleep, timeout};

    use super::*;
    use crate::events::Events;

    #[tokio::test]
    async fn an_event_reaches_the_reader_that_outlived_a_broker_that_was_away() {
        let kafka = MockCluster::new(1).expect("a broker");
        kafka.create_topic("events", 3, 1).expect("a topic");
        let [topic, group] = ["events", "api"].map(str::to_owned);
        let address = Address { bootstrap: kafka.bootstrap_servers(), topic, group };
        kafka.broker_down(-1).expect("down");
        let reader = Reader::of(&address).expect("a consumer");
        let inbox = Inbox::default();

        let test = async {
            let link = &reader.0.context().link;
            until(|| matches!(*link.lock().expect("whole"), Link::Down(_))).await;
            kafka.broker_up(-1).expect("up");
            let events = Events::at(address.clone()).expect("a producer");
            events.produce("hello", &HeaderMap::new()).await.expect("it is delivered");
            until(|| inbox.bodies() == ["hello"]).await;
            assert_eq!(*link.lock().expect("whole"), Link::Up);
        };
        tokio::select! {
            ended = timeout(Duration::from_secs(30), test) => ended.expect("in time"),
            never = reader.read(&inbox) => match never {},
        }
    }

    async fn until(so: impl Fn() -> bool) {
        while !so() {
            sleep(Duration::from_millis(20)).await;
        }
    }
}
