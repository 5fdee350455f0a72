//! The chart of the hooks as a part of an application's, more than once in it, and beside it: no instance shares a name
//! or an owner with another.

use std::{collections::BTreeSet, fs, os::unix::fs::symlink, path::Path};

use acceptance::{
    charts, cluster,
    emulator::{Emulator, REGION},
    helm::{Helm, Version},
    images,
    place::Namespace,
    process, repo,
};
use feature::{shortened, words};
use serde_json::{Value, json};

use crate::stage::with_either_helm;

const CHART: &str = "devstack-hooks";

#[test]
fn names_and_owners_say_which_instance_of_a_release_it_is() {
    let long = "a-release-whose-name-is-as-long-as-helm-lets-it-be-ok";
    assert_eq!(long.len(), 53);
    let cases: [(&str, &[&str], &str, &str); 9] = [
        ("orders-feat1", &[], "orders-feat1", "orders-feat1"),
        ("orders-feat1", &[CHART], "orders-feat1", "orders-feat1"),
        ("orders-feat1", &["mails"], "orders-feat1--mails", "orders-feat1.mails"),
        // An alias like a hook's is none of a Job of its own.
        ("orders-feat1", &["sqs"], "orders-feat1--sqs", "orders-feat1.sqs"),
        ("orders-feat1", &["shop", CHART], "orders-feat1--shop", "orders-feat1.shop"),
        ("orders-feat1", &["shop", "mails"], "orders-feat1--shop--mails", "orders-feat1.shop.mails"),
        ("orders.feat1", &["mails"], "orders.feat1--mails", "orders.feat1.mails"),
        (long, &[CHART], long, long),
        (long, &["mails"], &format!("{long}--mails"), &format!("{long}.mails")),
    ];
    let mut seen = BTreeSet::new();
    for version in Version::BOTH {
        let helm = Helm::without_plugins(version);
        for (release, path, prefix, owner) in cases {
            let mut names = BTreeSet::new();
            for separate in [false, true] {
                let objects = charts::objects(&rendered(&helm, release, path, separate).expect("it renders"));
                let of = |kind: &str| -> BTreeSet<String> {
                    let objects = objects.iter().filter(|object| object["kind"] == kind);
                    objects
                        .map(|object| object["metadata"]["name"].as_str().expect("a name").to_owned())
                        .collect()
                };
                let jobs = if separate {
                    vec!["apply-sqs", "apply-sns", "delete-sns", "delete-sqs"]
                } else {
                    vec!["apply", "delete"]
                };
                let jobs = jobs.iter().map(|end| shortened(&format!("{prefix}-{end}"), 63)).collect();
                assert_eq!(of("Job"), jobs, "{release} {path:?}");
                for kind in ["ServiceAccount", "Role", "RoleBinding", "ConfigMap"] {
                    assert_eq!(of(kind), BTreeSet::from([format!("{prefix}-{CHART}")]), "{release} {path:?}");
                }
                let file = objects.iter().find_map(|object| object["data"]["resources.yaml"].as_str());
                let file = provision::config::read(CHART, file.expect("a file")).expect("the hooks take it");
                assert_eq!(file.mark.owner.to_string(), format!("demo/{}", shortened(owner, 53)));
                names.extend(of("Job"));
            }
            // The plain one is the same as a release of its own.
            let first = version == Version::Three && path != [CHART];
            assert!(!first || names.into_iter().all(|name| seen.insert(name)), "{release} {path:?}");
        }
        for alias in ["Mails", "mails_2", "my--mails", "-mails"] {
            let said = rendered(&helm, "orders-feat1", &[alias], false).expect_err("it is refused");
            assert!(said.contains(&format!("{alias:?} is no name for devstack-hooks")), "{said}");
        }
    }
}

/// What a release comes to in which the chart is at the end of this path of charts and aliases.
fn rendered(helm: &Helm, release: &str, path: &[&str], separate: bool) -> Result<String, String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let queues =
        json!({"endpointUrl": "http://localstack.infra:4566", "region": REGION, "queues": [{"name": "a"}]});
    let mut values =
        json!({"feature": "feat1", "separate": separate, "sqs": queues, "sns": {"topics": [{"name": "a"}]}});
    for name in path.iter().rev() {
        values = json!({*name: values});
    }
    let file = folder.path().join("values.json");
    fs::write(&file, values.to_string()).expect("the values are written");
    let root = repo::root().join("charts").join(CHART);
    let chart = if path.is_empty() { root } else { above(folder.path(), "application", path) };
    let mut command = helm.helm();
    command.args(["template", release]).arg(chart).args(["--namespace=demo", "--values"]).arg(file);
    let output = process::run(&mut command);
    let said = process::said(&command, &output);
    if output.status.success() { Ok(String::from_utf8(output.stdout).expect("a text")) } else { Err(said) }
}

/// Makes a chart in the folder that has the next of the path as its only dependency, and so on.
fn above(folder: &Path, name: &str, path: &[&str]) -> std::path::PathBuf {
    let chart = folder.join(name);
    fs::create_dir_all(chart.join("charts")).expect("a folder");
    let (next, rest) = path.split_first().expect("a path");
    let dependency = if rest.is_empty() {
        symlink(repo::root().join("charts").join(CHART), chart.join("charts").join(CHART)).expect("a link");
        json!({"name": CHART, "alias": next, "version": "0.0.0"})
    } else {
        above(&chart.join("charts"), next, rest);
        json!({"name": next, "version": "0.0.0"})
    };
    let manifest =
        json!({"apiVersion": "v2", "name": name, "version": "0.0.0", "dependencies": [dependency]});
    fs::write(chart.join("Chart.yaml"), manifest.to_string()).expect("Chart.yaml is written");
    chart
}

with_either_helm! {
    fn a_chart_that_has_the_hooks_twice_keeps_both_beside_a_release_of_them(helm, number) {
        images::load();
        let word = format!("twice{number}");
        let (namespace, emulator) = (Namespace::new(&word), Emulator::localstack());
        let _swept = emulator.swept(&word);
        let folder = built(helm);
        let chart = folder.path().join("tests/charts/two-hooks").display().to_string();
        let section = |name: &str, seconds: u32| {
            let outputs = json!([{"value": "name", "secret": format!("{name}-feat1-outputs"), "key": "QUEUE"}]);
            let queue = json!({"name": format!("{word}-{name}"), "attributes": {"visibilityTimeout": seconds}, "outputs": outputs});
            json!({"endpointUrl": "http://localstack.infra:4566", "region": REGION, "queues": [queue]})
        };
        let deploy = |release: &str, chart: &str, values: &Value, flags: &[&str]| {
            let file = tempfile::NamedTempFile::new().expect("a temporary file");
            fs::write(file.path(), values.to_string()).expect("the values are written");
            let mut helm = helm.helm();
            helm.current_dir(repo::root()).args(["upgrade", "--install", release, chart, "--namespace", &namespace.0]);
            let _ = process::output_of(helm.args(flags).arg("--values").arg(file.path()));
        };
        let application = |seconds: u32| {
            let values = |name: &str| json!({"enabled": true, "feature": "feat1", "sqs": section(name, seconds)});
            // As a copy of its own chart: to Helm 4's renderer the hooks come, too.
            let flags = ["--post-renderer=devstack", "--post-renderer-args=--feature=feat1", "--post-renderer-args=--release=orders-feat1"];
            deploy("orders-feat1", &chart, &json!({"mails": values("mails"), "orders": values("orders")}), &flags);
        };
        let queues = |is: &[(&str, &str, &str)]| {
            let is: Vec<[String; 3]> = is.iter().map(|(name, owner, seconds)| [format!("{word}-{name}-feat1"), format!("{word}/{owner}"), (*seconds).to_owned()]).collect();
            let there = emulator.queues().into_keys().filter(|name| name.starts_with(&word));
            let there: Vec<[String; 3]> = there.map(|name| {
                let (tags, attributes) = (emulator.queue_tags(&name), emulator.queue_attributes(&name));
                [name, tags[words::OWNER].clone(), attributes["VisibilityTimeout"].clone()]
            }).collect();
            assert_eq!(there, is);
        };
        let sibling = ("sibling", "orders-feat1-hooks", "30");

        application(30);
        deploy("orders-feat1-hooks", "charts/devstack-hooks", &json!({"feature": "feat1", "sqs": section("sibling", 30)}), &[]);
        queues(&[("mails", "orders-feat1.mails", "30"), ("orders", "orders-feat1.orders", "30"), sibling]);
        for name in ["mails", "orders", "sibling"] {
            let told = cluster::objects_of(&namespace.0, "secrets").remove(&format!("Secret/{name}-feat1-outputs"));
            assert!(told.expect("outputs")["data"]["QUEUE"].is_string(), "{name}");
        }
        application(60);
        queues(&[("mails", "orders-feat1.mails", "60"), ("orders", "orders-feat1.orders", "60"), sibling]);
        let uninstall = |release: &str| {
            let mut helm = helm.helm();
            let _ = process::output_of(helm.args(["uninstall", release, "--namespace", &namespace.0]));
        };
        uninstall("orders-feat1");
        queues(&[sibling]);
        uninstall("orders-feat1-hooks");
        queues(&[]);
        assert_eq!(cluster::left(&namespace.0, "orders-feat1"), Vec::<String>::new());
    }
}

/// The application's chart with its dependencies, as `helm dependency update` gets them.
fn built(helm: &Helm) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let chart = folder.path().join("tests/charts");
    fs::create_dir_all(&chart).expect("a folder");
    symlink(repo::root().join("charts"), folder.path().join("charts")).expect("a link");
    let from = repo::root().join("tests/charts/two-hooks");
    let _ = process::output_of(std::process::Command::new("cp").arg("-r").arg(from).arg(&chart));
    let _ = process::output_of(helm.helm().args(["dependency", "update"]).arg(chart.join("two-hooks")));
    folder
}
