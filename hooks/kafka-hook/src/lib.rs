//! Gives a copy its own Kafka topics and consumer groups.
//!
//! Knows Kafka and nothing else: what the file may say is in [`provision::config::kafka`], when and how often
//! something is done is the engine's. Never produces to a topic of anybody's but the marks, and joins no group.

use std::{cell::Cell, time::Duration};

use provision::{
    Listed, Provider,
    change::Change,
    config::{
        FeatureResources, Mark, Place, Scope,
        kafka::{Group, Kafka, MAX_NAME, Topic, Value, Want},
    },
    error::Error,
    marks::{Edit, Tags},
    outputs::{Hidden, Output},
};

mod error;
mod groups;
mod marks;
mod native;
mod plan;
mod session;
mod topics;

use marks::{Kind, Marks};
use session::Session;

/// The topics and groups of one cluster.
pub struct Broker {
    session: Session,
    marks: Marks,
    section: Kafka,
    /// Where it is, for people.
    place: String,
    /// Whether it is known that marks can be written.
    possible: Cell<bool>,
}

/// A topic or a group as the cluster has it: its mark, itself, or both.
pub struct Have {
    tags: Tags,
    what: What,
}

enum What {
    /// None where only its mark is there.
    Topic(Option<topics::There>),
    Group(groups::There),
}

impl Provider for Broker {
    const SECTION: &'static str = "kafka";

    type Section = Kafka;
    type Want = Want;
    type Have = Have;

    fn section(config: &FeatureResources) -> Option<&Kafka> {
        config.kafka.as_ref()
    }

    fn wants(section: &Kafka) -> &[Want] {
        &section.wants
    }

    fn prunes(section: &Kafka) -> bool {
        section.prune
    }

    fn written(want: &Want) -> &str {
        want.written()
    }

    /// A group starts in topics, which may be of the file.
    fn needs(want: &Want) -> Vec<&str> {
        match want {
            Want::Topic(_) => Vec::new(),
            Want::Group(group) => group.offsets.iter().map(|offsets| offsets.topic.as_str()).collect(),
        }
    }

    fn endpoint(section: &Kafka) -> String {
        section.brokers.to_string()
    }

    async fn connect(section: &Kafka) -> Result<Self, Error> {
        let session = Session::open(section).await?;
        let marks = Marks::new(section.marks_replicas);
        marks.are_kept(&session).await?;
        Ok(Self {
            session,
            marks,
            section: section.clone(),
            place: Self::endpoint(section),
            possible: Cell::default(),
        })
    }

    /// Groups first: they consume from the topics.
    async fn strays(&self, section: &Kafka, mark: &Mark) -> Result<Vec<Want>, Error> {
        let Scope::Copy { feature, .. } = &mark.scope else { return Ok(Vec::new()) };
        let (owner, feature) = (mark.owner.to_string(), feature.as_str());
        let left = |names: Vec<String>, wanted: Vec<&str>| {
            let wanted = |name: &String| wanted.contains(&name.as_str());
            let ours = |name: &String| mark.scope.may_have_named(name, MAX_NAME);
            names.into_iter().filter(move |name| ours(name) && !wanted(name)).collect::<Vec<_>>()
        };
        let groups = self.marks.all_of(&self.session, Kind::Group, &owner, feature).await?;
        let topics = self.marks.all_of(&self.session, Kind::Topic, &owner, feature).await?;
        let wanted = |kind: Kind| {
            let all = section.wants.iter();
            all.filter(|want| matches!(want, Want::Topic(_)) == (kind == Kind::Topic))
                .map(Want::name)
                .collect()
        };
        let groups =
            left(groups, wanted(Kind::Group)).into_iter().map(|name| Want::Group(Group::named(&name)));
        let topics =
            left(topics, wanted(Kind::Topic)).into_iter().map(|name| Want::Topic(Topic::named(&name)));
        Ok(groups.chain(topics).collect())
    }

    /// The marks say all: also that of a thing which has gone, so that a delete can take it away.
    async fn listed(&self, _: &Kafka, _: &Mark) -> Result<Vec<Listed>, Error> {
        let named = |(kind, name, tags): (Kind, String, Tags)| {
            let want = match kind {
                Kind::Topic => Want::Topic(Topic::named(&name)),
                Kind::Group => Want::Group(Group::named(&name)),
            };
            Listed { name: want.to_string(), tags: Some(tags) }
        };
        Ok(self.marks.all(&self.session).await?.into_iter().map(named).collect())
    }

    /// Whoever still consumes stops once what is deployed next has taken its place.
    fn held(have: &Have) -> Option<String> {
        match &have.what {
            What::Group(there) if there.members > 0 => Some(format!(
                "it has {}: the next apply deletes it once nobody consumes as it",
                groups::counted(there.members)
            )),
            _ => None,
        }
    }

    async fn resolve(&self, want: &Want) -> Result<Want, Error> {
        match want {
            Want::Topic(topic) => self.complete(topic).await.map(Want::Topic),
            Want::Group(group) => self.can_start(group).await.map(|()| want.clone()),
        }
    }

    async fn observe(&self, want: &Want) -> Result<Option<Have>, Error> {
        let (tags, what, there) = match want {
            Want::Topic(topic) => {
                let (tags, topic) = self.topic(topic).await?;
                let there = topic.is_some();
                (tags, What::Topic(topic), there)
            }
            Want::Group(group) => {
                let (tags, group) = self.group(group).await?;
                let there = group.known;
                (tags, What::Group(group), there)
            }
        };
        Ok((there || !tags.is_empty()).then_some(Have { tags, what }))
    }

    fn keeps(_: &Want) -> Option<&Place> {
        None
    }

    fn remember(want: Want, _: Option<&Have>, _: Option<Hidden>) -> Want {
        want
    }

    fn tags(have: &Have) -> Option<&Tags> {
        Some(&have.tags)
    }

    fn touches(_: &Have) -> Vec<(String, &Tags)> {
        Vec::new()
    }

    fn adopts(want: &Want) -> bool {
        want.adopt()
    }

    fn plan(want: &Want, have: Option<&Have>) -> Change {
        plan::change(want, have)
    }

    async fn apply(&self, want: &Want, change: &Change, marks: &Edit) -> Result<(), Error> {
        match (want, change) {
            (_, Change::Keep | Change::Delete | Change::Refuse(_)) => Ok(()),
            (Want::Topic(topic), Change::Create(_) | Change::Update(_)) => {
                self.set_topic(topic, change, marks).await
            }
            (Want::Group(group), Change::Create(_) | Change::Update(_)) => self.set_group(group, marks).await,
        }
    }

    /// Brokers tell each other of a new topic, and choose its leaders.
    fn settles(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn warnings(want: &Want, have: &Have) -> Vec<String> {
        plan::warnings(want, have)
    }

    async fn delete(&self, want: &Want, have: &Have) -> Result<(), Error> {
        match want {
            Want::Topic(topic) => self.remove_topic(&topic.name, &have.tags).await,
            Want::Group(group) => self.remove_group(&group.name, &have.tags).await,
        }
    }

    fn outputs(want: &Want, have: Option<&Have>) -> Vec<Output> {
        let there = have.is_some_and(|have| !matches!(have.what, What::Topic(None)));
        let value = |value| match value {
            Value::Name => want.name().to_owned(),
        };
        want.outputs()
            .iter()
            .map(|output| Output {
                place: output.place.clone(),
                value: there.then(|| value(output.value).into()),
            })
            .collect()
    }
}

impl Broker {
    /// Makes sure, once, that marks can be written: without them nothing is made.
    async fn possible(&self) -> Result<(), Error> {
        if !self.possible.get() {
            self.marks.possible(&self.session).await?;
            self.possible.set(true);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
