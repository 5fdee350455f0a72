//! What a release has beyond its own namespace, where sweep's rights are more than those of who may write a record there.

use std::fs;

use acceptance::{
    account, cluster,
    helm::{Helm, Version},
    lab::lab,
    place::Namespace,
    process, repo,
};
use feature::words;
use provision::cluster::encoded;
use serde_json::{Value, json};

use super::{Site, in_hours, program, sweep};

fn object(api: &str, kind: &str, name: &str, namespace: &str) -> Value {
    let labels = json!({(words::FEATURE): "feat1"});
    let mut object = json!({"apiVersion": api, "kind": kind, "metadata": {"name": name, "labels": labels}});
    if !namespace.is_empty() {
        object["metadata"]["namespace"] = json!(namespace);
    }
    object
}

fn has_cluster_role(name: &str) -> bool {
    !cluster::kubectl("default", &["get", "clusterroles", name, "--ignore-not-found", "--output=name"])
        .is_empty()
}

#[test]
fn what_is_beyond_a_releases_namespace_goes_where_it_says_that_it_is_of_the_release() {
    let (site, helm) = (Site::of("beyond"), Helm::new(Version::Four));
    let other = Namespace::new("beyond-other");
    // Those of a test that failed.
    let of_cluster = ["wide-feat1", "beyond.sweep-uninstall"];
    for kind in ["clusterroles", "clusterrolebindings"] {
        let words = [&["delete", "--ignore-not-found", kind][..], &of_cluster].concat();
        let _ = cluster::kubectl("default", &words);
    }
    let chart = tempfile::tempdir().expect("a folder");
    fs::create_dir(chart.path().join("templates")).expect("a folder");
    let written = json!({"apiVersion": "v2", "name": "wide", "version": "0.0.0"});
    fs::write(chart.path().join("Chart.yaml"), written.to_string()).expect("it is written");
    let rbac = "rbac.authorization.k8s.io/v1";
    let objects = [
        object("v1", "ConfigMap", "wide-feat1", site.name()),
        object("v1", "ConfigMap", "wide-feat1", &other.0),
        object(rbac, "ClusterRole", "wide-feat1", ""),
    ];
    // What Helm leaves alone may be anybody's by now.
    let mut kept = object("v1", "ConfigMap", "kept-feat1", &other.0);
    kept["metadata"]["annotations"] = json!({"helm.sh/resource-policy": "keep"});
    for (number, object) in objects.iter().chain([&kept]).enumerate() {
        let file = chart.path().join(format!("templates/{number}.yaml"));
        fs::write(file, object.to_string()).expect("it is written");
    }
    let mut install = helm.helm();
    install.args(["install", "wide-feat1"]).arg(chart.path()).args(["--namespace", site.name()]);
    let labels = format!("--labels={}=feat1,{}=1h", words::FEATURE, words::TTL);
    let _ = process::output_of(install.arg(labels));
    let there = || {
        let of = |namespace: &str| {
            cluster::objects_of(namespace, "configmaps").contains_key("ConfigMap/wide-feat1")
        };
        [of(site.name()), of(&other.0), has_cluster_role("wide-feat1")]
    };
    let annotation = "meta.helm.sh/release-namespace";
    let others = format!("{annotation}=somebody");
    let _ = cluster::kubectl(&other.0, &["annotate", "--overwrite", "configmap", "kept-feat1", &others]);
    for (namespace, kind, name) in [
        (other.0.as_str(), "configmap", "ConfigMap wide-feat1 of namespace beyond-other"),
        ("default", "clusterrole", "ClusterRole wide-feat1"),
    ] {
        let says = |whose: &str| {
            let word = format!("{annotation}={whose}");
            let _ = cluster::kubectl(namespace, &["annotate", "--overwrite", kind, "wide-feat1", &word]);
        };
        says("somebody");
        let ended = sweep(&site.file(""), &[&in_hours(2)]).ends_with(5);
        let reason = format!("{name}, which is not in beyond, does not say by Helm's annotations");
        assert!(ended.last_line().contains(&reason), "{}", ended.said());
        assert_eq!(there(), [true; 3], "{}", ended.said());
        says(site.name());
    }
    // By sweep's own account, which is given what is of the cluster by word alone.
    let folder = tempfile::tempdir().expect("a folder");
    let by_account = |rules: &Value| {
        let mut chart = helm.helm();
        chart.args(["upgrade", "--install", "sweep"]).arg(repo::root().join("charts/devstack-sweep"));
        chart.args(["--namespace", site.name(), "--set-string=schedule=0 0 1 1 *"]);
        chart.arg(format!("--set=namespaces={{{},{}}}", site.name(), other.0));
        let _ = process::output_of(chart.arg(format!("--set-json=uninstall.clusterRules={rules}")));
        let account = account::kubeconfig(&folder, site.name(), "sweep");
        program().env("KUBECONFIG", &account.display().to_string())
    };
    let helm_flag = format!("--helm={}", lab().var("HELM4"));
    let words = [helm_flag.as_str(), &in_hours(2)];
    let ended = by_account(&json!([])).run("run", &site.file(""), &words).ends_with(5);
    assert!(ended.last_line().contains("may not get clusterroles"), "{}", ended.said());
    assert_eq!(there(), [true; 3], "{}", ended.said());
    let rule = json!({
        "apiGroups": ["rbac.authorization.k8s.io"],
        "resources": ["clusterroles"],
        "verbs": ["get", "list", "watch", "delete"],
    });
    let granted = by_account(&json!([rule]));
    // What an account has just been given it may do some moments later.
    cluster::eventually("the right", 30, || {
        let ended = granted.run("run", &site.file(""), &[words[0], words[1], "--dry-run"]);
        if ended.code == Some(0) { Ok(()) } else { Err(ended.said()) }
    });
    let ended = granted.run("run", &site.file(""), &words).ends_with(0);
    assert_eq!(there(), [false; 3], "{}", ended.said());
    assert_eq!(site.releases(&helm), ["sweep".to_owned()].into());
    assert!(cluster::objects_of(&other.0, "configmaps").contains_key("ConfigMap/kept-feat1"));
    let _ = process::output_of(helm.helm().args(["uninstall", "sweep", "--namespace", site.name()]));
}

#[test]
fn a_record_that_no_helm_has_written_makes_nothing_beyond_its_namespace() {
    let site = Site::of("forged");
    let other = Namespace::new("forged-other");
    let rbac = "rbac.authorization.k8s.io/v1";
    let admin = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"});
    let me = json!([{"kind": "ServiceAccount", "name": "default", "namespace": site.name()}]);
    let binding = |kind: &str, namespace: &str| {
        let mut binding = object(rbac, kind, "mine", namespace);
        binding["roleRef"] = admin.clone();
        binding["subjects"] = me.clone();
        binding
    };
    let mut role = object(rbac, "Role", "mine", &other.0);
    role["rules"] = json!([{"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}]);
    let hooks = [
        binding("RoleBinding", &other.0),
        binding("ClusterRoleBinding", ""),
        role,
        object("v1", "ServiceAccount", "mine", &other.0),
    ];
    for hook in hooks {
        let release = json!({
            "name": "mine-feat1",
            "namespace": site.name(),
            "version": 1,
            "info": {"status": "deployed"},
            "chart": {"metadata": {"name": "mine", "version": "0.0.0"}},
            "manifest": "",
            "hooks": [{"name": "mine", "kind": hook["kind"], "path": "a.yaml", "manifest": hook.to_string(), "events": ["pre-delete"]}],
        });
        let labels = json!({
            "owner": "helm", "name": "mine-feat1", "version": "1", "status": "deployed",
            (words::FEATURE): "feat1", (words::TTL): "1s",
        });
        let record = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "helm.sh/release.v1",
            "metadata": {"name": "sh.helm.release.v1.mine-feat1.v1", "namespace": site.name(), "labels": labels},
            "stringData": {"release": encoded(release.to_string().into())},
        });
        cluster::put(&record.to_string());
        let ended = sweep(&site.file(""), &[&in_hours(2)]).ends_with(5);
        let kind = hook["kind"].as_str().expect("a kind");
        let reason = format!("its hook {kind} mine");
        assert!(ended.stdout.contains("refuse  release/forged/mine-feat1"), "{}", ended.said());
        assert!(ended.last_line().contains(&reason), "{}", ended.said());
    }
    let made = cluster::objects_of(&other.0, "roles,rolebindings,serviceaccounts");
    assert!(!made.keys().any(|key| key.ends_with("/mine")), "{:?}", made.keys());
    let bound = cluster::kubectl(
        "default",
        &["get", "clusterrolebindings", "mine", "--ignore-not-found", "--output=name"],
    );
    assert_eq!(bound, "");
}
