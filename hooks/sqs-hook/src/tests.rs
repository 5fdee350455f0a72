use feature::words;
use provision::{change::Difference, config};

use super::*;

/// The first queue of a file that says this of it.
fn queue(says: &str) -> Queue {
    let head = format!("apiVersion: {}\nkind: {}", words::API_VERSION, words::FEATURE_RESOURCES);
    let queues =
        format!("endpointUrl: http://x:1\n  queues:\n    - {says}\n    - name: dlq\n    - name: dlq.fifo");
    let text = format!("{head}\nfeature: feat1\nowner: demo/orders\nsqs:\n  {queues}\n");
    let sqs = config::read("f", &text).expect("legal").sqs.expect("given");
    sqs.queues.into_iter().next().expect("one")
}

fn have(attributes: &[(&str, &str)]) -> Have {
    Have {
        url: String::new(),
        arn: "arn:aws:sqs:eu-1:000000000000:emails-feat1".parse().expect("legal"),
        rewritten: String::new(),
        attributes: attributes.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        blind: BTreeSet::new(),
        tags: Tags::from([("team".to_owned(), "mail".to_owned())]),
    }
}

#[test]
fn only_what_the_config_says_is_compared() {
    let there = [("VisibilityTimeout", "30"), ("DelaySeconds", "5"), ("Custom", "a")];
    let update = |field: &str, from: &str, to: &str| Change::Update(vec![Difference::new(field, from, to)]);
    let cases = [
        ("{name: emails}", Change::Keep),
        ("{name: emails, attributes: {visibilityTimeout: 30}}", Change::Keep),
        ("{name: emails, attributes: {visibilityTimeout: 60}}", update("visibilityTimeout", "30", "60")),
        (
            "{name: emails, attributes: {maximumMessageSize: 1024}}",
            update("maximumMessageSize", "none", "1024"),
        ),
        ("{name: emails, extraAttributes: {Custom: a}}", Change::Keep),
        ("{name: emails, extraAttributes: {Custom: b}}", update("Custom", "a", "b")),
        ("{name: emails, tags: {team: mail}}", Change::Keep),
        ("{name: emails, tags: {team: news}}", update("tags.team", "mail", "news")),
        (
            "{name: emails, attributes: {redrivePolicy: {deadLetterQueue: dlq, maxReceiveCount: 3}}}",
            update(
                "redrivePolicy",
                "none",
                r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-1:000000000000:dlq-feat1","maxReceiveCount":3}"#,
            ),
        ),
    ];
    for (says, change) in cases {
        assert_eq!(plan::change(&queue(says), Some(&have(&there))), change, "{says}");
    }
}

#[test]
fn a_queue_that_is_not_there_is_planned_with_all_its_fields() {
    let queue = queue(
        "{name: emails, tags: {a: b}, attributes: {visibilityTimeout: 3, policy: none, redrivePolicy: \
         {deadLetterQueue: dlq, maxReceiveCount: 3}}}",
    );
    let told: Vec<String> = match plan::change(&queue, None) {
        Change::Create(fields) => fields.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    };
    assert_eq!(told, ["visibilityTimeout: 3", "redrivePolicy: dlq-feat1 after 3", "tags.a: b"]);
}

#[test]
fn a_queue_of_the_other_kind_is_refused() {
    for (says, attributes) in [("name: a", vec![("FifoQueue", "true")]), ("name: a.fifo", vec![])] {
        let change = plan::change(&queue(says), Some(&have(&attributes)));
        assert!(
            matches!(&change, Change::Refuse(reason) if reason.contains("stays what it was made")),
            "{change:?}"
        );
    }
}

#[test]
fn what_an_emulator_does_not_report_is_not_compared_once_it_is_written() {
    let mut have = have(&[]);
    let queue = queue("{name: emails, attributes: {kmsMasterKeyId: alias/a}}");
    assert!(matches!(plan::change(&queue, Some(&have)), Change::Update(_)));
    have.blind.insert("kmsMasterKeyId");
    assert_eq!(plan::change(&queue, Some(&have)), Change::Keep);
}

#[test]
fn a_url_is_rewritten_to_the_endpoint() {
    let cases = [
        (
            "http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/emails",
            "http://localstack.infra:4566/000000000000/emails",
        ),
        ("https://x/1/emails", "http://localstack.infra:4566/1/emails"),
        ("http://x", "http://localstack.infra:4566"),
    ];
    for (url, expected) in cases {
        assert_eq!(calls::rewritten(url, "http://localstack.infra:4566"), expected);
    }
}
