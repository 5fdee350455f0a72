//! The demo's namespace: its objects, and deploying into it.

use std::{
    collections::BTreeMap,
    process::Output,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{helm::Helm, http::Router, images, lab::lab, process, routing::Copies};

/// The demo's namespace.
pub const NAMESPACE: &str = "demo";

/// By this label the namespace is known again as ours.
const PART_OF: &str = "devstack-demo";

/// The kinds that the demo or a copy has objects of.
const KINDS: &str = "deployments,replicasets,pods,services,endpointslices,serviceaccounts,configmaps,secrets,jobs,\
                     roles,rolebindings,ingressroutes.traefik.io,middlewares.traefik.io";

/// Makes the namespace, which admits pods of Pod Security "restricted" only, and deploys base.
pub fn deploy_base(helm: &Helm) {
    images::load();
    let there = process::output_of(lab().command("kubectl").args([
        "get",
        "namespace",
        NAMESPACE,
        "--ignore-not-found",
        "--output=jsonpath={.metadata.name} {.metadata.labels.app\\.kubernetes\\.io/part-of}",
    ]));
    assert!(
        lab().own || there.trim().is_empty() || there.ends_with(PART_OF),
        "the cluster has a namespace {NAMESPACE} that is not this demo's: take another cluster"
    );
    let namespace = format!(
        r#"{{"apiVersion": "v1", "kind": "Namespace", "metadata": {{"name": "{NAMESPACE}", "labels": {{
            "app.kubernetes.io/part-of": "{PART_OF}", "pod-security.kubernetes.io/enforce": "restricted"}}}}}}"#
    );
    put(&namespace);
    // What somebody has to give who runs a PostgreSQL.
    let url = json!({"url": lab().database_admin});
    let metadata = json!({"name": "database-admin", "namespace": NAMESPACE});
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": url});
    put(&secret.to_string());
    let _ = process::output_of(helm.helmfile("base", None).arg("sync"));
    // Helm is done before the router is.
    let router = Router::default();
    for (path, release) in [("/", "demo"), ("/other", "other")] {
        eventually("base", 30, || {
            let answer = router.get("api.example.com", path, &[]).map_err(|error| error.to_string())?;
            let here = answer.status == 200 && answer.hops.first().is_some_and(|hop| hop.release == release);
            if here { Ok(()) } else { Err(format!("{answer:?}")) }
        });
    }
    eventually("base", 30, || {
        let answer = router.get("web.example.com", "/", &[]).map_err(|error| error.to_string())?;
        if answer.hops.len() == 2 { Ok(()) } else { Err(format!("{answer:?}")) }
    });
}

/// Applies manifests.
///
/// # Panics
/// With what kubectl said, when it does not.
pub fn put(manifests: &str) {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), manifests).expect("the file is written");
    let _ = process::output_of(
        lab().command("kubectl").args(["apply", "--server-side", "--filename"]).arg(file.path()),
    );
}

/// Runs kubectl in a namespace, with these words, and returns its stdout.
///
/// # Panics
/// With what kubectl said, when it fails.
#[expect(clippy::must_use_candidate, reason = "that it went well is often all")]
pub fn kubectl(namespace: &str, words: &[&str]) -> String {
    process::output_of(lab().command("kubectl").args(["--namespace", namespace]).args(words))
}

/// Takes everything of the demo away, whichever Helm deployed it.
pub fn remove_everything() {
    let _ = process::output_of(lab().command("kubectl").args([
        "delete",
        "namespace",
        NAMESPACE,
        "--ignore-not-found",
    ]));
}

/// Runs helmfile for a copy, with these words.
#[must_use]
pub fn helmfile(helm: &Helm, feature: &str, copies: Copies, words: &[&str]) -> Output {
    let mut command = helm.helmfile("feature", Some(feature));
    let copies = format!("copies.web={},copies.api={}", copies.web, copies.api);
    process::run(command.args(["--state-values-set", &copies]).args(words))
}

/// Deploys a copy and waits for its preview host.
///
/// # Panics
/// With all that helmfile said, when it fails.
pub fn deploy(helm: &Helm, feature: &str, copies: Copies) {
    let output = helmfile(helm, feature, copies, &["sync"]);
    assert!(output.status.success(), "sync of {feature} with {}: {}", helm.version, text(&output));
}

/// The same for a copy that is not there yet, by the word that most pipelines use. On one that is
/// there, helmfile would ask the plugin helm-diff, which is in no package registry.
///
/// # Panics
/// With all that helmfile said, when it fails.
pub fn apply(helm: &Helm, feature: &str, copies: Copies) {
    let output = helmfile(helm, feature, copies, &["apply", "--skip-diff-on-install"]);
    assert!(output.status.success(), "apply of {feature} with {}: {}", helm.version, text(&output));
}

/// Destroys a copy.
///
/// # Panics
/// With all that helmfile said, when it fails.
pub fn destroy(helm: &Helm, feature: &str, copies: Copies) {
    let output = helmfile(helm, feature, copies, &["destroy"]);
    assert!(output.status.success(), "destroy of {feature} with {}: {}", helm.version, text(&output));
}

/// Both streams of a program.
#[must_use]
pub fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// All objects of the demo's namespace by `kind/name`, as the API server has them.
#[must_use]
pub fn objects() -> BTreeMap<String, Value> {
    objects_of(NAMESPACE, KINDS)
}

/// The objects of these kinds in a namespace, and of those among them that are in none, by `kind/name`.
///
/// # Panics
/// When the API server does not know a kind.
#[must_use]
pub fn objects_of(namespace: &str, kinds: &str) -> BTreeMap<String, Value> {
    let list = process::output_of(lab().command("kubectl").args([
        "get",
        kinds,
        "--namespace",
        namespace,
        "--output=json",
        "--show-managed-fields",
    ]));
    let list: Value = serde_json::from_str(&list).expect("kubectl prints JSON");
    let items = list["items"].as_array().expect("a list").iter();
    let key = |object: &Value| {
        let (kind, name) = (&object["kind"], &object["metadata"]["name"]);
        format!("{}/{}", kind.as_str().unwrap_or_default(), name.as_str().unwrap_or_default())
    };
    items.map(|object| (key(object), object.clone())).collect()
}

/// The object without what is another with each object and each moment.
///
/// # Panics
/// When it has no metadata.
pub fn lasting(object: &mut Value) {
    let metadata = object["metadata"].as_object_mut().expect("some");
    for key in ["uid", "resourceVersion", "creationTimestamp", "managedFields"] {
        metadata.remove(key);
    }
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove(feature::words::EXPIRES_AT);
    }
}

/// Those of `objects` whose name says that they belong to the release of this name, and no other's.
#[must_use]
pub fn of_release<'o>(objects: &'o BTreeMap<String, Value>, release: &str) -> BTreeMap<&'o str, &'o Value> {
    let belongs = |key: &str| {
        let name = key.split_once('/').map_or("", |(_, name)| name);
        name == release || name.starts_with(&format!("{release}-"))
    };
    objects.iter().filter(|(key, _)| belongs(key)).map(|(key, object)| (key.as_str(), object)).collect()
}

/// What is left of a release, Helm's records included, but finished Jobs that will be taken away and their pods.
#[must_use]
pub fn left(namespace: &str, release: &str) -> Vec<String> {
    let objects = objects_of(namespace, KINDS);
    let record = format!("Secret/sh.helm.release.v1.{release}.");
    let records = objects.keys().filter(|key| key.starts_with(&record)).map(String::as_str);
    let rest = of_release(&objects, release).into_iter();
    let rest = rest.filter(|(_, object)| !is_of_a_finished_job(object)).map(|(key, _)| key);
    records.chain(rest).map(str::to_owned).collect()
}

/// A Job that has come to its end and will be taken away, or a pod of one.
fn is_of_a_finished_job(object: &Value) -> bool {
    let phase = object["status"]["phase"].as_str();
    let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    let ended = |of: &Value| (of["type"] == "Complete" || of["type"] == "Failed") && of["status"] == "True";
    let goes = object["spec"]["ttlSecondsAfterFinished"].as_u64().is_some_and(|ttl| ttl > 0);
    let of_job = object["metadata"]["ownerReferences"][0]["kind"] == "Job";
    (goes && conditions.into_iter().any(ended)) || (of_job && matches!(phase, Some("Succeeded" | "Failed")))
}

/// Asks until the answer is there.
///
/// # Panics
/// With the last answer, when it is not there after `seconds`.
pub fn eventually<T>(what: &str, seconds: u64, ask: impl FnMut() -> Result<T, String>) -> T {
    within(seconds, ask).unwrap_or_else(|last| panic!("{what} did not come in {seconds} s; last: {last}"))
}

/// Asks until the answer is there.
///
/// # Errors
/// With the last answer, when it is not there after `seconds`.
pub fn within<T>(seconds: u64, mut ask: impl FnMut() -> Result<T, String>) -> Result<T, String> {
    let start = Instant::now();
    loop {
        match ask() {
            Err(_) if start.elapsed() <= Duration::from_secs(seconds) => {
                // The pace of asking: what ends the wait is the answer.
                std::thread::sleep(Duration::from_millis(100));
            }
            outcome => return outcome,
        }
    }
}
