//! Subscriptions: of every protocol, of queues that are or are not there, and what they write into a queue's policy.

use acceptance::{
    emulator::{Emulator, REGION},
    hook::{self, Hook},
    proxy::{Call, Proxy},
};
use feature::words;
use serde_json::{Value, json};

use super::kind::Kind;

/// The sections of a file: queues and what of topics there is, at this back end.
fn sections(url: &str, queues: &[&str], sns: &str) -> String {
    format!(
        "{}sns:\n  endpointUrl: {url}\n  region: {REGION}\n  {sns}",
        Kind::Queue.sections(url, "", queues)
    )
}

fn both(words: [&'static str; 2]) -> [(Emulator, &'static str); 2] {
    let [localstack, moto] = words;
    [(Emulator::localstack(), localstack), (Emulator::moto(), moto)]
}

/// The ids of the statements in a queue's policy.
fn statements(emulator: &Emulator, queue: &str) -> Vec<String> {
    let Some(policy) = emulator.queue_attributes(queue).remove("Policy") else { return Vec::new() };
    let policy: Value = serde_json::from_str(&policy).expect("JSON");
    let all = policy["Statement"].as_array().expect("a list").iter();
    all.map(|statement| statement["Sid"].as_str().unwrap_or_default().to_owned()).collect()
}

/// A protocol, who gets the messages, and whether LocalStack waits for whoever that is; moto never does.
const PROTOCOLS: [(&str, &str, bool); 8] = [
    ("sqs", "arn:aws:sqs:eu-west-1:000000000000:of-somebody-else", false),
    ("http", "http://127.0.0.1:9/orders", true),
    ("https", "https://127.0.0.1:9/orders", true),
    ("email", "orders@example.com", true),
    ("email-json", "orders-json@example.com", true),
    ("sms", "+911234567890", false),
    ("lambda", "arn:aws:lambda:eu-west-1:000000000000:function:orders", false),
    ("firehose", "arn:aws:firehose:eu-west-1:000000000000:deliverystream/orders", false),
];

#[test]
fn a_topic_is_subscribed_by_every_protocol_and_who_has_to_confirm_is_told() {
    for (emulator, feature) in both(["protocols-ls", "protocols-moto"]) {
        let _swept = emulator.swept(feature);
        // An application's endpoint has to be there.
        let made = [("Name", feature), ("Platform", "GCM"), ("Attributes.entry.1.key", "PlatformCredential")];
        let credential = ("Attributes.entry.1.value", "none");
        let made = emulator.sns("CreatePlatformApplication", &[made[0], made[1], made[2], credential]);
        let application = between(&made, "PlatformApplicationArn");
        let words = [("PlatformApplicationArn", application), ("Token", "orders")];
        let made = emulator.sns("CreatePlatformEndpoint", &words);
        let phone = between(&made, "EndpointArn");

        let mut all: Vec<(&str, &str, bool)> = PROTOCOLS.to_vec();
        all.push(("application", phone, false));
        let of = |(protocol, endpoint, _): &(&str, &str, bool)| {
            let role = match *protocol {
                "firehose" => ", attributes: {subscriptionRoleArn: \"arn:aws:iam::000000000000:role/own\"}",
                _ => "",
            };
            format!("{{protocol: {protocol}, endpoint: \"{endpoint}\"{role}}}")
        };
        let list: Vec<String> = all.iter().map(of).collect();
        let topic = format!("{{name: orders, subscriptions: [{}]}}", list.join(", "));
        let config = hook::file(feature, &Kind::Topic.sections(emulator.url(), "", &[&topic]));
        let ended = Hook::sns().run("apply", &config, &[]).ends_with(0);
        let mut there: Vec<(String, String)> = Vec::new();
        for subscribed in emulator.subscriptions(&format!("orders-{feature}")) {
            there.push((subscribed.protocol, subscribed.endpoint));
        }
        there.sort();
        let mut expected: Vec<(String, String)> = all
            .iter()
            .map(|(protocol, endpoint, _)| ((*protocol).to_owned(), (*endpoint).to_owned()))
            .collect();
        expected.sort();
        assert_eq!(there, expected, "{}", ended.said());
        for (protocol, endpoint, waits) in &all {
            let told =
                format!("the subscription {protocol}:{endpoint} waits for whoever gets it to confirm it");
            let waits = *waits && feature.ends_with("ls");
            assert_eq!(ended.stderr.contains(&told), waits, "{protocol}: {}", ended.said());
        }
        let again = Hook::sns().run("apply", &config, &[]).ends_with(0);
        assert!(again.report().iter().all(|line| line.starts_with("keep ")), "{}", again.said());
        Hook::sns().does("delete", &config, &[]);
        emulator.sns("DeletePlatformApplication", &[("PlatformApplicationArn", application)]);
    }
}

fn between<'t>(xml: &'t str, tag: &str) -> &'t str {
    let rest = xml.split_once(&format!("<{tag}>")).expect(tag).1;
    rest.split_once("</").expect(tag).0
}

#[test]
fn what_a_subscription_needs_and_is_not_there_or_is_anothers_is_refused() {
    let (emulator, feature) = (Emulator::localstack(), "sub-needs");
    let _swept = emulator.swept(feature);
    let proxy = Proxy::before(emulator.url());
    Kind::Topic.make(&emulator, &format!("{feature}-base"), &[]);
    let marks: [(&str, Vec<(&str, &str)>); 3] = [
        ("unmarked", vec![]),
        ("foreign", vec![(words::OWNER, "demo/other"), (words::FEATURE, feature)]),
        ("feature", vec![(words::OWNER, "demo/sub-needs"), (words::FEATURE, "other")]),
    ];
    for (name, tags) in &marks {
        Kind::Queue.make(&emulator, &format!("{name}-{feature}"), tags);
    }
    let queues = ["{name: absent}", "{name: unmarked}", "{name: foreign}", "{name: feature}"];
    let part = |queue: &str| {
        format!("subscriptions: [{{topic: {feature}-base, filterBy: feature, queue: {queue}}}]")
    };
    let cases = [
        (part("absent"), "its queue absent-sub-needs is not there: sqs-hook makes it, and runs before"),
        (part("unmarked"), "it exists without a mark of ours"),
        (part("foreign"), "it belongs to release demo/other"),
        (part("feature"), "it belongs to feature other"),
        (
            "subscriptions: [{topic: sub-needs-nothing, filterBy: feature, queue: absent}]".to_owned(),
            "there is no topic \"sub-needs-nothing\": base's has to be there",
        ),
    ];
    let before = emulator.state(feature);
    for (sns, reason) in cases {
        proxy.clear();
        let config = hook::file(feature, &sections(proxy.url(), &queues, &sns));
        let ended = Hook::sns().run("apply", &config, &[]).ends_with(5);
        assert!(ended.last_line().contains(reason), "{reason:?}: {}", ended.said());
        assert!(!proxy.calls().iter().any(Call::writes), "{reason}: {:#?}", proxy.calls());
        assert_eq!(emulator.state(feature), before, "{reason}");
    }
    // The same into a topic of the copy's own.
    for (name, _) in &marks {
        let own = format!("topics: [{{name: orders, subscriptions: [{{protocol: sqs, queue: {name}}}]}}]");
        let config = hook::file(feature, &sections(proxy.url(), &queues, &own));
        let ended = Hook::sns().run("apply", &config, &[]).ends_with(5);
        let queue = format!("{name}-{feature}");
        assert_eq!(statements(&emulator, &queue), Vec::<String>::new(), "{}", ended.said());
    }
}

#[test]
fn topics_share_a_queues_policy_with_one_another_and_with_others() {
    for (emulator, feature) in both(["sub-policy-ls", "sub-policy-moto"]) {
        let _swept = emulator.swept(feature);
        let topic =
            |name: &str| format!("{{name: {name}, subscriptions: [{{protocol: sqs, queue: mails}}]}}");
        let file = |topics: &[String]| {
            let sns = format!("topics: [{}]", topics.join(", "));
            hook::file(feature, &sections(emulator.url(), &["{name: mails}"], &sns))
        };
        let two = file(&[topic("orders"), topic("bills")]);
        Hook::sqs().does("apply", &two, &[]);
        let queue = format!("mails-{feature}");
        let url = emulator.queue_url(&queue);
        let foreign = json!({"Version": "2012-10-17", "Statement": {
            "Sid": "foreign", "Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*",
        }});
        let words = json!({"QueueUrl": url, "Attributes": {"Policy": foreign.to_string()}});
        emulator.sqs("SetQueueAttributes", &words);
        Hook::sns().does("apply", &two, &[]);
        let arn = |name: &str| format!("devstack:{}", emulator.topic_arn(&format!("{name}-{feature}")));
        let mut found = statements(&emulator, &queue);
        found.sort();
        assert_eq!(found, [arn("bills"), arn("orders"), "foreign".to_owned()]);

        // The queue's own apply leaves them there, and one topic's end leaves the other's.
        Hook::sqs().does("apply", &two, &[]);
        assert_eq!(statements(&emulator, &queue).len(), 3);
        let bills = arn("bills");
        Hook::sns().does("apply", &file(&[topic("bills")]), &[]);
        let mut found = statements(&emulator, &queue);
        found.sort();
        assert_eq!(found, [bills, "foreign".to_owned()], "a topic that nothing asks for any more");
        Hook::sns().does("delete", &two, &[]);
        assert_eq!(statements(&emulator, &queue), ["foreign"]);
    }
}

#[test]
fn a_part_in_bases_topic_ends_though_the_queue_has_gone_first() {
    for (emulator, feature) in both(["sub-gone-ls", "sub-gone-moto"]) {
        let _swept = emulator.swept(feature);
        let base = format!("{feature}-base");
        Kind::Topic.make(&emulator, &base, &[]);
        let sns = format!("subscriptions: [{{topic: {base}, filterBy: feature, queue: mails}}]");
        let config = hook::file(feature, &sections(emulator.url(), &["{name: mails}"], &sns));
        for hook in [Hook::sqs(), Hook::sns()] {
            hook.does("apply", &config, &[]);
        }
        assert_eq!(emulator.subscriptions(&base).len(), 1);
        for hook in [Hook::sqs(), Hook::sns(), Hook::sns()] {
            hook.does("delete", &config, &[]);
        }
        assert_eq!(emulator.subscriptions(&base), []);
    }
}

#[test]
fn a_filter_and_its_scope_are_changed_in_an_order_that_sns_takes() {
    for (emulator, feature) in both(["sub-scope-ls", "sub-scope-moto"]) {
        let _swept = emulator.swept(feature);
        let file = |attributes: &str| {
            let to = "protocol: sqs, endpoint: \"arn:aws:sqs:eu-west-1:000000000000:of-somebody-else\"";
            let topic = format!("{{name: orders, subscriptions: [{{{to}, attributes: {{{attributes}}}}}]}}");
            hook::file(feature, &Kind::Topic.sections(emulator.url(), "", &[&topic]))
        };
        // A policy of what lies deeper is for bodies alone.
        let steps = [
            ("filterPolicy: {kind: [a]}", "MessageAttributes", json!({"kind": ["a"]})),
            (
                "filterPolicyScope: MessageBody, filterPolicy: {order: {kind: [a]}}",
                "MessageBody",
                json!({"order": {"kind": ["a"]}}),
            ),
            (
                "filterPolicyScope: MessageAttributes, filterPolicy: {kind: [b]}",
                "MessageAttributes",
                json!({"kind": ["b"]}),
            ),
        ];
        for (attributes, scope, policy) in steps {
            let config = file(attributes);
            Hook::sns().does("apply", &config, &[]);
            let arn = emulator.subscriptions(&format!("orders-{feature}"))[0].arn.clone();
            let found = emulator.subscription_attributes(&arn);
            assert_eq!(found["FilterPolicyScope"], scope);
            assert_eq!(serde_json::from_str::<Value>(&found["FilterPolicy"]).expect("JSON"), policy);
            let again = Hook::sns().run("apply", &config, &[]).ends_with(0);
            assert!(again.report().iter().all(|line| line.starts_with("keep ")), "{}", again.said());
        }
    }
}

#[test]
fn what_queues_have_in_topics_is_named_by_the_marks_of_the_queues() {
    for (emulator, feature) in both(["sub-named-ls", "sub-named-moto"]) {
        let _swept = emulator.swept(feature);
        let (base, queue) = (format!("{feature}-base"), format!("emails-{feature}"));
        Kind::Topic.make(&emulator, &base, &[]);
        let sns = format!(
            "topics: [{{name: orders, subscriptions: [{{protocol: sqs, queue: emails}}]}}]\n  \
             subscriptions: [{{topic: {base}, filterBy: feature, queue: emails}}]"
        );
        let config = hook::file(feature, &sections(emulator.url(), &["{name: emails}"], &sns));
        Hook::sqs().does("apply", &config, &[]);
        Hook::sns().does("apply", &config, &[]);
        let proxy = Proxy::before(emulator.url());
        let named = |queues: bool| {
            let sections = sections(proxy.url(), &[], "topics: []");
            let of_sns = &sections[sections.find("sns:").expect("a section")..];
            let config = hook::file(feature, if queues { &sections } else { of_sns });
            let ended = Hook::sns().run("marks", &config, &["--output=json"]).ends_with(0);
            let all = ended.json().into_iter().filter(|line| line["owner"] == format!("demo/{feature}"));
            all.map(|line| line["thing"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
        };
        let (own, part) = (format!("sns/orders-{feature}"), format!("sns/orders-{feature}->{queue}"));
        let mut all = vec![own.clone(), part, format!("sns/{base}->{queue}")];
        all.sort();
        assert_eq!(named(true), all);
        assert_eq!(named(false), [own]);
        assert!(!proxy.calls().iter().any(Call::writes), "{:#?}", proxy.calls());
        Hook::sns().does("delete", &config, &[]);
        assert_eq!(named(true), Vec::<String>::new());
    }
}
