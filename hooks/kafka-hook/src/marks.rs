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
    marks::{Edit, Tags, whose},
};
use rdkafka::{
    consumer::Consumer, error::RDKafkaErrorCode as Code, metadata::MetadataTopic, producer::FutureRecord,
    util::Timeout,
};

use crate::{
    native::{NewTopic, create_topic, describe_topic},
    session::{Clients, REQUEST, Session},
};

mod fold;
mod log;

use fold::Fold;
use log::{Log, PARTITION};

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

    /// All that has a mark, with its name and that.
    pub(crate) async fn all(&self, session: &Session) -> Result<Vec<(Kind, String, Tags)>, Error> {
        self.catch_up(session).await?;
        let kinds = [Kind::Topic, Kind::Group];
        let of = |key: &str| {
            kinds.iter().find_map(|kind| Some((*kind, key.strip_prefix(kind.head())?.to_owned())))
        };
        let known = self.known();
        Ok(known
            .all()
            .filter_map(|(key, tags)| of(key).map(|(kind, name)| (kind, name, tags.clone())))
            .collect())
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
            Some(there) if whose(&there) == whose(&mark) => Ok(()),
            Some(first) => {
                // Compaction keeps the last claim, so that is to be the one that holds.
                write(session, &key, Some(&first)).await?;
                let owner = first.get(words::OWNER).map_or("of somebody", String::as_str);
                Err(Error::refused(format!("release {owner} has just taken it")))
            }
            None => Err(Error::unreachable("its mark was taken away at once: somebody deletes it")),
        }
    }

    /// The mark of a thing as it was read or claimed last.
    pub(crate) fn last(&self, kind: Kind, name: &str) -> Tags {
        self.known().of(&kind.key(name)).cloned().unwrap_or_default()
    }

    /// Writes the mark again of a thing that is there, if it has gone meanwhile: somebody else's run for the same copy
    /// has deleted it while this one made it.
    pub(crate) async fn keep(
        &self,
        session: &Session,
        kind: Kind,
        name: &str,
        mark: &Tags,
    ) -> Result<(), Error> {
        if self.of(session, kind, name).await?.is_empty() && !mark.is_empty() {
            write(session, &kind.key(name), Some(mark)).await?;
        }
        Ok(())
    }

    /// Takes a mark away, unless somebody else has the name since it was seen.
    pub(crate) async fn lift(
        &self,
        session: &Session,
        kind: Kind,
        name: &str,
        seen: &Tags,
    ) -> Result<(), Error> {
        let key = kind.key(name);
        self.catch_up(session).await?;
        if self.known().of(&key).is_none_or(|there| whose(there) != whose(seen)) {
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
    let partitions = metadata.topics().first().map(MetadataTopic::partitions);
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
