//! A queue that starts from base's: what it takes, what of that is pointed at the copy's own, and what is refused.

use std::collections::BTreeMap;

use acceptance::{
    emulator::{Emulator, REGION},
    hook::{self, Ended, Hook},
    proxy::{Call, Proxy},
};
use serde_json::{Value, json};

use super::kind::Kind;

/// Queues that base has, made by somebody else, and a copy of the same word.
struct Stand {
    emulator: Emulator,
    proxy: Proxy,
    word: &'static str,
}

impl Stand {
    fn at(emulator: Emulator, word: &'static str) -> Self {
        let proxy = Proxy::before(emulator.url());
        Self { emulator, proxy, word }
    }

    /// The name of base's queue.
    fn base(&self, name: &str) -> String {
        format!("{}-{name}", self.word)
    }

    /// The name of the copy's.
    fn own(&self, name: &str) -> String {
        format!("{name}-{}", self.word)
    }

    fn arn(&self, name: &str) -> String {
        self.emulator.queue_attributes(name).remove("QueueArn").expect("an ARN")
    }

    fn make(&self, name: &str, attributes: &Value, tags: &Value) {
        let words = json!({"QueueName": self.base(name), "Attributes": attributes, "tags": tags});
        self.emulator.sqs("CreateQueue", &words);
    }

    fn config(&self, queues: &[&str]) -> String {
        let queues: Vec<String> = queues.iter().map(|queue| queue.replace("BASE", self.word)).collect();
        let queues: Vec<&str> = queues.iter().map(|queue| &**queue).collect();
        hook::file(self.word, &Kind::Queue.sections(self.proxy.url(), "", &queues))
    }

    fn does(&self, queues: &[&str]) {
        let _ = self.apply(queues).ends_with(0);
    }

    fn apply(&self, queues: &[&str]) -> Ended {
        self.proxy.clear();
        Hook::sqs().run("apply", &self.config(queues), &[])
    }

    /// Nothing of the copy's is written, for this reason.
    fn refuses(&self, queues: &[&str], reason: &str) {
        let before = self.emulator.state(self.word);
        let ended = self.apply(queues).ends_with(5);
        assert!(ended.last_line().contains(reason), "{reason:?}: {}", ended.said());
        assert!(!self.proxy.calls().iter().any(Call::writes), "{reason}: {:#?}", self.proxy.calls());
        assert_eq!(self.emulator.state(self.word), before, "{reason}");
    }
}

fn json_of(attributes: &BTreeMap<String, String>, name: &str) -> Value {
    attributes.get(name).map_or(Value::Null, |text| serde_json::from_str(text).expect("JSON"))
}

fn both(words: [&'static str; 2]) -> [Stand; 2] {
    let [localstack, moto] = words;
    [Stand::at(Emulator::localstack(), localstack), Stand::at(Emulator::moto(), moto)]
}

#[test]
fn a_clone_has_what_base_has_and_its_names_are_the_copys() {
    for stand in both(["clone-ls", "clone-moto"]) {
        let _swept = stand.emulator.swept(stand.word);
        stand.make("dead", &json!({"MessageRetentionPeriod": "1209600"}), &json!({}));
        let (work, dead) = (stand.base("work"), stand.base("dead"));
        let near = stand.arn(&dead);
        let arn = near.replace(&dead, &work);
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "own", "Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn},
        ]});
        let redrive = json!({"deadLetterTargetArn": near, "maxReceiveCount": 7});
        stand.make(
            "work",
            &json!({
                "VisibilityTimeout": "77",
                "DelaySeconds": "5",
                "Policy": policy.to_string(),
                "RedrivePolicy": redrive.to_string(),
            }),
            &json!({"team": "mail", "stage": "base", feature::words::OWNER: "demo/base"}),
        );
        let before = [stand.emulator.queue_attributes(&work), stand.emulator.queue_tags(&work)];

        let queues = [
            "{name: work, cloneFrom: BASE-work, attributes: {delaySeconds: 9}, tags: {stage: copy}}",
            "{name: dead, cloneFrom: BASE-dead}",
        ];
        let made = stand.apply(&queues).ends_with(0);
        let attributes = stand.emulator.queue_attributes(&stand.own("work"));
        assert_eq!(attributes["VisibilityTimeout"], "77", "{}", made.said());
        assert_eq!(attributes["DelaySeconds"], "9", "what the file says itself stands");
        let own = |name: &str| near.replace(&dead, &stand.own(name));
        let found = json_of(&attributes, "RedrivePolicy");
        assert_eq!(found["deadLetterTargetArn"], own("dead"));
        assert_eq!(found["maxReceiveCount"].to_string().trim_matches('"'), "7");
        assert_eq!(json_of(&attributes, "Policy")["Statement"][0]["Resource"], own("work"));
        assert_eq!(stand.emulator.queue_attributes(&stand.own("dead"))["MessageRetentionPeriod"], "1209600");
        let tags = stand.emulator.queue_tags(&stand.own("work"));
        assert_eq!((&*tags["team"], &*tags["stage"]), ("mail", "copy"));
        assert_eq!(tags[feature::words::OWNER], format!("demo/{}", stand.word));

        let again = stand.apply(&queues).ends_with(0);
        assert!(again.report().iter().all(|line| line.starts_with("keep ")), "{}", again.said());
        assert!(!stand.proxy.calls().iter().any(Call::writes));
        assert_eq!(
            [stand.emulator.queue_attributes(&work), stand.emulator.queue_tags(&work)],
            before,
            "base"
        );

        // What base changes later comes with the next apply.
        let words = json!({"QueueUrl": stand.emulator.queue_url(&work), "Attributes": {
            "VisibilityTimeout": "78", "Policy": policy.to_string(),
        }});
        stand.emulator.sqs("SetQueueAttributes", &words);
        // moto forgets the policy with every write of something else: the hook goes on until all is as it should be.
        let later = stand.apply(&queues).ends_with(0);
        assert_eq!(
            stand.emulator.queue_attributes(&stand.own("work"))["VisibilityTimeout"],
            "78",
            "{}",
            later.said()
        );
    }
}

#[test]
fn a_clone_whose_dead_letters_would_be_bases_is_refused() {
    for stand in both(["clone-dead-ls", "clone-dead-moto"]) {
        let _swept = stand.emulator.swept(stand.word);
        stand.make("dead", &json!({}), &json!({}));
        let redrive = json!({"deadLetterTargetArn": stand.arn(&stand.base("dead")), "maxReceiveCount": 7});
        stand.make("work", &json!({"RedrivePolicy": redrive.to_string()}), &json!({}));
        let dead = format!("go to {}, which is not the copy's", stand.base("dead"));
        stand.refuses(&["{name: work, cloneFrom: BASE-work}"], &dead);
        // A queue of the copy's that is no clone of it will not do.
        stand.refuses(&["{name: work, cloneFrom: BASE-work}", "{name: dead}"], &dead);
        stand.refuses(&["{name: a}", "{name: work, cloneFrom: BASE-nothing}"], "there is no queue");

        stand.does(&["{name: work, cloneFrom: BASE-work, attributes: {redrivePolicy: none}}"]);
        let attributes = stand.emulator.queue_attributes(&stand.own("work"));
        assert_eq!(attributes.get("RedrivePolicy"), None);
        let other = "{deadLetterQueue: other, maxReceiveCount: 2}";
        let says = format!("{{name: work, cloneFrom: BASE-work, attributes: {{redrivePolicy: {other}}}}}");
        stand.does(&[&says, "{name: other}"]);
        let found = json_of(&stand.emulator.queue_attributes(&stand.own("work")), "RedrivePolicy");
        assert_eq!(found["deadLetterTargetArn"], stand.arn(&stand.own("other")));
    }
}

#[test]
fn a_clone_of_what_a_topic_sends_to_lets_bases_topic_in_no_more() {
    let stand = Stand::at(Emulator::localstack(), "clone-topic");
    let _swept = stand.emulator.swept(stand.word);
    let access = format!("endpointUrl: {}\n  region: {REGION}", stand.emulator.url());
    let (queue, topic) = (stand.base("work"), stand.base("orders"));
    let sqs = format!("sqs:\n  {access}\n  queues: [{{name: {queue}}}]");
    let sns =
        format!("sns:\n  topics: [{{name: {topic}, subscriptions: [{{protocol: sqs, queue: {queue}}}]}}]");
    let base = hook::base_file(stand.word, &format!("{sqs}\n{sns}"));
    for hook in [Hook::sqs(), Hook::sns()] {
        hook.does("apply", &base, &[]);
    }
    assert!(stand.emulator.queue_attributes(&queue).contains_key("Policy"));
    stand.does(&["{name: work, cloneFrom: BASE-work}"]);
    let policy = stand.emulator.queue_attributes(&stand.own("work")).remove("Policy");
    assert_eq!(policy, None, "the copy's queue lets base's topic in");
}

#[test]
fn who_may_send_dead_letters_is_pointed_at_the_copys_own() {
    // moto never reports it.
    let stand = Stand::at(Emulator::localstack(), "clone-allow");
    let _swept = stand.emulator.swept(stand.word);
    stand.make("work", &json!({}), &json!({}));
    let work = stand.arn(&stand.base("work"));
    let allow =
        json!({"redrivePermission": "byQueue", "sourceQueueArns": [work, work.replace("work", "other")]});
    stand.make("dead", &json!({"RedriveAllowPolicy": allow.to_string()}), &json!({}));
    let queues = ["{name: work, cloneFrom: BASE-work}", "{name: dead, cloneFrom: BASE-dead}"];
    stand.does(&queues);
    let found = json_of(&stand.emulator.queue_attributes(&stand.own("dead")), "RedriveAllowPolicy");
    let expected =
        json!({"redrivePermission": "byQueue", "sourceQueueArns": [stand.arn(&stand.own("work"))]});
    assert_eq!(found, expected);
    let again = stand.apply(&queues).ends_with(0);
    assert!(again.report().iter().all(|line| line.starts_with("keep ")), "{}", again.said());
}

#[test]
fn a_fifo_queue_is_cloned_with_its_kind() {
    for stand in both(["clone-fifo-ls", "clone-fifo-moto"]) {
        let _swept = stand.emulator.swept(stand.word);
        let fifo = json!({"FifoQueue": "true", "ContentBasedDeduplication": "true", "DeduplicationScope": "messageGroup"});
        stand.make("work.fifo", &fifo, &json!({}));
        stand.does(&["{name: work.fifo, cloneFrom: BASE-work.fifo}"]);
        let attributes = stand.emulator.queue_attributes(&format!("work-{}.fifo", stand.word));
        for (name, value) in fifo.as_object().expect("an object") {
            assert_eq!(attributes.get(name).map(String::as_str), value.as_str(), "{name}");
        }
    }
}
