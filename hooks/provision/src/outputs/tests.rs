use serde_json::json;

use super::*;

const MANAGER: &str = "devstack/sqs-hook";

/// Values by key; `None` is not known yet.
type Values<'a> = &'a [(&'a str, Option<&'a str>)];
/// Which manager owns which keys.
type Owned<'a> = &'a [(&'a str, &'a [&'a str])];

fn bundle(values: Values<'_>) -> Bundle {
    let target = Target { kind: TargetKind::Secret, name: "orders-feat1".into() };
    let value = |value: Option<&str>| value.map(|value| Hidden::from(value.to_owned()));
    Bundle { target, values: values.iter().map(|(key, v)| ((*key).to_owned(), value(*v))).collect() }
}

/// A Secret with our mark, `data`, and who owns which keys of it.
fn secret(data: &serde_json::Value, owned: Owned<'_>) -> Found {
    let mut annotations = Mark::of_feat1().written(Timestamp::UNIX_EPOCH);
    let feature = annotations.remove(words::FEATURE);
    let entry = |(manager, keys): &(&str, &[&str])| {
        let fields: serde_json::Map<_, _> = keys.iter().map(|key| (format!("f:{key}"), json!({}))).collect();
        json!({"manager": manager, "operation": "Apply", "fieldsV1": {"f:data": fields}})
    };
    let object = json!({
        "metadata": {
            "name": "orders-feat1", "uid": "u", "resourceVersion": "1",
            "labels": {words::FEATURE: feature}, "annotations": annotations,
            "managedFields": owned.iter().map(entry).collect::<Vec<_>>(),
        },
        "type": "Opaque",
        "data": data,
    });
    Found::try_from(object).expect("complete")
}

fn update(differences: &[(&str, &str, &str)]) -> Change {
    Change::Update(differences.iter().map(|(field, from, to)| Difference::new(*field, *from, *to)).collect())
}

#[test]
fn an_object_is_changed_only_where_it_must_be() {
    let (one, two) = ([("URL", Some("one"))], [("URL", Some("two"))]);
    let unknown = [("URL", None)];
    let one_encoded = json!({"URL": "b25l"});
    let refused = |who: &str| {
        Change::Refuse(format!(
            "its key URL belongs to field manager {who:?}: take the key out, and the next apply sets it"
        ))
    };
    let cases: [(Values<'_>, Found, Change); 9] = [
        (&one, secret(&one_encoded, &[(MANAGER, &["URL"])]), Change::Keep),
        (&two, secret(&one_encoded, &[(MANAGER, &["URL"])]), update(&[("URL", "another value", "set")])),
        (&one, secret(&json!({}), &[]), update(&[("URL", "none", "set")])),
        (&unknown, secret(&json!({}), &[]), update(&[("URL", "none", "known after apply")])),
        (&[], secret(&one_encoded, &[(MANAGER, &["URL"])]), update(&[("URL", "set", "none")])),
        // Somebody's edit of the same key: never forced.
        (&two, secret(&one_encoded, &[("kubectl-edit", &["URL"])]), refused("kubectl-edit")),
        (&unknown, secret(&one_encoded, &[("kubectl-edit", &["URL"])]), refused("kubectl-edit")),
        (&one, secret(&one_encoded, &[("kubectl-edit", &["URL"])]), update(&[("URL", "not ours", "ours")])),
        // Another hook's keys are none of our business.
        (
            &one,
            secret(&json!({"URL": "b25l", "DB": ""}), &[(MANAGER, &["URL"]), ("devstack/x", &["DB"])]),
            Change::Keep,
        ),
    ];
    for (index, (values, found, change)) in cases.into_iter().enumerate() {
        let planned = bundle(values).plan(Some(&found), &Mark::of_feat1(), MANAGER, Timestamp::UNIX_EPOCH);
        assert_eq!(planned, change, "case {index}");
    }
    let absent = bundle(&one).plan(None, &Mark::of_feat1(), MANAGER, Timestamp::UNIX_EPOCH);
    assert!(matches!(absent, Change::Create(_)), "{absent:?}");
}

#[test]
fn anybody_elses_object_is_refused() {
    let object = json!({"metadata": {"name": "x", "uid": "u", "resourceVersion": "1"}, "data": {}});
    let helms = Found::try_from(object).expect("complete");
    let mut others = secret(&json!({}), &[]);
    others.marks.insert(words::OWNER.to_owned(), "demo/other".to_owned());
    for (found, start) in [(helms, "it exists without a mark"), (others, "it belongs to release demo/other")]
    {
        let planned = bundle(&[("URL", Some("one"))]).plan(
            Some(&found),
            &Mark::of_feat1(),
            MANAGER,
            Timestamp::UNIX_EPOCH,
        );
        assert!(matches!(&planned, Change::Refuse(reason) if reason.starts_with(start)), "{planned:?}");
    }
}

#[test]
fn the_last_hook_is_known_by_its_managers() {
    let cases: [(Owned<'_>, bool); 5] = [
        (&[(MANAGER, &["URL"])], false),
        (&[(MANAGER, &["URL"]), ("kubectl-edit", &["X"]), ("devstack", &[])], false),
        (&[(MANAGER, &["URL"]), ("devstack/database-hook", &["DB"])], true),
        (&[("devstack/database-hook", &[])], false),
        // What secret-hook has just made: it has not come to say whose the keys are.
        (&[("devstack", &["DB"])], true),
    ];
    for (owned, others) in cases {
        assert_eq!(secret(&json!({}), owned).has_others(&[MANAGER]), others, "{owned:?}");
    }
}

#[test]
fn a_bundle_is_written_only_when_all_of_it_is_known() {
    assert_eq!(bundle(&[("URL", Some("one"))]).data().expect("known")["URL"], "b25l");
    assert!(bundle(&[("URL", None)]).data().is_err());
}
