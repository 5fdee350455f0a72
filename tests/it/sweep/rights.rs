//! sweep by its own account: with what the chart gives it a copy goes; without any part of that it asks in time, and leaves
//! the copy whole.

use acceptance::{
    account::{self, Grant},
    charts, cluster,
    helm::{Helm, Version},
    images,
    lab::lab,
    place::Namespace,
    process, repo,
};
use feature::words;
use serde_json::{Value, json};

use super::{FEATURE, Site, deploy, hooks, in_hours, program};

const RELEASES: usize = 2;

/// A namespace that the copy clones a Secret from and to.
const BESIDE: &str = "granted-beside";

#[test]
fn a_copy_goes_by_the_charts_rights_and_stays_whole_without_any_part_of_them() {
    images::load();
    let (site, helm) = (Site::of("granted"), Helm::new(Version::Four));
    let beside = Namespace::new(BESIDE);
    install(&helm, &site);
    assert!(cloned(&beside).contains(&"Secret/cert-feat1".to_owned()), "{:?}", cloned(&beside));
    let whole = site.holds();
    assert!(!whole.is_empty());
    let rule = |group: &str, resources: &[&str], verbs: &[&str]| json!({"apiGroups": [group], "resources": resources, "verbs": verbs});
    let routes = |resources: &[&str], verbs: &[&str]| rule("traefik.io", resources, verbs);
    let rules = |rules: &[Value]| format!("--set-json=uninstall.rules={}", json!(rules));
    let none = "--set=uninstall.clusterRole=".to_owned();
    let alone = "--set-json=neighbours=[]".to_owned();
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
        (vec![alone], "granted-beside"),
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
            assert_eq!(cloned(&beside), Vec::<String>::new(), "{}", ended.said());
        } else {
            // What was taken from an account it may go on doing for some moments.
            cluster::eventually(missing, 30, || {
                let ended = sweep.run("run", &site.whole_file(), &[words[0], words[1], "--dry-run"]);
                let is_known = ended.code == Some(5) && ended.last_line().contains(missing);
                if is_known { Ok(()) } else { Err(ended.said()) }
            });
            let ended = sweep.run("run", &site.whole_file(), &words).ends_with(5);
            assert!(ended.stdout.contains("refuse  release/granted/app-feat1"), "{}", ended.said());
            assert_eq!((site.copies(&helm), site.holds()), (RELEASES, whole.clone()), "{values:?}");
        }
    }
}

#[test]
fn it_needs_every_right_of_its_own_role() {
    let (site, helm) = (Site::of("roled"), Helm::new(Version::Four));
    // What Helm needs besides, for this chart.
    let of_helm = json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["update", "watch"]}]);
    let mut template = helm.helm();
    template.args(["template", "sweep"]).arg(repo::root().join("charts/devstack-sweep"));
    template.args(["--namespace", site.name(), &format!("--set=namespaces={{{}}}", site.name())]);
    template.args(["--set=uninstall.clusterRole=", &format!("--set-json=uninstall.rules={of_helm}")]);
    let grant = Grant::of(site.name(), "sweep", charts::objects(&process::output_of(&mut template)));
    grant.give_all();
    let folder = tempfile::tempdir().expect("a folder");
    let sweep = program().env("KUBECONFIG", &grant.kubeconfig(&folder));
    let told = "[{value: name, secret: told, key: A}, {value: name, configMap: told, key: B}]";
    let section = format!(
        "secret:\n  secrets:\n    - {{from: {{name: orders}}, outputs: {told}}}\n    \
         - {{set: {{OURS: x}}, to: {{name: shared}}, conflict: merge}}"
    );
    let file = site.file("");
    let runs = || {
        deploy(&helm, &site, "api-feat1", "1h", &[]);
        for name in ["orders", "shared"] {
            let metadata = json!({"name": name, "namespace": site.name()});
            let data = json!({"URL": "base"});
            let object =
                json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data});
            cluster::put(&object.to_string());
        }
        hooks().does("apply", &site.hooks_file("orders", &section), &["secret"]);
        assert!(site.holds().len() > 3, "{:?}", site.holds());
        let ended = sweep.run("run", &file, &[&format!("--helm={}", lab().var("HELM4")), &in_hours(2)]);
        let left = site.releases(&helm).len() + site.holds().len();
        (ended, left)
    };
    let (ended, left) = runs();
    assert_eq!(left, 0, "{}", ended.ends_with(0).said());
    let own = grant.rights().into_iter().filter(|right| grant.rule(right)["verbs"] != of_helm[0]["verbs"]);
    for right in own {
        grant.take(&right);
        let (ended, _) = runs();
        assert!(ended.code != Some(0), "it can do without {right:?}: {}", ended.said());
        grant.give_back(&right);
        let (ended, left) = runs();
        assert_eq!(left, 0, "after {right:?}: {}", ended.ends_with(0).said());
    }
}

#[test]
fn whoever_may_read_and_label_records_may_say_until_when_a_copy_lives() {
    let (site, helm) = (Site::of("sayers"), Helm::new(Version::Four));
    let object =
        |api: &str, kind: &str| json!({"apiVersion": api, "kind": kind, "metadata": {"name": "sayer"}});
    let rbac = "rbac.authorization.k8s.io/v1";
    let mut role = object(rbac, "Role");
    role["rules"] = json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list", "patch"]}]);
    let mut binding = object(rbac, "RoleBinding");
    binding["roleRef"] = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "sayer"});
    binding["subjects"] = json!([{"kind": "ServiceAccount", "name": "sayer", "namespace": site.name()}]);
    let grant = Grant::of(site.name(), "sayer", vec![object("v1", "ServiceAccount"), role, binding]);
    grant.give_all();
    let folder = tempfile::tempdir().expect("a folder");
    let sayer = program().env("KUBECONFIG", &grant.kubeconfig(&folder));
    deploy(&helm, &site, "app-feat1", "1h", &[]);
    let says = |verb: &str, words: &[&str]| {
        let all = ["--feature=feat1", "--namespace", site.name()];
        sayer.run(verb, "", &[words, &all].concat())
    };
    let said = |due: &str| format!("say sayers/feat1 {due}");
    assert!(says("extend", &["--ttl=5h"]).ends_with(0).report()[0].starts_with(&said("due at ")));
    assert_eq!(says("keep", &[]).ends_with(0).report(), [said("never due: kept")]);
    // What lives until somebody says otherwise lives longer than that.
    assert_eq!(says("extend", &["--ttl=5h"]).ends_with(0).report(), [said("never due: kept")]);
    for right in grant.rights() {
        grant.take(&right);
        let ended = says("keep", &[]).ends_with(5);
        assert!(ended.last_line().contains("forbidden"), "{right:?}: {}", ended.said());
        grant.give_back(&right);
    }
    assert!(says("expire", &[]).ends_with(0).report()[0].starts_with(&said("due at ")));
}

/// What hooks have made in the other namespace: Secrets of theirs, Roles and bindings.
fn cloned(beside: &Namespace) -> Vec<String> {
    let objects = cluster::objects_of(&beside.0, "secrets,roles,rolebindings");
    objects.into_keys().filter(|name| name.contains("feat1")).collect()
}

impl Site {
    fn copies(&self, helm: &Helm) -> usize {
        self.releases(helm).iter().filter(|release| release.contains(FEATURE)).count()
    }
}

/// An application with a route, and its hooks.
fn install(helm: &Helm, site: &Site) {
    let word = site.name();
    let cert = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "cert", "namespace": BESIDE, "annotations": {(words::CLONE_ALLOWED): word}},
        "stringData": {"KEY": "base's"},
    });
    cluster::put(&cert.to_string());
    let folder = tempfile::tempdir().expect("a folder");
    let values = folder.path().join("values.yaml");
    let text = format!(
        "feature: {FEATURE}\nttl: 6h\nsqs:\n  region: eu-west-1\n  endpointUrl: http://localstack.infra:4566\n  \
         queues: [{{name: {word}, outputs: [{{value: name, secret: told, key: A}}]}}]\n\
         secret:\n  secrets:\n    - {{from: {{name: cert, namespace: {BESIDE}}}}}\n    \
         - {{from: {{name: cert, namespace: {BESIDE}}}, to: {{namespace: {BESIDE}}}}}\n"
    );
    std::fs::write(&values, text).expect("the values are written");
    let mut hooks = helm.helm();
    hooks.args(["install", "app-feat1-hooks"]).arg(repo::root().join("charts/devstack-hooks"));
    let _ = process::output_of(hooks.args(["--namespace", word, "--values"]).arg(values));
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
    command.args([
        "--set-string=schedule=0 0 1 1 *",
        "--reset-values",
        &format!("--set-json=neighbours=[\"{BESIDE}\"]"),
    ]);
    let _ = process::output_of(command.args(values));
    if values.is_empty() {
        let account = format!("--as=system:serviceaccount:{0}:sweep", site.name());
        let (here, beside) = (site.name(), BESIDE);
        for (namespace, what) in
            [(here, "deployments"), (here, "ingressroutes.traefik.io"), (beside, "secrets")]
        {
            cluster::eventually("the right", 30, || {
                let mut kubectl = lab().command("kubectl");
                kubectl.args(["auth", "can-i", "delete", what, "--namespace", namespace, &account]);
                let said = String::from_utf8(process::run(&mut kubectl).stdout).expect("a text");
                if said.trim() == "yes" { Ok(()) } else { Err(said) }
            });
        }
    }
}
