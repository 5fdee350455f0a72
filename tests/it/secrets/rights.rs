//! The chart gives the hooks no right that they can do without: with all of them a copy's life goes well, and without
//! any single one it does not. Without that to write an Event it is the Event that is missing.

use acceptance::{
    account::{Grant, Right},
    charts, cluster,
    emulator::{Emulator, REGION},
    helm::{Helm, Version},
    hook::Hook,
    kafka::Broker,
    place::Namespace,
    postgres::Server,
    process, repo,
};
use serde_json::{Value, json};

const NAMESPACE: &str = "rights";
const OTHER: &str = "rights-other";
const RELEASE: &str = "orders-feat1-hooks";
/// In the names of all things of back ends.
const WORD: &str = "rights";

/// What the chart renders for a section: a hook's file, and what it may do.
struct Rendered {
    namespace: &'static str,
    hook: &'static str,
    file: String,
    grant: Grant,
}

impl Rendered {
    fn of(namespace: &'static str, hook: &'static str, section: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let values = folder.path().join("values.yaml");
        std::fs::write(&values, format!("feature: feat1\nttl: 1h\n{section}\n"))
            .expect("the values are written");
        let helm = Helm::new(Version::Four);
        let mut command = helm.helm();
        command.current_dir(repo::root());
        command
            .args(["template", RELEASE, "charts/devstack-hooks", "--namespace", namespace, "--values"])
            .arg(&values);
        let documents = charts::objects(&process::output_of(&mut command));
        let config = documents.iter().find(|object| object["kind"] == "ConfigMap").expect("a ConfigMap");
        let file = config["data"]["resources.yaml"].as_str().expect("a file").to_owned();
        let account = format!("{RELEASE}-devstack-hooks");
        Self { namespace, hook, file, grant: Grant::of(namespace, &account, documents) }
    }

    /// Whether it is the one to write an Event, which no hook of itself does.
    fn is_of_events(&self, right: &Right) -> bool {
        self.grant.rule(right)["resources"] == json!(["events"])
    }

    /// A copy's life, by the account's own token; what its first failure was.
    fn lives(&self, kubeconfig: &str) -> Result<(), String> {
        let hook = super::outputs::hook_of(self.hook).env("KUBECONFIG", kubeconfig);
        let mut outcome = Ok(());
        for verb in ["apply", "apply", "delete"] {
            let ended = hook.run(verb, &self.file, &[]);
            if ended.code != Some(0) && outcome.is_ok() {
                outcome = Err(ended.said());
            }
            // What the first has made has to be changed by the second.
            cluster::kubectl(
                self.namespace,
                &["patch", "secret", "orders", "--patch", &json!({"stringData": {"URL": verb}}).to_string()],
            );
        }
        outcome
    }
}

#[test]
fn each_hook_needs_every_right_that_the_chart_gives_it() {
    let _spaces = [Namespace::new(NAMESPACE), Namespace::new(OTHER)];
    let (emulator, broker, server) = (Emulator::localstack(), Broker::lab(), Server::lab());
    let sweep = || drop((emulator.swept(WORD), broker.swept(WORD), server.swept(WORD)));
    sweep();
    for namespace in [NAMESPACE, OTHER] {
        let allowed = json!({(feature::words::CLONE_ALLOWED): format!("{NAMESPACE},{OTHER}")});
        let source = json!({"metadata": {"annotations": allowed}, "stringData": {"URL": "base", "KEY": "x"}});
        super::create(namespace, "orders", &source);
    }
    let at = format!("  endpointUrl: {}\n  region: {REGION}\n", emulator.url());
    let outputs = "outputs: [{value: name, secret: told, key: A}, {value: name, configMap: told, key: B}]";
    let cloned = format!(
        "  secrets:\n    - from: {{name: orders}}\n      set: {{KEY: {{secret: orders, namespace: {OTHER}}}}}\n"
    );
    let cases = [
        ("secret", format!("secret:\n  prune: false\n{cloned}      {outputs}")),
        ("secret", format!("secret:\n{cloned}")),
        (
            "secret",
            format!(
                "secret:\n  secrets:\n    - from: {{name: orders}}\n    - {{from: {{name: orders}}, to: {{namespace: {OTHER}, name: there}}}}"
            ),
        ),
        (
            "database",
            format!("database:\n  adminUrl: {{env: ADMIN_URL}}\n  databases: [{{name: {WORD}, {outputs}}}]"),
        ),
        (
            "kafka",
            format!(
                "kafka:\n  bootstrapServers: '{}'\n  topics: [{{name: {WORD}, {outputs}}}]",
                broker.bootstrap()
            ),
        ),
        ("sqs", format!("sqs:\n{at}  queues: [{{name: {WORD}, {outputs}}}]")),
        ("sns", format!("sns:\n{at}  topics: [{{name: {WORD}, {outputs}}}]")),
    ];
    for (hook, section) in cases {
        let rendered = Rendered::of(NAMESPACE, hook, &section);
        rendered.grant.give_all();
        let folder = tempfile::tempdir().expect("a folder");
        let kubeconfig = rendered.grant.kubeconfig(&folder);
        rendered.lives(&kubeconfig).unwrap_or_else(|why| panic!("{hook} with all rights: {why}"));
        let rights = rendered.grant.rights();
        assert!(rights.len() > 4, "{rights:?}");
        for right in rights.into_iter().filter(|right| !rendered.is_of_events(right)) {
            rendered.grant.take(&right);
            let outcome = rendered.lives(&kubeconfig);
            assert!(outcome.is_err(), "{hook} can do without {right:?} of {}", rendered.grant.role(&right));
            // What it could not take away.
            rendered.grant.give_back(&right);
            rendered.lives(&kubeconfig).unwrap_or_else(|why| panic!("{hook} after {right:?}: {why}"));
        }
    }
    sweep();
}

#[test]
fn why_a_hook_failed_is_an_event_of_its_job_where_the_account_may_write_one() {
    const EVENTS: &str = "rights-events";
    let _space = Namespace::new(EVENTS);
    let section =
        format!("sqs:\n  endpointUrl: http://127.0.0.1:1\n  region: {REGION}\n  queues: [{{name: {WORD}}}]");
    let rendered = Rendered::of(EVENTS, "sqs", &section);
    let rights = rendered.grant.rights();
    let [right] = &rights[..] else { panic!("without outputs and Secrets there is one right: {rights:?}") };
    assert!(rendered.is_of_events(right), "{right:?}");
    rendered.grant.give_all();
    let folder = tempfile::tempdir().expect("a folder");
    let hooks = Hook::several()
        .env("KUBECONFIG", &rendered.grant.kubeconfig(&folder))
        .env("DEVSTACK_JOB", "a-job")
        .env("DEVSTACK_JOB_NAMESPACE", EVENTS)
        .env("DEVSTACK_JOB_UID", "1f1f");
    let fails = || hooks.run("apply", &rendered.file, &["sqs", "--timeout=2s"]).ends_with(4);

    rendered.grant.take(right);
    let ended = fails();
    let about: Vec<&str> =
        ended.stderr.lines().filter(|line| line.contains("job/a-job: write an Event: ")).collect();
    assert!(
        matches!(about[..], [line] if line.contains("cannot create resource \"events\"")),
        "{}",
        ended.said()
    );
    assert!(ended.last_line().starts_with("sqs: connect at "), "{}", ended.said());
    assert_eq!(events(EVENTS), Vec::<Value>::new());

    rendered.grant.give_back(right);
    let ended = fails();
    assert!(!ended.stderr.contains("Event"), "{}", ended.said());
    let events = events(EVENTS);
    let [event] = &events[..] else { panic!("one Event: {events:?}") };
    assert_eq!((&event["type"], &event["reason"]), (&json!("Warning"), &json!("HookFailed")));
    assert_eq!(event["message"], ended.last_line());
    let about =
        json!({"apiVersion": "batch/v1", "kind": "Job", "name": "a-job", "namespace": EVENTS, "uid": "1f1f"});
    assert_eq!(event["involvedObject"], about);
}

fn events(namespace: &str) -> Vec<Value> {
    cluster::objects_of(namespace, "events").into_values().collect()
}
