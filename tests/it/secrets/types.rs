//! A clone is of its source's type, from the beginning to the end.

use serde_json::{Value, json};

use super::{Copy, map};

#[test]
fn a_typed_secret_stays_of_its_type_when_it_is_made_rotated_and_deleted() {
    let copy = Copy::of("secrets-types");
    let docker = |who: &str| json!({"auths": {"registry.example.com": {"username": who}}}).to_string();
    let cases = [
        (
            "tls",
            "kubernetes.io/tls",
            vec![("tls.crt", CERTIFICATE.to_owned()), ("tls.key", KEY.to_owned())],
            ("tls.crt", CERTIFICATE.replace('M', "N")),
        ),
        (
            "docker",
            "kubernetes.io/dockerconfigjson",
            vec![(".dockerconfigjson", docker("alice"))],
            (".dockerconfigjson", docker("bob")),
        ),
        (
            "basic",
            "kubernetes.io/basic-auth",
            vec![("username", "alice".to_owned()), ("password", "one".to_owned())],
            ("password", "two".to_owned()),
        ),
        (
            "ssh",
            "kubernetes.io/ssh-auth",
            vec![("ssh-privatekey", KEY.to_owned())],
            ("ssh-privatekey", "other".to_owned()),
        ),
        ("own", "example.com/own", vec![("A", "one".to_owned())], ("A", "two".to_owned())),
    ];
    let secrets: String =
        cases.iter().map(|(name, ..)| format!("from: {{name: {name}}}, set: {{more: x}}\n")).collect();
    for (name, kind, data, _) in &cases {
        let data: serde_json::Map<String, Value> =
            data.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
        copy.create(name, &json!({"type": kind, "stringData": data}));
    }
    copy.apply(&secrets);
    copy.keeps(&secrets);
    let mut uids = Vec::new();
    for (name, kind, data, _) in &cases {
        let made = copy.secret(&format!("{name}-feat1"));
        assert_eq!(made["type"], *kind);
        let mut expected: std::collections::BTreeMap<_, _> =
            data.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        expected.extend(map([("more", "x")]));
        assert_eq!(super::texts(&made), expected, "{name}");
        uids.push(made["metadata"]["uid"].clone());
    }
    for (name, _, _, (key, value)) in &cases {
        copy.edit(name, &[(key, value)]);
    }
    copy.apply(&secrets);
    for ((name, _, _, (key, value)), uid) in cases.iter().zip(uids) {
        let made = copy.secret(&format!("{name}-feat1"));
        assert_eq!((&super::texts(&made)[*key], &made["metadata"]["uid"]), (value, &uid), "{name}");
    }
    copy.keeps(&secrets);
    // A key that its type asks for cannot be left out.
    let ended = copy.refused("from: {name: tls}, keys: {exclude: [tls.key]}, to: {name: half}");
    assert!(ended.last_line().contains("has the key tls.key, and this one would not"), "{}", ended.said());
    copy.delete(&secrets);
    assert_eq!(copy.secrets().len(), cases.len());
}

#[test]
fn another_type_is_another_secret() {
    let copy = Copy::of("secrets-retyped");
    copy.create("orders", &json!({"stringData": {"username": "alice", "password": "one"}}));
    copy.apply("from: {name: orders}");
    let before = copy.secret("orders-feat1");
    copy.kubectl(&["delete", "secret", "orders"]);
    copy.create(
        "orders",
        &json!({"type": "kubernetes.io/basic-auth", "stringData": {"username": "alice", "password": "one"}}),
    );
    let ended = copy.refused("from: {name: orders}");
    let why = "its type is Opaque, and to be kubernetes.io/basic-auth, which cannot be changed: choose another name";
    assert!(ended.last_line().contains(why), "{}", ended.said());
    assert_eq!(copy.secret("orders-feat1"), before);
    copy.delete("from: {name: orders}");
}

/// Kubernetes looks whether a certificate is PEM, and no closer.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMIIC\n-----END PRIVATE KEY-----\n";
