use std::collections::{BTreeMap, HashMap};

use super::*;

fn queue(attributes: &[(Attribute, i64)]) -> Queue {
    Queue {
        name: "emails-feat1".into(),
        attributes: attributes.iter().copied().collect::<BTreeMap<_, _>>(),
        adopt: false,
        outputs: vec![],
    }
}

fn have(attributes: &[(QueueAttributeName, &str)]) -> Have {
    Have {
        url: String::new(),
        arn: String::new(),
        rewritten: String::new(),
        attributes: attributes.iter().map(|(k, v)| (k.clone(), (*v).to_owned())).collect::<HashMap<_, _>>(),
        tags: Tags::new(),
    }
}

#[test]
fn only_what_the_config_says_is_compared() {
    let there = [(QueueAttributeName::VisibilityTimeout, "30"), (QueueAttributeName::DelaySeconds, "5")];
    let update = |field: &str, from: &str, to: &str| Change::Update(vec![Difference::new(field, from, to)]);
    let cases = [
        (vec![], Change::Keep),
        (vec![(Attribute::VisibilityTimeout, 30)], Change::Keep),
        (vec![(Attribute::VisibilityTimeout, 60)], update("visibilityTimeout", "30", "60")),
        (vec![(Attribute::MaximumMessageSize, 1024)], update("maximumMessageSize", "unset", "1024")),
    ];
    for (wanted, change) in cases {
        assert_eq!(Queues::plan(&queue(&wanted), &have(&there)), change);
    }
}

#[test]
fn the_apis_names_are_the_files_with_a_capital() {
    for attribute in [
        Attribute::VisibilityTimeout,
        Attribute::MessageRetentionPeriod,
        Attribute::DelaySeconds,
        Attribute::ReceiveMessageWaitTimeSeconds,
        Attribute::MaximumMessageSize,
    ] {
        let (first, rest) = attribute.name().split_at(1);
        assert_eq!(api_name(attribute).as_str(), first.to_uppercase() + rest);
    }
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
        assert_eq!(rewritten(url, "http://localstack.infra:4566"), expected);
    }
}
