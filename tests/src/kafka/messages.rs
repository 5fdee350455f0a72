//! What is in topics, the one of marks too.

use std::{
    collections::BTreeMap,
    ops::Range,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use feature::words;
use rdkafka::{
    Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    error::KafkaError,
    producer::{BaseProducer, BaseRecord, Producer as _},
    types::RDKafkaErrorCode,
};
use serde_json::Value;

use super::{Broker, PATIENCE, config};

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub partition: i32,
    pub key: Option<String>,
    /// None is a tombstone.
    pub value: Option<String>,
}

/// The group of who reads and commits nothing.
pub(super) const NOBODY: &str = "acceptance";

impl Broker {
    /// One message, there when this returns.
    ///
    /// # Panics
    /// When it does not come there.
    pub fn produce(&self, topic: &str, partition: i32, key: &str, value: Option<&str>) {
        self.produce_all(topic, partition, &[(key, value)]);
    }

    /// One message that says of itself that it is as old as this.
    ///
    /// # Panics
    /// When it does not come there.
    pub fn produce_late(&self, topic: &str, partition: i32, key: &str, value: &str, age: Duration) {
        let then = SystemTime::now() - age;
        let then = then.duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        let record = BaseRecord::<str, str>::to(topic).partition(partition).key(key).payload(value);
        self.send([record.timestamp(i64::try_from(then).expect("milliseconds"))]);
    }

    pub(super) fn produce_all(&self, topic: &str, partition: i32, messages: &[(&str, Option<&str>)]) {
        self.send(messages.iter().map(|(key, value)| {
            let mut record = BaseRecord::<str, str>::to(topic).partition(partition).key(key);
            record.payload = *value;
            record
        }));
    }

    fn send<'m>(&self, records: impl IntoIterator<Item = BaseRecord<'m, str, str>>) {
        let mut config = config(&self.bootstrap);
        config.set("acks", "all").set("queue.buffering.max.ms", "0").set("message.timeout.ms", "10000");
        let producer: BaseProducer = config.create().expect("a producer");
        for record in records {
            producer.send(record).map_err(|(error, _)| error).expect("it is sent");
        }
        producer.flush(PATIENCE).expect("it arrives");
        self.until(|_| producer.in_flight_count() == 0);
    }

    /// All messages of a topic, in the order of each partition.
    ///
    /// # Panics
    /// When they do not come.
    #[must_use]
    pub fn consume(&self, topic: &str) -> Vec<Record> {
        let reader = self.consumer(NOBODY);
        let mut records = Vec::new();
        for partition in self.each(topic) {
            let (low, high) = self.watermarks(topic, partition);
            if low < high {
                records.extend(read(&reader, topic, partition, low..high));
            }
        }
        records
    }

    /// Offsets of the end of each partition.
    ///
    /// # Panics
    /// When there is no such topic.
    #[must_use]
    pub fn ends(&self, topic: &str) -> Vec<i64> {
        self.each(topic).map(|partition| self.watermarks(topic, partition).1).collect()
    }

    /// What the hooks have written into their topic of marks, by `topic/NAME` and `group/NAME`: the last of each.
    ///
    /// # Panics
    /// When a mark is no JSON.
    #[must_use]
    pub fn marks(&self) -> BTreeMap<String, Value> {
        if !self.has(words::MARKS_TOPIC) {
            return BTreeMap::new();
        }
        let mut marks = BTreeMap::new();
        for record in self.consume(words::MARKS_TOPIC) {
            let key = record.key.expect("a mark has a key");
            match record.value {
                Some(value) => marks.insert(key, serde_json::from_str(&value).expect("a mark is JSON")),
                None => marks.remove(&key),
            };
        }
        marks
    }

    /// Offsets of the first message of a partition, and behind the last.
    pub(super) fn watermarks(&self, topic: &str, partition: i32) -> (i64, i64) {
        // A leader that is new is heard of a moment later.
        let told =
            || self.asking.fetch_watermarks(topic, partition, PATIENCE).map_err(|error| error.to_string());
        crate::cluster::eventually("the ends of a partition", PATIENCE.as_secs(), told)
    }
}

fn read(
    consumer: &BaseConsumer,
    topic: &str,
    partition: i32,
    Range { start, end }: Range<i64>,
) -> Vec<Record> {
    let mut list = TopicPartitionList::new();
    // A client that has to ask first where the beginning is waits half a second before it does.
    list.add_partition_offset(topic, partition, Offset::Offset(start)).expect("an offset");
    consumer.assign(&list).expect("assigned");
    let text = |bytes: Option<&[u8]>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let (mut records, late) = (Vec::new(), Instant::now() + PATIENCE);
    loop {
        // The last may be no message: a transaction's end, or what compaction took away.
        let position = consumer.position().expect("a position");
        let at = position.find_partition(topic, partition).map(|one| one.offset());
        if matches!(at, Some(Offset::Offset(at)) if at >= end) {
            return records;
        }
        match consumer.poll(PATIENCE) {
            // A connection that was idle has ended, and the client makes another.
            Some(Err(KafkaError::MessageConsumption(RDKafkaErrorCode::AllBrokersDown)))
                if Instant::now() < late => {}
            Some(message) => {
                let message = message.expect("a message");
                records.push(Record { partition, key: text(message.key()), value: text(message.payload()) });
            }
            None => panic!("{topic}, partition {partition}, ends at {end}: {records:?}"),
        }
    }
}
