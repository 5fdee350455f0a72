//! A chart that knows base's queue and Secret by heart runs as a copy that uses its own, and those alone.

use std::{
    collections::BTreeSet,
    io::Write,
    process::{Command, Stdio},
    sync::Mutex,
};

use acceptance::{cluster, http::Router, place::Namespace, process, queues, release::Release, repo};
use serde_json::{Value, json};

use crate::stage::with_either_helm;

/// The queue stands in the chart: one test at a time.
static QUEUE: Mutex<()> = Mutex::new(());

const MESSAGES: usize = 20;

const FLAGS: [&str; 5] = [
    "--feature=feat1",
    "--release=desk-feat1",
    "--env=QUEUE_URL=secret/orders-feat1-outputs/QUEUE_URL",
    "--swap=secret/orders=orders-feat1",
    "--swap=configmap/orders-settings=orders-settings-feat1",
];

/// Where the chart names what is base's, and what a copy has there instead.
const CHANGES: &[(&str, &str, &str)] = &[
    ("Deployment", "initContainers[migrate].env", "QUEUE_URL: secret/orders-feat1-outputs/QUEUE_URL"),
    ("Deployment", "containers[worker].env", "QUEUE_URL: secret/orders-feat1-outputs/QUEUE_URL"),
    ("Deployment", "containers[audit].env", "QUEUE_URL: secret/orders-feat1-outputs/QUEUE_URL"),
    ("Deployment", "imagePullSecrets", "orders-feat1"),
    ("Deployment", "initContainers[migrate].env", "orders-feat1"),
    ("Deployment", "initContainers[migrate].env", "orders-settings-feat1"),
    ("Deployment", "containers[worker].envFrom", "orders-feat1"),
    ("Deployment", "containers[worker].envFrom", "orders-settings-feat1"),
    ("Deployment", "containers[audit].envFrom", "orders-feat1"),
    ("Deployment", "containers[audit].envFrom", "orders-settings-feat1"),
    ("Deployment", "volumes[secrets]", "orders-feat1"),
    ("Deployment", "volumes[settings]", "orders-settings-feat1"),
    ("Deployment", "volumes[all]", "orders-feat1"),
    ("Deployment", "volumes[all]", "orders-settings-feat1"),
    ("CronJob", "containers[report].env", "QUEUE_URL: secret/orders-feat1-outputs/QUEUE_URL"),
    ("CronJob", "containers[report].env", "orders-feat1"),
    ("CronJob", "volumes[secrets]", "orders-feat1"),
];

with_either_helm! {
    fn a_copy_of_a_chart_that_knows_bases_queue_uses_its_own(helm, number) {
        let _queue = QUEUE.lock().unwrap_or_else(|poisoned| { QUEUE.clear_poison(); poisoned.into_inner() });
        let namespace = Namespace::new(&format!("own-{number}"));
        for (feature, suffix) in [("base", ""), ("feat1", "-feat1")] {
            queues::make(&format!("orders{suffix}"));
            cluster::put(&given(&namespace.0, feature, suffix));
        }
        let host = format!("desk-{number}.example.com");
        let base = Release {
            helm,
            chart: "queue-user",
            name: "desk".to_owned(),
            namespace: &namespace.0,
            values: vec![format!("host={host}")],
            flags: vec![],
        };
        let copy = Release { name: "desk-feat1".to_owned(), flags: FLAGS.map(str::to_owned).to_vec(), ..base.clone() };
        let queue = queues::attributes("orders");
        base.deploy(&[]);
        copy.deploy(&[]);

        // Each message where its header leads, and nowhere else: a worker of the copy on base's queue would take
        // some of base's.
        let router = Router::default();
        let both =
            [(&[][..], "desk", "orders"), (&[("uber-ctx-key", "feat1")][..], "desk-feat1", "orders-feat1")];
        for (headers, release, _) in both {
            super::isolation::settle(&host, headers, &[release]);
        }
        for number in 0..MESSAGES {
            for (headers, release, queue) in both {
                let sent = router.post(&host, "/messages", headers, &format!("{release} {number}")).expect("the router answers");
                assert!(sent.status == 202 && sent.body.contains(&format!("/000000000000/{queue}\"")), "{}", sent.body);
            }
        }
        for (headers, release, _) in both {
            let wanted: BTreeSet<String> = (0..MESSAGES).map(|number| format!("{release} {number}")).collect();
            cluster::eventually("all messages", 60, || {
                let answer = router.get(&host, "/messages", headers).map_err(|error| error.to_string())?;
                let got: Value = serde_json::from_str(&answer.body).map_err(|error| error.to_string())?;
                let messages = got["messages"].as_array().ok_or("no messages")?.iter();
                let messages: BTreeSet<String> = messages.filter_map(Value::as_str).map(str::to_owned).collect();
                assert!(messages.is_subset(&wanted), "{release} got {:?}", messages.difference(&wanted));
                if messages == wanted && got["release"] == release { Ok(()) } else { Err(answer.body) }
            });
        }

        // What every container was given, it says itself.
        let words = |release: &Release<'_>| {
            let job = format!("{}-report", release.name);
            cluster::kubectl(&namespace.0, &["create", "job", &job, &format!("--from=cronjob/{job}")]);
            cluster::kubectl(&namespace.0, &["wait", "--for=condition=Complete", "--timeout=60s", &format!("job/{job}")]);
            let pods = format!("deployment/{}", release.name);
            let of = |more: &[&str]| cluster::kubectl(&namespace.0, &[&["logs"], more].concat());
            [of(&[&pods, "--container=migrate"]), of(&[&pods, "--container=audit"]), of(&[&format!("job/{job}")])].concat()
        };
        assert_eq!(words(&base), said("base", "orders"));
        assert_eq!(words(&copy), said("feat1", "orders-feat1"));
        let objects = cluster::objects_of(&namespace.0, "deployments,pods,cronjobs,jobs");
        for (key, object) in objects.iter().filter(|(key, _)| key.contains("/desk-feat1")) {
            assert_eq!(of_base(&object["spec"]), Vec::<&str>::new(), "{key}");
        }
        assert_eq!(of_base(&objects["Deployment/desk"]["spec"]).len(), 14);

        assert_eq!(queues::attributes("orders"), queue);
        copy.uninstall();
        base.uninstall();
        queues::remove("orders");
        queues::remove("orders-feat1");
    }

    fn explain_shows_every_reference_that_would_be_changed(helm, number) {
        let name = "desk-feat1".to_owned();
        let namespace = format!("own-{number}");
        let copy = Release { helm, chart: "queue-user", name, namespace: &namespace, values: vec![], flags: vec![] };
        let text = explained(&copy.template());
        let mut kind = "";
        let mut found = vec![0; CHANGES.len()];
        let mut unknown = Vec::new();
        for line in text.lines() {
            match line.strip_prefix("  ") {
                None => kind = line.split(": ").nth(1).and_then(|object| object.split(' ').next()).unwrap_or_default(),
                Some(change) if change.contains("orders-") => {
                    let is = |(of, path, to): &(&str, &str, &str)| {
                        let (at, what) = change.split_once(": ").unwrap_or_default();
                        // The longest end tells settings from the Secret.
                        *of == kind && change.starts_with("~ ") && at.contains(path) && what.split(" (line ").next().is_some_and(|what| what.ends_with(to))
                    };
                    match CHANGES.iter().position(is) {
                        Some(index) => found[index] += 1,
                        None => unknown.push(line),
                    }
                }
                Some(_) => {}
            }
        }
        assert!(unknown.is_empty() && found.iter().all(|count| *count == 1), "{found:?} {unknown:?} in\n{text}");
    }
}

/// What base, or a copy, has: what its release is told, by other names with the suffix.
fn given(namespace: &str, feature: &str, suffix: &str) -> String {
    let object = |kind: &str, name: &str, key: &str, data: Value| {
        let mut object =
            json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}});
        object[key] = data;
        object
    };
    let keys = json!({"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "password": format!("{feature}-password")});
    let queue = json!({"QUEUE_URL": format!("http://localstack.infra:4566/000000000000/orders{suffix}")});
    let items = [
        object("Secret", &format!("orders{suffix}"), "stringData", keys),
        object(
            "ConfigMap",
            &format!("orders-settings{suffix}"),
            "data",
            json!({"plan": format!("{feature}-plan")}),
        ),
        // What the hooks would write.
        object("Secret", &format!("orders{suffix}-outputs"), "stringData", queue),
    ];
    json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
}

/// What the containers say, one after the other, of what they were given.
fn said(feature: &str, queue: &str) -> String {
    let queue = format!("queue http://localstack.infra:4566/000000000000/{queue}");
    format!(
        "{queue}\npassword {feature}-password\nplan {feature}-plan\nfile {feature}-password\n\
         {queue}\nenv {feature}-password {feature}-plan\n/secrets/password {feature}-password\n\
         /all/password {feature}-password\n/all/plan {feature}-plan\n/settings/plan {feature}-plan\n\
         {queue}\npassword {feature}-password\nfile {feature}-password\n"
    )
}

/// The texts below `value` that name what is base's.
fn of_base(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) if text == "orders" || text == "orders-settings" || text.ends_with("/orders") => {
            vec![text]
        }
        Value::Array(items) => items.iter().flat_map(of_base).collect(),
        Value::Object(map) => map.values().flat_map(of_base).collect(),
        _ => vec![],
    }
}

fn explained(stream: &str) -> String {
    let mut command = Command::new(repo::devstack());
    command.arg("explain").args(FLAGS).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("devstack starts");
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    stdin.write_all(stream.as_bytes()).expect("the stream is written");
    drop(stdin);
    let output = child.wait_with_output().expect("devstack ends");
    assert!(output.status.success(), "{}", process::said(&command, &output));
    String::from_utf8(output.stdout).expect("text")
}
