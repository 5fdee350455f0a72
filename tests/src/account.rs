//! A service account of the cluster: programs that are given its kubeconfig have its rights and no others, of which each can
//! be taken from it.

use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{cluster, lab::lab, process};

/// An account with what it may do: a `ServiceAccount`, Roles and bindings.
pub struct Grant {
    namespace: String,
    account: String,
    objects: Vec<Value>,
}

/// One verb of one rule of one Role.
#[derive(Clone, Debug)]
pub struct Right {
    role: usize,
    rule: usize,
    verb: String,
}

impl Grant {
    /// Of these objects those that are about access; what has no namespace is in the account's.
    #[must_use]
    pub fn of(namespace: &str, account: &str, objects: Vec<Value>) -> Self {
        let kinds = ["ServiceAccount", "Role", "RoleBinding"];
        let mut objects = objects;
        objects.retain(|object| kinds.iter().any(|kind| object["kind"] == *kind));
        for object in &mut objects {
            if object["metadata"].get("namespace").is_none() {
                object["metadata"]["namespace"] = json!(namespace);
            }
        }
        Self { namespace: namespace.to_owned(), account: account.to_owned(), objects }
    }

    /// Every right that it has.
    ///
    /// # Panics
    /// When a Role is none.
    #[must_use]
    pub fn rights(&self) -> Vec<Right> {
        let mut rights = Vec::new();
        for (role, object) in self.objects.iter().enumerate().filter(|(_, object)| object["kind"] == "Role") {
            for (rule, of) in object["rules"].as_array().expect("rules").iter().enumerate() {
                let verbs = of["verbs"].as_array().expect("verbs").iter();
                rights.extend(verbs.map(|verb| Right {
                    role,
                    rule,
                    verb: verb.as_str().expect("a word").to_owned(),
                }));
            }
        }
        rights
    }

    /// The rule that a right is of.
    #[must_use]
    pub fn rule(&self, right: &Right) -> &Value {
        &self.objects[right.role]["rules"][right.rule]
    }

    /// The Role that it is of.
    #[must_use]
    pub fn role(&self, right: &Right) -> &Value {
        &self.objects[right.role]
    }

    /// Gives the account all of them.
    pub fn give_all(&self) {
        self.put(None);
        self.rights().iter().for_each(|right| self.is_known(right, true));
    }

    /// All but this one.
    pub fn take(&self, right: &Right) {
        self.put(Some(right));
        self.is_known(right, false);
    }

    /// And that one, too.
    pub fn give_back(&self, right: &Right) {
        self.put(None);
        self.is_known(right, true);
    }

    /// A kubeconfig of the account's.
    ///
    /// # Panics
    /// When it has not been given anything yet.
    #[must_use]
    pub fn kubeconfig(&self, folder: &TempDir) -> String {
        kubeconfig(folder, &self.namespace, &self.account).display().to_string()
    }

    fn put(&self, without: Option<&Right>) {
        let mut objects = self.objects.clone();
        if let Some(Right { role, rule, verb }) = without {
            let verbs = objects[*role]["rules"][*rule]["verbs"].as_array_mut().expect("verbs");
            verbs.retain(|other| other != verb);
            if verbs.is_empty() {
                objects[*role]["rules"].as_array_mut().expect("rules").remove(*rule);
            }
        }
        cluster::put(&json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string());
    }

    /// Waits until the API server knows.
    fn is_known(&self, right: &Right, allowed: bool) {
        let rule = self.rule(right);
        let resource = rule["resources"][0].as_str().expect("a resource");
        let resource = match rule["resourceNames"][0].as_str() {
            Some(name) => format!("{resource}/{name}"),
            None => resource.to_owned(),
        };
        let namespace = self.role(right)["metadata"]["namespace"].as_str().expect("a namespace");
        let account = format!("--as=system:serviceaccount:{}:{}", self.namespace, self.account);
        let expected = if allowed { "yes" } else { "no" };
        cluster::eventually(&format!("{expected} to {right:?}"), 10, || {
            let mut kubectl = lab().command("kubectl");
            kubectl.args(["auth", "can-i", &right.verb, &resource, "--namespace", namespace, &account]);
            let said = String::from_utf8(process::run(&mut kubectl).stdout).expect("a text");
            if said.trim() == expected { Ok(()) } else { Err(said) }
        });
    }
}

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
