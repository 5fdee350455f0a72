//! Hooks that run at the same time: what is there afterwards is there once, and is of one owner.

use std::{collections::BTreeSet, thread};

use acceptance::{
    hook::{self, Ended, Hook},
    kafka::Broker,
};
use feature::words;

use super::{section, state};

fn rest(word: &str) -> String {
    format!(
        "  topics:\n    - {{name: a, partitions: 3, config: {{retention.ms: 5000}}}}\n    - {{name: b}}\n  \
         consumerGroups:\n    - {{name: g, offsets: [{{topic: a-{word}, from: earliest}}]}}"
    )
}

#[test]
fn applies_at_once_all_succeed_and_make_one_set_of_things() {
    for (count, feature) in [(2, "kr-of-2"), (8, "kr-of-8")] {
        let broker = Broker::lab();
        let _swept = broker.swept(feature);
        let config = hook::file(feature, &section(broker.bootstrap(), &rest(feature)));
        for ended in at_once(count, |_| Hook::kafka().run("apply", &config, &[])) {
            let _ = ended.ends_with(0);
        }
        let ended = Hook::kafka().run("plan", &config, &["--exit-code"]);
        assert_eq!(ended.code, Some(0), "{}", ended.said());
        assert_eq!(broker.topics()[&format!("a-{feature}")], [1; 3]);
        for ended in at_once(count, |_| Hook::kafka().run("delete", &config, &[])) {
            let _ = ended.ends_with(0);
        }
        assert_eq!(state(&broker, feature), [""; 0]);
    }
}

#[test]
fn two_owners_at_once_end_with_one() {
    for round in 0..10 {
        let broker = Broker::lab();
        let _swept = broker.swept("kr-owners");
        // One feature and one name, of two releases.
        let of = |owner: &str| {
            let file = hook::file("kr-owners", &section(broker.bootstrap(), "  topics: [{name: a}]"));
            file.replace("owner: demo/kr-owners", &format!("owner: {owner}"))
        };
        let files = ["demo/one", "demo/two"].map(of);
        let ended = at_once(2, |i| Hook::kafka().run("apply", &files[i], &[]));
        let codes: BTreeSet<Option<i32>> = ended.iter().map(|ended| ended.code).collect();
        let said: Vec<String> = ended.iter().map(Ended::said).collect();
        assert_eq!(codes, BTreeSet::from([Some(0), Some(5)]), "round {round}: {said:#?}");
        let winner = usize::from(ended[1].code == Some(0));
        let mark = &broker.marks()["topic/a-kr-owners"];
        assert_eq!(mark[words::OWNER], ["demo/one", "demo/two"][winner], "round {round}: {said:#?}");
        let _ = Hook::kafka().run("apply", &files[1 - winner], &[]).ends_with(5);
        let _ = Hook::kafka().does("delete", &files[winner], &[]);
    }
}

#[test]
fn after_an_apply_against_a_delete_one_apply_converges() {
    let broker = Broker::lab();
    let feature = "kr-delete";
    let _swept = broker.swept(feature);
    let config = hook::file(feature, &section(broker.bootstrap(), &rest(feature)));
    for round in 0..6 {
        let verbs = if round % 2 == 0 { ["apply", "delete"] } else { ["delete", "apply"] };
        for ended in at_once(2, |i| Hook::kafka().run(verbs[i], &config, &[])) {
            // The one that lost may say so, but it ends as a hook does.
            assert!(matches!(ended.code, Some(0 | 1 | 4 | 5)), "round {round}: {}", ended.said());
        }
        let _ = Hook::kafka().does("apply", &config, &[]);
        let ended = Hook::kafka().run("plan", &config, &["--exit-code"]);
        assert_eq!(ended.code, Some(0), "round {round}: {}", ended.said());
    }
}

#[test]
fn copies_at_once_do_not_meet() {
    let broker = Broker::lab();
    let _swept = broker.swept("kr-copy");
    let features: Vec<String> = (0..8).map(|i| format!("kr-copy{i}")).collect();
    let files: Vec<String> = features
        .iter()
        .map(|feature| hook::file(feature, &section(broker.bootstrap(), &rest(feature))))
        .collect();
    for ended in at_once(files.len(), |i| Hook::kafka().run("apply", &files[i], &[])) {
        let _ = ended.ends_with(0);
    }
    for (feature, config) in features.iter().zip(&files) {
        let ended = Hook::kafka().run("plan", config, &["--exit-code"]);
        assert_eq!(ended.code, Some(0), "{}", ended.said());
        assert_eq!(broker.topics()[&format!("a-{feature}")], [1; 3]);
    }
}

fn at_once(count: usize, run: impl Fn(usize) -> Ended + Sync) -> Vec<Ended> {
    let run = &run;
    thread::scope(|scope| {
        let all: Vec<_> = (0..count).map(|i| scope.spawn(move || run(i))).collect();
        all.into_iter().map(|one| one.join().expect("it ends")).collect()
    })
}
