//! Topics as the file asks for them: made, kept, put right, and refused where Kafka cannot change them.

use std::collections::{BTreeMap, BTreeSet};

use acceptance::hook::Hook;

use super::Copy;

#[test]
fn a_topic_is_made_as_the_file_says_and_the_rest_is_the_brokers_to_choose() {
    let copy = Copy::of("kt-made");
    let _swept = copy.broker.swept(copy.feature);
    let file = "  topics:\n    - {name: a, partitions: 3, replicationFactor: 1, config: {retention.ms: 86400000, \
                cleanup.policy: compact}}\n    - {name: b}";
    let plan = Hook::kafka().run("plan", &copy.file(file), &["--exit-code"]).ends_with(3);
    assert_eq!(copy.state(), [""; 0], "{}", plan.said());
    let made = copy.apply(file);
    let said = "create kafka/a-kt-made partitions: 3, replicationFactor: 1, cleanup.policy: compact, \
                retention.ms: 86400000";
    assert_eq!(made.report(), [said, "create kafka/b-kt-made"], "{}", made.said());
    // Every partition has its leader when the hook ends.
    let topics = copy.broker.topics();
    assert_eq!((&*topics["a-kt-made"], &*topics["b-kt-made"]), (&[1, 1, 1][..], &[1][..]));
    let configs = [("cleanup.policy", "compact"), ("retention.ms", "86400000")];
    assert_eq!(copy.broker.configs("a-kt-made"), map(&configs));
    assert_eq!(copy.broker.configs("b-kt-made"), map(&[]));
    assert_eq!(copy.apply(file).report(), ["keep kafka/a-kt-made", "keep kafka/b-kt-made"]);
    assert_eq!(copy.delete(file).report(), ["delete kafka/b-kt-made", "delete kafka/a-kt-made"]);
    assert_eq!(copy.state(), [""; 0]);
}

#[test]
fn partitions_grow_and_never_shrink() {
    let copy = Copy::of("kt-grow");
    let _swept = copy.broker.swept(copy.feature);
    let of = |count: usize| format!("  topics:\n    - {{name: a, partitions: {count}}}");
    copy.apply(&of(2));
    copy.broker.produce("a-kt-grow", 1, "k", Some("v"));
    let grown = copy.apply(&of(4));
    assert_eq!(grown.report(), ["update kafka/a-kt-grow partitions: 2 -> 4"], "{}", grown.said());
    assert_eq!(copy.broker.topics()["a-kt-grow"], [1; 4]);
    copy.keeps(&of(4));
    // What else the file asks for is not made either.
    let ended = copy.refused(&format!("{}\n    - {{name: b}}", of(3)));
    let line = ended.report().into_iter().find(|line| line.starts_with("refuse ")).unwrap_or_default();
    assert!(
        line.starts_with("refuse kafka/a-kt-grow ")
            && line.contains("has 4 partitions")
            && line.contains("says 3"),
        "{}",
        ended.said()
    );
    // Who says nothing has what is there.
    copy.keeps("  topics:\n    - {name: a}");
    // Somebody else may let it grow, and then the file is behind.
    copy.broker.grow("a-kt-grow", 5);
    copy.refused(&of(4));
    assert_eq!(copy.broker.ends("a-kt-grow"), [0, 1, 0, 0, 0]);
}

#[test]
fn a_replication_factor_that_cannot_be_had_or_changed_is_refused_with_the_reason() {
    let copy = Copy::of("kt-rf");
    let _swept = copy.broker.swept(copy.feature);
    let of = |count: usize| format!("  topics:\n    - {{name: a, replicationFactor: {count}}}");
    let ended = copy.refused(&format!("  topics:\n    - {{name: b}}\n    - {}", &of(2)[16..]));
    assert!(ended.last_line().to_lowercase().contains("replication factor"), "{}", ended.said());
    copy.apply(&of(1));
    let ended = copy.refused(&of(2));
    let line = ended.report().join("; ");
    assert!(line.contains("replication factor is 1") && line.contains("says 2"), "{}", ended.said());
    copy.keeps(&of(1));
}

#[test]
fn what_the_broker_does_not_take_is_refused_in_its_words_before_anything_is_written() {
    let copy = Copy::of("kt-bad");
    let _swept = copy.broker.swept(copy.feature);
    let cases = [
        ("config: {retention.ms: soon}", "retention.ms"),
        ("config: {cleanup.policy: keep}", "cleanup.policy"),
        ("config: {no.such.config: 1}", "no.such.config"),
        ("config: {min.insync.replicas: 0}", "min.insync.replicas"),
        ("config: {segment.bytes: 1}", "segment.bytes"),
        ("partitions: 2147483647", "partitions"),
    ];
    for (said, named) in cases {
        let ended = copy.refused(&format!("  topics:\n    - {{name: ok}}\n    - {{name: a, {said}}}"));
        assert!(ended.last_line().contains(named), "{said}: {}", ended.said());
        assert!(ended.last_line().contains("kafka/a-kt-bad"), "{said}: {}", ended.said());
    }
    // The same for what is there already.
    copy.apply("  topics:\n    - {name: ok}\n    - {name: a, config: {retention.ms: 1000}}");
    for (said, named) in &cases[..5] {
        let ended = copy.refused(&format!(
            "  topics:\n    - {{name: ok, config: {{retention.ms: 5}}}}\n    - {{name: a, {said}}}"
        ));
        let line = ended.report().into_iter().find(|line| line.starts_with("refuse ")).unwrap_or_default();
        assert!(line.contains("kafka/a-kt-bad") && line.contains(named), "{said}: {}", ended.said());
    }
}

/// All configs of topics, each with two values that are not its default.
const CONFIGS: [(&str, &str, &str); 29] = [
    ("cleanup.policy", "compact", "compact,delete"),
    ("compression.gzip.level", "1", "2"),
    ("compression.lz4.level", "1", "2"),
    ("compression.type", "gzip", "zstd"),
    ("compression.zstd.level", "1", "2"),
    ("delete.retention.ms", "1000", "2000"),
    ("file.delete.delay.ms", "1000", "2000"),
    ("flush.messages", "1000", "2000"),
    ("flush.ms", "1000", "2000"),
    ("follower.replication.throttled.replicas", "0:1", "*"),
    ("index.interval.bytes", "1000", "2000"),
    ("leader.replication.throttled.replicas", "0:1", "*"),
    ("local.retention.bytes", "1000", "2000"),
    ("local.retention.ms", "1000", "2000"),
    ("max.compaction.lag.ms", "100000", "200000"),
    ("max.message.bytes", "1000", "2000"),
    ("message.timestamp.after.max.ms", "1000", "2000"),
    ("message.timestamp.before.max.ms", "1000", "2000"),
    ("message.timestamp.type", "LogAppendTime", "CreateTime"),
    ("min.cleanable.dirty.ratio", "0.1", "0.25"),
    ("min.compaction.lag.ms", "1000", "2000"),
    ("min.insync.replicas", "2", "3"),
    ("preallocate", "true", "false"),
    ("retention.bytes", "10000", "20000"),
    ("retention.ms", "10000", "20000"),
    ("segment.bytes", "1048576", "2097152"),
    ("segment.index.bytes", "1000", "2000"),
    ("segment.jitter.ms", "1000", "2000"),
    ("segment.ms", "10000", "20000"),
];

/// What a broker without another store beside its disks does not take, what is not said yet to be a topic's, and
/// what this broker keeps for itself.
const NOT_HERE: [&str; 5] = [
    "remote.log.copy.disable",
    "remote.log.delete.on.disable",
    "remote.storage.enable",
    "unclean.leader.election.enable",
    "internal.segment.bytes",
];

#[test]
fn every_config_is_set_seen_when_it_drifts_put_right_and_given_back() {
    let copy = Copy::of("kt-config");
    let _swept = copy.broker.swept(copy.feature);
    let file = |value: &dyn Fn(usize) -> String| {
        let all: Vec<String> =
            (0..CONFIGS.len()).map(|i| format!("{}: {}", CONFIGS[i].0, value(i))).collect();
        format!("  topics:\n    - {{name: a, config: {{{}}}}}", all.join(", "))
    };
    let first = file(&|i| format!("'{}'", CONFIGS[i].1));
    let second = file(&|i| format!("'{}'", CONFIGS[i].2));
    copy.apply(&first);
    let known: BTreeSet<String> = copy.broker.all_configs("a-kt-config").into_keys().collect();
    let told: BTreeSet<String> =
        CONFIGS.iter().map(|(name, ..)| *name).chain(NOT_HERE).map(str::to_owned).collect();
    let beyond: Vec<_> = known.difference(&told).collect();
    assert!(beyond.is_empty(), "the broker has configs that no row is about: {beyond:?}");
    let firsts: Vec<(&str, &str)> = CONFIGS.iter().map(|(name, first, _)| (*name, *first)).collect();
    let seconds: Vec<(&str, &str)> = CONFIGS.iter().map(|(name, _, second)| (*name, *second)).collect();
    assert_eq!(copy.broker.configs("a-kt-config"), map(&firsts));
    copy.keeps(&first);

    // Somebody sets all of them.
    copy.broker.set_configs("a-kt-config", &seconds);
    let plan = Hook::kafka().run("plan", &copy.file(&first), &["--exit-code"]).ends_with(3);
    for (name, first, second) in CONFIGS {
        let says = format!("{name}: {second} -> {first}");
        assert!(plan.stdout.contains(&says), "{says}: {}", plan.said());
    }
    copy.apply(&first);
    assert_eq!(copy.broker.configs("a-kt-config"), map(&firsts));
    // Somebody unsets all of them.
    copy.broker.set_configs("a-kt-config", &[]);
    copy.apply(&first);
    assert_eq!(copy.broker.configs("a-kt-config"), map(&firsts));
    // The file says otherwise.
    copy.apply(&second);
    assert_eq!(copy.broker.configs("a-kt-config"), map(&seconds));
    copy.keeps(&second);
    // The file gives them back.
    let none = file(&|_| "null".to_owned());
    copy.apply(&none);
    assert_eq!(copy.broker.configs("a-kt-config"), map(&[]));
    copy.keeps(&none);
}

#[test]
fn what_the_file_does_not_name_is_never_touched() {
    let copy = Copy::of("kt-others");
    let _swept = copy.broker.swept(copy.feature);
    let file =
        |retention: usize| format!("  topics:\n    - {{name: a, config: {{retention.ms: {retention}}}}}");
    copy.apply(&file(1000));
    let theirs = [("max.message.bytes", "5000"), ("segment.ms", "60000")];
    copy.broker.set_configs("a-kt-others", &[&[("retention.ms", "1000")], &theirs[..]].concat());
    copy.keeps(&file(1000));
    copy.apply(&file(2000));
    assert_eq!(copy.broker.configs("a-kt-others"), map(&[&[("retention.ms", "2000")], &theirs[..]].concat()));
    // No longer said is no longer kept, and stays what it was.
    copy.keeps("  topics:\n    - {name: a}");
    copy.apply("  topics:\n    - {name: a, config: {retention.ms: null, segment.ms: null}}");
    assert_eq!(copy.broker.configs("a-kt-others"), map(&theirs[..1]));
}

#[test]
fn values_that_mean_the_same_are_no_difference() {
    let copy = Copy::of("kt-same");
    let _swept = copy.broker.swept(copy.feature);
    copy.apply("  topics:\n    - {name: a, config: {cleanup.policy: 'compact,delete', preallocate: true, retention.ms: 5000}}");
    for same in [
        "{cleanup.policy: 'delete, compact', preallocate: TRUE, retention.ms: '5000'}",
        "{cleanup.policy: 'delete,compact', preallocate: 'true', retention.ms: 5000}",
    ] {
        copy.keeps(&format!("  topics:\n    - {{name: a, config: {same}}}"));
    }
    // A default that is said is kept, and needs no write.
    copy.keeps("  topics:\n    - {name: a, config: {compression.type: producer, min.insync.replicas: 1}}");
}

pub(super) fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}
