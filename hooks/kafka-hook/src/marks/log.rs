//! The marks as they are written, one after the other: read from where reading has stopped to the end.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use feature::words;
use provision::error::Error;
use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, RDKafkaErrorCode as Code},
    metadata::MetadataTopic,
};

use super::fold::Fold;
use crate::{
    error::{ABSENT, Ear, code},
    session::{Clients, REQUEST},
};

/// The topic and how far it has been read.
#[derive(Default)]
pub(super) struct Log {
    reader: Option<BaseConsumer<Ear>>,
    next: i64,
}

/// A key, and the text that is its value; none where a mark was taken away.
type Claim = (String, Option<String>);

impl Log {
    /// Reads to the end as it is when this is called; what is known then, and whether there is anything to read.
    pub(super) fn catch_up(
        &mut self,
        clients: &Clients,
        known: &Mutex<Fold>,
        there: &AtomicBool,
    ) -> Result<(), Error> {
        let known = || known.lock().unwrap_or_else(PoisonError::into_inner);
        let end = if there.load(Ordering::Relaxed) || is_there(clients)? { ends(clients)? } else { None };
        there.store(end.is_some(), Ordering::Relaxed);
        let Some((first, end)) = end else {
            self.next = 0;
            *known() = Fold::default();
            return Ok(());
        };
        if end < self.next {
            // Somebody has made the topic anew.
            self.next = 0;
            *known() = Fold::default();
        }
        if end == self.next {
            return Ok(());
        }
        let from = self.next.max(first);
        let claims = self.read(clients, from, end)?;
        let mut known = known();
        for (key, claim) in claims {
            known.add(key, claim);
        }
        self.next = end;
        Ok(())
    }

    /// What is written from one offset on and before another.
    fn read(&mut self, clients: &Clients, from: i64, end: i64) -> Result<Vec<Claim>, Error> {
        let failed = |error: &KafkaError| clients.failed("read the marks", error);
        let mut place = TopicPartitionList::new();
        let added = place.add_partition_offset(words::MARKS_TOPIC, PARTITION, Offset::Offset(from));
        added.map_err(|error| failed(&error))?;
        loop {
            let (reader, is_new) = match self.reader.take() {
                Some(reader) => (reader, false),
                None => (clients.reader()?, true),
            };
            reader.assign(&place).map_err(|error| failed(&error))?;
            let (claims, is_whole) = until(&reader, end).map_err(|error| failed(&error))?;
            reader.unassign().map_err(|error| failed(&error))?;
            if is_whole || is_new {
                self.reader = Some(reader);
                return Ok(claims);
            }
            // An end that was met while reading before may have been told only now: another reader has met none.
        }
    }
}

/// What a reader comes by before an offset, and whether it has come to that: there is an end before it where the
/// last marks have been compacted away.
fn until(reader: &BaseConsumer<Ear>, end: i64) -> Result<(Vec<Claim>, bool), KafkaError> {
    let mut claims = Vec::new();
    let mut heard = Instant::now();
    loop {
        match reader.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => {
                heard = Instant::now();
                if let Some(key) = message.key() {
                    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                    claims.push((text(key), message.payload().map(text)));
                }
                if message.offset() + 1 >= end {
                    return Ok((claims, true));
                }
            }
            Some(Err(KafkaError::PartitionEOF(_))) => return Ok((claims, false)),
            Some(Err(error)) if code(&error).is_some_and(|code| !PASSING.contains(&code)) => {
                return Err(error);
            }
            Some(Err(_)) | None if heard.elapsed() < REQUEST => {}
            Some(Err(_)) | None => return Err(KafkaError::Global(Code::OperationTimedOut)),
        }
    }
}

/// The only partition of the topic that has marks: their order is what says whose was first.
pub(super) const PARTITION: i32 = 0;

/// What a reader may meet on its way: it goes on by itself, or else nothing comes of it in time.
const PASSING: [Code; 14] = [
    Code::UnknownTopicOrPartition,
    Code::UnknownTopic,
    Code::UnknownPartition,
    Code::LeaderNotAvailable,
    Code::NotLeaderForPartition,
    Code::BrokerTransportFailure,
    Code::AllBrokersDown,
    Code::Resolve,
    Code::OperationTimedOut,
    Code::GroupAuthorizationFailed,
    Code::CoordinatorNotAvailable,
    Code::CoordinatorLoadInProgress,
    Code::NotCoordinator,
    Code::SSL,
];

/// Whether the marks' topic is there; it has to be one that keeps them.
fn is_there(clients: &Clients) -> Result<bool, Error> {
    let metadata = clients.metadata(words::MARKS_TOPIC)?;
    let topic = metadata.topics().first();
    match topic.and_then(MetadataTopic::error).map(Code::from) {
        Some(code) if ABSENT.contains(&code) => Ok(false),
        Some(code) => Err(clients.failed("Metadata of the marks", &KafkaError::MetadataFetch(code))),
        None => Ok(topic.is_some_and(|topic| !topic.partitions().is_empty())),
    }
}

/// The offsets of the first mark and behind the last one; none where the topic has gone.
fn ends(clients: &Clients) -> Result<Option<(i64, i64)>, Error> {
    match clients.asking.fetch_watermarks(words::MARKS_TOPIC, PARTITION, REQUEST) {
        Ok(offsets) => Ok(Some(offsets)),
        Err(error) if code(&error).is_some_and(|code| ABSENT.contains(&code)) && !is_there(clients)? => {
            Ok(None)
        }
        Err(error) => Err(clients.failed("ListOffsets of the marks", &error)),
    }
}
