//! The API server of Kubernetes, seen through a [`Proxy`], which counts what is asked of it and breaks it.
//!
//! The proxy speaks no TLS: between it and the API server stands `kubectl proxy`, which is the administrator.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Stdio},
};

use tempfile::TempDir;

use crate::{lab::lab, proxy::Proxy};

/// A way to the API server, until it is dropped.
#[derive(Debug)]
pub struct Gate {
    pub proxy: Proxy,
    kubectl: Child,
    folder: TempDir,
}

impl Gate {
    /// # Panics
    /// When `kubectl proxy` does not start.
    #[must_use]
    pub fn open() -> Self {
        let mut command = lab().command("kubectl");
        command.args(["proxy", "--port=0"]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut kubectl = command.spawn().expect("kubectl starts");
        let mut line = String::new();
        let stdout = kubectl.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("it says where it listens");
        let (_, address) = line.trim().rsplit_once(' ').expect("an address at its end");
        let proxy = Proxy::before(&format!("http://{address}"));
        let gate = Self { proxy, kubectl, folder: tempfile::tempdir().expect("a folder") };
        fs::write(gate.kubeconfig(), kubeconfig(gate.proxy.url())).expect("the kubeconfig is written");
        gate
    }

    /// What leads through it.
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.kubectl.kill();
        let _ = self.kubectl.wait();
    }
}

/// A kubeconfig for somebody without a name at this URL.
#[must_use]
pub fn kubeconfig(url: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: lab\n\
         contexts: [{{name: lab, context: {{cluster: lab, user: nobody}}}}]\n\
         clusters: [{{name: lab, cluster: {{server: '{url}'}}}}]\n\
         users: [{{name: nobody, user: {{}}}}]\n"
    )
}
