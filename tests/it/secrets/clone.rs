//! What a clone has of its source, and that it follows it.

use feature::words;
use serde_json::json;

use super::{Copy, FEATURE, create, map};
use acceptance::{cluster, place::Namespace};

#[test]
fn a_clone_has_what_is_asked_for_and_none_of_its_sources_annotations() {
    let copy = Copy::of("secrets-clone");
    copy.kubectl(&["create", "configmap", "owner"]);
    let uid = copy.kubectl(&["get", "configmap", "owner", "--output=jsonpath={.metadata.uid}"]);
    copy.create(
        "orders",
        &json!({
            "metadata": {
                "labels": {"team": "payments", "app.kubernetes.io/managed-by": "Helm", "tier": "back"},
                "annotations": {
                    "kubectl.kubernetes.io/last-applied-configuration": "{}",
                    "meta.helm.sh/release-name": "orders", "team": "payments",
                },
                "ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}],
            },
            "stringData": {"URL": "base", "USER": "alice", "PASSWORD": "canary", "LEGACY_KEY": "old"},
        }),
    );
    copy.create("keys", &json!({"stringData": {"api": "of-the-team"}}));
    let secret = "from: {name: orders}, keys: {exclude: ['LEGACY_*'], rename: {URL: BASE_URL}}, labels: [team, 'app*'], \
                  set: {FEATURE: feat1, PORT: 5432, API_KEY: {secret: keys, key: api}, \
                  DSN: {template: 'postgres://{{ USER }}:{{ PASSWORD }}@db-{{ feature }}/orders'}}, \
                  outputs: [{value: checksum, configMap: told, key: SUM}, {value: name, configMap: told, key: NAME}]";
    let before = copy.secret("orders");
    let ended = copy.apply(secret);
    assert!(!ended.said().contains("canary") && !ended.said().contains("alice"), "{}", ended.said());
    let expected = map([
        ("API_KEY", "of-the-team"),
        ("BASE_URL", "base"),
        ("DSN", "postgres://alice:canary@db-feat1/orders"),
        ("FEATURE", "feat1"),
        ("PASSWORD", "canary"),
        ("PORT", "5432"),
        ("USER", "alice"),
    ]);
    assert_eq!(copy.texts("orders-feat1"), expected);
    let made = copy.secret("orders-feat1");
    assert_eq!(made["metadata"]["labels"], json!({"team": "payments", (words::FEATURE): FEATURE}));
    let annotations = made["metadata"]["annotations"].as_object().expect("some");
    assert!(annotations.keys().all(|key| words::is_ours(key)), "{annotations:?}");
    assert_eq!(annotations[words::OWNER], "secrets-clone/orders-feat1");
    assert_eq!(annotations[words::CLONED_FROM], "secrets-clone/orders");
    assert!(made["metadata"].get("ownerReferences").is_none(), "{made}");
    copy.keeps(secret);

    let ended = copy.delete(secret);
    assert_eq!(copy.secrets().into_keys().collect::<Vec<_>>(), ["keys", "orders"], "{}", ended.said());
    assert_eq!(copy.secret("orders"), before);
    copy.delete(secret);
}

#[test]
fn after_the_source_changed_the_next_apply_brings_the_clone_up_to_date() {
    let copy = Copy::of("secrets-again");
    copy.create("orders", &json!({"stringData": {"URL": "one", "GOES": "x"}}));
    let secret = "from: {name: orders}, outputs: [{value: checksum, configMap: told, key: SUM}]";
    let sum = || copy.kubectl(&["get", "configmap", "told", "--output=jsonpath={.data.SUM}"]);
    copy.apply(secret);
    let (first, uid) = (sum(), copy.secret("orders-feat1")["metadata"]["uid"].clone());
    copy.apply(secret);
    assert_eq!(sum(), first);
    copy.kubectl(&["patch", "secret", "orders", "--type=merge", "--patch={\"data\": {\"GOES\": null}}"]);
    copy.edit("orders", &[("URL", "two"), ("NEW", "y")]);
    let ended = copy.hook().does("plan", &copy.file(secret), &[]);
    assert!(
        ended.report()[0].ends_with("NEW: set, URL: another value -> set, GOES: set -> none"),
        "{}",
        ended.said()
    );
    copy.apply(secret);
    assert_eq!(copy.texts("orders-feat1"), map([("NEW", "y"), ("URL", "two")]));
    assert_ne!(sum(), first);
    // It was never away.
    assert_eq!(copy.secret("orders-feat1")["metadata"]["uid"], uid);
    copy.keeps(secret);
    // What the file no longer names goes, and what it never named stays.
    let other = "set: {A: b}, to: {name: other}";
    copy.apply(other);
    assert_eq!(copy.secrets().into_keys().collect::<Vec<_>>(), ["orders", "other"]);
    copy.delete(other);
}

#[test]
fn what_is_said_of_a_clone_goes_when_it_is_no_longer_said() {
    let copy = Copy::of("secrets-said");
    let labels = json!({"labels": {"team": "payments", "tier": "back"}});
    copy.create("orders", &json!({"metadata": labels, "stringData": {"URL": "one"}}));
    let with_by = |secret: &str| copy.file(secret).replace("secret:\n", "by: alice\nsecret:\n");
    let _ = copy.hook().does("apply", &with_by("from: {name: orders}, labels: ['*']"), &[]);
    let said = || {
        let made = copy.secret("orders-feat1");
        let keys = |of: &str| -> Vec<String> {
            made["metadata"][of].as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect()
        };
        (keys("labels"), keys("annotations"))
    };
    let (labels, annotations) = said();
    assert_eq!(labels, [words::FEATURE, "team", "tier"]);
    assert!(
        annotations.contains(&words::BY.to_owned()) && annotations.contains(&words::CLONED_FROM.to_owned())
    );
    copy.kubectl(&["label", "secret", "orders", "tier-"]);
    let fewer = "from: {name: orders}, labels: [t*]";
    copy.apply(fewer);
    copy.keeps(fewer);
    let (labels, annotations) = said();
    assert_eq!(labels, [words::FEATURE, "team"]);
    assert!(!annotations.contains(&words::BY.to_owned()));
    let none = "set: {URL: two}, to: {name: orders-feat1}";
    copy.apply(none);
    copy.keeps(none);
    let (labels, annotations) = said();
    assert_eq!(labels, [words::FEATURE]);
    assert!(!annotations.contains(&words::CLONED_FROM.to_owned()));
    copy.delete(none);
}

#[test]
fn a_clone_that_nobody_needs_or_that_others_have_emptied_goes_all_the_same() {
    let copy = Copy::of("secrets-emptied");
    copy.create("orders", &json!({"stringData": {"URL": "one"}}));
    let emptied = "from: {name: orders}";
    copy.apply(emptied);
    copy.kubectl(&["patch", "secret", "orders-feat1", "--patch={\"data\": null}"]);
    let other = "set: {A: b}, to: {name: other}, outputs: [{value: checksum, secret: other, key: SUM}]";
    copy.apply(other);
    assert_eq!(copy.secrets().into_keys().collect::<Vec<_>>(), ["orders", "other"]);
    // One of which nothing is left but what is told: its checksum is always the same.
    let told = "from: {name: orders}, keys: {exclude: ['*']}, set: {}, \
                outputs: [{value: checksum, secret: orders-feat1, key: SUM}]";
    copy.apply(told);
    copy.keeps(told);
    copy.apply(other);
    // With its own output it goes whole.
    assert_eq!(copy.secrets().into_keys().collect::<Vec<_>>(), ["orders", "other"]);
    copy.delete(other);
    assert_eq!(copy.secrets().into_keys().collect::<Vec<_>>(), ["orders"]);
}

#[test]
fn into_another_namespace_goes_only_what_its_owner_lets_go_there() {
    let copy = Copy::of("secrets-into");
    let base = Namespace::new("secrets-base");
    create(&base.0, "orders", &json!({"stringData": {"URL": "base"}}));
    create(&base.0, "keys", &json!({"stringData": {"KEY": "base"}}));
    let allow = |name: &str, list: &str| {
        let annotation = format!("{}={list}", words::CLONE_ALLOWED);
        cluster::kubectl(&base.0, &["annotate", "--overwrite", "secret", name, &annotation]);
    };
    let secret =
        "from: {namespace: secrets-base, name: orders}, set: {KEY: {namespace: secrets-base, secret: keys}}";
    for (orders, keys, name) in [
        (None, None, "orders"),
        (Some(""), None, "orders"),
        (Some("other,secrets-into-2"), None, "orders"),
        (Some("other, secrets-into"), None, "keys"),
        (Some("secrets-into"), Some("*"), "keys"),
    ] {
        for (name, list) in [("orders", orders), ("keys", keys)] {
            if let Some(list) = list {
                allow(name, list);
            }
        }
        let ended = copy.refused(secret);
        let why = format!("secret secrets-base/{name}: nothing lets it into namespace secrets-into");
        assert!(ended.last_line().contains(&why), "{}", ended.said());
    }
    allow("keys", "secrets-into");
    copy.apply(secret);
    assert_eq!(copy.texts("orders-feat1"), map([("KEY", "base"), ("URL", "base")]));
    // And from here to there, where the copy's own namespace is another.
    copy.create("mine", &json!({"metadata": {"annotations": {(words::CLONE_ALLOWED): "secrets-base"}}, "stringData": {"A": "b"}}));
    let there = "from: {name: mine}, to: {namespace: secrets-base}";
    copy.apply(there);
    assert_eq!(super::texts(&super::secrets(&base.0)["mine-feat1"]), map([("A", "b")]));
    assert!(!copy.secrets().contains_key("orders-feat1"));
    copy.keeps(there);
    copy.delete(there);
    assert!(!super::secrets(&base.0).contains_key("mine-feat1"));
}

#[test]
fn what_must_not_or_cannot_be_cloned_is_refused_with_the_reason() {
    let copy = Copy::of("secrets-never");
    copy.kubectl(&["create", "serviceaccount", "robot"]);
    let of_robot = json!({"kubernetes.io/service-account.name": "robot"});
    copy.create(
        "token",
        &json!({"type": "kubernetes.io/service-account-token", "metadata": {"annotations": of_robot}}),
    );
    copy.create("release", &json!({"type": "helm.sh/release.v1", "stringData": {"release": "x"}}));
    copy.create(
        "bootstrap-token-abcdef",
        &json!({"type": "bootstrap.kubernetes.io/token", "stringData": {"a": "b"}}),
    );
    copy.create("orders", &json!({"stringData": {"URL": "canary"}}));
    let cases = [
        ("from: {name: token}", "it is a service account's token"),
        ("from: {name: release}", "it is Helm's record of a release"),
        ("from: {name: bootstrap-token-abcdef}", "it lets nodes into the cluster"),
        ("set: {A: {secret: token, key: token}}, to: {name: a}", "it is a service account's token"),
        ("from: {name: nobody}", "there is no secret secrets-never/nobody to clone"),
        ("from: {name: orders}, set: {A: {secret: orders, key: NONE}}", "has no key \"NONE\""),
        ("from: {name: orders}, set: {A: {template: '{{ NONE }}'}}", "the source has not every key"),
        ("from: {name: orders}, keys: {rename: {NONE: A}}", "the source has no key \"NONE\""),
        ("from: {name: orders}, keys: {rename: {'URL*': '*'}}", "keys.rename: \"URL\": \"\" is no key"),
    ];
    for (secret, why) in cases {
        let ended = copy.refused(secret);
        assert!(
            ended.last_line().contains(why) && !ended.said().contains("canary"),
            "{why}: {}",
            ended.said()
        );
    }
    // Nothing of a file is written where one of it is refused.
    copy.refused("from: {name: orders}\nfrom: {name: nobody}");
}

#[test]
fn base_has_secrets_of_its_own_names_that_are_never_deleted() {
    let copy = Copy::of("secrets-of-base");
    copy.create("orders", &json!({"stringData": {"URL": "base"}}));
    let head = copy.file("from: {name: orders}, to: {name: orders-too}");
    let file = head.replace("feature: feat1", "base: true");
    let hook = copy.hook();
    let _ = hook.does("apply", &file, &[]);
    assert_eq!(copy.texts("orders-too"), map([("URL", "base")]));
    assert_eq!(copy.secret("orders-too")["metadata"]["labels"], serde_json::Value::Null);
    let _ = hook.run("plan", &file, &["--exit-code"]).ends_with(0);
    let _ = hook.does("delete", &file, &[]);
    assert!(copy.secrets().contains_key("orders-too"));
}
