//! Whose a Secret is: all of them are named, and all of one copy's go, whichever hook has made them.

use acceptance::{
    emulator::{Emulator, REGION},
    hook::Hook,
    lab::lab,
    proxy::Call,
};
use feature::words;
use serde_json::{Value, json};

use super::{Copy, FEATURE, file};

/// More than one answer of the cluster holds.
const STRANGERS: usize = 510;

#[test]
fn all_marks_are_named_whosever_they_are_and_a_section_without_secrets_takes_its_own_away() {
    let copy = Copy::of("secrets-named");
    let emulator = Emulator::localstack();
    let _swept = emulator.swept("secrets-named");
    copy.create("orders", &json!({"stringData": {"URL": "base"}}));
    copy.create("merged", &json!({"stringData": {"OWN": "x"}}));
    let merged = copy.secret("merged");
    strangers(&copy);
    copy.apply(
        "from: {name: orders}\nfrom: {name: orders}, to: {name: frozen}, immutable: true, outputs: [{value: name, \
         secret: told, key: NAME}]\nset: {A: b}, to: {name: merged}, conflict: merge",
    );
    let queues = format!(
        "sqs:\n  endpointUrl: {}\n  region: {REGION}\n  queues: [{{name: secrets-named, outputs: [{{value: name, \
         secret: told-by-another, key: QUEUE}}, {{value: name, secret: told, key: QUEUE}}]}}]",
        emulator.url()
    );
    let _ =
        Hook::sqs().env("KUBECONFIG", lab().var("KUBECONFIG")).does("apply", &copy.whole_file(&queues), &[]);
    let another = "secret: {secrets: [{set: {A: b}, to: {name: of-another}}]}";
    let _ = copy.hook().does("apply", &file("feat2", "secrets-named/other-feat2", another), &[]);
    copy.create("of-base", &json!({"metadata": {"annotations": {(words::OWNER): "secrets-named/base"}}}));
    copy.create("half", &json!({"metadata": {"labels": {(words::FEATURE): FEATURE}}}));

    copy.gate.proxy.clear();
    let before = copy.secrets();
    let nothing = copy.whole_file("secret: {secrets: []}");
    let ended = copy.hook().run("marks", &nothing, &["--output=json"]).ends_with(0);
    let told = ended.json();
    let things: Vec<&str> = told.iter().filter_map(|line| line["thing"].as_str()).collect();
    let frozen = before.keys().find(|name| name.starts_with("frozen-")).expect("it is made").clone();
    let frozen = frozen.as_str();
    let named = [frozen, "of-another", "of-base", "orders-feat1", "told", "told-by-another"];
    assert_eq!(things, named.map(|name| format!("secret/secrets-named/{name}")));
    for (line, name) in told.iter().zip(named) {
        let (owner, feature) = match name {
            "of-base" => ("secrets-named/base", Value::Null),
            "of-another" => ("secrets-named/other-feat2", "feat2".into()),
            _ => (&*copy.owner, FEATURE.into()),
        };
        assert_eq!((&line["owner"], &line["feature"]), (&owner.into(), &feature), "{line}");
        assert_eq!(line["expiresAt"].is_u64(), name != "of-base", "{line}");
    }
    let calls = copy.gate.proxy.calls();
    assert!(!calls.iter().any(Call::writes), "{calls:#?}");
    assert_eq!(copy.secrets(), before);

    let _ = copy.hook().does("delete", &copy.whole_file("secret: {prune: false, secrets: []}"), &[]);
    assert_eq!(copy.secrets(), before);
    let ended = copy.hook().does("delete", &nothing, &[]);
    let mut gone = ended.report();
    gone.sort();
    let own = [frozen, "merged", "orders-feat1", "told", "told-by-another"];
    assert_eq!(gone, own.map(|name| format!("delete secret/secrets-named/{name}")));
    let mut after = copy.secrets();
    let left = after.remove("merged").expect("it is somebody else's");
    assert_eq!(
        (&left["data"], &left["metadata"]["labels"]),
        (&merged["data"], &merged["metadata"]["labels"])
    );
    let mut expected = before;
    expected.retain(|name, _| !own.contains(&&**name));
    assert_eq!(after, expected);
    let _ =
        Hook::sqs().env("KUBECONFIG", lab().var("KUBECONFIG")).does("delete", &copy.whole_file(&queues), &[]);
}

/// Secrets of others, some with annotations of their own.
fn strangers(copy: &Copy) {
    let stranger = |n: usize| {
        json!({"apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": format!("another-{n}"), "annotations": {"team": "mail"}}})
    };
    let list = json!({"apiVersion": "v1", "kind": "List", "items": (0..STRANGERS).map(stranger).collect::<Vec<_>>()});
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), list.to_string()).expect("the file is written");
    copy.kubectl(&["create", &format!("--filename={}", file.path().display())]);
}
