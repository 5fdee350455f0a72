//! A hook that is killed, or whose requests or answers are lost, at whatever request: the next run, or the same one,
//! ends where one would that nobody disturbed.

use std::{collections::BTreeMap, time::Duration};

use acceptance::{
    cluster,
    proxy::{Fault, Which},
};
use provision::cluster::Found;
use serde_json::{Value, json};

use super::Copy;

const WANTED: &str = "from: {name: orders}, outputs: [{value: checksum, secret: orders-feat1, key: SUM}]\nfrom: {name: tls}, labels: [team]\nfrom: {name: orders}, to: {name: frozen}, \
                      immutable: true\nset: {A: b}, to: {name: theirs}, conflict: merge\nset: {A: b}, to: {name: \
                      taken}, conflict: adopt";

const LONG: Duration = Duration::from_secs(20);

struct Stage {
    copy: Copy,
    verb: &'static str,
    /// What an undisturbed run comes to.
    end: BTreeMap<String, Value>,
    /// How many requests it takes.
    count: usize,
}

impl Stage {
    fn new(namespace: &str, verb: &'static str) -> Self {
        let copy = Copy::of(namespace);
        let pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        copy.create("orders", &json!({"stringData": {"URL": "one", "USER": "alice"}}));
        copy.create(
            "tls",
            &json!({"type": "kubernetes.io/tls", "metadata": {"labels": {"team": "x"}}, "stringData": {"tls.crt": pem, "tls.key": pem}}),
        );
        let mut stage = Self { copy, verb, end: BTreeMap::new(), count: 0 };
        stage.set();
        stage.run();
        stage.count = stage.copy.gate.proxy.calls().len();
        stage.end = stage.state();
        stage
    }

    /// All as it was before the run, and the proxy without a fault.
    fn set(&self) {
        let made: Vec<String> = self
            .copy
            .secrets()
            .into_keys()
            .filter(|name| !["orders", "tls"].contains(&name.as_str()))
            .collect();
        if !made.is_empty() {
            let names: Vec<&str> = made.iter().map(String::as_str).collect();
            self.copy.kubectl(&[&["delete", "secret"], &names[..]].concat());
        }
        for name in ["theirs", "taken"] {
            self.copy.create(name, &json!({"stringData": {"A": "theirs", "OWN": "x"}}));
        }
        self.copy.kubectl(&["delete", "secret", "theirs"]);
        self.copy.create("theirs", &json!({"stringData": {"OWN": "x"}}));
        self.copy.gate.proxy.clear();
        if self.verb == "delete" {
            self.copy.apply(WANTED);
            self.copy.gate.proxy.clear();
        }
    }

    fn run(&self) {
        let _ = self.copy.hook().does(self.verb, &self.copy.file(WANTED), &[]);
    }

    /// Everything, but for what is another with each object and each moment.
    fn state(&self) -> BTreeMap<String, Value> {
        let mut secrets = self.copy.secrets();
        for secret in secrets.values_mut() {
            let found = Found::try_from(secret.clone()).expect("an object");
            let owned: Vec<String> =
                found.owned().into_iter().map(|(manager, keys)| format!("{manager}: {keys:?}")).collect();
            secret["owned"] = json!(owned);
            // Of its uid, too.
            if let Some(sum) = secret["data"].get_mut("SUM") {
                *sum = json!("a checksum");
            }
            cluster::lasting(secret);
        }
        secrets
    }

    fn ends_alike(&self, what: &str) {
        assert_eq!(self.state(), self.end, "{} {what}", self.verb);
        if self.verb == "apply" {
            self.copy.gate.proxy.clear();
            self.copy.keeps(WANTED);
        }
    }
}

#[test]
fn a_hook_that_is_killed_at_any_request_is_finished_by_the_next_run() {
    for verb in ["apply", "delete"] {
        let stage = Stage::new(&format!("secrets-kill-{verb}"), verb);
        for k in 1..=stage.count {
            stage.set();
            stage.copy.gate.proxy.on(Which::nth(k), Fault::Held);
            let running = stage.copy.hook().spawn(verb, &stage.copy.file(WANTED), &[]);
            let _ = stage.copy.gate.proxy.wait_for(&Which::nth(k), LONG);
            let _ = running.kill();
            stage.copy.gate.proxy.clear();
            stage.run();
            stage.ends_alike(&format!("killed at request {k} of {}", stage.count));
        }
    }
}

#[test]
fn a_request_or_an_answer_that_is_lost_is_made_up_for_by_the_same_run() {
    for verb in ["apply", "delete"] {
        let stage = Stage::new(&format!("secrets-lost-{verb}"), verb);
        for k in 1..=stage.count {
            stage.set();
            let fault = if k % 2 == 0 { Fault::Lost } else { Fault::Unsent };
            stage.copy.gate.proxy.on(Which::nth(k), fault.clone());
            stage.run();
            stage.ends_alike(&format!("with request {k} of {} {fault:?}", stage.count));
        }
    }
}
