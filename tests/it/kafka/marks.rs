//! Whose a topic or a group is: said before it is made, and what has no mark is never touched.

use acceptance::{
    hook::{self, Hook},
    kafka::Gate,
};
use feature::words;
use serde_json::{Value, json};

use super::{Copy, section};

const BOTH: &str = "  topics: [{name: a, partitions: 2}]\n  consumerGroups: [{name: g}]";

#[test]
fn a_mark_says_owner_feature_person_and_end_and_goes_with_its_thing() {
    let copy = Copy::of("km-all");
    let _swept = copy.broker.swept(copy.feature);
    let file = |head: &str| hook::file(copy.feature, &format!("{head}{}", section(&copy.bootstrap, BOTH)));
    let whole = file("by: alice\nsource: https://example.com/1\nttl: 2h\n");
    let _ = Hook::kafka().does("apply", &whole, &[]);
    let marks = copy.broker.marks();
    for key in ["topic/a-km-all", "group/g-km-all"] {
        let mut mark = marks[key].clone();
        let expires = mark.as_object_mut().and_then(|mark| mark.remove(words::EXPIRES_AT));
        let expires: u64 =
            expires.as_ref().and_then(Value::as_str).expect("it expires").parse().expect("seconds");
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
        assert!((now + 7100..=now + 7200).contains(&expires), "{expires} at {now}");
        let expected = json!({
            words::OWNER: "demo/km-all",
            words::FEATURE: "km-all",
            words::BY: "alice",
            words::SOURCE: "https://example.com/1",
            words::TTL: "2h",
        });
        assert_eq!(mark, expected, "{key}");
    }
    let _ = Hook::kafka().does("apply", &file("ttl: forever\n"), &[]);
    for key in ["topic/a-km-all", "group/g-km-all"] {
        let expected = json!({words::OWNER: "demo/km-all", words::FEATURE: "km-all", words::TTL: "forever"});
        assert_eq!(copy.broker.marks()[key], expected, "{key}");
    }
    let _ = Hook::kafka().does("delete", &whole, &[]);
    assert_eq!(copy.state(), [""; 0]);
}

#[test]
fn a_mark_is_written_before_what_it_speaks_of_and_taken_away_after_it() {
    let gate = Gate::open();
    let mut copy = Copy::of("km-order");
    copy.bootstrap = gate.bootstrap();
    // The marks' own topic is there.
    let warm = Copy::of("km-order-warm");
    warm.apply(BOTH);
    warm.delete(BOTH);
    let _swept = copy.broker.swept(copy.feature);
    let file = "  topics: [{name: a}]\n  consumerGroups: [{name: g, offsets: [{topic: a-km-order, from: earliest}]}]";
    gate.clear();
    copy.apply(file);
    let expected = ["InitProducerId", "Produce", "CreateTopics", "Produce", "OffsetCommit"];
    assert_eq!(gate.writes(), expected);
    gate.clear();
    copy.delete(file);
    let mut writes = gate.writes();
    writes.retain(|api| api != "InitProducerId");
    assert_eq!(writes, ["DeleteGroups", "Produce", "DeleteTopics", "Produce"]);
}

#[test]
fn what_has_no_mark_is_never_touched_unless_it_is_adopted() {
    let copy = Copy::of("km-adopt");
    let _swept = copy.broker.swept(copy.feature);
    copy.broker.make("a-km-adopt", 1, &[("retention.ms", "1000")]);
    copy.broker.commit("g-km-adopt", "a-km-adopt", 0, 0);
    copy.broker.produce("a-km-adopt", 0, "k", Some("v"));
    let refused =
        copy.refused("  topics: [{name: a, partitions: 2, config: {retention.ms: 5000}}, {name: ok}]");
    assert!(refused.report().join("; ").contains("refuse kafka/a-km-adopt"), "{}", refused.said());
    let refused = copy.refused("  topics: [{name: ok}]\n  consumerGroups: [{name: g}]");
    assert!(refused.report().join("; ").contains("refuse kafka/group:g-km-adopt"), "{}", refused.said());
    // Neither does a delete.
    let before = copy.state();
    let _ = Hook::kafka()
        .run("delete", &copy.file("  topics: [{name: a}]\n  consumerGroups: [{name: g}]"), &[])
        .ends_with(5);
    assert_eq!(copy.state(), before);

    let adopted = "  topics: [{name: a, partitions: 2, config: {retention.ms: 5000}, adopt: true}]\n  \
                   consumerGroups: [{name: g, adopt: true}]";
    copy.apply(adopted);
    assert_eq!(copy.broker.partitions("a-km-adopt"), 2);
    assert_eq!(copy.broker.ends("a-km-adopt"), [1, 0], "what was in it is in it");
    copy.keeps(adopted);
    copy.keeps("  topics: [{name: a}]\n  consumerGroups: [{name: g}]");
    copy.delete(adopted);
    assert_eq!(copy.state(), [""; 0]);
}

#[test]
fn what_is_anothers_is_refused_with_or_without_adoption_and_stays() {
    let copy = Copy::of("km-other");
    let _swept = copy.broker.swept(copy.feature);
    let theirs = json!({words::OWNER: "demo/other", words::FEATURE: copy.feature}).to_string();
    copy.apply("  topics: [{name: warm}]");
    copy.broker.make("a-km-other", 1, &[]);
    for key in ["topic/a-km-other", "group/g-km-other", "topic/only-a-mark-km-other"] {
        copy.broker.produce(words::MARKS_TOPIC, 0, key, Some(&theirs));
    }
    for wanted in [
        "  topics: [{name: warm}, {name: a, partitions: 2}]",
        "  topics: [{name: warm}, {name: a, adopt: true}]",
        "  topics: [{name: warm}, {name: only-a-mark}]",
        "  topics: [{name: warm}]\n  consumerGroups: [{name: g}]",
        "  topics: [{name: warm}]\n  consumerGroups: [{name: g, adopt: true}]",
    ] {
        let ended = copy.refused(wanted);
        assert!(ended.said().contains("demo/other"), "{wanted}: {}", ended.said());
    }
    // A delete takes its own, leaves theirs, and says so.
    let file = copy.file("  topics: [{name: warm}, {name: a}]\n  consumerGroups: [{name: g}]");
    let ended = Hook::kafka().run("delete", &file, &[]).ends_with(5);
    assert!(ended.report().contains(&"delete kafka/warm-km-other".to_owned()), "{}", ended.said());
    assert!(copy.broker.has("a-km-other") && !copy.broker.has("warm-km-other"));
    assert_eq!(
        copy.broker.marks()["topic/a-km-other"],
        serde_json::from_str::<Value>(&theirs).expect("JSON")
    );
}

#[test]
fn what_the_file_names_no_more_is_taken_away_unless_it_says_otherwise() {
    let copy = Copy::of("km-prune");
    let _swept = copy.broker.swept(copy.feature);
    let all = "  topics: [{name: a}, {name: b}]\n  consumerGroups: [{name: g}, {name: h}]";
    let one = "  topics: [{name: a}]\n  consumerGroups: [{name: g}]";
    copy.apply(all);
    copy.broker.commit("h-km-prune", "a-km-prune", 0, 0);
    copy.broker.make("nobodys-km-prune", 1, &[]);
    copy.broker.make("others-km-prune", 1, &[]);
    let theirs = json!({words::OWNER: "demo/other", words::FEATURE: copy.feature}).to_string();
    copy.broker.produce(words::MARKS_TOPIC, 0, "topic/others-km-prune", Some(&theirs));
    let before = copy.state();
    copy.apply(&format!("  prune: false\n{one}"));
    let _ = Hook::kafka().does("apply", &copy.file(one), &["--only=a"]);
    let plan = Hook::kafka().run("plan", &copy.file(one), &[]).ends_with(0);
    assert_eq!(plan.report().iter().filter(|line| line.starts_with("delete ")).count(), 2, "{}", plan.said());
    assert_eq!(copy.state(), before);
    let pruned = copy.apply(one);
    let gone: Vec<String> = pruned.report().into_iter().filter(|line| line.starts_with("delete ")).collect();
    // Groups first: they consume from topics.
    assert_eq!(
        gone,
        [
            "delete kafka/group:h-km-prune nothing asks for it any more",
            "delete kafka/b-km-prune nothing asks for it any more"
        ]
    );
    let topics: Vec<String> =
        copy.broker.topics().into_keys().filter(|name| name.contains(copy.feature)).collect();
    assert_eq!(topics, ["a-km-prune", "nobodys-km-prune", "others-km-prune"]);
    assert!(!copy.broker.groups().contains_key("h-km-prune"));
    // What was forgotten before, a delete takes too.
    copy.apply(&format!("  prune: false\n{all}"));
    copy.delete(one);
    let topics: Vec<String> =
        copy.broker.topics().into_keys().filter(|name| name.contains(copy.feature)).collect();
    assert_eq!(topics, ["nobodys-km-prune", "others-km-prune"]);
}

#[test]
fn base_is_never_pruned_and_never_deleted() {
    let copy = Copy::of("km-base");
    let _swept = copy.broker.swept(copy.feature);
    let file = |rest: &str| hook::base_file("km-base", &section(&copy.bootstrap, rest));
    let both =
        file("  topics: [{name: a.km-base}, {name: b.km-base}]\n  consumerGroups: [{name: g.km-base}]");
    let one = file("  topics: [{name: a.km-base}]");
    let _ = Hook::kafka().does("apply", &both, &[]);
    let before = copy.state();
    let _ = Hook::kafka().does("apply", &one, &[]);
    let ended = Hook::kafka().does("delete", &one, &[]);
    assert_eq!(ended.last_line(), "left: base is never deleted, nothing was done");
    assert_eq!(copy.state(), before);
    assert_eq!(copy.broker.marks()["topic/a.km-base"], json!({words::OWNER: "demo/km-base"}));
}

#[test]
fn all_marks_are_named_whosever_they_are_and_a_section_without_things_takes_its_own_away() {
    let gate = Gate::open();
    let copy = Copy::of("km-named");
    let _swept = copy.broker.swept(copy.feature);
    copy.apply("  topics: [{name: a}, {name: gone}]\n  consumerGroups: [{name: g}]");
    // Somebody has deleted the topic, and its mark is there.
    copy.broker.delete("gone-km-named");
    copy.broker.make("nobodys-km-named", 1, &[]);
    let theirs = json!({words::OWNER: "demo/other", words::FEATURE: "x", words::EXPIRES_AT: "1796040000"});
    for (key, mark) in [
        ("topic/theirs-km-named", theirs),
        ("group/base.km-named", json!({words::OWNER: "demo/base"})),
        ("topic/half-km-named", json!({words::FEATURE: copy.feature})),
        ("other/odd-km-named", json!({words::OWNER: "demo/other"})),
    ] {
        copy.broker.produce(words::MARKS_TOPIC, 0, key, Some(&mark.to_string()));
    }
    let before = copy.state();
    let nothing = hook::file(copy.feature, &section(&gate.bootstrap(), "  topics: []"));
    let ended = Hook::kafka().run("marks", &nothing, &["--output=json"]).ends_with(0);
    let mut told = ended.json();
    told.retain(|line| line["thing"].as_str().is_some_and(|thing| thing.contains(copy.feature)));
    for line in &mut told {
        if line["owner"] == "demo/km-named" {
            let expires = line.as_object_mut().and_then(|line| line.remove("expiresAt"));
            assert!(expires.is_some_and(|expires| expires.is_u64()), "{line}");
        }
    }
    let own =
        |name: &str| json!({"thing": name, "owner": "demo/km-named", "feature": "km-named", "ttl": "6h"});
    let expected = [
        own("kafka/a-km-named"),
        own("kafka/gone-km-named"),
        json!({"thing": "kafka/group:base.km-named", "owner": "demo/base"}),
        own("kafka/group:g-km-named"),
        json!({"thing": "kafka/theirs-km-named", "owner": "demo/other", "feature": "x", "expiresAt": 1_796_040_000}),
    ];
    assert_eq!(told, expected);
    assert_eq!(gate.writes(), [""; 0]);
    assert_eq!(copy.state(), before);

    let _ = Hook::kafka().does("delete", &nothing, &[]);
    let left =
        copy.state().into_iter().filter(|line| line.contains("demo/km-named") || line.contains("topic a-"));
    assert_eq!(left.collect::<Vec<_>>(), [""; 0]);
    assert!(copy.broker.has("nobodys-km-named"));
    assert_eq!(copy.broker.marks()["topic/theirs-km-named"][words::OWNER], "demo/other");
}
