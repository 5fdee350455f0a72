//! What is there and is somebody else's: a key, or the whole Secret.

use acceptance::{
    cluster,
    proxy::{Fault, Which},
};
use serde_json::json;

use super::{Copy, FEATURE, file, items, map};

const WANTED: &str = "from: {name: orders}";

fn copy(namespace: &str) -> Copy {
    let copy = Copy::of(namespace);
    copy.create("orders", &json!({"stringData": {"URL": "base", "USER": "alice"}}));
    copy
}

#[test]
fn a_key_that_somebody_else_has_taken_is_a_conflict_and_no_loss() {
    let copy = copy("secrets-taken");
    copy.apply(WANTED);
    copy.edit("orders-feat1", &[("URL", "theirs"), ("MORE", "theirs")]);
    copy.edit("orders", &[("USER", "bob")]);
    let ended = copy.refused(WANTED);
    let why =
        "its key URL belongs to field manager \"kubectl-edit\": take the key out, and the next apply sets it";
    assert!(ended.last_line().contains(why), "{}", ended.said());
    assert_eq!(copy.texts("orders-feat1"), map([("MORE", "theirs"), ("URL", "theirs"), ("USER", "alice")]));
    let out = "--patch={\"data\": {\"URL\": null}}";
    copy.kubectl(&["patch", "secret", "orders-feat1", "--field-manager=kubectl-edit", out]);
    copy.apply(WANTED);
    assert_eq!(copy.texts("orders-feat1"), map([("MORE", "theirs"), ("URL", "base"), ("USER", "bob")]));
    copy.keeps(WANTED);
    // And from then on it is the clone's alone.
    copy.edit("orders", &[("URL", "rotated")]);
    copy.apply(WANTED);
    assert_eq!(copy.texts("orders-feat1")["URL"], "rotated");
    copy.delete(WANTED);
    assert!(!copy.secrets().contains_key("orders-feat1"));
}

#[test]
fn a_secret_without_a_mark_is_refused_left_taken_over_or_added_to_by_word() {
    let copy = copy("secrets-theirs");
    let theirs = json!({"stringData": {"URL": "theirs", "OWN": "x"}});
    copy.create("orders-feat1", &theirs);
    let before = copy.secret("orders-feat1");
    let ended = copy.refused(WANTED);
    let why = "it exists without a mark of ours: say `conflict: adopt` to take it over";
    assert!(ended.last_line().contains(why), "{}", ended.said());

    let skip = &format!("{WANTED}, conflict: skip");
    let ended = copy.apply(skip);
    assert!(ended.stderr.contains("it is nobody's of ours, and left as it is"), "{}", ended.said());
    copy.keeps(skip);
    copy.delete(skip);
    assert_eq!(copy.secret("orders-feat1"), before);

    let merge = &format!("{WANTED}, conflict: merge");
    let ended = copy.apply(merge);
    assert!(ended.stderr.contains("keys of its own that stay as they are: URL"), "{}", ended.said());
    assert_eq!(copy.texts("orders-feat1"), map([("OWN", "x"), ("URL", "theirs"), ("USER", "alice")]));
    copy.keeps(merge);
    copy.edit("orders", &[("USER", "bob")]);
    copy.apply(merge);
    assert_eq!(copy.texts("orders-feat1")["USER"], "bob");
    // Another copy's keys in the same Secret are its own.
    let other = file(
        "feat2",
        "secrets-theirs/other-feat2",
        &format!(
            "secret:\n  secrets:\n{}",
            items("set: {TWO: y}, to: {name: orders-feat1}, conflict: merge")
        ),
    );
    let _ = copy.hook().does("apply", &other, &[]);
    assert_eq!(copy.texts("orders-feat1").into_keys().collect::<Vec<_>>(), ["OWN", "TWO", "URL", "USER"]);
    copy.keeps(merge);
    let _ = copy.hook().does("delete", &other, &[]);
    // What the file no longer asks for is taken out of it.
    copy.apply("set: {A: b}, to: {name: more}");
    assert_eq!(copy.texts("orders-feat1"), map([("OWN", "x"), ("URL", "theirs")]));
    copy.apply(merge);
    copy.delete(merge);
    let after = copy.secret("orders-feat1");
    assert_eq!(
        (&after["data"], &after["metadata"]["labels"]),
        (&before["data"], &before["metadata"]["labels"])
    );

    let adopt = &format!("{WANTED}, conflict: adopt");
    copy.apply(adopt);
    assert_eq!(copy.texts("orders-feat1"), map([("OWN", "x"), ("URL", "base"), ("USER", "bob")]));
    assert_eq!(copy.secret("orders-feat1")["metadata"]["uid"], before["metadata"]["uid"]);
    copy.keeps(adopt);
    // The keys are the clone's alone, also one that had the same value before.
    copy.edit("orders", &[("URL", "rotated"), ("USER", "carol")]);
    copy.apply(adopt);
    assert_eq!(copy.texts("orders-feat1"), map([("OWN", "x"), ("URL", "rotated"), ("USER", "carol")]));
    copy.delete(adopt);
    assert!(!copy.secrets().contains_key("orders-feat1"));
}

#[test]
fn what_is_another_object_by_the_time_of_a_write_is_not_written_to_and_not_deleted() {
    let copy = copy("secrets-swapped");
    let told = "from: {name: orders}, outputs: [{value: checksum, secret: told, key: SUM}]";
    for verb in ["apply", "delete"] {
        for name in ["orders-feat1", "told"] {
            copy.apply(told);
            // Each has something to be written.
            copy.edit("orders", &[("USER", verb), ("URL", name)]);
            let proxy = &copy.gate.proxy;
            let action = if verb == "apply" { "PATCH" } else { "DELETE" };
            let action = format!("{action} /api/v1/namespaces/secrets-swapped/secrets/{name}");
            proxy.clear();
            proxy.on(Which::from(1).of(&action), Fault::Stalled);
            let running = copy.hook().spawn(verb, &copy.file(told), &["--timeout=40s"]);
            cluster::eventually(&action, 20, || {
                let actions: Vec<String> = proxy.calls().into_iter().map(|call| call.action).collect();
                if actions.contains(&action) { Ok(()) } else { Err(actions.join(", ")) }
            });
            copy.kubectl(&["delete", "secret", name]);
            copy.create(name, &json!({"stringData": {"THEIRS": "kept"}}));
            let theirs = copy.secret(name);
            assert!(running.is_running());
            proxy.clear();
            let ended = running.wait();
            assert_eq!(copy.secret(name), theirs, "{verb} of {name}: {}", ended.said());
            assert_eq!(ended.code, Some(5), "{verb} of {name}: {}", ended.said());
            copy.kubectl(&["delete", "secret", name]);
            copy.delete(told);
        }
    }
}

#[test]
fn what_was_merged_is_taken_out_again_whatever_the_file_says_next() {
    let copy = copy("secrets-unmerged");
    let merge = &format!("{WANTED}, conflict: merge");
    for (next, stays) in [("skip", true), ("fail", true), ("adopt", false)] {
        copy.create("orders-feat1", &json!({"stringData": {"OWN": "x", "URL": "base"}}));
        let before = copy.secret("orders-feat1");
        copy.apply(merge);
        assert_eq!(copy.texts("orders-feat1")["USER"], "alice");
        let file = &format!("{WANTED}, conflict: {next}");
        match next {
            "fail" => drop(copy.refused(file)),
            _ => drop(copy.apply(file)),
        }
        if next == "adopt" {
            copy.edit("orders", &[("USER", "bob")]);
            copy.apply(file);
            assert_eq!(copy.texts("orders-feat1"), map([("OWN", "x"), ("URL", "base"), ("USER", "bob")]));
            copy.keeps(file);
        }
        copy.delete(file);
        let after = copy.secrets().remove("orders-feat1");
        assert_eq!(after.is_some(), stays, "{next}");
        if let Some(after) = after {
            assert_eq!(
                (&after["data"], &after["metadata"]["labels"]),
                (&before["data"], &before["metadata"]["labels"])
            );
            let again = copy.delete(merge);
            assert_eq!(again.report(), [format!("absent secret/{}/orders-feat1", copy.namespace.0)]);
            copy.kubectl(&["delete", "secret", "orders-feat1"]);
        }
    }
    copy.create("release", &json!({"type": "helm.sh/release.v1", "stringData": {"release": "x"}}));
    let ended = copy.refused(&format!("{WANTED}, to: {{name: release}}, conflict: merge"));
    assert!(
        ended.last_line().contains("it is Helm's record of a release: nothing is added to it"),
        "{}",
        ended.said()
    );
}

#[test]
fn what_cannot_be_taken_whole_is_not_taken_over() {
    let copy = copy("secrets-not-taken");
    let adopt = &format!("{WANTED}, conflict: adopt");
    let own = json!({"stringData": {"OWN": "x"}});
    copy.create("orders-feat1", &own);
    let other = file(
        "feat2",
        "secrets-not-taken/other-feat2",
        &format!(
            "secret:\n  secrets:\n{}",
            items("set: {URL: two}, to: {name: orders-feat1}, conflict: merge")
        ),
    );
    let _ = copy.hook().does("apply", &other, &[]);
    let ended = copy.refused(adopt);
    assert!(ended.last_line().contains("other copies have put keys into it"), "{}", ended.said());
    let _ = copy.hook().does("delete", &other, &[]);
    copy.kubectl(&["label", "secret", "orders-feat1", "team=theirs"]);
    copy.kubectl(&["label", "secret", "orders", "team=payments"]);
    let ended = copy.refused(&format!("{adopt}, labels: [team]"));
    assert!(
        ended.last_line().contains("its label team belongs to field manager \"kubectl-label\""),
        "{}",
        ended.said()
    );
    copy.kubectl(&[
        "label",
        "secret",
        "orders-feat1",
        "team-",
        &format!("{}=feat2", feature::words::FEATURE),
    ]);
    let ended = copy.refused(adopt);
    assert!(ended.last_line().contains("it belongs to feature feat2"), "{}", ended.said());
    // What somebody has said of another person is no longer so.
    copy.kubectl(&["label", "secret", "orders-feat1", &format!("{}-", feature::words::FEATURE)]);
    copy.kubectl(&["annotate", "secret", "orders-feat1", &format!("{}=bob", feature::words::BY)]);
    copy.apply(&format!("{adopt}, labels: [team]"));
    copy.keeps(&format!("{adopt}, labels: [team]"));
    copy.kubectl(&["label", "--overwrite", "secret", "orders-feat1", "team=theirs"]);
    let ended = copy.refused(&format!("{adopt}, labels: [team]"));
    assert!(ended.last_line().contains("take the label off, and the next apply sets it"), "{}", ended.said());
    copy.kubectl(&["label", "secret", "orders-feat1", "team-"]);
    copy.apply(&format!("{adopt}, labels: [team]"));
    copy.delete(adopt);
    assert!(!copy.secrets().contains_key("orders-feat1"));
}

#[test]
fn a_secret_of_another_copy_or_of_a_helm_release_is_nobodys_to_take() {
    let copy = copy("secrets-nobodys");
    let other =
        file(FEATURE, "secrets-nobodys/other-feat1", &format!("secret:\n  secrets:\n{}", items(WANTED)));
    let _ = copy.hook().does("apply", &other, &[]);
    let before = copy.secret("orders-feat1");
    for conflict in ["fail", "skip", "merge", "adopt"] {
        let ended = copy.refused(&format!("{WANTED}, conflict: {conflict}"));
        assert!(
            ended.last_line().contains("it belongs to release secrets-nobodys/other-feat1"),
            "{}",
            ended.said()
        );
    }
    let ended = copy.hook().run("delete", &copy.file(WANTED), &[]).ends_with(5);
    assert!(ended.last_line().contains("and stays"), "{}", ended.said());
    assert_eq!(copy.secret("orders-feat1"), before);
    let _ = copy.hook().does("delete", &other, &[]);

    let helms =
        json!({"meta.helm.sh/release-name": "orders", "meta.helm.sh/release-namespace": "secrets-nobodys"});
    copy.create("orders-feat1", &json!({"metadata": {"annotations": helms}, "stringData": {"URL": "x"}}));
    let ended = copy.refused(&format!("{WANTED}, conflict: adopt"));
    assert!(ended.last_line().contains("it is of the Helm release orders"), "{}", ended.said());
}

/// An apply of `stringData` owns no key of `data`: Helm 4 and `kubectl apply --server-side` leave keys that are nobody's.
#[test]
fn what_was_merged_goes_alone_from_a_secret_whose_keys_belong_to_nobody() {
    let copy = Copy::of("merge-nobodys");
    let object = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "shared", "namespace": copy.namespace.0},
        "stringData": {"THEIRS": "base"},
    });
    acceptance::cluster::put(&object.to_string());
    let merged = "set: {OURS: x}, to: {name: shared}, conflict: merge";
    copy.apply(merged);
    assert_eq!(copy.texts("shared").keys().collect::<Vec<_>>(), ["OURS", "THEIRS"]);
    copy.delete(merged);
    let left = copy.secret("shared");
    assert_eq!(
        copy.texts("shared").into_iter().collect::<Vec<_>>(),
        [("THEIRS".to_owned(), "base".to_owned())]
    );
    assert_eq!(left["metadata"].get("labels"), None, "{left}");
}
