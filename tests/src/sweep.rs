//! The demo's sweep: deployed as its example says, and asked in the cluster, where it reaches every back end.

use serde_json::{Value, json};

use crate::{cluster, helm::Helm, images, process};

/// Deploys it, to run at these times.
///
/// # Panics
/// With all that helmfile said, when it fails.
pub fn deploy(helm: &Helm, schedule: &str) {
    images::load();
    let mut command = helm.helmfile("sweep", None);
    let _ = process::output_of(command.args([
        "--state-values-set-string",
        &format!("schedule={schedule}"),
        "sync",
    ]));
}

/// What it says to these words, in a Job made of its `CronJob`.
///
/// # Panics
/// When the Job does not end well in two minutes, with what it said.
#[must_use]
pub fn says(words: &[&str]) -> String {
    let kubectl = |words: &[&str]| cluster::kubectl(cluster::NAMESPACE, words);
    let cron: Value =
        serde_json::from_str(&kubectl(&["get", "cronjob", "sweep", "--output=json"])).expect("JSON");
    let mut spec = cron["spec"]["jobTemplate"]["spec"].clone();
    let command: Vec<&str> = ["/sweep"].iter().chain(words).copied().collect();
    spec["template"]["spec"]["containers"][0]["command"] = json!(command);
    let metadata = json!({"name": "sweep-says", "namespace": cluster::NAMESPACE});
    kubectl(&["delete", "job", "sweep-says", "--ignore-not-found"]);
    cluster::put(
        &json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}).to_string(),
    );
    let done = cluster::eventually("what sweep says", 120, || {
        let status = kubectl(&["get", "job", "sweep-says", "--output=jsonpath={.status}"]);
        let status: Value = serde_json::from_str(&status).map_err(|error| error.to_string())?;
        let count = |word: &str| status[word].as_u64().unwrap_or_default();
        if count("succeeded") + count("failed") > 0 {
            Ok(count("succeeded") > 0)
        } else {
            Err(status.to_string())
        }
    });
    let said = kubectl(&["logs", "job/sweep-says"]);
    kubectl(&["delete", "job", "sweep-says"]);
    assert!(done, "sweep {}: {said}", words.join(" "));
    said
}
