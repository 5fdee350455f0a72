//! secret-hook at the real API server; and what `kubectl` sees there.

mod calls;
mod clone;
mod conflicts;
mod crash;
mod immutable;
mod marks;
mod outputs;
mod rights;
mod types;

use std::collections::BTreeMap;

use acceptance::{
    cluster,
    gate::Gate,
    hook::{self, Ended, Hook},
    place::Namespace,
    proxy::Call,
};
use serde_json::{Value, json};

/// A namespace with base's Secrets in it, and a copy's hook.
struct Copy {
    namespace: Namespace,
    /// What stands before each name.
    owner: String,
    gate: Gate,
}

/// What every copy of these tests is for.
const FEATURE: &str = "feat1";

impl Copy {
    /// In a namespace that no other test has.
    fn of(namespace: &str) -> Self {
        let owner = format!("{namespace}/orders-{FEATURE}");
        Self { namespace: Namespace::new(namespace), owner, gate: Gate::open() }
    }

    fn hook(&self) -> Hook {
        Hook::secret().env("KUBECONFIG", &self.gate.kubeconfig().display().to_string())
    }

    /// A file with these Secrets, one in a line.
    fn file(&self, secrets: &str) -> String {
        self.whole_file(&format!("secret:\n  secrets:\n{}", items(secrets)))
    }

    fn whole_file(&self, sections: &str) -> String {
        file(FEATURE, &self.owner, sections)
    }

    fn apply(&self, secrets: &str) -> Ended {
        self.hook().does("apply", &self.file(secrets), &[])
    }

    /// An apply that is refused, and writes nothing.
    fn refused(&self, secrets: &str) -> Ended {
        self.gate.proxy.clear();
        let ended = self.hook().run("apply", &self.file(secrets), &[]).ends_with(5);
        assert!(self.gate.proxy.calls().iter().all(|call| !call.writes()), "{}", ended.said());
        ended
    }

    /// Nothing is left to do, and nothing is done.
    fn keeps(&self, secrets: &str) {
        let ended = self.hook().run("plan", &self.file(secrets), &["--exit-code"]);
        assert_eq!(ended.code, Some(0), "{}", ended.said());
        self.gate.proxy.clear();
        self.apply(secrets);
        let writes: Vec<_> = self.gate.proxy.calls().into_iter().filter(Call::writes).collect();
        assert!(writes.is_empty(), "{writes:?}");
    }

    fn delete(&self, secrets: &str) -> Ended {
        self.hook().does("delete", &self.file(secrets), &[])
    }

    /// Makes a Secret, as `kubectl create` does.
    fn create(&self, name: &str, secret: &Value) {
        create(&self.namespace.0, name, secret);
    }

    /// Gives keys of a Secret other values, as `kubectl edit` does.
    fn edit(&self, name: &str, data: &[(&str, &str)]) {
        let data: serde_json::Map<_, _> = data.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect();
        let patch = format!("--patch={}", json!({"stringData": data}));
        self.kubectl(&["patch", "secret", name, "--field-manager=kubectl-edit", &patch]);
    }

    fn kubectl(&self, words: &[&str]) -> String {
        cluster::kubectl(&self.namespace.0, words)
    }

    /// All Secrets of the namespace, by their names.
    fn secrets(&self) -> BTreeMap<String, Value> {
        secrets(&self.namespace.0)
    }

    fn secret(&self, name: &str) -> Value {
        self.secrets().remove(name).unwrap_or_else(|| panic!("there is no secret {name}"))
    }

    /// What a Secret holds, as text.
    fn texts(&self, name: &str) -> BTreeMap<String, String> {
        texts(&self.secret(name))
    }
}

fn secrets(namespace: &str) -> BTreeMap<String, Value> {
    let objects = cluster::objects_of(namespace, "secrets").into_iter();
    objects.map(|(key, secret)| (key.trim_start_matches("Secret/").to_owned(), secret)).collect()
}

fn create(namespace: &str, name: &str, secret: &Value) {
    let mut object = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {}});
    for (key, value) in secret.as_object().expect("an object") {
        object[key] = value.clone();
    }
    object["metadata"]["name"] = json!(name);
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), object.to_string()).expect("the file is written");
    cluster::kubectl(namespace, &["create", &format!("--filename={}", file.path().display())]);
}

/// A hook's file of an owner `NAMESPACE/RELEASE`.
fn file(feature: &str, owner: &str, sections: &str) -> String {
    format!("{}feature: {feature}\nowner: {owner}\n{sections}\n", hook::head())
}

fn items(secrets: &str) -> String {
    let lines = secrets.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| format!("    - {{{line}}}\n")).collect()
}

fn texts(secret: &Value) -> BTreeMap<String, String> {
    let data = secret["data"].as_object().into_iter().flatten();
    let text = |value: &Value| {
        let bytes = provision::cluster::decoded(value.as_str().expect("base64"));
        String::from_utf8(bytes).expect("a text")
    };
    data.map(|(key, value)| (key.clone(), text(value))).collect()
}

fn map<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}
