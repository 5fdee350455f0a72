//! Messages: what is published for a copy arrives at that copy, and what is base's stays as it is.

use std::collections::{BTreeMap, BTreeSet};

use acceptance::{
    cluster,
    emulator::{Emulator, REGION, State},
    hook::{self, Hook},
};
use feature::words::DEFAULT_HEADER;
use serde_json::{Value, json};

use super::kind::Kind;

/// How many messages go each way.
const COUNT: usize = 20;

/// Queues and topics of base and two copies, one of whose names begins like the other's.
struct Stand {
    emulator: Emulator,
    /// With which the names of base's begin.
    word: &'static str,
}

impl Stand {
    fn of(emulator: Emulator, word: &'static str) -> Self {
        Self { emulator, word }
    }

    fn first(&self) -> String {
        format!("{}1", self.word)
    }

    fn second(&self) -> String {
        format!("{}12", self.word)
    }

    fn queue(&self, of: Option<&str>) -> String {
        self.named("mails", of)
    }

    fn topic(&self, of: Option<&str>) -> String {
        self.named("orders", of)
    }

    fn named(&self, name: &str, of: Option<&str>) -> String {
        let behind = of.map(|feature| format!("-{feature}")).unwrap_or_default();
        format!("{}-{name}{behind}", self.word)
    }

    /// The file's sections: a queue, and what of topics there is.
    fn sections(&self, sns: &str) -> String {
        let access = format!("endpointUrl: {}\n  region: {REGION}", self.emulator.url());
        let sns = sns.replace("QUEUE", &self.queue(None)).replace("TOPIC", &self.topic(None));
        format!("sqs:\n  {access}\n  queues: [{{name: {}}}]\nsns:\n  {sns}", self.queue(None))
    }

    /// Publishes messages of this word, with these message attributes.
    fn publish(&self, topic: &str, word: &str, attributes: &[(&str, &str)]) {
        let arn = self.emulator.topic_arn(topic);
        for n in 0..COUNT {
            let mut words =
                vec![("TopicArn".to_owned(), arn.clone()), ("Message".to_owned(), format!("{word} {n}"))];
            // Only a FIFO topic has a dot.
            if topic.contains('.') {
                words.push(("MessageGroupId".to_owned(), "one".to_owned()));
                words.push(("MessageDeduplicationId".to_owned(), n.to_string()));
            }
            for (at, (name, value)) in attributes.iter().enumerate() {
                let entry = format!("MessageAttributes.entry.{}", at + 1);
                words.push((format!("{entry}.Name"), (*name).to_owned()));
                words.push((format!("{entry}.Value.DataType"), "String".to_owned()));
                words.push((format!("{entry}.Value.StringValue"), (*value).to_owned()));
            }
            let words: Vec<(&str, &str)> = words.iter().map(|(name, value)| (&**name, &**value)).collect();
            self.emulator.sns("Publish", &words);
        }
    }

    /// Takes messages from the queues until so many have come and each of them is empty; how many of each word.
    fn received(&self, queues: &[String], count: usize) -> BTreeMap<String, BTreeMap<String, usize>> {
        let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let total =
            |seen: &BTreeMap<String, BTreeSet<String>>| seen.values().map(BTreeSet::len).sum::<usize>();
        cluster::eventually("all messages", 20, || {
            let more: usize =
                queues.iter().map(|queue| self.take(queue, seen.entry(queue.clone()).or_default())).sum();
            if total(&seen) >= count && more == 0 { Ok(()) } else { Err(format!("{seen:?}")) }
        });
        let words = |messages: &BTreeSet<String>| {
            let mut counts = BTreeMap::new();
            for message in messages {
                *counts.entry(message.split(' ').next().unwrap_or_default().to_owned()).or_default() += 1;
            }
            counts
        };
        seen.iter().map(|(queue, messages)| (queue.clone(), words(messages))).collect()
    }

    /// Takes what a queue has now; how much that was.
    fn take(&self, queue: &str, seen: &mut BTreeSet<String>) -> usize {
        let url = self.emulator.queue_url(queue);
        let words = json!({"QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 0});
        let answer = self.emulator.sqs("ReceiveMessage", &words);
        let messages = answer["Messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        for message in messages {
            let body = message["Body"].as_str().expect("a body");
            let inner: Value = serde_json::from_str(body).unwrap_or_default();
            let text = inner["Message"].as_str().unwrap_or(body).to_owned();
            assert!(seen.insert(text), "{queue} has it twice: {body}");
            let words = json!({"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]});
            self.emulator.sqs("DeleteMessage", &words);
        }
        messages.len()
    }

    /// All that is said of base's topic, but for the subscriptions of these queues.
    fn of_base(&self, but: &[&str]) -> State {
        let topic = format!("topic {} ", self.topic(None));
        let of_copy = |line: &str| but.iter().any(|queue| line.contains(&format!(":{queue} ")));
        let lines = self.emulator.state(self.word).into_iter();
        lines.filter(|(line, _)| line.starts_with(&topic) && !of_copy(line)).collect()
    }
}

fn make(config: &str) {
    for hook in [Hook::sqs(), Hook::sns()] {
        hook.does("apply", config, &[]);
    }
}

fn counts(of: &[(&str, usize)]) -> BTreeMap<String, usize> {
    of.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect()
}

fn both(words: [&'static str; 2]) -> [Stand; 2] {
    let [localstack, moto] = words;
    [Stand::of(Emulator::localstack(), localstack), Stand::of(Emulator::moto(), moto)]
}

#[test]
fn a_copys_topic_sends_to_the_copys_queue_and_to_no_other() {
    for stand in both(["own-ls", "own-moto"]) {
        let _swept = stand.emulator.swept(stand.word);
        let (first, second) = (stand.first(), stand.second());
        let sections =
            stand.sections("topics: [{name: TOPIC, subscriptions: [{protocol: sqs, queue: QUEUE}]}]");
        make(&hook::base_file(stand.word, &sections));
        for feature in [&first, &second] {
            make(&hook::file(feature, &sections));
        }
        let all = [None, Some(&*first), Some(&*second)];
        for of in all {
            stand.publish(&stand.topic(of), of.unwrap_or("base"), &[]);
        }
        let queues = all.map(|of| stand.queue(of));
        let received = stand.received(&queues, all.len() * COUNT);
        for of in all {
            assert_eq!(received[&stand.queue(of)], counts(&[(of.unwrap_or("base"), COUNT)]), "{of:?}");
        }
    }
}

#[test]
fn a_copy_at_bases_topic_gets_its_own_messages_and_base_stays_as_it_is() {
    for stand in both(["part-ls", "part-moto"]) {
        let _swept = stand.emulator.swept(stand.word);
        let (first, second) = (stand.first(), stand.second());
        let base = stand.sections(
            "topics: [{name: TOPIC, attributes: {displayName: Base}, tags: {team: mail}, subscriptions: [{protocol: \
             sqs, queue: QUEUE}]}]",
        );
        make(&hook::base_file(stand.word, &base));
        let before = stand.of_base(&[]);
        assert!(!before.is_empty());

        let part = "subscriptions: [{topic: TOPIC, filterBy: feature, queue: QUEUE}]";
        let copy = hook::file(&first, &stand.sections(part));
        make(&copy);
        let own = stand.queue(Some(&first));
        assert_eq!(stand.of_base(&[&own]), before, "base's topic after the copy's apply");
        assert_ne!(stand.of_base(&[]), before, "the copy takes no part");
        let again = Hook::sns().run("apply", &copy, &[]);
        assert!(again.report().iter().all(|line| line.starts_with("keep ")), "{}", again.said());

        for (word, feature) in [("first", Some(&*first)), ("second", Some(&*second)), ("none", None)] {
            let attributes: Vec<_> = feature.map(|feature| (DEFAULT_HEADER, feature)).into_iter().collect();
            stand.publish(&stand.topic(None), word, &attributes);
        }
        let queues = [stand.queue(None), own.clone()];
        let received = stand.received(&queues, 4 * COUNT);
        let all = counts(&[("first", COUNT), ("second", COUNT), ("none", COUNT)]);
        assert_eq!(received[&stand.queue(None)], all);
        assert_eq!(received[&own], counts(&[("first", COUNT)]));

        Hook::sns().does("delete", &copy, &[]);
        assert_eq!(stand.of_base(&[]), before, "base's topic after the copy's delete");
        let policy = stand.emulator.queue_attributes(&own).remove("Policy").unwrap_or_default();
        assert_eq!(policy, "", "the queue lets the topic in for ever");
        for hook in [Hook::sns(), Hook::sqs(), Hook::sqs()] {
            hook.does("delete", &copy, &[]);
        }
        let left: Vec<_> = stand.emulator.state(&first).into_keys().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn a_part_can_be_of_an_arn_by_another_header_and_with_a_filter_of_its_own_beside_it() {
    for stand in both(["arn-ls", "arn-moto"]) {
        let _swept = stand.emulator.swept(stand.word);
        let first = stand.first();
        // Base's own queue gets everything: when it has, no message is on its way any more.
        let base = stand.sections("topics: [{name: TOPIC, subscriptions: [{protocol: sqs, queue: QUEUE}]}]");
        make(&hook::base_file(stand.word, &base));
        let arn = stand.emulator.topic_arn(&stand.topic(None));
        let part = format!(
            "subscriptions: [{{topicArn: \"{arn}\", filterBy: feature, queue: QUEUE, attributes: {{filterPolicy: \
             {{kind: [mail]}}, rawMessageDelivery: true}}}}]"
        );
        make(&hook::file(&first, &format!("header: X-Feature\n{}", stand.sections(&part))));
        let topic = stand.topic(None);
        // Header names are of one case on the wire: the message attribute is in lower case.
        for (word, kind, name, value) in [
            ("mine", "mail", "x-feature", &*first),
            ("kindless", "bill", "x-feature", &*first),
            ("others", "mail", "x-feature", "other"),
            ("elsewhere", "mail", DEFAULT_HEADER, &*first),
        ] {
            stand.publish(&topic, word, &[("kind", kind), (name, value)]);
        }
        let own = stand.queue(Some(&first));
        let received = stand.received(&[stand.queue(None), own.clone()], 5 * COUNT);
        assert_eq!(received[&own], counts(&[("mine", COUNT)]));
    }
}

#[test]
fn a_fifo_topic_sends_to_the_copys_fifo_queue() {
    for stand in both(["order-ls", "order-moto"]) {
        let _swept = stand.emulator.swept(stand.word);
        let access = format!("endpointUrl: {}\n  region: {REGION}", stand.emulator.url());
        let sections = format!(
            "sqs:\n  {access}\n  queues: [{{name: mails.fifo}}]\nsns:\n  topics: [{{name: orders.fifo, subscriptions: \
             [{{protocol: sqs, queue: mails.fifo, attributes: {{rawMessageDelivery: true}}}}]}}]"
        );
        make(&hook::file(stand.word, &sections));
        let [topic, queue] = ["orders", "mails"].map(|name| format!("{name}-{}.fifo", stand.word));
        stand.publish(&topic, "own", &[]);
        let received = stand.received(std::slice::from_ref(&queue), COUNT);
        assert_eq!(received[&queue], counts(&[("own", COUNT)]));
    }
}

#[test]
fn what_nobody_can_work_on_goes_to_the_copys_own_dead_letters() {
    for stand in both(["letters-ls", "letters-moto"]) {
        let _swept = stand.emulator.swept(stand.word);
        let redrive = "{deadLetterQueue: dead, maxReceiveCount: 1}";
        let work = format!("{{name: work, attributes: {{visibilityTimeout: 0, redrivePolicy: {redrive}}}}}");
        let sections = Kind::Queue.sections(stand.emulator.url(), "", &[&work, "{name: dead}"]);
        Hook::sqs().does("apply", &hook::file(stand.word, &sections), &[]);
        let [work, dead] = ["work", "dead"].map(|name| format!("{name}-{}", stand.word));
        let url = stand.emulator.queue_url(&work);
        stand.emulator.sqs("SendMessage", &json!({"QueueUrl": url, "MessageBody": "dead 0"}));
        let words = json!({"QueueUrl": url, "MaxNumberOfMessages": 10});
        let first = stand.emulator.sqs("ReceiveMessage", &words);
        assert_eq!(first["Messages"].as_array().map(Vec::len), Some(1));
        let mut seen = BTreeSet::new();
        cluster::eventually("the dead letter", 20, || {
            // It moves when somebody looks for it again.
            let more = stand.emulator.sqs("ReceiveMessage", &words);
            stand.take(&dead, &mut seen);
            if seen.is_empty() { Err(more.to_string()) } else { Ok(()) }
        });
        assert_eq!(seen, BTreeSet::from(["dead 0".to_owned()]));
    }
}
