use feature::words;
use provision::{
    change::{Difference, NONE},
    config,
};

use super::*;
use crate::{groups::Progress, native::Entry, topics::There};

/// The first want of a file that says this of the section.
fn want(says: &str) -> Want {
    let head = format!("apiVersion: {}\nkind: {}", words::API_VERSION, words::FEATURE_RESOURCES);
    let text =
        format!("{head}\nfeature: feat1\nowner: demo/orders\nkafka:\n  bootstrapServers: x:1\n  {says}\n");
    let kafka = config::read("f", &text).expect("legal").kafka.expect("given");
    kafka.wants.into_iter().next().expect("one")
}

fn topic(says: &str) -> Want {
    want(&format!("topics: [{{name: payments{says}}}]"))
}

fn group(says: &str) -> Want {
    want(&format!("consumerGroups: [{{name: checkout{says}}}]"))
}

fn there() -> There {
    let entry = |(name, value, own): (&str, &str, bool)| Entry {
        name: name.to_owned(),
        value: value.to_owned(),
        own,
    };
    let config = [
        ("retention.ms", "604800000", false),
        ("cleanup.policy", "compact,delete", true),
        ("preallocate", "false", false),
        ("min.cleanable.dirty.ratio", "0.5", true),
        ("max.message.bytes", "9223372036854775807", true),
    ];
    let config = config.map(entry).into();
    There { partitions: 3, replicas: vec![1], led: 3, config, refusal: None }
}

fn have(there: Option<There>) -> Have {
    Have { tags: Tags::new(), what: What::Topic(there) }
}

fn update(field: &str, from: &str, to: &str) -> Change {
    Change::Update(vec![Difference::new(field, from, to)])
}

#[test]
fn only_what_the_config_says_of_a_topic_is_compared() {
    let cases = [
        ("", Change::Keep),
        (", partitions: 3, replicationFactor: 1", Change::Keep),
        (", partitions: 5", update("partitions", "3", "5")),
        (", config: {retention.ms: 604800000}", Change::Keep),
        (", config: {retention.ms: 1000}", update("retention.ms", "604800000", "1000")),
        (", config: {retention.ms: null}", Change::Keep),
        (", config: {cleanup.policy: null}", update("cleanup.policy", "compact,delete", "default")),
        (", config: {cleanup.policy: 'delete, compact'}", Change::Keep),
        (", config: {cleanup.policy: delete}", update("cleanup.policy", "compact,delete", "delete")),
        (", config: {preallocate: FALSE}", Change::Keep),
        (", config: {min.cleanable.dirty.ratio: '0.50'}", Change::Keep),
        (
            ", config: {max.message.bytes: 9223372036854775806}",
            update("max.message.bytes", "9223372036854775807", "9223372036854775806"),
        ),
        (", config: {new.config: a}", update("new.config", NONE, "a")),
        (", config: {new.config: null}", Change::Keep),
    ];
    for (says, change) in cases {
        assert_eq!(plan::change(&topic(says), Some(&have(Some(there())))), change, "{says}");
    }
}

#[test]
fn what_kafka_never_changes_is_refused_with_the_reason() {
    let refused = |says: &str, there: There| match plan::change(&topic(says), Some(&have(Some(there)))) {
        Change::Refuse(reason) => reason,
        other => panic!("{says}: {other:?}"),
    };
    assert!(refused(", partitions: 2", there()).starts_with("it has 3 partitions, and the file says 2: "));
    let moved = There { replicas: vec![1, 2], ..there() };
    for there in [there(), moved] {
        assert!(refused(", replicationFactor: 3", there).contains("the file says 3"));
    }
    let unable = There { refusal: Some("InvalidConfig: no".to_owned()), ..there() };
    assert_eq!(refused(", config: {retention.ms: x}", unable), "InvalidConfig: no");
}

#[test]
fn a_clone_has_as_many_partitions_as_its_source_or_more() {
    let Want::Topic(mut topic) = topic(", cloneFrom: payments") else { panic!("a topic") };
    for (at_least, change) in
        [(Some(2), Change::Keep), (Some(3), Change::Keep), (Some(4), update("partitions", "3", "4"))]
    {
        topic.at_least = at_least;
        let want = Want::Topic(topic.clone());
        assert_eq!(plan::change(&want, Some(&have(Some(there())))), change, "{at_least:?}");
    }
}

#[test]
fn a_topic_is_waited_for_until_each_partition_has_a_leader() {
    let young = There { led: 1, ..there() };
    assert_eq!(plan::change(&topic(""), Some(&have(Some(young)))), update("leaders", "1 of 3", "3"));
}

#[test]
fn what_is_not_there_is_planned_with_all_its_fields() {
    let told = |change: Change| match change {
        Change::Create(fields) | Change::Update(fields) => fields.iter().map(ToString::to_string).collect(),
        other => vec![format!("{other:?}")],
    };
    let says = ", partitions: 3, replicationFactor: 1, config: {retention.ms: 1000, cleanup.policy: null}";
    let fields = ["partitions: 3", "replicationFactor: 1", "retention.ms: 1000"];
    let made = plan::change(&topic(says), None);
    assert!(matches!(made, Change::Create(_)));
    assert_eq!(told(made), fields);
    // A mark alone is no topic, and yet not nothing.
    let half = plan::change(&topic(says), Some(&have(None)));
    assert!(matches!(half, Change::Update(_)));
    assert_eq!(told(half), [["topic: there"].as_slice(), &fields].concat());

    let starts = group(", offsets: [{topic: payments, from: latest}, {topic: orders, from: 1h}]");
    let made = plan::change(&starts, None);
    assert!(matches!(made, Change::Create(_)));
    assert_eq!(told(made), ["offsets of payments: latest", "offsets of orders: 1h ago"]);
}

#[test]
fn a_group_gets_offsets_where_it_has_none_and_nobody_is_in_it() {
    let want = group(", offsets: [{topic: payments, from: latest}]");
    let have = |members, set, of| {
        let offsets = vec![Progress { set, of }];
        Have { tags: Tags::new(), what: What::Group(groups::There { known: true, members, offsets }) }
    };
    let cases = [
        (have(0, 3, 3), Change::Keep, 0),
        (have(0, 0, 3), update("offsets of payments", NONE, "latest"), 1),
        (have(0, 2, 3), update("offsets of payments", "in 2 of 3 partitions", "latest"), 1),
        (have(0, 0, 0), update("offsets of payments", NONE, "latest"), 1),
        (have(1, 2, 3), Change::Keep, 1),
        (have(1, 3, 3), Change::Keep, 0),
    ];
    for (have, change, warnings) in cases {
        assert_eq!(plan::change(&want, Some(&have)), change);
        assert_eq!(plan::warnings(&want, &have).len(), warnings, "{change:?}");
    }
    assert_eq!(plan::change(&group(""), Some(&have_nothing())), Change::Keep);
}

fn have_nothing() -> Have {
    Have { tags: Tags::new(), what: What::Group(groups::There::default()) }
}

#[test]
fn a_group_needs_the_topics_that_it_starts_in_and_a_topic_nothing() {
    let group = group(", offsets: [{topic: payments-feat1, from: latest}]");
    assert_eq!(Broker::needs(&group), ["payments-feat1"]);
    assert_eq!(Broker::needs(&topic("")), Vec::<&str>::new());
}

#[test]
fn a_topic_and_a_group_of_one_name_are_two_things() {
    let text = |want: &Want| (want.to_string(), want.written().to_owned());
    assert_eq!(text(&topic("")), ("payments-feat1".to_owned(), "payments".to_owned()));
    assert_eq!(text(&group("")), ("group:checkout-feat1".to_owned(), "checkout".to_owned()));
}

#[test]
fn a_name_is_told_once_its_thing_is_there() {
    let topic = topic(", outputs: [{value: name, configMap: x, key: K}]");
    let told = |have: Option<&Have>| Broker::outputs(&topic, have)[0].value.is_some();
    assert!(!told(None));
    assert!(!told(Some(&have(None))));
    assert!(told(Some(&have(Some(there())))));
    let group = group(", outputs: [{value: name, configMap: x, key: K}]");
    assert!(Broker::outputs(&group, Some(&have_nothing()))[0].value.is_some());
}
