//! Consumer groups: their members, and what they have committed.

use std::{collections::BTreeMap, time::Duration};

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer as _},
};

use super::{Broker, PATIENCE, now, options};

/// Somebody who consumes as a member of a group, until it is dropped.
pub struct Member {
    consumer: BaseConsumer,
}

impl Broker {
    /// All groups, and how many members each has.
    #[must_use]
    pub fn groups(&self) -> BTreeMap<String, usize> {
        // A client that has no connection yet waits a second before it looks again.
        let _ = self.metadata();
        // With the cluster's first group come its coordinators, which read for a moment before they answer.
        let list = crate::cluster::eventually("the groups", PATIENCE.as_secs(), || {
            self.asking.fetch_group_list(None, PATIENCE).map_err(|error| error.to_string())
        });
        list.groups().iter().map(|group| (group.name().to_owned(), group.members().len())).collect()
    }

    /// What a group has committed of a topic, by partition; nothing for those of which it has not.
    #[must_use]
    pub fn offsets(&self, group: &str, topic: &str) -> BTreeMap<i32, i64> {
        let mut list = TopicPartitionList::new();
        for partition in self.each(topic) {
            list.add_partition(topic, partition);
        }
        let committed = self.consumer(group).committed_offsets(list, PATIENCE).expect("offsets");
        let elements = committed.elements();
        let known = elements.iter().filter_map(|one| match one.offset() {
            Offset::Offset(offset) => Some((one.partition(), offset)),
            _ => None,
        });
        known.collect()
    }

    /// Commits as a group without members would.
    ///
    /// # Panics
    /// When the broker refuses it.
    pub fn commit(&self, group: &str, topic: &str, partition: i32, offset: i64) {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(offset)).expect("an offset");
        self.consumer(group).commit(&list, CommitMode::Sync).expect("committed");
    }

    /// A member of a group that reads a topic; it is one when this returns.
    ///
    /// # Panics
    /// When it does not become one.
    #[must_use]
    pub fn member(&self, group: &str, topic: &str) -> Member {
        let consumer = self.consumer(group);
        consumer.subscribe(&[topic]).expect("subscribed");
        self.until(|_| {
            // Messages are not what this is about.
            drop(consumer.poll(Duration::from_millis(50)));
            consumer.assignment().is_ok_and(|assigned| assigned.count() > 0)
        });
        Member { consumer }
    }

    /// No group of this name; one that has members stays.
    pub fn delete_group(&self, group: &str) {
        // A test may have just deleted it.
        let _ = now(self.admin.delete_groups(&[group], &options()));
    }
}

impl Member {
    /// Goes on as one: nobody that is silent remains a member.
    pub fn poll(&self) {
        drop(self.consumer.poll(Duration::from_millis(1)));
    }
}
