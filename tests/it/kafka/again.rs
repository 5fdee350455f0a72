//! The same once more: nothing is written, and what was deleted can be made again at once.

use acceptance::{hook::Hook, kafka::Gate};

use super::Copy;

const FILE: &str = "  topics:
    - {name: a, partitions: 3, config: {retention.ms: 5000, cleanup.policy: 'compact,delete'}}
    - {name: b, config: {max.message.bytes: null}}
    - {name: c, cloneFrom: FEATURE-base}
  consumerGroups:
    - {name: g, offsets: [{topic: FEATURE-base, from: latest}, {topic: a-FEATURE, from: 1h}]}
    - {name: h}";

#[test]
fn a_second_apply_and_a_plan_write_nothing() {
    let gate = Gate::open();
    let mut copy = Copy::of("ka-twice");
    copy.bootstrap = gate.bootstrap();
    let _swept = copy.broker.swept(copy.feature);
    copy.broker.make("ka-twice-base", 2, &[("segment.ms", "60000")]);
    let file = FILE.replace("FEATURE", copy.feature);
    gate.clear();
    let plan = Hook::kafka().run("plan", &copy.file(&file), &["--exit-code"]).ends_with(3);
    assert_eq!(gate.writes(), [""; 0], "{}", plan.said());
    copy.apply(&file);
    assert!(!gate.writes().is_empty());
    for verb in ["apply", "plan"] {
        gate.clear();
        let ended = Hook::kafka().does(verb, &copy.file(&file), &[]);
        assert!(ended.report().iter().all(|line| line.starts_with("keep ")), "{}", ended.said());
        assert_eq!(gate.writes(), [""; 0], "{verb}");
        assert!(!gate.calls().is_empty());
        assert!(gate.calls().iter().all(|call| call.client == "kafka-hook"), "{:?}", gate.calls());
    }
    copy.delete(&file);
    gate.clear();
    let ended = copy.delete(&file);
    assert!(ended.report().iter().all(|line| line.starts_with("absent ")), "{}", ended.said());
    assert_eq!(gate.writes(), [""; 0]);
}

#[test]
fn what_was_deleted_is_made_again_at_once() {
    let copy = Copy::of("ka-reborn");
    let _swept = copy.broker.swept(copy.feature);
    copy.broker.make("ka-reborn-base", 2, &[]);
    let file = FILE.replace("FEATURE", copy.feature);
    for round in 0..5 {
        copy.apply(&file);
        assert_eq!(copy.broker.ends("a-ka-reborn"), [0; 3], "round {round}: it is a new one");
        copy.broker.produce("a-ka-reborn", 0, "k", Some("v"));
        copy.delete(&file);
        assert!(!copy.broker.has("a-ka-reborn"), "round {round}");
    }
    // Somebody else's hand: the mark is there, the topic is not.
    copy.apply(&file);
    copy.broker.delete("a-ka-reborn");
    copy.apply(&file);
    copy.keeps(&file);
}

#[test]
fn only_touches_what_it_names() {
    let copy = Copy::of("ka-only");
    let _swept = copy.broker.swept(copy.feature);
    let file = copy.file("  topics: [{name: a}, {name: b}]\n  consumerGroups: [{name: g}]");
    let _ = Hook::kafka().does("apply", &file, &["--only=b"]);
    assert!(copy.broker.has("b-ka-only") && !copy.broker.has("a-ka-only"));
    let _ = Hook::kafka().does("apply", &file, &[]);
    let _ = Hook::kafka().does("delete", &file, &["--only=b"]);
    assert!(copy.broker.has("a-ka-only") && !copy.broker.has("b-ka-only"));
    let ended = Hook::kafka().run("apply", &file, &["--only=nobody"]).ends_with(2);
    assert!(ended.last_line().contains("a, b, g"), "{}", ended.said());
}
