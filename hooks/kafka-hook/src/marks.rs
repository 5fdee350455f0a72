//! The marks: what a topic or a group has no place for itself, in one compacted topic for all copies.
//!
//! Under `topic/NAME` or `group/NAME` stands whose it is, as JSON. A mark is written before what it speaks of is
//! made, and taken away after that has gone; before every decision the topic is read to its end. Of two who claim
//! one thing the first has it: the second one's claim is void wherever it is read, and is written over.

use std::{
    cell::Cell,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use feature::words;
use provision::{
    error::Error,
    marks::{Edit, Tags},
};
use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, RDKafkaErrorCode as Code},
    producer::FutureRecord,
    util::Timeout,
};

use crate::{
    error::{Ear, code},
    native::{NewTopic, create_topic, describe_topic},
    session::{Clients, REQUEST, Session},
};

mod fold;

use fold::Fold;

/// What is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Topic,
    Group,
}

/// The marks of a cluster, as far as they have been read.
pub(crate) struct Marks {
    replicas: Option<i32>,
    known: Arc<Mutex<Fold>>,
    /// Whether their topic was there when they were read.
    there: Arc<AtomicBool>,
    log: Arc<Mutex<Log>>,
    /// How many times reading has begun, and the last time that it came to the end.
    begun: Cell<u64>,
    ended: tokio::sync::Mutex<u64>,
}

/// The topic and how far it has been read.
#[derive(Default)]
struct Log {
    reader: Option<BaseConsumer<Ear>>,
    next: i64,
}

impl Kind {
    /// The head of the keys.
    fn head(self) -> &'static str {
        match self {
            Self::Topic => "topic/",
            Self::Group => "group/",
        }
    }

    pub(crate) fn key(self, name: &str) -> String {
        format!("{}{name}", self.head())
    }
}

impl Marks {
    /// The marks of a cluster, of which nothing has been read; `replicas` is on how many brokers they are.
    pub(crate) fn new(replicas: Option<i32>) -> Self {
        Self {
            replicas,
            known: Arc::default(),
            there: Arc::default(),
            log: Arc::default(),
            begun: Cell::default(),
            ended: tokio::sync::Mutex::new(0),
        }
    }

    /// The mark of a thing as it is now; none where it has none.
    pub(crate) async fn of(&self, session: &Session, kind: Kind, name: &str) -> Result<Tags, Error> {
        self.catch_up(session).await?;
        Ok(self.known().of(&kind.key(name)).cloned().unwrap_or_default())
    }

    /// The names of all that is one owner's and one feature's.
    pub(crate) async fn all_of(
        &self,
        session: &Session,
        kind: Kind,
        owner: &str,
        feature: &str,
    ) -> Result<Vec<String>, Error> {
        self.catch_up(session).await?;
        let known = self.known();
        let is = |tags: &Tags, key: &str, value: &str| tags.get(key).is_some_and(|have| have == value);
        let theirs = known
            .all()
            .filter(|(_, tags)| is(tags, words::OWNER, owner) && is(tags, words::FEATURE, feature));
        Ok(theirs.filter_map(|(key, _)| key.strip_prefix(kind.head())).map(str::to_owned).collect())
    }

    /// Makes sure that what is written will stay, and reads all of it.
    pub(crate) async fn are_kept(&self, session: &Session) -> Result<(), Error> {
        self.catch_up(session).await?;
        if !self.are_there() {
            return Ok(());
        }
        let described = session.wait(|clients| {
            let described = describe_topic(clients.asking.client(), words::MARKS_TOPIC, REQUEST);
            described.map_err(|no| clients.no("DescribeConfigs of the marks", no))
        });
        let policy = described.await?.into_iter().find(|entry| entry.name == "cleanup.policy");
        let policy = policy.map(|entry| entry.value);
        match policy.as_deref() {
            Some("compact") | None => Ok(()),
            Some(other) => Err(Error::refused(format!(
                "the topic {} has cleanup.policy {other}, and the marks in it would be lost: set it to compact",
                words::MARKS_TOPIC
            ))),
        }
    }

    /// Whether there could be marks; the broker's reason where not.
    pub(crate) async fn possible(&self, session: &Session) -> Result<(), Error> {
        self.catch_up(session).await?;
        if self.are_there() {
            return Ok(());
        }
        let replicas = self.replicas;
        session.wait(move |clients| make(clients, replicas, true)).await
    }

    /// Writes a mark, and makes sure that nobody else's was there before it.
    pub(crate) async fn claim(
        &self,
        session: &Session,
        kind: Kind,
        name: &str,
        edit: &Edit,
    ) -> Result<(), Error> {
        if !self.are_there() {
            let replicas = self.replicas;
            session.wait(move |clients| make(clients, replicas, false)).await?;
        }
        let key = kind.key(name);
        let mut mark = self.known().of(&key).cloned().unwrap_or_default();
        for gone in &edit.remove {
            mark.remove(gone);
        }
        mark.extend(edit.set.clone());
        // Only some of it was to be changed, and the rest has gone.
        if !mark.contains_key(words::OWNER) {
            return Err(Error::unreachable("its mark was taken away at once: somebody deletes it"));
        }
        write(session, &key, Some(&mark)).await?;
        self.catch_up(session).await?;
        let there = self.known().of(&key).cloned();
        match there {
            Some(there) if fold::same_side(&there, &mark) => Ok(()),
            Some(first) => {
                // Compaction keeps the last claim, so that is to be the one that holds.
                write(session, &key, Some(&first)).await?;
                let owner = first.get(words::OWNER).map_or("of somebody", String::as_str);
                Err(Error::refused(format!("release {owner} has just taken it")))
            }
            None => Err(Error::unreachable("its mark was taken away at once: somebody deletes it")),
        }
    }

    /// Takes a mark away.
    pub(crate) async fn lift(&self, session: &Session, kind: Kind, name: &str) -> Result<(), Error> {
        let key = kind.key(name);
        self.catch_up(session).await?;
        if self.known().of(&key).is_none() {
            return Ok(());
        }
        write(session, &key, None).await
    }

    /// Reads to the end as it is now: what others have begun to read before does not count.
    async fn catch_up(&self, session: &Session) -> Result<(), Error> {
        let asked = self.begun.get();
        let mut ended = self.ended.lock().await;
        if *ended > asked {
            return Ok(());
        }
        let this = self.begun.get() + 1;
        self.begun.set(this);
        let (log, known, there) = (Arc::clone(&self.log), Arc::clone(&self.known), Arc::clone(&self.there));
        session
            .wait(move |clients| {
                // Whoever was told to stop may still be reading.
                let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
                log.catch_up(clients, &known, &there)
            })
            .await?;
        *ended = this;
        Ok(())
    }

    fn are_there(&self) -> bool {
        self.there.load(Ordering::Relaxed)
    }

    fn known(&self) -> MutexGuard<'_, Fold> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    fn catch_up(&mut self, clients: &Clients, known: &Mutex<Fold>, there: &AtomicBool) -> Result<(), Error> {
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

    /// What is written from one offset on and before another: a key, and the text that is its value.
    fn read(
        &mut self,
        clients: &Clients,
        from: i64,
        end: i64,
    ) -> Result<Vec<(String, Option<String>)>, Error> {
        let reader = match self.reader.take() {
            Some(reader) => reader,
            None => clients.reader()?,
        };
        let reader = self.reader.insert(reader);
        let failed = |error: &KafkaError| clients.failed("read the marks", error);
        let mut place = TopicPartitionList::new();
        place
            .add_partition_offset(words::MARKS_TOPIC, PARTITION, Offset::Offset(from))
            .map_err(|e| failed(&e))?;
        reader.assign(&place).map_err(|error| failed(&error))?;
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
                        break;
                    }
                }
                // Where the last ones have been compacted away.
                Some(Err(KafkaError::PartitionEOF(_))) => break,
                Some(Err(error)) if code(&error).is_some_and(|code| !PASSING.contains(&code)) => {
                    return Err(failed(&error));
                }
                Some(Err(_)) | None if heard.elapsed() < REQUEST => {}
                Some(Err(_)) | None => return Err(failed(&KafkaError::Global(Code::OperationTimedOut))),
            }
        }
        reader.unassign().map_err(|error| failed(&error))?;
        Ok(claims)
    }
}

/// The only partition of the topic that has marks: their order is what says whose was first.
const PARTITION: i32 = 0;

/// Codes that mean that there is no such topic.
pub(crate) const ABSENT: [Code; 3] =
    [Code::UnknownTopicOrPartition, Code::UnknownTopic, Code::UnknownPartition];

/// What a reader may meet on its way: it goes on by itself, or else nothing comes of it in time.
const PASSING: [Code; 9] = [
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
    match topic.and_then(rdkafka::metadata::MetadataTopic::error).map(Code::from) {
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

/// Makes the marks' topic and waits until it can be written, or where it is `dry` asks only whether it could be.
fn make(clients: &Clients, replicas: Option<i32>, dry: bool) -> Result<(), Error> {
    let act = format!("make the topic {} for the marks", words::MARKS_TOPIC);
    let config = vec![("cleanup.policy", "compact")];
    let topic = NewTopic { name: words::MARKS_TOPIC, partitions: Some(1), replicas, config };
    match create_topic(clients.asking.client(), &topic, dry, REQUEST) {
        Ok(()) => {}
        Err(no) if no.code == Code::TopicAlreadyExists => {}
        Err(no) => return Err(clients.no(&act, no)),
    }
    let began = Instant::now();
    while !dry && !is_led(clients)? {
        if began.elapsed() > REQUEST {
            return Err(Error::unreachable(format!("{act}: it has no leader yet")));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn is_led(clients: &Clients) -> Result<bool, Error> {
    let metadata = clients.metadata(words::MARKS_TOPIC)?;
    let partitions = metadata.topics().first().map(rdkafka::metadata::MetadataTopic::partitions);
    Ok(partitions.and_then(<[_]>::first).is_some_and(|partition| partition.leader() >= 0))
}

async fn write(session: &Session, key: &str, mark: Option<&Tags>) -> Result<(), Error> {
    let clients = session.clients();
    let writer = clients.writer()?;
    let value = mark.map(fold::written);
    let mut record = FutureRecord::<str, str>::to(words::MARKS_TOPIC).partition(PARTITION).key(key);
    record.payload = value.as_deref();
    let sent = writer.send(record, Timeout::After(REQUEST)).await;
    sent.map(drop).map_err(|(error, _)| clients.failed("write the mark", &error))
}
