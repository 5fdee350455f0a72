use provision::{
    change::{Difference, NONE},
    config::{self, secret::Content},
};
use serde_json::{Value as Json, json};

use super::*;
use crate::plan::plan;

/// The first want of a file that says this of the section, and asks for the same as `sources` are.
fn want(says: &str) -> Cloned {
    let head = format!("apiVersion: {}\nkind: {}", words::API_VERSION, words::FEATURE_RESOURCES);
    let text =
        format!("{head}\nfeature: feat1\nowner: demo/orders-feat1\nsecret:\n  secrets: [{{{says}}}]\n");
    let section = config::read("f", &text).unwrap_or_else(|error| panic!("{error}")).secret.expect("given");
    section.secrets.into_iter().next().expect("one")
}

fn base64(text: &str) -> String {
    cluster::encoded(text.as_bytes().to_vec())
}

fn encoded(data: &[(&str, &str)]) -> Json {
    data.iter()
        .map(|(key, value)| ((*key).to_owned(), json!(base64(value))))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// A Secret of base.
fn source(kind: &str, data: &[(&str, &str)], annotations: &Json) -> Found {
    let object = json!({
        "metadata": {
            "name": "orders", "uid": "u0", "resourceVersion": "1", "annotations": annotations,
            "labels": {"team": "payments", "app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/part-of": "shop"},
        },
        "type": kind,
        "data": encoded(data),
    });
    Found::try_from(object).expect("complete")
}

fn orders() -> Found {
    source(
        "Opaque",
        &[("URL", "base"), ("USER", "alice"), ("LEGACY_X", "old"), ("BYTES", "plain")],
        &json!({}),
    )
}

fn sources(found: Found) -> Sources {
    Sources::from([(Site { namespace: "demo".to_owned(), name: "orders".to_owned() }, found)])
}

fn texts(content: &Content) -> Vec<(&str, String)> {
    let text = |value: &String| String::from_utf8(cluster::decoded(value)).expect("a text");
    content.data.iter().map(|(key, value)| (key.as_str(), text(value))).collect()
}

#[test]
fn a_copys_secret_has_what_is_cloned_and_what_is_set() {
    let want = want(
        "from: {name: orders}, keys: {exclude: [LEGACY_*, BYTES], rename: {URL: BASE_URL}}, labels: ['*'], \
         set: {FEATURE: feat1, WHO: {template: '{{ USER }}@{{ feature }}'}, OTHER: {secret: orders, key: USER}, USER: me}",
    );
    let content = content::made(&want, &sources(orders())).expect("made");
    let expected = [
        ("BASE_URL", "base"),
        ("FEATURE", "feat1"),
        ("OTHER", "alice"),
        ("USER", "me"),
        ("WHO", "alice@feat1"),
    ];
    assert_eq!(texts(&content), expected.map(|(key, value)| (key, value.to_owned())));
    let labels: Vec<&str> = content.labels.keys().map(String::as_str).collect();
    assert_eq!(labels, ["app.kubernetes.io/part-of", "team"], "whose it is says nobody else's");
    assert_eq!(content.kind, "Opaque");
}

#[test]
fn what_cannot_be_made_is_refused_with_the_reason_and_no_value() {
    let cases = [
        ("from: {name: orders}, keys: {rename: {NONE: X}}", "keys.rename: the source has no key \"NONE\""),
        ("from: {name: orders}, keys: {rename: {URL: USER}}", "keys.rename: \"USER\" would be two keys"),
        (
            "from: {name: orders}, set: {X: {secret: orders, key: NONE}}",
            "secret demo/orders has no key \"NONE\"",
        ),
        ("from: {name: orders}, set: {X: {template: '{{ NONE }}'}}", "set: X: the source has not every key"),
    ];
    for (says, why) in cases {
        let error = content::made(&want(says), &sources(orders())).expect_err(says).to_string();
        assert!(error.starts_with(why) && !error.contains("alice"), "{says}: {error}");
    }
    let kinds = [
        ("kubernetes.io/tls", "tls.crt"),
        ("kubernetes.io/dockerconfigjson", ".dockerconfigjson"),
        ("kubernetes.io/dockercfg", ".dockercfg"),
        ("kubernetes.io/ssh-auth", "ssh-privatekey"),
        ("kubernetes.io/basic-auth", "username or password"),
    ];
    for (kind, key) in kinds {
        let error = content::made(&want("from: {name: orders}"), &sources(source(kind, &[], &json!({}))));
        let error = error.expect_err(kind).to_string();
        assert!(error.contains(&format!("of type {kind} has the key {key},")), "{error}");
    }
    let big = "x".repeat(1 << 20);
    let error = content::made(
        &want("from: {name: orders}, set: {A: b}"),
        &sources(source("Opaque", &[("X", &big)], &json!({}))),
    );
    assert_eq!(
        error.expect_err("too big").to_string(),
        "it would hold 1048577 bytes, and 1048576 are the most"
    );
}

#[test]
fn a_secret_goes_into_another_namespace_only_where_its_owner_lets_it() {
    let allowed = |list: &str| json!({(words::CLONE_ALLOWED): list});
    let cases = [
        ("Opaque", json!({}), "demo", None),
        ("Opaque", json!({}), "other", Some("nothing lets it into namespace other")),
        ("Opaque", allowed(""), "other", Some("nothing lets it into namespace other")),
        ("Opaque", allowed("*"), "other", Some("nothing lets it into namespace other")),
        ("Opaque", allowed("others, another"), "other", Some("nothing lets it into namespace other")),
        ("Opaque", allowed("a, other ,b"), "other", None),
        ("kubernetes.io/service-account-token", allowed("other"), "other", Some("a service account's token")),
        ("helm.sh/release.v1", json!({}), "demo", Some("Helm's record")),
        ("bootstrap.kubernetes.io/token", json!({}), "demo", Some("lets nodes into the cluster")),
    ];
    let site = Site { namespace: "demo".to_owned(), name: "orders".to_owned() };
    for (kind, annotations, into, why) in cases {
        let verdict = content::may_be_cloned(&site, &source(kind, &[], &annotations), into);
        let verdict = verdict.err().map(|error| error.to_string());
        let right = match (&verdict, why) {
            (None, None) => true,
            (Some(verdict), Some(why)) => {
                verdict.contains(why) && verdict.starts_with("secret demo/orders: ")
            }
            _ => false,
        };
        assert!(right, "{kind} {annotations} into {into}: {verdict:?}");
    }
}

#[test]
fn an_immutable_ones_name_is_another_when_anything_in_it_is() {
    let plain =
        Content { kind: "Opaque".into(), data: [("A".into(), base64("b"))].into(), ..Content::default() };
    let names = [
        plain.clone(),
        Content { kind: "other".into(), ..plain.clone() },
        Content { data: [("A".into(), base64("c"))].into(), ..plain.clone() },
        Content { data: [("Ab".into(), String::new())].into(), ..plain.clone() },
    ];
    let mut names: Vec<String> =
        names.iter().map(|content| content::suffix(content, &Sources::new())).collect();
    names.push(content::suffix(&plain, &sources(orders())));
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "{names:?}");
    let again = content::suffix(&plain, &sources(orders()));
    assert!(again.len() == 10 && names.contains(&again), "{again}");
}

/// What is there under the copy's name: data with managers, and whether the mark of ours is on it.
struct There {
    data: &'static [(&'static str, &'static str)],
    /// Manager, operation, keys.
    owned: &'static [(&'static str, &'static str, &'static [&'static str])],
    marked: bool,
    rest: Json,
}

fn there(there: &There, conflict: Conflict) -> Have {
    let entry = |(manager, operation, keys): &(&str, &str, &[&str])| {
        let fields: serde_json::Map<_, _> = keys.iter().map(|key| (format!("f:{key}"), json!({}))).collect();
        json!({"manager": manager, "operation": operation, "fieldsV1": {"f:data": fields}})
    };
    let mut object = json!({
        "metadata": {
            "name": "orders-feat1", "uid": "u1", "resourceVersion": "7",
            "annotations": {(words::CLONED_FROM): "demo/orders"},
            "managedFields": there.owned.iter().map(entry).collect::<Vec<_>>(),
        },
        "type": "Opaque",
        "data": encoded(there.data),
    });
    if there.marked {
        object["metadata"]["annotations"][words::OWNER] = json!("demo/orders-feat1");
        object["metadata"]["labels"] = json!({(words::FEATURE): "feat1"});
    }
    for (key, value) in there.rest.as_object().into_iter().flatten() {
        object[key] = value.clone();
    }
    let found = Found::try_from(object).expect("complete");
    let theirs = !there.marked && matches!(conflict, Conflict::Skip | Conflict::Merge);
    let tags = (!theirs).then(|| found.marks.clone());
    Have { found, tags }
}

fn update(differences: &[(&str, &str, &str)]) -> Change {
    Change::Update(differences.iter().map(|(field, from, to)| Difference::new(*field, *from, *to)).collect())
}

#[test]
fn a_secret_is_changed_only_where_it_must_be() {
    const OURS: &[(&str, &str, &[&str])] = &[(MANAGER, "Apply", &["URL"])];
    let merger = "devstack/secret-hook/demo/orders-feat1";
    let none = json!({});
    let there_is = |data, owned, marked, rest: &Json| There { data, owned, marked, rest: rest.clone() };
    let base: &[(&str, &str)] = &[("URL", "base")];
    let other: &[(&str, &str)] = &[("URL", "other")];
    let fail = "";
    let refused = |why: &str| Change::Refuse(why.to_owned());
    let conflict = |who: &str| {
        refused(&format!(
            "its key URL belongs to field manager {who:?}: take the key out, and the next apply sets it"
        ))
    };
    let frozen = json!({"immutable": true});
    let helms = json!({"metadata": {
        "name": "orders-feat1", "uid": "u1", "resourceVersion": "7", "annotations": {"meta.helm.sh/release-name": "orders"},
    }});
    let cases = [
        // Ours.
        (fail, there_is(base, OURS, true, &none), Change::Keep),
        (fail, there_is(other, OURS, true, &none), update(&[("URL", "another value", "set")])),
        (
            fail,
            there_is(&[], &[(MANAGER, "Apply", &["X"])], true, &none),
            update(&[("URL", "none", "set"), ("X", "set", "none")]),
        ),
        // Another hook still tells it: it is left until that has given it up.
        (
            fail,
            there_is(
                other,
                &[(MANAGER, "Apply", &["X"]), ("devstack/sqs-hook", "Apply", &["URL"])],
                true,
                &none,
            ),
            update(&[("X", "set", "none")]),
        ),
        (
            fail,
            there_is(other, &[("kubectl-edit", "Update", &["URL"])], true, &none),
            conflict("kubectl-edit"),
        ),
        (
            fail,
            there_is(other, &[(MANAGER, "Apply", &["X"]), ("kubectl-edit", "Update", &["URL"])], true, &none),
            conflict("kubectl-edit"),
        ),
        (
            fail,
            there_is(&[], &[("devstack/sqs-hook", "Apply", &["QUEUE"])], true, &none),
            Change::Create(vec![
                Difference::new("of type", NONE, "Opaque"),
                Difference::new("cloned from", NONE, "demo/orders"),
                Difference::new("URL", NONE, "set"),
            ]),
        ),
        // What a create has left that was killed before it had given its keys to the hook's own manager.
        (
            fail,
            there_is(base, &[("devstack", "Update", &["URL"])], true, &none),
            update(&[("field manager", "devstack", MANAGER)]),
        ),
        (
            fail,
            there_is(base, OURS, true, &json!({"type": "other"})),
            refused("its type is other, and to be Opaque, which cannot be changed: choose another name"),
        ),
        (
            fail,
            there_is(base, OURS, true, &frozen),
            refused("it is immutable: choose another name, or say `immutable: true`"),
        ),
        // Somebody else's.
        ("conflict: skip", there_is(other, &[], false, &none), Change::Keep),
        ("conflict: merge", there_is(other, &[], false, &none), Change::Keep),
        ("conflict: merge", there_is(&[], &[], false, &none), update(&[("URL", "none", "set")])),
        (
            "conflict: merge",
            there_is(&[], &[], false, &frozen),
            refused("it is immutable, and nothing can be added to it"),
        ),
        (
            "conflict: adopt",
            there_is(other, &[("kubectl-create", "Update", &["URL"])], false, &none),
            update(&[("URL", "another's", "set")]),
        ),
        (
            "conflict: adopt",
            there_is(other, &[], false, &helms),
            refused(
                "it is of the Helm release orders, and would go with the copy: `conflict: merge` adds keys to it",
            ),
        ),
    ];
    let only = source("Opaque", base, &json!({}));
    for (index, (says, is, change)) in cases.into_iter().enumerate() {
        let says = if says.is_empty() { String::new() } else { format!(", {says}") };
        let mut want = want(&format!("from: {{name: orders}}{says}"));
        assert_eq!(want.merger(), merger);
        want.content = Some(content::made(&want, &sources(only.clone())).expect("made"));
        assert_eq!(plan(&want, Some(&there(&is, want.conflict))), change, "case {index}");
    }
}

#[test]
fn labels_of_the_source_are_kept_and_those_that_it_lost_are_taken_away() {
    let mut want = want("from: {name: orders}, labels: [team]");
    want.content =
        Some(content::made(&want, &sources(source("Opaque", &[("URL", "base")], &json!({})))).expect("made"));
    let object = json!({
        "metadata": {
            "name": "orders-feat1", "uid": "u1", "resourceVersion": "7",
            "annotations": {(words::CLONED_FROM): "demo/orders", (words::OWNER): "demo/orders-feat1"},
            "labels": {"team": "other", "old": "x", "theirs": "y", (words::FEATURE): "feat1"},
            "managedFields": [
                {"manager": MANAGER, "operation": "Apply", "fieldsV1": {
                    "f:data": {"f:URL": {}}, "f:metadata": {"f:labels": {"f:team": {}, "f:old": {}}},
                }},
                {"manager": "devstack", "operation": "Apply", "fieldsV1": {"f:metadata": {"f:labels": {"f:theirs": {}}}}},
            ],
        },
        "type": "Opaque",
        "data": encoded(&[("URL", "base")]),
    });
    let found = Found::try_from(object).expect("complete");
    let have = Have { tags: Some(found.marks.clone()), found };
    let expected = update(&[("label old", "x", "none"), ("label team", "other", "payments")]);
    assert_eq!(plan(&want, Some(&have)), expected);
}
