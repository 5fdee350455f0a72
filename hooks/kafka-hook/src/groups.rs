//! Consumer groups: looked at, given their first offsets, deleted.
//!
//! A group is there once somebody is in it or has an offset; before that its mark alone says whose name it is.
//! What is there is never moved: an offset is written only where there is none, and never into a group of which
//! somebody is a member.

use std::time::{Duration, SystemTime};

use provision::{
    config::kafka::{Group, Offsets, Start, Want},
    error::Error,
    marks::{Edit, Tags},
};
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{CommitMode, Consumer},
    error::{KafkaError, RDKafkaErrorCode as Code},
};

use crate::{
    Broker,
    error::code,
    marks::Kind,
    native::{GroupShape, describe_group},
    session::{Clients, REQUEST, options},
    topics::shape,
};

/// A group as the cluster reports it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct There {
    /// Whether there is more of it than its mark.
    pub(crate) known: bool,
    pub(crate) members: usize,
    /// How far the wanted offsets are there, in their order.
    pub(crate) offsets: Vec<Progress>,
}

/// In how many partitions of a topic a group has an offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) set: usize,
    /// None where there is no such topic.
    pub(crate) of: usize,
}

impl Progress {
    pub(crate) fn is_whole(self) -> bool {
        self.of > 0 && self.set == self.of
    }
}

impl Broker {
    /// A group as it is now, with its mark.
    pub(crate) async fn group(&self, want: &Group) -> Result<(Tags, There), Error> {
        let tags = self.marks.of(&self.session, Kind::Group, &want.name).await?;
        let want = want.clone();
        let there = self.session.wait(move |clients| there(clients, &want)).await?;
        Ok((tags, there))
    }

    /// Makes sure that all topics are there in which the group starts.
    pub(crate) async fn can_start(&self, want: &Group) -> Result<(), Error> {
        self.possible().await?;
        let made = |name: &str| {
            self.section.wants.iter().any(|want| matches!(want, Want::Topic(topic) if topic.name == name))
        };
        let topics = want.offsets.iter().map(|offsets| offsets.topic.clone()).filter(|name| !made(name));
        for topic in topics.collect::<Vec<_>>() {
            let name = topic.clone();
            if self.session.wait(move |clients| shape(clients, &name)).await?.is_none() {
                return Err(Error::refused(format!(
                    "offsets: there is no topic {topic:?} at {}: a topic has to be there for a group to start in it",
                    self.place
                )));
            }
        }
        Ok(())
    }

    /// Writes the mark, then the offsets that are missing.
    pub(crate) async fn set_group(&self, want: &Group, marks: &Edit) -> Result<(), Error> {
        if !marks.is_empty() {
            self.marks.claim(&self.session, Kind::Group, &want.name, marks).await?;
        }
        if want.offsets.is_empty() {
            return Ok(());
        }
        let (mark, group) = (self.marks.last(Kind::Group, &want.name), want.clone());
        self.session.wait(move |clients| start(clients, &group)).await?;
        self.marks.keep(&self.session, Kind::Group, &want.name, &mark).await
    }

    /// Deletes the group, then takes its mark away.
    pub(crate) async fn remove_group(&self, name: &str, seen: &Tags) -> Result<(), Error> {
        let clients = self.session.clients();
        let deleted = clients.admin()?.delete_groups(&[name], &options()).await;
        match deleted.map_err(|error| clients.failed("DeleteGroups", &error))?.into_iter().next() {
            Some(Err((_, Code::NonEmptyGroup))) => {
                let name = name.to_owned();
                let shape = self.session.wait(move |clients| describe(clients, &name)).await?;
                let members = counted(shape.members);
                return Err(Error::unreachable(format!(
                    "the group has {members}: stop whoever consumes as it"
                )));
            }
            Some(Err((_, code))) if code != Code::GroupIdNotFound => {
                return Err(clients.failed("DeleteGroups", &KafkaError::AdminOp(code)));
            }
            _ => {}
        }
        self.marks.lift(&self.session, Kind::Group, name, seen).await?;
        // Whoever makes it at the same time has seen the mark that is gone now.
        let group = name.to_owned();
        if self.session.wait(move |clients| describe(clients, &group)).await?.known {
            self.marks.keep(&self.session, Kind::Group, name, seen).await?;
        }
        Ok(())
    }
}

fn there(clients: &Clients, want: &Group) -> Result<There, Error> {
    let GroupShape { known, members } = describe(clients, &want.name)?;
    let offsets = missing(clients, want)?.into_iter().map(|(progress, _)| progress);
    Ok(There { known, members, offsets: offsets.collect() })
}

fn describe(clients: &Clients, name: &str) -> Result<GroupShape, Error> {
    match describe_group(clients.asking.client(), name, REQUEST) {
        Ok(shape) => Ok(shape),
        Err(no) if no.code == Code::GroupIdNotFound => Ok(GroupShape { known: false, members: 0 }),
        Err(no) => Err(clients.no("DescribeGroups", no)),
    }
}

/// How far the wanted offsets are there, and the partitions that have none, for each topic.
fn missing(clients: &Clients, want: &Group) -> Result<Vec<(Progress, Vec<i32>)>, Error> {
    if want.offsets.is_empty() {
        return Ok(Vec::new());
    }
    let consumer = clients.for_group(&want.name)?;
    let mut missing = Vec::new();
    for Offsets { topic, .. } in &want.offsets {
        let of = shape(clients, topic)?.map_or(0, |there| there.partitions);
        let mut asked = TopicPartitionList::new();
        for partition in 0..of {
            asked.add_partition(topic, partition);
        }
        let mut none = Vec::new();
        if of > 0 {
            let told = consumer.committed_offsets(asked, REQUEST);
            let told = told.map_err(|error| clients.failed("OffsetFetch", &error))?;
            let unset = told.elements().into_iter().filter(|element| element.offset() == Offset::Invalid);
            none.extend(unset.map(|element| element.partition()));
        }
        let of = usize::try_from(of).unwrap_or_default();
        missing.push((Progress { set: of - none.len(), of }, none));
    }
    Ok(missing)
}

/// Gives the group its offsets where it has none.
fn start(clients: &Clients, want: &Group) -> Result<(), Error> {
    let mut offsets = TopicPartitionList::new();
    for (Offsets { topic, from }, (_, partitions)) in want.offsets.iter().zip(missing(clients, want)?) {
        for (partition, offset) in first(clients, topic, from, &partitions)? {
            let added = offsets.add_partition_offset(topic, partition, Offset::Offset(offset));
            added.map_err(|error| clients.failed("OffsetCommit", &error))?;
        }
    }
    if offsets.count() == 0 {
        return Ok(());
    }
    match clients.for_group(&want.name)?.commit(&offsets, CommitMode::Sync) {
        Ok(()) => Ok(()),
        Err(error) if code(&error).is_some_and(|code| IN_USE.contains(&code)) => {
            // Whoever has just begun to consume has offsets of its own, which the engine sees when it looks again.
            match describe(clients, &want.name)?.members {
                0 => Err(Error::refused(
                    "the group has members, and only they can set its offsets: stop them, or leave offsets out",
                )),
                _ => Ok(()),
            }
        }
        Err(error) => Err(clients.failed("OffsetCommit", &error)),
    }
}

/// Codes that mean that a group's offsets are its members' to set.
const IN_USE: [Code; 5] = [
    Code::UnknownMemberId,
    Code::IllegalGeneration,
    Code::RebalanceInProgress,
    Code::FencedMemberEpoch,
    Code::StaleMemberEpoch,
];

/// The offsets at which a group starts in partitions of a topic.
fn first(clients: &Clients, topic: &str, from: &Start, partitions: &[i32]) -> Result<Vec<(i32, i64)>, Error> {
    let ends = |partition: i32| {
        let ends = clients.asking.fetch_watermarks(topic, partition, REQUEST);
        ends.map_err(|error| clients.failed("ListOffsets", &error))
    };
    let each = partitions.iter().copied();
    match from {
        Start::Earliest => each.map(|partition| Ok((partition, ends(partition)?.0))).collect(),
        Start::Latest => each.map(|partition| Ok((partition, ends(partition)?.1))).collect(),
        Start::Ago(_, ago) => {
            let since = since(*ago);
            let mut asked = TopicPartitionList::new();
            for partition in each {
                let added = asked.add_partition_offset(topic, partition, Offset::Offset(since));
                added.map_err(|error| clients.failed("ListOffsets", &error))?;
            }
            let told = clients.asking.offsets_for_times(asked, REQUEST);
            let told = told.map_err(|error| clients.failed("ListOffsets", &error))?;
            told.elements()
                .into_iter()
                .map(|element| match element.offset() {
                    Offset::Offset(offset) => Ok((element.partition(), offset)),
                    // Nothing has come since.
                    _ => Ok((element.partition(), ends(element.partition())?.1)),
                })
                .collect()
        }
    }
}

/// Members in words; whoever was one just now may have left.
pub(crate) fn counted(members: usize) -> String {
    match members {
        0 => "members".to_owned(),
        1 => "a member".to_owned(),
        count => format!("{count} members"),
    }
}

/// So long ago, as Kafka counts time: in milliseconds of unix.
fn since(ago: Duration) -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.saturating_sub(ago).as_millis()).unwrap_or_default()
}
