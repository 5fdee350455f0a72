//! Topics: looked at, made, changed and deleted.

use std::time::{Duration, Instant};

use provision::{
    change::Change,
    config::kafka::Topic,
    error::Error,
    marks::{Edit, Tags},
};
use rdkafka::{
    admin::NewPartitions,
    consumer::Consumer,
    error::{KafkaError, RDKafkaErrorCode as Code},
    metadata::MetadataTopic,
};

use crate::{
    Broker,
    error::ABSENT,
    marks::Kind,
    native::{Entry, NewTopic, alter_topic, create_topic, describe_topic},
    plan,
    session::{Clients, REQUEST, options},
};

/// A topic as the cluster reports it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct There {
    pub(crate) partitions: i32,
    /// On how many brokers its partitions are: each number that there is.
    pub(crate) replicas: Vec<i32>,
    /// How many partitions have a leader.
    pub(crate) led: i32,
    pub(crate) config: Vec<Entry>,
    /// Why the broker does not take what is to be changed.
    pub(crate) refusal: Option<String>,
}

impl There {
    /// What is reported of one config.
    pub(crate) fn entry(&self, name: &str) -> Option<&Entry> {
        self.config.iter().find(|entry| entry.name == name)
    }
}

impl Broker {
    /// A topic as it is now, with its mark; `want` says what is to be changed in it.
    pub(crate) async fn topic(&self, want: &Topic) -> Result<(Tags, Option<There>), Error> {
        let tags = self.marks.of(&self.session, Kind::Topic, &want.name).await?;
        let mut there = self.there(&want.name).await?;
        if let Some(there) = &mut there
            && (want.adopt || !tags.is_empty())
        {
            there.refusal = self.refusal(want, there).await?;
        }
        Ok((tags, there))
    }

    /// What the cluster reports of a topic; none where there is none.
    pub(crate) async fn there(&self, name: &str) -> Result<Option<There>, Error> {
        let name = name.to_owned();
        self.session
            .wait(move |clients| {
                let Some(there) = shape(clients, &name)? else { return Ok(None) };
                match describe_topic(clients.asking.client(), &name, REQUEST) {
                    Ok(config) => Ok(Some(There { config, ..there })),
                    // Brokers tell each other of a new topic, and of one that has gone.
                    Err(no) if ABSENT.contains(&no.code) => match shape(clients, &name)? {
                        Some(_) => Err(Error::unreachable("not all brokers know of it yet")),
                        None => Ok(None),
                    },
                    Err(no) => Err(clients.no("DescribeConfigs", no)),
                }
            })
            .await
    }

    /// All but the configs of a topic.
    async fn shape(&self, name: &str) -> Result<Option<There>, Error> {
        let name = name.to_owned();
        self.session.wait(move |clients| shape(clients, &name)).await
    }

    /// Why the cluster would not take what is to be changed in a topic.
    async fn refusal(&self, want: &Topic, there: &There) -> Result<Option<String>, Error> {
        let grown = match plan::grown(want, there) {
            Some(count) => self.grow(&want.name, count, true).await,
            None => Ok(()),
        };
        let drifted =
            plan::drifted(want, there).map(|(name, value)| (name.to_owned(), value.map(str::to_owned)));
        let drifted: Vec<_> = drifted.collect();
        let asked = match grown {
            Ok(()) if !drifted.is_empty() => self.alter(&want.name, drifted, true).await,
            other => other,
        };
        match asked {
            Ok(()) => Ok(None),
            Err(Error::Refused(reason)) => Ok(Some(reason)),
            Err(error) => Err(error),
        }
    }

    /// The topic with what it is cloned from, once it is known that it could be made.
    pub(crate) async fn complete(&self, want: &Topic) -> Result<Topic, Error> {
        let mut want = want.clone();
        if let Some(from) = &want.clone_from {
            let base = self.there(from).await?.ok_or_else(|| {
                Error::refused(format!("cloneFrom: there is no topic {from:?} at {}", self.place))
            })?;
            want.at_least = Some(base.partitions).filter(|_| want.partitions.is_none());
            let own = base.config.into_iter().filter(|entry| entry.own && !is_about_brokers(&entry.name));
            for Entry { name, value, .. } in own {
                want.config.entry(name).or_insert(Some(value));
            }
        }
        if self.shape(&want.name).await?.is_none() {
            self.possible().await?;
            self.create(&want, true).await?;
        }
        Ok(want)
    }

    /// Makes the topic, or what is missing of it, after its mark.
    pub(crate) async fn set_topic(&self, want: &Topic, change: &Change, marks: &Edit) -> Result<(), Error> {
        if !marks.is_empty() {
            self.marks.claim(&self.session, Kind::Topic, &want.name, marks).await?;
        }
        let Some(there) = self.there(&want.name).await? else {
            let mark = self.marks.last(Kind::Topic, &want.name);
            self.create(want, false).await?;
            return self.marks.keep(&self.session, Kind::Topic, &want.name, &mark).await;
        };
        if let Some(count) = plan::grown(want, &there).filter(|_| change.touches(plan::PARTITIONS)) {
            self.grow(&want.name, count, false).await?;
        }
        let drifted = plan::drifted(want, &there).filter(|(name, _)| change.touches(name));
        let drifted: Vec<_> =
            drifted.map(|(name, value)| (name.to_owned(), value.map(str::to_owned))).collect();
        if drifted.is_empty() { Ok(()) } else { self.alter(&want.name, drifted, false).await }
    }

    /// Deletes the topic and waits until it has gone, then takes its mark away.
    pub(crate) async fn remove_topic(&self, name: &str, seen: &Tags) -> Result<(), Error> {
        let clients = self.session.clients();
        let deleted = clients.admin()?.delete_topics(&[name], &options()).await;
        match deleted.map_err(|error| clients.failed("DeleteTopics", &error))?.into_iter().next() {
            Some(Err((_, code))) if !ABSENT.contains(&code) => {
                return Err(clients.failed("DeleteTopics", &KafkaError::AdminOp(code)));
            }
            _ => {}
        }
        let began = Instant::now();
        // Each time it may be another broker that says so.
        let mut gone = 0;
        while gone < 3 {
            gone = if self.shape(name).await?.is_none() { gone + 1 } else { 0 };
            if gone == 0 {
                if began.elapsed() > REQUEST {
                    return Err(Error::unreachable("it is still being deleted"));
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        self.marks.lift(&self.session, Kind::Topic, name, seen).await?;
        // Whoever makes it at the same time has seen the mark that is gone now.
        match self.shape(name).await? {
            Some(_) => self.marks.keep(&self.session, Kind::Topic, name, seen).await,
            None => Ok(()),
        }
    }

    async fn create(&self, want: &Topic, dry: bool) -> Result<(), Error> {
        let want = want.clone();
        self.session
            .wait(move |clients| {
                let config =
                    want.config.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)));
                let topic = NewTopic {
                    name: &want.name,
                    partitions: want.partitions.or(want.at_least),
                    replicas: want.replicas,
                    config: config.collect(),
                };
                match create_topic(clients.asking.client(), &topic, dry, REQUEST) {
                    Ok(()) if dry => Ok(()),
                    Ok(()) => known(clients, &want.name),
                    // Lost a race for the same name: the engine looks again at whose it is now.
                    Err(no)
                        if no.code == Code::TopicAlreadyExists && shape(clients, &want.name)?.is_some() =>
                    {
                        Ok(())
                    }
                    Err(no) if no.code == Code::TopicAlreadyExists => {
                        Err(Error::unreachable("its predecessor is still being deleted"))
                    }
                    Err(no) => Err(clients.no("CreateTopics", no)),
                }
            })
            .await
    }

    async fn grow(&self, name: &str, count: i32, dry: bool) -> Result<(), Error> {
        let clients = self.session.clients();
        let count = usize::try_from(count).unwrap_or_default();
        let asked = [NewPartitions::new(name, count)];
        let grown = clients.admin()?.create_partitions(&asked, &options().validate_only(dry));
        match grown.await.map_err(|error| clients.failed("CreatePartitions", &error))?.into_iter().next() {
            // Somebody else has made them in between.
            Some(Err((_, Code::InvalidPartitions))) if !dry => Ok(()),
            Some(Err((_, code))) => Err(clients.failed("CreatePartitions", &KafkaError::AdminOp(code))),
            _ => Ok(()),
        }
    }

    async fn alter(&self, name: &str, config: Vec<(String, Option<String>)>, dry: bool) -> Result<(), Error> {
        let name = name.to_owned();
        self.session
            .wait(move |clients| {
                let config: Vec<_> =
                    config.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect();
                alter_topic(clients.asking.client(), &name, &config, dry, REQUEST)
                    .map_err(|no| clients.no("IncrementalAlterConfigs", no))
            })
            .await
    }
}

/// Waits until the brokers know of a topic that the controller has made, which takes them a moment.
fn known(clients: &Clients, name: &str) -> Result<(), Error> {
    let began = Instant::now();
    while shape(clients, name)?.is_none() && began.elapsed() < REQUEST {
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// All but the configs of a topic; none where there is none.
pub(crate) fn shape(clients: &Clients, name: &str) -> Result<Option<There>, Error> {
    let metadata = clients.metadata(name)?;
    let Some(topic) = metadata.topics().first() else { return Ok(None) };
    match topic.error().map(Code::from) {
        Some(code) if ABSENT.contains(&code) => return Ok(None),
        // It has just been made.
        Some(Code::LeaderNotAvailable) | None => {}
        Some(code) => return Err(clients.failed("Metadata", &KafkaError::MetadataFetch(code))),
    }
    let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let partitions = MetadataTopic::partitions(topic);
    let mut replicas: Vec<i32> =
        partitions.iter().map(|partition| count(partition.replicas().len())).collect();
    replicas.sort_unstable();
    replicas.dedup();
    let led = partitions.iter().filter(|partition| partition.leader() >= 0).count();
    Ok(Some(There { partitions: count(partitions.len()), replicas, led: count(led), ..There::default() }))
}

/// Whether a config is about single brokers and partitions, and means nothing to another topic.
fn is_about_brokers(name: &str) -> bool {
    name.ends_with(".throttled.replicas")
}
