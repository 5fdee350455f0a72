//! A Kafka broker, spoken to without a hook: what the hook did is seen here, and what others would do to its topics
//! and groups is done here.
//!
//! Nothing here knows what a hook would do.

mod gate;
mod groups;
mod messages;
mod wire;

use std::{collections::BTreeMap, ops::Range, sync::Arc, time::Duration};

use feature::words;
use rdkafka::{
    ClientConfig,
    admin::{
        AdminClient, AdminOptions, AlterConfig, ConfigSource, NewPartitions, NewTopic, ResourceSpecifier,
        TopicReplication,
    },
    client::DefaultClientContext,
    consumer::{BaseConsumer, Consumer as _},
    metadata::Metadata,
    types::RDKafkaErrorCode,
};

use crate::lab::lab;

pub use gate::{Gate, Hold};
pub use groups::Member;
use messages::NOBODY;
pub use messages::Record;
pub use wire::Call;

/// A broker at an address.
pub struct Broker {
    bootstrap: String,
    /// In no group: a kind of client that never makes a topic by asking for it.
    asking: BaseConsumer,
    admin: AdminClient<DefaultClientContext>,
}

/// The broker without a thing of a copy, or of whatever has this word in its name: before the test, and after it.
pub struct Swept<'b> {
    broker: &'b Broker,
    word: String,
}

/// How long the broker may take for anything.
const PATIENCE: Duration = Duration::from_secs(20);

impl Broker {
    #[must_use]
    pub fn lab() -> Self {
        Self::at(lab().var("KAFKA_BOOTSTRAP"))
    }

    /// # Panics
    /// When this is no address of brokers.
    #[must_use]
    pub fn at(bootstrap: &str) -> Self {
        let config = config(bootstrap);
        let (asking, admin) = (config.create().expect("a consumer"), config.create().expect("a client"));
        Self { bootstrap: bootstrap.to_owned(), asking, admin }
    }

    #[must_use]
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Sweeps all topics, groups and marks whose names contain this word, now and when the guard is dropped.
    #[must_use]
    pub fn swept(&self, word: &str) -> Swept<'_> {
        self.sweep(word);
        Swept { broker: self, word: word.to_owned() }
    }

    /// The same now, and not once more.
    pub fn sweep(&self, word: &str) {
        let topics: Vec<String> = self.topics().into_keys().filter(|topic| topic.contains(word)).collect();
        self.delete_all(&topics.iter().map(String::as_str).collect::<Vec<_>>());
        for group in self.groups().into_keys().filter(|group| group.contains(word)) {
            self.delete_group(&group);
        }
        let marks: Vec<String> = self.marks().into_keys().filter(|mark| mark.contains(word)).collect();
        let gone: Vec<(&str, Option<&str>)> = marks.iter().map(|mark| (mark.as_str(), None)).collect();
        if !gone.is_empty() {
            self.produce_all(words::MARKS_TOPIC, 0, &gone);
        }
    }

    /// The id that the cluster was given when it was made.
    #[must_use]
    pub fn cluster_id(&self) -> String {
        self.asking.client().fetch_cluster_id(PATIENCE).expect("the broker says its cluster's id")
    }

    /// All topics but the broker's own, and the leader of each of their partitions; -1 is none.
    #[must_use]
    pub fn topics(&self) -> BTreeMap<String, Vec<i32>> {
        let metadata = self.metadata();
        let topics = metadata.topics().iter().filter(|topic| !topic.name().starts_with("__"));
        let leaders = |topic: &rdkafka::metadata::MetadataTopic| {
            topic.partitions().iter().map(rdkafka::metadata::MetadataPartition::leader).collect()
        };
        topics.map(|topic| (topic.name().to_owned(), leaders(topic))).collect()
    }

    #[must_use]
    pub fn has(&self, topic: &str) -> bool {
        self.topics().contains_key(topic)
    }

    /// # Panics
    /// When there is no such topic.
    #[must_use]
    pub fn partitions(&self, topic: &str) -> usize {
        self.topics().get(topic).unwrap_or_else(|| panic!("there is no topic {topic}")).len()
    }

    /// What was said of this topic alone, and what it would have without is not here.
    ///
    /// # Panics
    /// When there is no such topic.
    #[must_use]
    pub fn configs(&self, topic: &str) -> BTreeMap<String, String> {
        self.described(topic, |source| *source == ConfigSource::DynamicTopic)
    }

    /// All configs of a topic, those that come from the broker too.
    ///
    /// # Panics
    /// When there is no such topic.
    #[must_use]
    pub fn all_configs(&self, topic: &str) -> BTreeMap<String, String> {
        self.described(topic, |_| true)
    }

    fn described(&self, topic: &str, wanted: impl Fn(&ConfigSource) -> bool) -> BTreeMap<String, String> {
        let specifier = [ResourceSpecifier::Topic(topic)];
        let described = now(self.admin.describe_configs(&specifier, &options())).expect("an answer");
        let resource = described.into_iter().next().expect("one topic was asked for");
        let resource = resource.unwrap_or_else(|error| panic!("configs of {topic}: {error}"));
        let entries = resource.entries.into_iter().filter(|entry| wanted(&entry.source));
        entries.map(|entry| (entry.name, entry.value.unwrap_or_default())).collect()
    }

    /// A topic, new, with this many partitions.
    ///
    /// # Panics
    /// When the broker does not make it.
    pub fn make(&self, topic: &str, partitions: i32, configs: &[(&str, &str)]) {
        let new = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
        let new = configs.iter().fold(new, |new, (key, value)| new.set(key, value));
        done(topic, now(self.admin.create_topics([&new], &options())).expect("an answer"));
        self.until(|broker| {
            broker.topics().get(topic).is_some_and(|leaders| leaders.iter().all(|id| *id >= 0))
        });
        // A leader that is told is not one yet: this only one that is can answer.
        for partition in self.each(topic) {
            let _ = self.watermarks(topic, partition);
        }
    }

    /// The topic says of itself this and nothing else.
    ///
    /// # Panics
    /// When the broker does not do it.
    pub fn set_configs(&self, topic: &str, configs: &[(&str, &str)]) {
        let alter = AlterConfig::new(ResourceSpecifier::Topic(topic));
        let alter = configs.iter().fold(alter, |alter, (key, value)| alter.set(key, value));
        let mut results = now(self.admin.alter_configs([&alter], &options())).expect("an answer");
        let result = results.pop().expect("one topic was altered");
        result.unwrap_or_else(|(_, code)| panic!("configs of {topic}: {code}"));
        let given: BTreeMap<String, String> =
            configs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        self.until(|broker| broker.configs(topic) == given);
    }

    /// More partitions for a topic.
    ///
    /// # Panics
    /// When the broker does not make them.
    pub fn grow(&self, topic: &str, partitions: usize) {
        let new = NewPartitions::new(topic, partitions);
        done(topic, now(self.admin.create_partitions([&new], &options())).expect("an answer"));
        self.until(|broker| broker.topics().get(topic).is_some_and(|leaders| leaders.len() == partitions));
    }

    /// No topic of this name.
    ///
    /// # Panics
    /// When the broker does not do it.
    pub fn delete(&self, topic: &str) {
        if self.has(topic) {
            self.delete_all(&[topic]);
        }
    }

    fn delete_all(&self, topics: &[&str]) {
        if topics.is_empty() {
            return;
        }
        let results = now(self.admin.delete_topics(topics, &options())).expect("an answer");
        for result in results {
            match result {
                // A test may have just deleted it.
                Ok(_) | Err((_, RDKafkaErrorCode::UnknownTopicOrPartition)) => (),
                Err((topic, code)) => panic!("delete {topic}: {code}"),
            }
        }
        self.until(|broker| {
            let there = broker.topics();
            topics.iter().all(|topic| !there.contains_key(*topic))
        });
    }

    fn metadata(&self) -> Metadata {
        self.asking.fetch_metadata(None, PATIENCE).expect("the broker answers")
    }

    fn each(&self, topic: &str) -> Range<i32> {
        0..i32::try_from(self.partitions(topic)).expect("few partitions")
    }

    fn consumer(&self, group: &str) -> BaseConsumer {
        config(&self.bootstrap).set("group.id", group).create().expect("a consumer")
    }

    /// What the broker has said it has done is seen a moment later.
    fn until(&self, mut holds: impl FnMut(&Self) -> bool) {
        crate::cluster::eventually("it", PATIENCE.as_secs(), || {
            if holds(self) { Ok(()) } else { Err(format!("topics: {:?}", self.topics())) }
        });
    }
}

impl Drop for Swept<'_> {
    fn drop(&mut self) {
        // A test that fails already says why, and what it leaves is removed by the next.
        if !std::thread::panicking() {
            self.broker.sweep(&self.word);
        }
    }
}

fn config(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap).set("client.id", "acceptance").set("group.id", NOBODY);
    config.set("enable.auto.commit", "false").set("fetch.wait.max.ms", "20");
    config.set("reconnect.backoff.max.ms", "200");
    config
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(PATIENCE)).operation_timeout(Some(PATIENCE))
}

fn done(topic: &str, results: Vec<Result<String, (String, RDKafkaErrorCode)>>) {
    for result in results {
        result.unwrap_or_else(|(_, code)| panic!("{topic}: {code}"));
    }
}

/// Waits for a future that librdkafka's own threads wake, inside of a runtime too.
fn now<T>(future: impl Future<Output = T>) -> T {
    use std::{
        pin::pin,
        task::{Context, Poll, Wake},
        thread::{self, Thread},
    };
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(thread::current())).into();
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}
