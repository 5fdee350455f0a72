//! The demo's sweep: deployed as its example says, and asked in the cluster, where it reaches every back end.

use std::process::Command;

use crate::{cluster, helm::Helm, images, lab::lab, process, repo};

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

/// What it says to these words.
///
/// # Panics
/// With all that was said, when it does not end well.
#[must_use]
pub fn says(words: &[&str]) -> String {
    process::output_of(&mut ask(cluster::NAMESPACE, words))
}

/// `ask-sweep` of the examples, to a release `sweep` of its chart.
#[must_use]
pub fn ask(namespace: &str, words: &[&str]) -> Command {
    let mut command = lab().command(&repo::root().join("helmfile-examples/ask-sweep").display().to_string());
    command.arg(format!("{namespace}/sweep")).args(words);
    command
}
