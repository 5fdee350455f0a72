//! A topic that starts from base's: as many partitions, the same configs, and base's is never touched.

use super::{Copy, topics::map};

#[test]
fn a_clone_has_bases_partitions_and_configs_and_what_the_file_says_wins() {
    let copy = Copy::of("kc-clone");
    let _swept = copy.broker.swept(copy.feature);
    let base = [("cleanup.policy", "compact"), ("max.message.bytes", "5000"), ("retention.ms", "1000")];
    copy.broker.make("kc-clone-base", 3, &base);
    copy.broker.produce("kc-clone-base", 2, "k", Some("v"));
    let before = |copy: &Copy| {
        copy.state().into_iter().filter(|line| line.contains("kc-clone-base")).collect::<Vec<_>>()
    };
    let of_base = before(&copy);

    let plain = "  topics:\n    - {name: a, cloneFrom: kc-clone-base}";
    copy.apply(plain);
    assert_eq!(copy.broker.topics()["a-kc-clone"], [1; 3]);
    assert_eq!(copy.broker.configs("a-kc-clone"), map(&base));
    // Messages are not cloned.
    assert_eq!(copy.broker.ends("a-kc-clone"), [0; 3]);
    copy.keeps(plain);

    let said = "  topics:\n    - {name: b, cloneFrom: kc-clone-base, partitions: 2, config: {retention.ms: 7000, \
                cleanup.policy: null, segment.ms: 60000}}";
    copy.apply(&format!("{plain}\n{}", &said[10..]));
    assert_eq!(copy.broker.topics()["b-kc-clone"], [1; 2]);
    let expected = [("max.message.bytes", "5000"), ("retention.ms", "7000"), ("segment.ms", "60000")];
    assert_eq!(copy.broker.configs("b-kc-clone"), map(&expected));
    assert_eq!(before(&copy), of_base);
}

#[test]
fn a_clone_follows_its_base_and_has_more_partitions_where_it_was_given_them() {
    let copy = Copy::of("kc-follow");
    let _swept = copy.broker.swept(copy.feature);
    copy.broker.make("kc-follow-base", 2, &[("retention.ms", "1000")]);
    let file = "  topics:\n    - {name: a, cloneFrom: kc-follow-base}";
    copy.apply(file);
    copy.broker.set_configs("kc-follow-base", &[("retention.ms", "2000")]);
    copy.broker.grow("kc-follow-base", 3);
    let ended = copy.apply(file);
    assert_eq!(
        ended.report(),
        ["update kafka/a-kc-follow partitions: 2 -> 3, retention.ms: 1000 -> 2000"],
        "{}",
        ended.said()
    );
    copy.broker.grow("a-kc-follow", 5);
    copy.keeps(file);
}

#[test]
fn a_clone_of_a_topic_that_is_not_there_is_refused() {
    let copy = Copy::of("kc-absent");
    let _swept = copy.broker.swept(copy.feature);
    let ended = copy.refused("  topics:\n    - {name: ok}\n    - {name: a, cloneFrom: kc-absent-base}");
    assert!(ended.last_line().contains("\"kc-absent-base\""), "{}", ended.said());
}
