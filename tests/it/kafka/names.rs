//! Names of topics: how long they may be, and which the broker cannot have at once.

use acceptance::hook::Hook;

use super::Copy;

const LONGEST: usize = 249;

#[test]
fn a_name_that_is_too_long_is_cut_and_told_apart_and_stays_the_same() {
    let copy = Copy::of("kn-long");
    let _swept = copy.broker.swept("kn-long");
    let filled = |end: &str| format!("kn-long-{}{end}", "x".repeat(LONGEST - 8 - end.len()));
    let whole = filled("c")[..LONGEST - copy.feature.len() - 1].to_owned();
    let written = [filled("a"), filled("b"), whole];
    let of = |key: &str| {
        let all: Vec<String> = written.iter().map(|name| format!("    - {{name: {name}}}")).collect();
        format!("  {key}:\n{}", all.join("\n"))
    };
    let file = format!("{}\n{}", of("topics"), of("consumerGroups"));
    copy.apply(&file);
    let names: Vec<String> =
        copy.broker.topics().into_keys().filter(|name| name.starts_with("kn-long-")).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names.iter().all(|name| name.len() <= LONGEST), "{names:?}");
    assert!(names.contains(&copy.named(&written[2])), "what fits is whole: {names:?}");
    copy.keeps(&file);
    copy.delete(&file);
    let left = copy.state();
    assert_eq!(left, [""; 0]);
}

#[test]
fn a_name_that_the_broker_takes_for_anothers_is_refused_before_anything_is_written() {
    let copy = Copy::of("kn-dots");
    let _swept = copy.broker.swept(copy.feature);
    copy.broker.make("kn_dots_a.b-kn-dots", 1, &[]);
    let ended = copy.refused("  topics:\n    - {name: ok}\n    - {name: kn.dots.a_b}");
    assert!(ended.last_line().contains("kn_dots_a.b-kn-dots"), "{}", ended.said());
}

#[test]
fn two_names_of_one_file_that_collide_are_refused_by_the_file_alone() {
    let copy = Copy::of("kn-two");
    for topics in
        ["{name: a.b}, {name: a_b}", "{name: a.b}, {name: a.b}", "{name: devstack.marks}", "{name: __a}"]
    {
        let file = copy.file(&format!("  topics: [{topics}]"));
        let _ = Hook::kafka().run("apply", &file, &[]).ends_with(2);
    }
    // A topic and a group can be called alike.
    let _swept = copy.broker.swept(copy.feature);
    let file = "  topics: [{name: a}]\n  consumerGroups: [{name: a}]";
    assert_eq!(copy.apply(file).report(), ["create kafka/a-kn-two", "create kafka/group:a-kn-two"]);
    copy.keeps(file);
    copy.delete(file);
    assert_eq!(copy.state(), [""; 0]);
}
