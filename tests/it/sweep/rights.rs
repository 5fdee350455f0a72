//! sweep by its own account: with what the chart gives it a copy goes; without any part of that it asks in time, and leaves
//! the copy whole.

use acceptance::{
    account, cluster,
    helm::{Helm, Version},
    images,
    lab::lab,
    process, repo,
};

use serde_json::{Value, json};

use super::{FEATURE, Site, in_hours, program};

const RELEASES: usize = 2;

#[test]
fn a_copy_goes_by_the_charts_rights_and_stays_whole_without_any_part_of_them() {
    images::load();
    let (site, helm) = (Site::of("granted"), Helm::new(Version::Four));
    install(&helm, &site);
    let whole = site.holds();
    assert!(!whole.is_empty());
    let rule = |group: &str, resources: &[&str], verbs: &[&str]| json!({"apiGroups": [group], "resources": resources, "verbs": verbs});
    let routes = |resources: &[&str], verbs: &[&str]| rule("traefik.io", resources, verbs);
    let rules = |rules: &[Value]| format!("--set-json=uninstall.rules={}", json!(rules));
    let none = "--set=uninstall.clusterRole=".to_owned();
    // All that Helm does, but not all that the hooks' own Role grants: whoever makes it has to have that, too.
    let everything = json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch", "update", "delete"]});
    let made = ["serviceaccounts", "roles", "rolebindings", "configmaps", "jobs"];
    let making = json!({"apiGroups": ["*"], "resources": made, "verbs": ["create", "patch"]});
    let cases = [
        (vec![none.clone()], "may not update secrets"),
        (
            vec![rules(&[routes(&["middlewares"], &["get", "list", "watch", "delete"])])],
            "ingressroutes.traefik.io",
        ),
        (
            vec![rules(&[routes(&["ingressroutes", "middlewares"], &["get", "list", "delete"])])],
            "may not watch",
        ),
        (vec![none, rules(&[everything, making])], "the Role that its hooks run by"),
        (vec![], ""),
    ];
    for (values, missing) in cases {
        grant(&helm, &site, &values);
        let folder = tempfile::tempdir().expect("a folder");
        let kubeconfig = account::kubeconfig(&folder, site.name(), "sweep");
        let sweep = program().env("KUBECONFIG", &kubeconfig.display().to_string());
        let helm_flag = format!("--helm={}", lab().var("HELM4"));
        let words = [helm_flag.as_str(), &in_hours(7)];
        if missing.is_empty() {
            let ended = sweep.run("run", &site.whole_file(), &words).ends_with(0);
            assert_eq!((site.copies(&helm), site.holds().len()), (0, 0), "{}", ended.said());
        } else {
            // What was taken from an account it may go on doing for some moments.
            let ended = cluster::eventually(missing, 10, || {
                let ended = sweep.run("run", &site.whole_file(), &[words[0], words[1], "--dry-run"]);
                if ended.code == Some(5) { Ok(ended) } else { Err(ended.said()) }
            });
            assert!(ended.last_line().contains(missing), "{values:?}: {}", ended.said());
            let ended = sweep.run("run", &site.whole_file(), &words).ends_with(5);
            assert!(ended.stdout.contains("refuse  release/granted/app-feat1"), "{}", ended.said());
            assert_eq!((site.copies(&helm), site.holds()), (RELEASES, whole.clone()), "{values:?}");
        }
    }
}

impl Site {
    fn copies(&self, helm: &Helm) -> usize {
        self.releases(helm).iter().filter(|release| release.contains(FEATURE)).count()
    }
}

/// An application with a route, and its hooks.
fn install(helm: &Helm, site: &Site) {
    let word = site.name();
    let mut hooks = helm.helm();
    hooks.args(["install", "app-feat1-hooks"]).arg(repo::root().join("charts/devstack-hooks"));
    hooks.args(["--namespace", word, "--set=feature=feat1", "--set=sqs.region=eu-west-1"]);
    hooks.args([
        "--set=sqs.endpointUrl=http://localstack.infra:4566",
        &format!("--set=sqs.queues[0].name={word}"),
    ]);
    let told = "--set=sqs.queues[0].outputs[0].value=name,sqs.queues[0].outputs[0].secret=told,sqs.queues[0].outputs[0].key=A";
    let _ = process::output_of(hooks.arg(told));
    let mut app = helm.helm();
    app.args(["install", "app-feat1"]).arg(repo::root().join("tests/charts/fullname"));
    app.args(["--namespace", word, "--post-renderer=devstack", "--post-renderer-args=--feature=feat1"]);
    app.arg("--set=fullnameOverride=");
    let _ = process::output_of(app.arg("--post-renderer-args=--release=app-feat1"));
}

/// Installs sweep's chart with these values, and waits until the API server goes by them.
fn grant(helm: &Helm, site: &Site, values: &[String]) {
    let mut command = helm.helm();
    command.args(["upgrade", "--install", "sweep"]).arg(repo::root().join("charts/devstack-sweep"));
    command.args(["--namespace", site.name(), &format!("--set=namespaces={{{}}}", site.name())]);
    command.args(["--set-string=schedule=0 0 1 1 *", "--reset-values"]);
    let _ = process::output_of(command.args(values));
    if values.is_empty() {
        let account = format!("--as=system:serviceaccount:{0}:sweep", site.name());
        for right in [["delete", "deployments"], ["delete", "ingressroutes.traefik.io"]] {
            cluster::eventually("the right", 10, || {
                let mut kubectl = lab().command("kubectl");
                kubectl.args(["auth", "can-i", "--namespace", site.name(), &account]).args(right);
                let said = String::from_utf8(process::run(&mut kubectl).stdout).expect("a text");
                if said.trim() == "yes" { Ok(()) } else { Err(said) }
            });
        }
    }
}
