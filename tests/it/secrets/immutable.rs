//! A Secret that nobody can change: another content is another Secret.

use serde_json::json;

use super::{Copy, map};

const WANTED: &str =
    "from: {name: orders}, immutable: true, outputs: [{value: name, configMap: told, key: NAME}]";

#[test]
fn another_content_is_another_secret_and_the_one_before_goes() {
    let copy = Copy::of("secrets-frozen");
    copy.create("orders", &json!({"stringData": {"URL": "one"}}));
    let name = || copy.kubectl(&["get", "configmap", "told", "--output=jsonpath={.data.NAME}"]);
    copy.apply(WANTED);
    let first = name();
    let made = copy.secret(&first);
    assert!(first.starts_with("orders-feat1-") && first.len() == "orders-feat1-".len() + 10, "{first}");
    assert_eq!((super::texts(&made), &made["immutable"]), (map([("URL", "one")]), &json!(true)));
    copy.keeps(WANTED);
    assert_eq!(name(), first);
    copy.edit("orders", &[("URL", "two")]);
    copy.apply(WANTED);
    let second = name();
    assert_eq!(copy.texts(&second), map([("URL", "two")]));
    let left: Vec<String> = copy.secrets().into_keys().collect();
    assert_eq!(left, ["orders", second.as_str()], "the one before goes");
    copy.keeps(WANTED);
    // Back to what it was, it is called as it was.
    copy.edit("orders", &[("URL", "one")]);
    copy.apply(WANTED);
    assert_eq!(name(), first);
    // One that nobody froze is made beside it, under its own name.
    copy.apply("from: {name: orders}");
    assert_eq!(copy.secrets().into_keys().collect::<Vec<_>>(), ["orders", "orders-feat1"]);
    copy.apply(WANTED);
    assert_eq!(copy.secrets().into_keys().collect::<Vec<_>>(), ["orders", first.as_str()]);
    // A stranger of the name without the hash is nobody's business.
    copy.create("orders-feat1", &json!({"stringData": {"OWN": "x"}}));
    copy.keeps(WANTED);
    let only = copy.hook().does("delete", &copy.file(WANTED), &["--only=orders-feat1"]);
    assert_eq!(copy.secrets().into_keys().collect::<Vec<_>>(), ["orders", "orders-feat1"], "{}", only.said());
    copy.apply(WANTED);
    copy.kubectl(&["delete", "secret", "orders"]);
    // The source is not needed to take it away.
    copy.delete(WANTED);
    assert_eq!(copy.secrets().into_keys().collect::<Vec<_>>(), ["orders-feat1"]);
}

#[test]
fn an_immutable_one_that_is_there_is_refused() {
    let copy = Copy::of("secrets-frozen-theirs");
    copy.create("orders", &json!({"stringData": {"URL": "one"}}));
    copy.create("orders-feat1", &json!({"immutable": true, "stringData": {"OWN": "x"}}));
    for conflict in ["adopt", "merge"] {
        let ended = copy.refused(&format!("from: {{name: orders}}, conflict: {conflict}"));
        assert!(ended.last_line().contains("it is immutable"), "{}", ended.said());
    }
}
