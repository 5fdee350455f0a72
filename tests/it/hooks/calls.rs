//! What the hooks ask of a back end, counted: nothing is written where nothing differs, and only what differs.

use std::collections::BTreeMap;

use acceptance::{
    emulator::{Emulator, REGION},
    hook::{self, Ended, Hook},
    proxy::{Call, Proxy},
};
use serde_json::{Value, json};

/// An emulator behind a proxy, and a file of a copy's whose back end is the proxy.
struct Counted {
    emulator: Emulator,
    proxy: Proxy,
    config: String,
}

impl Counted {
    /// `sections` has ENDPOINT where it is and REGION where its things are.
    fn of(emulator: Emulator, feature: &str, sections: &str) -> Self {
        let proxy = Proxy::before(emulator.url());
        let sections = sections.replace("ENDPOINT", proxy.url()).replace("REGION", REGION);
        Self { emulator, proxy, config: hook::file(feature, &sections) }
    }

    /// A run that succeeds, and its calls.
    fn does(&self, hook: &Hook, verb: &str) -> (Ended, Vec<Call>) {
        self.proxy.clear();
        let ended = hook.does(verb, &self.config, &["--output=json"]);
        (ended, self.proxy.calls())
    }

    /// A run that finds everything as it should be, and reads no more than these calls.
    fn keeps(&self, hook: &Hook, verb: &str, reads: &[(&str, usize)]) {
        let (ended, calls) = self.does(hook, verb);
        let changes: Vec<Value> = ended.json().into_iter().map(|mut line| line["change"].take()).collect();
        assert!(changes.iter().all(|change| change == "keep"), "{verb}: {}", ended.said());
        assert_eq!(counted(&calls), reads.iter().copied().collect(), "{verb} at {}", self.emulator.url());
    }

    /// The writing calls of an apply.
    fn writes(&self, hook: &Hook) -> Vec<Call> {
        self.does(hook, "apply").1.into_iter().filter(Call::writes).collect()
    }
}

fn counted(calls: &[Call]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for call in calls {
        *counts.entry(&*call.action).or_default() += 1;
    }
    counts
}

fn both() -> [(Emulator, &'static str); 2] {
    [(Emulator::localstack(), "ls"), (Emulator::moto(), "moto")]
}

#[test]
fn fifty_queues_with_their_dead_letters_are_made_by_a_call_each_and_looked_at_by_two() {
    for (emulator, at) in both() {
        let feature = format!("calls-fifty-{at}");
        let queue = |n: usize| {
            let redrive = format!("{{deadLetterQueue: dead{n}, maxReceiveCount: 5}}");
            let attributes = format!("{{delaySeconds: 3, redrivePolicy: {redrive}}}");
            format!(
                "\n    - {{name: work{n}, attributes: {attributes}, tags: {{team: mail}}}}\n    - {{name: dead{n}}}"
            )
        };
        let queues: String = (0..50).map(queue).collect();
        let sections = format!("sqs:\n  endpointUrl: ENDPOINT\n  region: REGION\n  queues:{queues}");
        let counted_at = Counted::of(emulator, &feature, &sections);
        let _swept = counted_at.emulator.swept(&feature);
        let writes = counted_at.writes(&Hook::sqs());
        assert_eq!(counted(&writes), BTreeMap::from([("CreateQueue", 100)]));
        let reads = [("GetQueueAttributes", 100), ("ListQueueTags", 100), ("ListQueues", 1)];
        for verb in ["apply", "plan"] {
            counted_at.keeps(&Hook::sqs(), verb, &reads);
        }
    }
}

/// A topic with everything, and a queue that gets its messages.
const TOPIC: &str = "sqs:
  endpointUrl: ENDPOINT
  region: REGION
  queues:
    - name: mails
      attributes: {delaySeconds: 3, visibilityTimeout: 60}
      tags: {team: mail}
sns:
  topics:
    - name: orders
      attributes: {displayName: Orders, kmsMasterKeyId: alias/own}
      tags: {team: mail}
      subscriptions:
        - {protocol: sqs, queue: mails, attributes: {rawMessageDelivery: true, filterPolicy: {kind: [a]}}}";

#[test]
fn a_topic_with_a_subscription_is_looked_at_without_a_write() {
    for (emulator, at) in both() {
        let feature = format!("calls-topic-{at}");
        let counted_at = Counted::of(emulator, &feature, TOPIC);
        let _swept = counted_at.emulator.swept(&feature);
        let made: Vec<BTreeMap<String, usize>> = [Hook::sqs(), Hook::sns()]
            .iter()
            .map(|hook| {
                let writes = counted_at.writes(hook);
                counted(&writes).into_iter().map(|(action, count)| (action.to_owned(), count)).collect()
            })
            .collect();
        let expected = [
            vec![("CreateQueue", 1)],
            // The queue's policy lets the topic in.
            vec![("CreateTopic", 1), ("SetQueueAttributes", 1), ("Subscribe", 1)],
        ];
        for (made, expected) in made.iter().zip(expected) {
            assert_eq!(made.iter().map(|(action, count)| (&**action, *count)).collect::<Vec<_>>(), expected);
        }
        let of_queues = [("GetQueueAttributes", 1), ("ListQueueTags", 1), ("ListQueues", 1)];
        // The second look at the queue is for topics that the file names no more.
        let of_topics = [
            ("GetQueueAttributes", 2),
            ("GetQueueUrl", 1),
            ("GetSubscriptionAttributes", 1),
            ("GetTopicAttributes", 1),
            ("ListQueueTags", 1),
            ("ListQueues", 1),
            ("ListSubscriptionsByTopic", 1),
            ("ListTagsForResource", 1),
            ("ListTopics", 1),
        ];
        for verb in ["apply", "plan"] {
            counted_at.keeps(&Hook::sqs(), verb, &of_queues);
            counted_at.keeps(&Hook::sns(), verb, &of_topics);
        }
    }
}

/// What somebody changes behind the hook's back, and the only call that puts it right.
struct Drift {
    hook: fn() -> Hook,
    made: fn(&Emulator, &str),
    action: &'static str,
    /// What the call's body says, and the body is of these keys alone.
    says: fn(&Call) -> Vec<String>,
    said: &'static [&'static str],
}

const DRIFTS: [Drift; 6] = [
    Drift {
        hook: Hook::sns,
        made: |emulator, feature| {
            let arn = emulator.topic_arn(&format!("orders-{feature}"));
            let words = [("TopicArn", &*arn), ("AttributeName", "DisplayName"), ("AttributeValue", "x")];
            emulator.sns("SetTopicAttributes", &words);
        },
        action: "SetTopicAttributes",
        says: |call| form_values(call, "Attribute"),
        said: &["AttributeName=DisplayName", "AttributeValue=Orders"],
    },
    Drift {
        hook: Hook::sns,
        made: |emulator, feature| {
            let arn = emulator.topic_arn(&format!("orders-{feature}"));
            emulator.sns("UntagResource", &[("ResourceArn", &arn), ("TagKeys.member.1", "team")]);
        },
        action: "TagResource",
        says: |call| form_values(call, "Tags"),
        said: &["Tags.member.1.Key=team", "Tags.member.1.Value=mail"],
    },
    Drift {
        hook: Hook::sns,
        made: |emulator, feature| {
            let arn = emulator.subscriptions(&format!("orders-{feature}"))[0].arn.clone();
            let name = ("AttributeName", "RawMessageDelivery");
            let words = [("SubscriptionArn", &*arn), name, ("AttributeValue", "false")];
            emulator.sns("SetSubscriptionAttributes", &words);
        },
        action: "SetSubscriptionAttributes",
        says: |call| form_values(call, "Attribute"),
        said: &["AttributeName=RawMessageDelivery", "AttributeValue=true"],
    },
    Drift {
        hook: Hook::sns,
        made: |emulator, feature| set_queue(emulator, feature, "Policy", ""),
        action: "SetQueueAttributes",
        says: |call| {
            let body: Value = serde_json::from_str(&call.body).expect("JSON");
            let attributes = body["Attributes"].as_object().expect("attributes");
            attributes.keys().cloned().collect()
        },
        said: &["Policy"],
    },
    // Last: at moto, a write of another attribute takes the queue's policy away.
    Drift {
        hook: Hook::sqs,
        made: |emulator, feature| set_queue(emulator, feature, "DelaySeconds", "9"),
        action: "SetQueueAttributes",
        says: |call| json_keys(call, "Attributes"),
        said: &["DelaySeconds=3"],
    },
    Drift {
        hook: Hook::sqs,
        made: |emulator, feature| {
            let url = emulator.queue_url(&format!("mails-{feature}"));
            emulator.sqs("TagQueue", &json!({"QueueUrl": url, "Tags": {"team": "other"}}));
        },
        action: "TagQueue",
        says: |call| json_keys(call, "Tags"),
        said: &["team=mail"],
    },
];

#[test]
fn what_one_thing_differs_in_is_put_right_by_one_call_that_says_nothing_else() {
    for (emulator, at) in both() {
        let feature = format!("calls-drift-{at}");
        let counted_at = Counted::of(emulator, &feature, TOPIC);
        let _swept = counted_at.emulator.swept(&feature);
        for hook in [Hook::sqs(), Hook::sns()] {
            hook.does("apply", &counted_at.config, &[]);
        }
        for Drift { hook, made, action, says, said } in DRIFTS {
            made(&counted_at.emulator, &feature);
            let (_, calls) = counted_at.does(&hook(), "plan");
            assert!(!calls.iter().any(Call::writes), "plan writes: {calls:?}");
            let writes = counted_at.writes(&hook());
            assert_eq!(counted(&writes), BTreeMap::from([(action, 1)]), "{said:?} at {at}");
            assert_eq!(says(&writes[0]), said);
            assert!(counted_at.writes(&hook()).is_empty(), "{action} at {at}: once more");
        }
    }
}

fn set_queue(emulator: &Emulator, feature: &str, name: &str, value: &str) {
    let url = emulator.queue_url(&format!("mails-{feature}"));
    emulator.sqs("SetQueueAttributes", &json!({"QueueUrl": url, "Attributes": {name: value}}));
}

/// What a JSON body says below this key.
fn json_keys(call: &Call, below: &str) -> Vec<String> {
    let body: Value = serde_json::from_str(&call.body).expect("JSON");
    let said = body[below].as_object().expect("an object");
    said.iter().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect()
}

/// What a form says of the keys that begin so.
fn form_values(call: &Call, begins: &str) -> Vec<String> {
    call.body.split('&').filter(|pair| pair.starts_with(begins)).map(str::to_owned).collect()
}
