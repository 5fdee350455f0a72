//! Policies of who may do what: when two mean the same, and the statement that lets a topic send to a queue.
//!
//! A queue's policy is written by two hooks: the statements of the file are sqs-hook's, and each with a
//! statement id of ours is sns-hook's. Neither touches the other's.

use provision::config::reference::Arn;
use serde_json::{Map, Value, json};

/// What statement ids of ours begin with; the topic's ARN follows.
const SID: &str = "devstack:";

/// Whether two policies allow and deny the same.
#[must_use]
pub fn same(one: &Value, other: &Value) -> bool {
    normal(one) == normal(other)
}

/// The statement that lets `topic` send to `queue`, and nobody else by it.
#[must_use]
pub fn allowing(topic: &Arn, queue: &Arn) -> Value {
    json!({
        "Sid": format!("{SID}{topic}"),
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue.as_str(),
        "Condition": {"ArnEquals": {"aws:SourceArn": topic.as_str()}},
    })
}

/// Whether `policy` has the statement that lets `topic` send to `queue`.
#[must_use]
pub fn allows(policy: Option<&Value>, topic: &Arn, queue: &Arn) -> bool {
    let wanted = allowing(topic, queue);
    statements(policy).iter().any(|statement| normal_statement(statement) == normal_statement(&wanted))
}

/// The policy with that statement, which takes the place of one with its id.
#[must_use]
pub fn with(policy: Option<&Value>, topic: &Arn, queue: &Arn) -> Value {
    let mut merged =
        without(policy, topic).unwrap_or_else(|| json!({"Version": "2012-10-17", "Statement": []}));
    let mut all = statements(Some(&merged));
    all.push(allowing(topic, queue));
    merged["Statement"] = Value::Array(all);
    merged
}

/// The policy without the statement about `topic`; none where nothing else is in it.
#[must_use]
pub fn without(policy: Option<&Value>, topic: &Arn) -> Option<Value> {
    let sid = format!("{SID}{topic}");
    kept(policy, |statement| statement["Sid"] != json!(sid))
}

/// The policy without any statement of ours; none where nothing else is in it.
#[must_use]
pub fn foreign(policy: &Value) -> Option<Value> {
    kept(Some(policy), |statement| !ours(statement))
}

/// The file's policy with the statements of ours that the back end reports.
#[must_use]
pub fn with_ours(wanted: Option<&Value>, reported: Option<&Value>) -> Option<Value> {
    let ours: Vec<Value> = statements(reported).into_iter().filter(ours).collect();
    match wanted {
        None if ours.is_empty() => None,
        None => Some(json!({"Version": "2012-10-17", "Statement": ours})),
        Some(wanted) => {
            let mut merged = wanted.clone();
            let mut all = statements(Some(wanted));
            all.extend(ours);
            merged["Statement"] = Value::Array(all);
            Some(merged)
        }
    }
}

/// The topics that statements of ours in the policy are about.
#[must_use]
pub fn topics(policy: Option<&Value>) -> Vec<Arn> {
    let sid = |statement: &Value| statement["Sid"].as_str()?.strip_prefix(SID)?.parse().ok();
    statements(policy).iter().filter_map(sid).collect()
}

fn ours(statement: &Value) -> bool {
    statement["Sid"].as_str().is_some_and(|sid| sid.starts_with(SID))
}

fn kept(policy: Option<&Value>, keep: impl Fn(&Value) -> bool) -> Option<Value> {
    let mut policy = policy?.clone();
    let rest: Vec<Value> = statements(Some(&policy)).into_iter().filter(keep).collect();
    if rest.is_empty() {
        return None;
    }
    policy["Statement"] = Value::Array(rest);
    Some(policy)
}

/// The statements, of which a single one needs no list.
fn statements(policy: Option<&Value>) -> Vec<Value> {
    match policy.and_then(|policy| policy.get("Statement")) {
        Some(Value::Array(all)) => all.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    }
}

fn normal(policy: &Value) -> Value {
    let mut all: Vec<Value> = statements(Some(policy)).iter().map(normal_statement).collect();
    all.sort_by_key(Value::to_string);
    let mut normal = policy.clone();
    normal["Statement"] = Value::Array(all);
    normal
}

fn normal_statement(statement: &Value) -> Value {
    let Value::Object(fields) = statement else { return statement.clone() };
    let normal = fields.iter().map(|(key, value)| {
        let value = match key.as_str() {
            "Action" | "NotAction" => set(value, str::to_lowercase),
            "Resource" | "NotResource" => set(value, str::to_owned),
            "Principal" | "NotPrincipal" => principal(value),
            "Condition" => conditions(value),
            _ => value.clone(),
        };
        (key.clone(), value)
    });
    Value::Object(normal.collect())
}

/// `"*"` is everybody of AWS; an account's number is its root.
fn principal(value: &Value) -> Value {
    let Value::Object(kinds) = value else { return json!({"AWS": set(value, str::to_owned)}) };
    let root = |text: &str| match text.parse::<Arn>() {
        Ok(arn) if arn.service() == "iam" && arn.resource() == "root" => arn.account().to_owned(),
        _ => text.to_owned(),
    };
    Value::Object(kinds.iter().map(|(kind, value)| (kind.clone(), set(value, root))).collect::<Map<_, _>>())
}

fn conditions(value: &Value) -> Value {
    let Value::Object(operators) = value else { return value.clone() };
    let normal = operators.iter().map(|(operator, keys)| {
        let Value::Object(keys) = keys else { return (operator.clone(), keys.clone()) };
        let keys = keys.iter().map(|(key, value)| (key.to_lowercase(), set(value, str::to_owned)));
        (operator.clone(), Value::Object(keys.collect()))
    });
    Value::Object(normal.collect())
}

/// One text or a list of them, as a sorted list; a number or a boolean is its text.
fn set(value: &Value, each: impl Fn(&str) -> String) -> Value {
    let text = |value: &Value| match value {
        Value::String(text) => each(text),
        other => other.to_string(),
    };
    let mut all: Vec<String> = match value {
        Value::Array(all) => all.iter().map(text).collect(),
        one => vec![text(one)],
    };
    all.sort();
    all.dedup();
    json!(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arn(text: &str) -> Arn {
        text.parse().expect(text)
    }

    #[test]
    fn policies_that_mean_the_same_are_the_same() {
        let cases = [
            (
                json!({"Statement": {"Effect": "Allow", "Action": "SQS:SendMessage", "Principal": "*"}}),
                json!({"Statement": [{"Principal": {"AWS": ["*"]}, "Action": ["sqs:SendMessage"], "Effect": "Allow"}]}),
                true,
            ),
            (
                json!({"Statement": [{"Sid": "a"}, {"Sid": "b"}]}),
                json!({"Statement": [{"Sid": "b"}, {"Sid": "a"}]}),
                true,
            ),
            (
                json!({"Statement": {"Principal": {"AWS": "arn:aws-cn:iam::123456789012:root"}}}),
                json!({"Statement": {"Principal": {"AWS": "123456789012"}}}),
                true,
            ),
            (
                json!({"Statement": {"Condition": {"Bool": {"aws:SecureTransport": false}}}}),
                json!({"Statement": {"Condition": {"Bool": {"AWS:SecureTransport": ["false"]}}}}),
                true,
            ),
            (
                json!({"Statement": {"Action": ["b", "a"], "Resource": ["y", "x"]}}),
                json!({"Statement": {"Action": ["a", "b"], "Resource": ["x", "y"]}}),
                true,
            ),
            (
                json!({"Statement": {"Effect": "Allow", "Action": "sqs:*"}}),
                json!({"Statement": {"Effect": "Deny", "Action": "sqs:*"}}),
                false,
            ),
            (
                json!({"Statement": {"Resource": "arn:aws:sqs:eu:1:A"}}),
                json!({"Statement": {"Resource": "arn:aws:sqs:eu:1:a"}}),
                false,
            ),
            (json!({"Statement": [{"Sid": "a"}]}), json!({"Statement": [{"Sid": "a"}, {"Sid": "b"}]}), false),
        ];
        for (one, other, expected) in cases {
            assert_eq!(same(&one, &other), expected, "{one} and {other}");
        }
    }

    #[test]
    fn the_statement_of_a_topic_is_written_as_aws_wants_it() {
        let (topic, queue) = (arn("arn:aws:sns:eu-1:1:orders"), arn("arn:aws:sqs:eu-1:1:emails"));
        let policy = with(None, &topic, &queue);
        let expected = json!({"Version": "2012-10-17", "Statement": [{
            "Sid": "devstack:arn:aws:sns:eu-1:1:orders",
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": "arn:aws:sqs:eu-1:1:emails",
            "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:eu-1:1:orders"}}
        }]});
        assert_eq!(policy, expected);
        assert!(allows(Some(&policy), &topic, &queue));
        assert_eq!(topics(Some(&policy)), std::slice::from_ref(&topic));
        assert_eq!(without(Some(&policy), &topic), None);
    }

    #[test]
    fn statements_of_others_stay_as_they_are() {
        let (topic, second) = (arn("arn:aws:sns:eu-1:1:orders"), arn("arn:aws:sns:eu-1:1:bills"));
        let queue = arn("arn:aws:sqs:eu-1:1:emails");
        let theirs =
            json!({"Version": "2008-10-17", "Id": "x", "Statement": {"Sid": "theirs", "Effect": "Deny"}});
        let one = with(Some(&theirs), &topic, &queue);
        let both = with(Some(&one), &second, &queue);
        assert!(allows(Some(&both), &topic, &queue) && allows(Some(&both), &second, &queue));
        assert_eq!(both["Id"], "x");
        assert!(same(&foreign(&both).expect("theirs"), &theirs));
        // A statement of ours that somebody bent is put right, not doubled.
        let mut bent = both.clone();
        bent["Statement"][1]["Effect"] = json!("Deny");
        assert!(!allows(Some(&bent), &topic, &queue));
        assert!(same(&with(Some(&bent), &topic, &queue), &both));

        let file = json!({"Version": "2012-10-17", "Statement": [{"Sid": "file"}]});
        let merged = with_ours(Some(&file), Some(&both)).expect("a policy");
        assert_eq!(topics(Some(&merged)), [topic, second]);
        assert_eq!(foreign(&merged), Some(file));
        assert_eq!(with_ours(None, Some(&theirs)), None);
    }
}
