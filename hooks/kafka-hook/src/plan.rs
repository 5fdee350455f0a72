//! What must happen to a topic or a group. Pure.

use provision::{
    change::{Change, Difference, NONE},
    config::kafka::{Group, Topic, Want},
};

use crate::{Have, What, groups, topics};

/// The field of a topic that its growth changes.
pub(crate) const PARTITIONS: &str = "partitions";

/// What stands for a config that is not set on the topic.
const DEFAULT: &str = "default";

pub(crate) fn change(want: &Want, have: Option<&Have>) -> Change {
    match (want, have.map(|have| &have.what)) {
        (Want::Topic(topic), None) => Change::Create(fields(topic)),
        (Want::Topic(topic), Some(What::Topic(there))) => match there {
            Some(there) => topic_change(topic, there),
            // Its mark is there already, so this is no creation to the engine.
            None => Change::Update([vec![Difference::new("topic", NONE, "there")], fields(topic)].concat()),
        },
        (Want::Group(group), None) => Change::Create(starts(group)),
        (Want::Group(group), Some(What::Group(there))) => Change::of(missing(group, there)),
        (Want::Topic(_), Some(What::Group(_))) | (Want::Group(_), Some(What::Topic(_))) => Change::Keep,
    }
}

/// To how many partitions a topic has to grow.
pub(crate) fn grown(want: &Topic, there: &topics::There) -> Option<i32> {
    want.partitions.or(want.at_least).filter(|count| *count > there.partitions)
}

/// The configs that are not as they should be, each with what it should be.
pub(crate) fn drifted<'w>(
    want: &'w Topic,
    there: &topics::There,
) -> impl Iterator<Item = (&'w str, Option<&'w str>)> {
    want.config.iter().map(|(name, value)| (name.as_str(), value.as_deref())).filter(|(name, value)| {
        match (value, there.entry(name)) {
            (Some(value), Some(entry)) => !same(value, &entry.value),
            (Some(_), None) => true,
            (None, entry) => entry.is_some_and(|entry| entry.own),
        }
    })
}

fn topic_change(want: &Topic, there: &topics::There) -> Change {
    let topics::There { partitions, replicas, led, config: _, refusal } = there;
    if let Some(said) = want.partitions.filter(|said| said < partitions) {
        return Change::Refuse(format!(
            "it has {partitions} partitions, and the file says {said}: Kafka takes none away; say {partitions}, or \
             delete the topic first"
        ));
    }
    if let Some(said) = want.replicas.filter(|said| replicas.iter().any(|count| count != said)) {
        let have: Vec<String> = replicas.iter().map(ToString::to_string).collect();
        return Change::Refuse(format!(
            "its replication factor is {}, and the file says {said}: it stays what the topic was made with, unless \
             an administrator moves its partitions",
            have.join(" and ")
        ));
    }
    if let Some(reason) = refusal {
        return Change::Refuse(reason.clone());
    }
    let mut differences = Vec::new();
    if let Some(count) = grown(want, there) {
        differences.push(Difference::new(PARTITIONS, partitions.to_string(), count.to_string()));
    }
    differences.extend(drifted(want, there).map(|(name, value)| {
        let from = there.entry(name).map_or(NONE, |entry| entry.value.as_str());
        Difference::new(name, from, value.unwrap_or(DEFAULT))
    }));
    if led < partitions {
        differences.push(Difference::new(
            "leaders",
            format!("{led} of {partitions}"),
            partitions.to_string(),
        ));
    }
    Change::of(differences)
}

/// What a topic is made with.
fn fields(want: &Topic) -> Vec<Difference> {
    let count = |name, count: Option<i32>| count.map(|count| Difference::new(name, NONE, count.to_string()));
    let config =
        want.config.iter().filter_map(|(name, value)| Some(Difference::new(name, NONE, value.as_ref()?)));
    let partitions = count(PARTITIONS, want.partitions.or(want.at_least));
    partitions.into_iter().chain(count("replicationFactor", want.replicas)).chain(config).collect()
}

fn starts(want: &Group) -> Vec<Difference> {
    want.offsets
        .iter()
        .map(|offsets| Difference::new(field(&offsets.topic), NONE, offsets.from.to_string()))
        .collect()
}

/// Where somebody consumes already, the offsets are whoever's that is.
fn missing(want: &Group, there: &groups::There) -> Vec<Difference> {
    if there.members > 0 {
        return Vec::new();
    }
    want.offsets
        .iter()
        .zip(&there.offsets)
        .filter(|(_, progress)| !progress.is_whole())
        .map(|(offsets, progress)| {
            let from = match progress.set {
                0 => NONE.to_owned(),
                set => format!("in {set} of {} partitions", progress.of),
            };
            Difference::new(field(&offsets.topic), from, offsets.from.to_string())
        })
        .collect()
}

fn field(topic: &str) -> String {
    format!("offsets of {topic}")
}

/// What people should know of a thing that is as it should be.
pub(crate) fn warnings(want: &Want, have: &Have) -> Vec<String> {
    let (Want::Group(group), What::Group(there)) = (want, &have.what) else { return Vec::new() };
    let unset = group.offsets.iter().zip(&there.offsets).filter(|(_, progress)| !progress.is_whole());
    unset
        .map(|(offsets, progress)| {
            format!(
                "the group has members ({}), so its offsets of {} are theirs to set: {} of {} partitions have one",
                there.members, offsets.topic, progress.set, progress.of
            )
        })
        .collect()
}

/// Whether two values of a config mean the same: numbers, flags and lists can be written in several ways.
fn same(one: &str, other: &str) -> bool {
    fn both<T: std::str::FromStr + PartialEq>(one: &str, other: &str) -> Option<bool> {
        Some(one.parse::<T>().ok()? == other.parse::<T>().ok()?)
    }
    let (one, other) = (one.trim(), other.trim());
    let list = |text: &str| {
        let mut items: Vec<String> = text.split(',').map(|item| item.trim().to_owned()).collect();
        items.sort_unstable();
        items
    };
    one == other
        || both::<i128>(one, other)
            .or_else(|| both::<f64>(one, other))
            .or_else(|| both::<bool>(&one.to_lowercase(), &other.to_lowercase()))
            .unwrap_or_else(|| list(one) == list(other))
}
