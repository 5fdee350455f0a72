//! secret-hook under the laws: a clone of one of base's Secrets. It comes by a gate, which counts.

use std::{fs, path::PathBuf};

use acceptance::{
    cluster,
    gate::{Gate, kubeconfig},
    lab::lab,
    place::Namespace,
    process,
};
use provision::{
    config::secret::Secrets as Section,
    conformance::{Subject, Variant},
};
use serde_json::json;
use tempfile::TempDir;

use super::{SECRET, named, read};

pub(super) struct Secrets {
    gate: Gate,
    /// What leads nowhere.
    nowhere: TempDir,
    namespace: Namespace,
}

const NAMESPACE: &str = "laws-secrets";
/// A Secret that nobody has marked.
const STRANGER: &str = "laws-stranger";
const SOURCE: &str = "orders";
const STEM: &str = "laws-orders";

impl Secrets {
    pub(super) fn new() -> Self {
        let nowhere = tempfile::tempdir().expect("a folder");
        fs::write(nowhere.path().join("kubeconfig"), kubeconfig("http://127.0.0.1:1")).expect("written");
        let this = Self { gate: Gate::open(), nowhere, namespace: Namespace::new(NAMESPACE) };
        let source = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": SOURCE, "namespace": NAMESPACE, "labels": {"team": "payments"}},
            "stringData": {"PASSWORD": SECRET, "URL": "base"},
        });
        cluster::put(&source.to_string());
        this
    }

    fn at(&self, variant: Variant) -> PathBuf {
        if variant == Variant::Down { self.nowhere.path().join("kubeconfig") } else { self.gate.kubeconfig() }
    }

    fn kubectl(&self, words: &[&str]) -> String {
        process::output_of(lab().command("kubectl").args(["--namespace", &self.namespace.0]).args(words))
    }
}

impl Subject for Secrets {
    type Provider = secret_hook::Secrets;

    const FIELD: &'static str = "SETTING";
    const WORD: &'static str = "laws";
    const SECRET: &'static str = SECRET;

    fn section(&self, feature: Option<&str>, variant: Variant) -> Section {
        let setting = if variant == Variant::Changed { "two" } else { "one" };
        let renamed = if variant == Variant::Impossible { "NOBODY" } else { "URL" };
        let outputs = match variant {
            Variant::Told => {
                "[{value: name, secret: laws, key: A}, {value: checksum, configMap: laws, key: B}]"
            }
            _ => "[]",
        };
        // The owner is in another namespace, as the suite has it.
        let (name, kubeconfig) = (named(STEM, feature), self.at(variant));
        let section = format!(
            "secret:\n  kubeconfig: {}\n  secrets:\n    - from: {{namespace: {NAMESPACE}, name: {SOURCE}}}\n      \
             to: {{namespace: {NAMESPACE}, name: {name}}}\n      keys: {{rename: {{{renamed}: BASE_URL}}}}\n      \
             labels: [team]\n      set: {{SETTING: {setting}}}\n      outputs: {outputs}\n",
            kubeconfig.display()
        );
        read(feature, &section).secret.expect("a section")
    }

    async fn drift(&self, feature: &str) {
        let patch = format!("--patch={}", json!({"data": {"SETTING": null}}));
        self.kubectl(&["patch", "secret", &named(STEM, Some(feature)), &patch]);
    }

    async fn stranger(&self) {
        let stranger = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": STRANGER, "namespace": NAMESPACE, "annotations": {"team": "payments"}},
        });
        cluster::put(&stranger.to_string());
    }

    async fn state(&self, feature: Option<&str>) -> String {
        let name = format!("Secret/{}", named(STEM, feature));
        let mut secrets = cluster::objects_of(NAMESPACE, "secrets");
        let Some(mut secret) = secrets.remove(&name) else { return String::new() };
        cluster::lasting(&mut secret);
        secret.to_string()
    }

    async fn clean(&self) {
        for name in super::WHO.map(|feature| named(STEM, feature)).into_iter().chain([STRANGER.to_owned()]) {
            self.kubectl(&["delete", "secret", &name, "--ignore-not-found"]);
        }
    }

    fn contacts(&self) -> usize {
        self.gate.proxy.calls().len()
    }
}
