//! sweep at the real API server, with the real Helm and every back end of the lab. Its clock is given to it; only what is
//! redeployed again and again is so in real time.

mod beyond;
mod clock;
mod faults;
mod guard;
mod leftovers;
mod list;
mod pending;
mod rights;
mod runs;

use std::{collections::BTreeSet, process::Command};

use acceptance::{
    cluster,
    emulator::{Emulator, REGION},
    helm::{Helm, Version},
    hook::{self, Ended, Hook},
    kafka::Broker,
    lab::lab,
    place::Namespace,
    postgres::Server,
    process, repo,
};
use feature::words;
use jiff::{Timestamp, ToSpan};
use serde_json::Value;

/// What every copy of these tests is for.
const FEATURE: &str = "feat1";

/// A namespace whose copies are swept, and what the back ends hold of them: all that has its name in it.
struct Site {
    namespace: Namespace,
    emulator: Emulator,
    broker: Broker,
    server: Server,
}

impl Site {
    /// A namespace that no other test has, whose name is a word that nothing else in a back end has in its name.
    fn of(namespace: &str) -> Self {
        Self::at(namespace, Emulator::localstack())
    }

    /// The same with queues and topics in a region.
    fn at(namespace: &str, emulator: Emulator) -> Self {
        let site = Self {
            namespace: Namespace::new(namespace),
            emulator,
            broker: Broker::lab(),
            server: Server::lab(),
        };
        site.forget();
        site
    }

    fn name(&self) -> &str {
        &self.namespace.0
    }

    /// Takes everything out of the back ends.
    fn forget(&self) {
        drop((
            self.emulator.swept(self.name()),
            self.broker.swept(self.name()),
            self.server.swept(&self.word()),
        ));
    }

    /// The name as databases have it.
    fn word(&self) -> String {
        self.name().replace('-', "_")
    }

    /// A file of sweep's for this namespace.
    fn file(&self, rest: &str) -> String {
        file(self.name(), rest)
    }

    /// The same with all back ends, at these addresses of the first and the last.
    fn file_with(&self, emulator: &str, rest: &str) -> String {
        self.file(&format!("{}{rest}", back_ends(emulator, self.emulator.region())))
    }

    fn whole_file(&self) -> String {
        self.file_with(self.emulator.url(), "")
    }

    fn clear(&self) {
        clear(self.name());
    }

    /// A word of sweep's that needs no file.
    fn say(&self, verb: &str, words: &[&str]) -> Ended {
        let namespace = format!("--namespace={}", self.name());
        let words: Vec<&str> = words.iter().copied().chain([namespace.as_str()]).collect();
        program().run(verb, "", &words).ends_with(0)
    }

    /// The copies in the list.
    fn list(&self, config: &str, words: &[&str]) -> Vec<Value> {
        let namespace = format!("--namespace={}", self.name());
        let words: Vec<&str> = words.iter().copied().chain([namespace.as_str(), "--output=json"]).collect();
        program().run("list", config, &words).ends_with(0).json()
    }

    /// A file of the hooks' for a release of the copy here.
    fn hooks_file(&self, owner: &str, sections: &str) -> String {
        let head = hook::head();
        format!("{head}feature: {FEATURE}\nowner: {}/{owner}\nttl: 1h\n{sections}\n", self.name())
    }

    /// One thing of each kind, as sections of a hooks' file.
    fn sections(&self) -> String {
        let (word, url, region) = (self.name(), self.emulator.url(), self.emulator.region());
        let told =
            "[{value: name, secret: told-feat1, key: NAME}, {value: name, configMap: told-feat1, key: NAME}]";
        format!(
            "sqs: {{endpointUrl: '{url}', region: {region}, queues: [{{name: {word}, outputs: {told}}}]}}\n\
             sns:\n  topics: [{{name: {word}, subscriptions: [{{protocol: sqs, queue: {word}}}]}}]\n  \
             subscriptions: [{{topic: {word}-base, filterBy: feature, queue: {word}}}]\n\
             kafka: {{bootstrapServers: '{}', topics: [{{name: {word}}}], consumerGroups: [{{name: {word}}}]}}\n\
             database: {{adminUrl: {{env: ADMIN_URL}}, databases: [{{name: {}}}]}}\n\
             secret:\n  secrets:\n    - {{from: {{name: orders}}}}\n    \
             - {{set: {{OURS: x}}, to: {{name: shared}}, conflict: merge}}\n",
            self.broker.bootstrap(),
            self.word()
        )
    }

    /// Gives a release of the copy one thing of each kind, as its hooks would.
    fn provide(&self, owner: &str) {
        self.emulator.sns("CreateTopic", &[("Name", &format!("{}-base", self.name()))]);
        for (name, key) in [("orders", "URL"), ("shared", "THEIRS")] {
            let object = serde_json::json!({
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": name, "namespace": self.name()},
                "stringData": {(key): "base's"},
            });
            cluster::put(&object.to_string());
        }
        let file = self.hooks_file(owner, &self.sections());
        hooks().does("apply", &file, &["secret", "database", "kafka", "sqs", "sns"]);
    }

    /// Everything of the copy that is there, wherever it is.
    fn holds(&self) -> BTreeSet<String> {
        let copy = format!("{}-{FEATURE}", self.name());
        let of = |kind: &'static str, names: Vec<String>, copy: &str| {
            let copy = copy.to_owned();
            names.into_iter().filter(move |name| *name == copy).map(move |name| format!("{kind}/{name}"))
        };
        let mut holds: BTreeSet<String> = BTreeSet::new();
        holds.extend(of("queue", self.emulator.queues().into_keys().collect(), &copy));
        holds.extend(of("topic", self.emulator.topics().into_keys().collect(), &copy));
        holds.extend(of("events", self.broker.topics().into_keys().collect(), &copy));
        // A group in which nobody has consumed is there by its mark alone.
        holds.extend(self.broker.marks().into_keys().filter(|mark| *mark == format!("group/{copy}")));
        let database = format!("{}_{FEATURE}", self.word());
        holds.extend(of("database", self.server.databases().into_keys().collect(), &database));
        holds.extend(of("role", self.server.roles().into_keys().collect(), &database));
        let base = format!("{}-base", self.name());
        let ends_here = |endpoint: &str| endpoint.ends_with(&format!(":{copy}"));
        if self.emulator.topics().contains_key(&base)
            && self.emulator.subscriptions(&base).iter().any(|subscribed| ends_here(&subscribed.endpoint))
        {
            holds.insert("subscription/base".to_owned());
        }
        for (name, object) in cluster::objects_of(self.name(), "secrets,configmaps") {
            let metadata = &object["metadata"];
            if metadata["annotations"][words::OWNER].is_string()
                && metadata["labels"][words::FEATURE] == FEATURE
            {
                holds.insert(name);
            } else if object["data"]["OURS"].is_string() {
                holds.insert(format!("{name}/OURS"));
            }
        }
        holds
    }

    fn kubectl(&self, words: &[&str]) -> String {
        cluster::kubectl(self.name(), words)
    }

    /// The releases that are there.
    fn releases(&self, helm: &Helm) -> BTreeSet<String> {
        let said = process::output_of(helm.helm().args(["list", "--short", "--namespace", self.name()]));
        said.lines().map(str::to_owned).collect()
    }
}

/// The kinds that [`Site::provide`] gives, of which none is left in the end.
const KINDS: usize = 11;

impl Drop for Site {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.forget();
        }
    }
}

/// A run that goes well, at every back end.
pub fn clear(namespace: &str) {
    let _ = sweep(&file(namespace, &back_ends(Emulator::localstack().url(), REGION)), &[]).ends_with(0);
}

/// A file of sweep's.
fn file(namespace: &str, rest: &str) -> String {
    let head = format!("apiVersion: {}\nkind: {}\n", words::API_VERSION, words::FEATURE_SWEEP);
    format!("{head}namespaces: [{namespace}]\n{rest}\n")
}

/// All of them, with SQS and SNS at this address and in this region.
fn back_ends(emulator: &str, region: &str) -> String {
    format!(
        "backEnds:\n  sqs: {{endpointUrl: '{emulator}', region: {region}}}\n  sns: {{}}\n  kafka: {{bootstrapServers: '{}'}}\n  \
         database: {{adminUrl: {{env: ADMIN_URL}}}}\n",
        lab().var("KAFKA_BOOTSTRAP")
    )
}

/// A run of sweep.
fn sweep(config: &str, words: &[&str]) -> Ended {
    sweep_by(Version::Four, config, words)
}

/// A run of sweep with this Helm.
fn sweep_by(version: Version, config: &str, words: &[&str]) -> Ended {
    let helm = match version {
        Version::Three => lab().var("HELM3"),
        Version::Four => lab().var("HELM4"),
    };
    let helm = format!("--helm={helm}");
    let words: Vec<&str> = words.iter().copied().chain([helm.as_str()]).collect();
    program().run("run", config, &words)
}

/// sweep with what it needs of the lab.
fn program() -> Hook {
    with_lab(Hook::sweep())
}

/// The hooks, several at once.
fn hooks() -> Hook {
    with_lab(Hook::several())
}

fn with_lab(hook: Hook) -> Hook {
    let admin = format!("{}?sslmode=disable", lab().var("POSTGRES_URL"));
    hook.env("KUBECONFIG", lab().var("KUBECONFIG")).env("ADMIN_URL", &admin)
}

/// A moment so many hours from now, as sweep takes it.
fn in_hours(hours: i64) -> String {
    format!("--at={}", Timestamp::now() + hours.hours())
}

/// Until a record that is made now is later than those before: it is as old as the cluster's second.
fn next_second() {
    let second = Timestamp::now().as_second();
    cluster::eventually("the next second", 3, || {
        if Timestamp::now().as_second() > second { Ok(()) } else { Err(String::new()) }
    });
}

/// An application of the copy, which is there when its pods are.
fn shop(helm: &Helm, site: &Site, release: &str, ttl: &str) -> Command {
    let mut command = helm.helm();
    command.args(["upgrade", "--install", release]).arg(repo::root().join("tests/charts/fullname"));
    command.args([
        "--namespace",
        site.name(),
        "--wait",
        "--set=fullnameOverride=",
        "--post-renderer=devstack",
    ]);
    let flags = [format!("--feature={FEATURE}"), format!("--release={release}"), format!("--ttl={ttl}")];
    command.args(flags.map(|flag| format!("--post-renderer-args={flag}")));
    command
}

/// A release of the chart `secret` as a copy's, which has no pods: deployed at once. Its feature is the end of its name.
fn deploy(helm: &Helm, site: &Site, release: &str, ttl: &str, words: &[&str]) {
    let (_, feature) = release.rsplit_once('-').expect("a feature at its end");
    let mut command = helm.helm();
    command.args(["upgrade", "--install", release]).arg(repo::root().join("tests/charts/secret")).args([
        "--namespace",
        site.name(),
        "--post-renderer=devstack",
    ]);
    let flags = [format!("--feature={feature}"), format!("--release={release}"), format!("--ttl={ttl}")];
    command.args(flags.iter().map(|flag| format!("--post-renderer-args={flag}")));
    let _ = process::output_of(command.args(["--post-renderer-args=--router=none"]).args(words));
}
