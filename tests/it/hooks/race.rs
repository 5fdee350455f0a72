//! Hooks that run at the same time for one copy, as two drivers may start them: what is there afterwards is there once.

use std::thread;

use acceptance::{
    emulator::{Emulator, REGION},
    hook::{Ended, Hook, file},
};

#[test]
fn applies_at_once_all_succeed_and_make_one_set_of_things() {
    for count in [2, 8] {
        let feature = format!("race-of-{count}");
        let emulator = Emulator::localstack();
        let _swept = emulator.swept(&feature);
        let config = config(&feature, emulator.url());
        for hook in [Hook::sqs(), Hook::sns()] {
            for ended in at_once(count, |_| hook.run("apply", &config, &[])) {
                let _ = ended.ends_with(0);
            }
            nothing_to_do(&hook, &config);
        }
        for_each_one(&emulator, &feature);
    }
}

#[test]
fn applies_at_once_of_two_files_for_two_copies_do_not_meet() {
    let emulator = Emulator::localstack();
    let _swept = emulator.swept("race-copy");
    let features: Vec<String> = (0..8).map(|i| format!("race-copy{i}")).collect();
    let files: Vec<String> = features.iter().map(|feature| config(feature, emulator.url())).collect();
    for hook in [Hook::sqs(), Hook::sns()] {
        for ended in at_once(files.len(), |i| hook.run("apply", &files[i], &[])) {
            let _ = ended.ends_with(0);
        }
    }
    for (feature, config) in features.iter().zip(&files) {
        nothing_to_do(&Hook::sqs(), config);
        nothing_to_do(&Hook::sns(), config);
        for_each_one(&emulator, feature);
    }
}

#[test]
fn repairs_at_once_all_succeed() {
    let emulator = Emulator::localstack();
    let _swept = emulator.swept("race-repair");
    let before = config("race-repair", emulator.url());
    let after = before.replace("visibilityTimeout: 7", "visibilityTimeout: 8").replace("now", "later");
    for hook in [Hook::sqs(), Hook::sns()] {
        let _ = hook.does("apply", &before, &[]);
        for ended in at_once(8, |_| hook.run("apply", &after, &[])) {
            let _ = ended.ends_with(0);
        }
        nothing_to_do(&hook, &after);
    }
    for_each_one(&emulator, "race-repair");
}

#[test]
fn after_an_apply_against_a_delete_one_apply_converges() {
    let emulator = Emulator::localstack();
    let _swept = emulator.swept("race-delete");
    let config = config("race-delete", emulator.url());
    for round in 0..10 {
        for hook in [Hook::sqs(), Hook::sns()] {
            // Each is ahead in one half of the rounds.
            let verbs = if round % 2 == 0 { ["apply", "delete"] } else { ["delete", "apply"] };
            for ended in at_once(2, |i| hook.run(verbs[i], &config, &[])) {
                // The one that lost may say so, but it ends as a hook does.
                assert!(matches!(ended.code, Some(0 | 1 | 4 | 5)), "round {round}: {}", ended.said());
            }
            let _ = hook.does("apply", &config, &[]);
            nothing_to_do(&hook, &config);
        }
        for_each_one(&emulator, "race-delete");
        if round % 2 == 0 {
            let _ = Hook::sns().does("delete", &config, &[]);
            let _ = Hook::sqs().does("delete", &config, &[]);
        }
    }
}

#[test]
fn deletes_at_once_all_succeed_and_leave_nothing() {
    let emulator = Emulator::localstack();
    let _swept = emulator.swept("race-end");
    let config = config("race-end", emulator.url());
    let _ = Hook::sqs().does("apply", &config, &[]);
    let _ = Hook::sns().does("apply", &config, &[]);
    for hook in [Hook::sns(), Hook::sqs()] {
        for ended in at_once(8, |_| hook.run("delete", &config, &[])) {
            let _ = ended.ends_with(0);
        }
    }
    assert!(emulator.state("race-end").is_empty(), "{:#?}", emulator.state("race-end"));
}

fn at_once(count: usize, run: impl Fn(usize) -> Ended + Sync) -> Vec<Ended> {
    let run = &run;
    thread::scope(|scope| {
        let all: Vec<_> = (0..count).map(|i| scope.spawn(move || run(i))).collect();
        all.into_iter().map(|one| one.join().expect("it ends")).collect()
    })
}

fn nothing_to_do(hook: &Hook, config: &str) {
    let ended = hook.run("plan", config, &["--exit-code"]);
    assert_eq!(ended.code, Some(0), "{}", ended.said());
}

/// Nothing is there twice, and nothing is missing.
fn for_each_one(emulator: &Emulator, feature: &str) {
    let names = |all: Vec<String>| all.into_iter().filter(|name| name.contains(feature)).collect::<Vec<_>>();
    let queues = names(emulator.queues().into_keys().collect());
    let of = |stems: &[&str]| stems.iter().map(|stem| format!("{stem}-{feature}")).collect::<Vec<_>>();
    assert_eq!(queues, of(&["dead", "main", "other"]));
    assert_eq!(names(emulator.topics().into_keys().collect()), of(&["alerts", "news"]));
    for (topic, count) in [("alerts", 2), ("news", 1)] {
        let subscriptions = emulator.subscriptions(&format!("{topic}-{feature}"));
        assert_eq!(subscriptions.len(), count, "{subscriptions:?}");
    }
    let policy = &emulator.queue_attributes(&format!("main-{feature}"))["Policy"];
    let policy: serde_json::Value = serde_json::from_str(policy).expect("a policy is JSON");
    assert_eq!(policy["Statement"].as_array().map(Vec::len), Some(2), "{policy}");
}

/// Two topics send to one queue, whose policy is written for each.
fn config(feature: &str, endpoint: &str) -> String {
    let rest = format!(
        "sqs:
  endpointUrl: {endpoint}
  region: {REGION}
  queues:
    - {{name: dead}}
    - name: main
      attributes: {{visibilityTimeout: 7, redrivePolicy: {{deadLetterQueue: dead, maxReceiveCount: 3}}}}
      tags: {{team: orders}}
    - {{name: other}}
sns:
  topics:
    - name: alerts
      attributes: {{displayName: now}}
      tags: {{team: orders}}
      subscriptions:
        - {{protocol: sqs, queue: main, attributes: {{rawMessageDelivery: true, filterPolicy: {{a: [b]}}}}}}
        - {{protocol: sqs, queue: other}}
    - name: news
      subscriptions:
        - {{protocol: sqs, queue: main}}"
    );
    file(feature, &rest)
}
