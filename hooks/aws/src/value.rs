//! Values of attributes: as the API takes them, and when what it reports is what a file asks for.

use provision::{
    change::{Difference, NONE},
    config::{
        attribute::{Attribute, Kind, Setting},
        reference::Arn,
    },
};
use serde_json::Value;

use crate::policy;

/// What is not said of an attribute: a name in it cannot be completed yet.
#[derive(Debug, PartialEq, Eq)]
pub struct Unknown;

/// As the API takes it; no value is the empty text. `near` is the ARN of a neighbour, once one is known.
pub fn written(setting: &Setting, near: Option<&Arn>) -> Result<String, Unknown> {
    Ok(match setting {
        Setting::Unset => String::new(),
        Setting::Text(text) => text.clone(),
        Setting::Json(json) => json.to_string(),
        Setting::DeadLetters(dead) => dead.json(near.ok_or(Unknown)?).to_string(),
        Setting::Allowed(allowed) => allowed.json(near.ok_or(Unknown)?).to_string(),
    })
}

/// What is to be changed so that the attribute has its value; `reported` is as the API says it.
#[must_use]
pub fn difference(
    row: &Attribute,
    setting: &Setting,
    reported: Option<&str>,
    near: &Arn,
) -> Option<Difference> {
    let wanted = wanted(row, setting, reported, near);
    let reported = reported.filter(|text| !text.is_empty() && *text != "{}");
    if same(row, &wanted, reported.unwrap_or(row.absent)) {
        return None;
    }
    let shown = |text: &str| if text.is_empty() { NONE.to_owned() } else { text.to_owned() };
    Some(Difference::new(row.name, shown(reported.unwrap_or(row.absent)), shown(&wanted)))
}

/// What is written where the API reports this.
#[must_use]
pub fn wanted(row: &Attribute, setting: &Setting, reported: Option<&str>, near: &Arn) -> String {
    let reported = reported.and_then(|text| serde_json::from_str::<Value>(text).ok());
    match (&row.kind, setting) {
        (Kind::Policy, Setting::Json(json)) => {
            policy::with_ours(Some(json), reported.as_ref()).unwrap_or_default().to_string()
        }
        (Kind::Policy, Setting::Unset) => {
            policy::with_ours(None, reported.as_ref()).map(|policy| policy.to_string()).unwrap_or_default()
        }
        _ => written(setting, Some(near)).unwrap_or_default(),
    }
}

fn same(row: &Attribute, wanted: &str, reported: &str) -> bool {
    if wanted == reported {
        return true;
    }
    let (Ok(wanted), Ok(reported)) =
        (serde_json::from_str::<Value>(wanted), serde_json::from_str::<Value>(reported))
    else {
        return false;
    };
    match row.kind {
        Kind::Policy => policy::same(&wanted, &reported),
        Kind::DeadLetters { .. } => loose(&wanted) == loose(&reported),
        Kind::Allowed => sorted(&wanted) == sorted(&reported),
        Kind::Json | Kind::Number { .. } => wanted == reported,
        Kind::Partial => covers(&reported, &wanted),
        Kind::Flag | Kind::Word(_) | Kind::Text(_) | Kind::Arn => false,
    }
}

/// Whether all that is wanted is reported, whatever else is.
fn covers(reported: &Value, wanted: &Value) -> bool {
    match (reported, wanted) {
        (Value::Object(reported), Value::Object(wanted)) => wanted.iter().all(|(key, wanted)| {
            reported.get(key).map_or(wanted.is_null(), |reported| covers(reported, wanted))
        }),
        _ => reported == wanted,
    }
}

/// An object whose numbers are texts: both are answered for a count.
fn loose(json: &Value) -> Value {
    match json {
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), loose(value))).collect())
        }
        Value::Number(number) => Value::String(number.to_string()),
        other => other.clone(),
    }
}

/// An object whose lists are sets.
fn sorted(json: &Value) -> Value {
    let mut json = json.clone();
    if let Some(fields) = json.as_object_mut() {
        for list in fields.values_mut().filter_map(Value::as_array_mut) {
            list.sort_by_key(Value::to_string);
        }
    }
    json
}

#[cfg(test)]
mod tests {
    use provision::config::{
        attribute::Table,
        reference::{Allowed, DeadLetters, QueueRef},
        sqs::QueueTable,
    };
    use serde_json::json;

    use super::*;

    fn row(name: &str) -> &'static Attribute {
        QueueTable::ROWS.iter().find(|row| row.name == name).expect(name)
    }

    fn near() -> Arn {
        "arn:aws:sqs:eu-1:000000000000:x".parse().expect("legal")
    }

    #[test]
    fn what_means_the_same_is_no_difference() {
        let dead =
            Setting::DeadLetters(DeadLetters { queue: QueueRef::Own("dlq".into()), max_receives: Some(5) });
        let by = Setting::Allowed(Allowed::By(vec![QueueRef::Own("a".into()), QueueRef::Own("b".into())]));
        let text = |text: &str| Setting::Text(text.to_owned());
        let policy = Setting::Json(json!({"Statement": {"Sid": "a", "Action": "sqs:*"}}));
        let cases = [
            ("visibilityTimeout", text("30"), Some("30")),
            ("contentBasedDeduplication", text("false"), None),
            ("deduplicationScope", text("queue"), None),
            ("kmsMasterKeyId", Setting::Unset, None),
            ("kmsMasterKeyId", Setting::Unset, Some("")),
            ("redrivePolicy", Setting::Unset, Some("{}")),
            (
                "redrivePolicy",
                dead,
                Some(r#"{"maxReceiveCount":"5", "deadLetterTargetArn":"arn:aws:sqs:eu-1:000000000000:dlq"}"#),
            ),
            (
                "redriveAllowPolicy",
                by,
                Some(
                    r#"{"sourceQueueArns":["arn:aws:sqs:eu-1:000000000000:b","arn:aws:sqs:eu-1:000000000000:a"],"redrivePermission":"byQueue"}"#,
                ),
            ),
            (
                "policy",
                policy,
                Some(
                    r#"{"Statement":[{"Action":["SQS:*"],"Sid":"a"},{"Sid":"devstack:arn:aws:sns:eu-1:1:t"}]}"#,
                ),
            ),
            (
                "policy",
                Setting::Unset,
                Some(r#"{"Statement":[{"Sid":"devstack:arn:aws:sns:eu-1:1:t"}],"Version":"2012-10-17"}"#),
            ),
        ];
        for (name, setting, reported) in cases {
            assert_eq!(difference(row(name), &setting, reported, &near()), None, "{name}");
        }
    }

    #[test]
    fn what_the_api_adds_to_a_delivery_policy_is_no_difference() {
        let row = Attribute::new("deliveryPolicy", "DeliveryPolicy", Kind::Partial);
        let wanted = Setting::Json(json!({"healthyRetryPolicy": {"numRetries": 5}}));
        let more = r#"{"healthyRetryPolicy":{"numRetries":5,"minDelayTarget":20},"guaranteed":false}"#;
        assert_eq!(difference(&row, &wanted, Some(more), &near()), None);
        let other = r#"{"healthyRetryPolicy":{"numRetries":3,"minDelayTarget":20}}"#;
        assert!(difference(&row, &wanted, Some(other), &near()).is_some());
    }

    #[test]
    fn what_differs_says_from_what_to_what() {
        let text = |text: &str| Setting::Text(text.to_owned());
        let cases = [
            ("visibilityTimeout", text("60"), Some("30"), "30", "60"),
            ("contentBasedDeduplication", text("true"), None, "false", "true"),
            ("kmsMasterKeyId", text("alias/a"), None, "none", "alias/a"),
            ("kmsMasterKeyId", Setting::Unset, Some("alias/a"), "alias/a", "none"),
            ("policy", Setting::Json(json!({"Statement": []})), None, "none", r#"{"Statement":[]}"#),
        ];
        for (name, setting, reported, from, to) in cases {
            let difference = difference(row(name), &setting, reported, &near());
            assert_eq!(difference, Some(Difference::new(name, from, to)), "{name}");
        }
    }

    #[test]
    fn a_name_is_completed_by_a_neighbour() {
        let dead =
            Setting::DeadLetters(DeadLetters { queue: QueueRef::Own("dlq".into()), max_receives: None });
        assert_eq!(written(&dead, None), Err(Unknown));
        let expected = r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-1:000000000000:dlq"}"#;
        assert_eq!(written(&dead, Some(&near())), Ok(expected.to_owned()));
    }
}
