//! A service account of the cluster: programs that are given its kubeconfig have its rights and no others.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::{lab::lab, process};

/// A kubeconfig in this folder, by which the cluster knows its bearer as an account of a namespace.
///
/// # Panics
/// When there is no such account.
#[must_use]
pub fn kubeconfig(folder: &TempDir, namespace: &str, account: &str) -> PathBuf {
    let mut create = lab().command("kubectl");
    let token = process::output_of(create.args(["create", "token", account, "--namespace", namespace]));
    let path = folder.path().join("kubeconfig");
    std::fs::copy(lab().var("KUBECONFIG"), &path).expect("the lab's is copied");
    let config = |words: &[&str]| {
        let mut kubectl = lab().command("kubectl");
        let _ = process::output_of(kubectl.args(["config", "--kubeconfig"]).arg(&path).args(words));
    };
    config(&["set-credentials", "account", &format!("--token={}", token.trim())]);
    config(&["set-context", "--current", "--user=account"]);
    path
}
