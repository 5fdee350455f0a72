//! What the hooks tell an application, all of them in one Secret, in whatever order and however many at once: no key
//! is lost, and none that is somebody else's is touched.

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
};

use acceptance::{
    emulator::{Emulator, REGION},
    helm::{Helm, Version},
    hook::{Ended, Hook},
    kafka::Broker,
    lab::lab,
    postgres::Server,
    process,
    release::Release,
};
use feature::words;
use serde_json::{Value, json};

use super::{Copy, map};

/// The Secret that all hooks write into.
const TOLD: &str = "orders-feat1";

/// The hooks, each with the keys that it tells.
const HOOKS: [(&str, &[&str]); 5] = [
    ("secret", &["CHECKSUM", "EMAILS_URL", "USER"]),
    ("database", &["DATABASE", "DATABASE_PASSWORD"]),
    ("kafka", &["EVENTS"]),
    ("sqs", &["QUEUE", "QUEUE_URL"]),
    ("sns", &["TOPIC"]),
];

struct Stage {
    copy: Copy,
    emulator: Emulator,
    broker: Broker,
    server: Server,
    word: &'static str,
}

impl Stage {
    /// A copy with one thing of each hook, whose names at their back ends have this word.
    fn new(namespace: &str, word: &'static str) -> Self {
        let copy = Copy::of(namespace);
        copy.create(
            "orders",
            &json!({"stringData": {"EMAILS_URL": "base", "USER": "alice", "QUEUE_URL": "of base"}}),
        );
        Self { copy, emulator: Emulator::localstack(), broker: Broker::lab(), server: Server::lab(), word }
    }

    fn file(&self) -> String {
        let (word, url, bootstrap) = (self.word, self.emulator.url(), self.broker.bootstrap());
        let told = |pairs: &[(&str, &str)]| {
            let outputs =
                pairs.iter().map(|(value, key)| format!("{{value: {value}, secret: {TOLD}, key: {key}}}"));
            format!("outputs: [{}]", outputs.collect::<Vec<_>>().join(", "))
        };
        let at = format!("  endpointUrl: {url}\n  region: {REGION}\n");
        let sections = [
            format!(
                "secret:\n  secrets: [{{from: {{name: orders}}, {}}}]",
                told(&[("checksum", "CHECKSUM")])
            ),
            format!(
                "database:\n  adminUrl: {{env: ADMIN_URL}}\n  databases: [{{name: {word}, {}}}]",
                told(&[("name", "DATABASE"), ("password", "DATABASE_PASSWORD")])
            ),
            format!(
                "kafka:\n  bootstrapServers: '{bootstrap}'\n  topics: [{{name: {word}, {}}}]",
                told(&[("name", "EVENTS")])
            ),
            format!(
                "sqs:\n{at}  queues: [{{name: {word}, {}}}]",
                told(&[("name", "QUEUE"), ("url", "QUEUE_URL")])
            ),
            format!("sns:\n{at}  topics: [{{name: {word}, {}}}]", told(&[("name", "TOPIC")])),
        ];
        self.copy.whole_file(&sections.join("\n"))
    }

    /// Runs of hooks, all at once, of which none fails.
    fn all_end_well(&self, runs: &[(&str, &str)]) {
        let file = self.file();
        thread::scope(|scope| {
            let start = |(hook, verb): &(&str, &str)| {
                let (running, file, verb) = (hook_of(hook), &file, (*verb).to_owned());
                scope.spawn(move || running.run(&verb, file, &[]))
            };
            let running: Vec<_> = runs.iter().map(start).collect();
            let ended: Vec<Ended> = running.into_iter().map(|run| run.join().expect("it ends")).collect();
            for ended in ended {
                let _ = ended.ends_with(0);
            }
        });
    }

    fn told(&self) -> BTreeMap<String, String> {
        self.copy.texts(TOLD)
    }

    /// Every key is there, each by its own hook, and what base has of them is nowhere.
    fn is_whole(&self, more: &[&str]) {
        let told = self.told();
        let mut expected: Vec<&str> =
            HOOKS.iter().flat_map(|(_, keys)| *keys).copied().chain(more.iter().copied()).collect();
        expected.sort_unstable();
        assert_eq!(told.keys().map(String::as_str).collect::<Vec<_>>(), expected);
        assert_ne!(told["QUEUE_URL"], "of base");
        for (hook, _) in HOOKS {
            let ended = hook_of(hook).run("plan", &self.file(), &["--exit-code"]);
            assert_eq!(ended.code, Some(0), "{hook}: {}", ended.said());
        }
    }

    /// Who has written what says whose the Secret is.
    fn managers_of_marks(&self) -> BTreeSet<String> {
        let managers = self.copy.secret(TOLD)["metadata"]["managedFields"].take();
        let of_marks = managers.as_array().expect("managers").iter().filter(|entry| {
            let metadata = &entry["fieldsV1"]["f:metadata"];
            let keys = ["f:labels", "f:annotations"].into_iter().filter_map(|of| metadata[of].as_object());
            // From where its content is the clone says, as it says the content.
            let marks = |key: &str| words::is_ours(key) && key != words::CLONED_FROM;
            keys.flatten().any(|(key, _)| marks(key.trim_start_matches("f:")))
        });
        of_marks.map(|entry| entry["manager"].as_str().expect("a text").to_owned()).collect()
    }

    /// Nothing at any back end has the word.
    fn sweep(&self) {
        drop((self.emulator.swept(self.word), self.broker.swept(self.word), self.server.swept(self.word)));
    }
}

/// A hook by the word of its section.
pub(super) fn hook_of(name: &str) -> Hook {
    let hook = match name {
        "secret" => Hook::secret(),
        "database" => Hook::database(),
        "kafka" => Hook::kafka(),
        "sqs" => Hook::sqs(),
        _ => Hook::sns(),
    };
    let url = lab().var("POSTGRES_URL");
    hook.env("KUBECONFIG", lab().var("KUBECONFIG")).env("ADMIN_URL", &format!("{url}?sslmode=disable"))
}

#[test]
fn forty_eight_runs_of_all_hooks_at_once_lose_no_key_and_touch_none_of_anybody_elses() {
    let stage = Stage::new("outputs-at-once", "outputs48");
    stage.sweep();
    let runs: Vec<(&str, &str)> = (0..48).map(|n| (HOOKS[n % HOOKS.len()].0, "apply")).collect();
    stage.all_end_well(&runs);
    stage.is_whole(&[]);
    stage.copy.edit(TOLD, &[("THEIRS", "kept")]);
    let before = stage.told();
    stage.all_end_well(&runs);
    assert_eq!(stage.told(), before);
    assert_eq!(stage.managers_of_marks(), [words::MANAGER.to_owned()].into());
    stage.is_whole(&["THEIRS"]);
    let deletes: Vec<(&str, &str)> = HOOKS.iter().map(|(hook, _)| (*hook, "delete")).collect();
    stage.all_end_well(&deletes);
    assert_eq!(stage.copy.secrets().into_keys().collect::<Vec<_>>(), ["orders"]);
    stage.sweep();
}

#[test]
fn hooks_tell_in_any_order_and_the_last_that_goes_takes_the_object_with_it() {
    let stage = Stage::new("outputs-in-order", "outputsorder");
    stage.sweep();
    for turn in 0..HOOKS.len() {
        let order = || HOOKS.iter().cycle().skip(turn).take(HOOKS.len());
        for (hook, _) in order() {
            let _ = hook_of(hook).does("apply", &stage.file(), &[]);
        }
        stage.is_whole(&[]);
        let mut left: Vec<&str> = HOOKS.iter().flat_map(|(_, keys)| *keys).copied().collect();
        for (hook, keys) in order() {
            let _ = hook_of(hook).does("delete", &stage.file(), &[]);
            left.retain(|key| !keys.contains(key));
            left.sort_unstable();
            let there = stage.copy.secrets().remove(TOLD).map(|secret| super::texts(&secret));
            let there: Vec<String> = there.into_iter().flatten().map(|(key, _)| key).collect();
            assert_eq!(there, left, "after {hook} of turn {turn}");
        }
        assert!(!stage.copy.secrets().contains_key(TOLD));
    }
    stage.sweep();
}

#[test]
fn a_delete_beside_applies_takes_no_key_of_theirs() {
    let stage = Stage::new("outputs-against", "outputsagainst");
    stage.sweep();
    let names = HOOKS.map(|(hook, _)| hook);
    for goes in names {
        let applies: Vec<(&str, &str)> = names.iter().map(|hook| (*hook, "apply")).collect();
        stage.all_end_well(&applies);
        stage.copy.edit(TOLD, &[("THEIRS", "kept")]);
        stage.is_whole(&["THEIRS"]);
        let before = stage.told();
        let runs: Vec<(&str, &str)> =
            names.iter().map(|hook| (*hook, if *hook == goes { "delete" } else { "apply" })).collect();
        stage.all_end_well(&runs);
        let expected: Vec<&str> =
            HOOKS.iter().filter(|(hook, _)| *hook != goes).flat_map(|(_, keys)| *keys).copied().collect();
        let told = stage.told();
        assert!(
            expected.iter().chain(&["THEIRS"]).all(|key| told.get(*key) == before.get(*key)),
            "{goes} went, and of {before:?} are left {told:?}"
        );
    }
    let deletes: Vec<(&str, &str)> = names.iter().rev().map(|hook| (*hook, "delete")).collect();
    for run in deletes {
        stage.all_end_well(&[run]);
    }
    assert_eq!(stage.copy.secrets().into_keys().collect::<Vec<_>>(), ["orders"]);
    stage.sweep();
}

#[test]
fn a_key_goes_from_an_output_to_the_clone_and_back_by_applies_alone() {
    let stage = Stage::new("outputs-moved", "outputsmoved");
    stage.sweep();
    let whole = stage.file();
    let without_queue = whole.replace(&format!(", {{value: url, secret: {TOLD}, key: QUEUE_URL}}"), "");
    assert_ne!(whole, without_queue);
    let run = |file: &str| {
        for (hook, _) in HOOKS {
            let _ = hook_of(hook).does("apply", file, &[]);
        }
    };
    run(&whole);
    // Base's is the clone's as soon as nobody tells another.
    run(&without_queue);
    run(&without_queue);
    assert_eq!(stage.told()["QUEUE_URL"], "of base");
    run(&whole);
    assert_ne!(stage.told()["QUEUE_URL"], "of base");
    stage.is_whole(&[]);
    // The clone's own output, and a key of the source that is called so.
    let without_sum = whole.replace(&format!("{{value: checksum, secret: {TOLD}, key: CHECKSUM}}"), "");
    stage.copy.edit("orders", &[("CHECKSUM", "of base")]);
    for file in [&without_sum, &without_sum, &whole, &whole] {
        run(file);
    }
    stage.is_whole(&[]);
    // A clone that the file no longer names goes, and leaves what others tell.
    let (head, rest) = whole.split_once("secret:\n  secrets: [").expect("a section");
    let (_, rest) = rest.split_once('\n').expect("more");
    let without_clone = format!("{head}secret:\n  secrets: []\n{rest}");
    run(&without_clone);
    let told = stage.told();
    assert!(
        !told.contains_key("USER") && !told.contains_key("CHECKSUM") && told.contains_key("QUEUE_URL"),
        "{told:?}"
    );
    for (hook, _) in HOOKS.iter().rev() {
        let _ = hook_of(hook).does("delete", &without_clone, &[]);
    }
    assert_eq!(stage.copy.secrets().into_keys().collect::<Vec<_>>(), ["orders"]);
    stage.sweep();
}

#[test]
fn whatever_else_has_made_the_secret_it_is_refused_and_stays_as_it_was() {
    let stage = Stage::new("outputs-theirs", "outputstheirs");
    stage.sweep();
    let by_helm = |version, text: &str| {
        let helm = Helm::new(version);
        let release = Release {
            helm: &helm,
            chart: "secret",
            name: TOLD.to_owned(),
            namespace: "outputs-theirs",
            values: vec![format!("text={text}")],
            flags: Vec::new(),
        };
        let output = release.upgrade();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        check(&stage);
        release.uninstall();
    };
    by_helm(Version::Three, "false");
    by_helm(Version::Three, "true");
    by_helm(Version::Four, "false");
    by_helm(Version::Four, "true");
    stage.copy.create(TOLD, &json!({"stringData": {"URL": "theirs"}}));
    check(&stage);
    stage.copy.kubectl(&["delete", "secret", TOLD]);
    let literal = ["create", "secret", "generic", TOLD, "--from-literal=URL=theirs"];
    let _ =
        process::output_of(lab().command("kubectl").args(["--namespace", "outputs-theirs"]).args(literal));
    check(&stage);
    stage.sweep();
}

fn check(stage: &Stage) {
    let before: Value = stage.copy.secret(TOLD);
    assert_eq!(super::texts(&before), map([("URL", "theirs")]));
    let file = stage.file();
    for verb in ["apply", "delete"] {
        thread::scope(|scope| {
            let start = |(hook, _): (&'static str, _)| {
                let file = &file;
                scope.spawn(move || hook_of(hook).run(verb, file, &[]))
            };
            for (running, (hook, _)) in HOOKS.map(start).into_iter().zip(HOOKS) {
                let ended = running.join().expect("it ends").ends_with(5);
                let why = "it exists without a mark of ours";
                assert!(ended.last_line().contains(why), "{hook}: {}", ended.said());
            }
        });
        assert_eq!(stage.copy.secret(TOLD), before, "{verb}");
    }
}
