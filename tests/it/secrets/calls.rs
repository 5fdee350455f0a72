//! What the hook asks of the API server.

use serde_json::json;

use super::Copy;

#[test]
fn a_run_that_has_nothing_to_do_writes_nothing_and_reads_each_secret_once_more() {
    let copy = Copy::of("secrets-calls");
    copy.create("orders", &json!({"stringData": {"URL": "one"}}));
    let secrets: String = (0..20).map(|n| format!("from: {{name: orders}}, to: {{name: s{n}}}\n")).collect();
    copy.apply(&secrets);
    copy.gate.proxy.clear();
    copy.apply(&secrets);
    let calls = copy.gate.proxy.calls();
    // The version, the source and the clone of each, and two lists of what is left over.
    assert!(calls.iter().all(|call| !call.writes()), "{calls:?}");
    assert!(calls.len() <= 1 + 2 * 20 + 2, "{}", calls.len());
    copy.delete(&secrets);
}
