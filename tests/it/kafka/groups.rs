//! Consumer groups: a name for each copy, where it starts, and that it goes with the copy.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use acceptance::{hook::Hook, kafka::Member};

use super::Copy;

#[test]
fn a_group_starts_where_the_file_says_and_is_never_moved() {
    let copy = Copy::of("kg-start");
    let _swept = copy.broker.swept(copy.feature);
    copy.broker.make("base.kg-start", 2, &[]);
    for value in ["one", "two"] {
        copy.broker.produce("base.kg-start", 0, "k", Some(value));
    }
    let group = |name: &str, from: &str| {
        format!("    - {{name: {name}, offsets: [{{topic: base.kg-start, from: {from}}}]}}\n")
    };
    let file = format!(
        "  consumerGroups:\n{}{}{}    - {{name: nowhere}}",
        group("early", "earliest"),
        group("late", "latest"),
        group("hour", "1h")
    );
    let ended = copy.apply(&file);
    assert!(
        ended
            .report()
            .contains(&"create kafka/group:late-kg-start offsets of base.kg-start: latest".to_owned()),
        "{}",
        ended.said()
    );
    let offsets = |name: &str| copy.broker.offsets(&copy.named(name), "base.kg-start");
    let at = |first: i64, second: i64| BTreeMap::from([(0, first), (1, second)]);
    let expected = [at(0, 0), at(2, 0), at(0, 0), BTreeMap::new()];
    assert_eq!(["early", "late", "hour", "nowhere"].map(offsets), expected);

    // What was consumed since stays consumed.
    copy.broker.commit("early-kg-start", "base.kg-start", 0, 1);
    copy.broker.produce("base.kg-start", 1, "k", Some("three"));
    copy.apply(&file);
    assert_eq!(
        ["early", "late", "hour", "nowhere"].map(offsets),
        [at(1, 0), at(2, 0), at(0, 0), BTreeMap::new()]
    );
    copy.keeps(&file);
    // A partition that is new has a start of its own, and no other moves.
    copy.broker.grow("base.kg-start", 3);
    copy.apply(&file);
    assert_eq!(offsets("early"), BTreeMap::from([(0, 1), (1, 0), (2, 0)]));
    copy.keeps(&file);

    let ended = copy.delete(&file);
    assert_eq!(ended.report().len(), 4, "{}", ended.said());
    let left: Vec<String> = copy.state();
    assert!(left.len() == 1 && left[0].starts_with("topic base.kg-start"), "{left:?}");
}

#[test]
fn messages_of_the_last_while_are_those_since_then() {
    let copy = Copy::of("kg-since");
    let _swept = copy.broker.swept(copy.feature);
    copy.broker.make("base.kg-since", 1, &[]);
    copy.broker.produce_late("base.kg-since", 0, "k", "old", Duration::from_hours(1));
    copy.broker.produce("base.kg-since", 0, "k", Some("new"));
    let file = "  consumerGroups: [{name: g, offsets: [{topic: base.kg-since, from: 30m}]}]";
    copy.apply(file);
    assert_eq!(copy.broker.offsets("g-kg-since", "base.kg-since"), BTreeMap::from([(0, 1)]));
}

#[test]
fn a_group_that_starts_in_a_topic_that_nobody_has_is_refused() {
    let copy = Copy::of("kg-absent");
    let _swept = copy.broker.swept(copy.feature);
    let ended = copy.refused(
        "  topics: [{name: ok}]\n  consumerGroups: [{name: g, offsets: [{topic: base.kg-absent, from: latest}]}]",
    );
    assert!(ended.last_line().contains("\"base.kg-absent\""), "{}", ended.said());
    // One of the file is there by then.
    let file = "  topics: [{name: ok, partitions: 2}]\n  consumerGroups: [{name: g, offsets: [{topic: ok-kg-absent, \
                from: earliest}]}]";
    copy.apply(file);
    assert_eq!(copy.broker.offsets("g-kg-absent", "ok-kg-absent").len(), 2);
    copy.keeps(file);
}

#[test]
fn where_somebody_consumes_the_offsets_are_theirs_and_that_is_said() {
    let copy = Copy::of("kg-busy");
    let _swept = copy.broker.swept(copy.feature);
    copy.broker.make("base.kg-busy", 2, &[]);
    let bare = "  consumerGroups: [{name: g}]";
    let file = "  consumerGroups: [{name: g, offsets: [{topic: base.kg-busy, from: earliest}]}]";
    copy.apply(bare);
    let member = copy.broker.member("g-kg-busy", "base.kg-busy");
    let ended = while_consuming(&member, || Hook::kafka().run("apply", &copy.file(file), &[])).ends_with(0);
    assert!(ended.stderr.contains("group:g-kg-busy") && ended.stderr.contains("member"), "{}", ended.said());
    assert_eq!(copy.broker.offsets("g-kg-busy", "base.kg-busy"), BTreeMap::new());
    drop(member);
    copy.apply(file);
    assert_eq!(copy.broker.offsets("g-kg-busy", "base.kg-busy").len(), 2);
}

#[test]
fn a_group_that_is_in_use_is_waited_for_and_then_left() {
    let copy = Copy::of("kg-used");
    let _swept = copy.broker.swept(copy.feature);
    copy.broker.make("base.kg-used", 1, &[]);
    let file = "  consumerGroups: [{name: g}]";
    copy.apply(file);
    let member = copy.broker.member("g-kg-used", "base.kg-used");
    let delete = || Hook::kafka().run("delete", &copy.file(file), &["--timeout=4s"]);
    let ended = while_consuming(&member, delete).ends_with(0);
    assert_eq!(ended.report(), ["left kafka/group:g-kg-used"], "{}", ended.said());
    assert!(ended.last_line().contains("the group has a member"), "{}", ended.said());
    assert!(ended.wall < Duration::from_secs(8), "{}", ended.said());
    assert!(copy.broker.marks().contains_key("group/g-kg-used"), "it is still ours");
    // It ends as soon as the member does.
    thread::scope(|scope| {
        let running = Hook::kafka().spawn("delete", &copy.file(file), &[]);
        scope.spawn(|| drop(member));
        let ended = running.wait().ends_with(0);
        assert_eq!(ended.report(), ["delete kafka/group:g-kg-used"], "{}", ended.said());
    });
    assert!(!copy.broker.groups().contains_key("g-kg-used"));
    assert!(!copy.broker.marks().contains_key("group/g-kg-used"));
}

/// Does something beside a member that goes on as one, until it is done or has failed.
fn while_consuming<T>(member: &Member, act: impl FnOnce() -> T) -> T {
    struct Done<'d>(&'d AtomicBool);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let _done = Done(&done);
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                member.poll();
                // The pace of the poll.
                thread::sleep(Duration::from_millis(50));
            }
        });
        act()
    })
}
