//! What a file no longer asks for, and what a delete never hears of, must not stay at topics and queues that do.

use acceptance::{
    emulator::{Emulator, REGION},
    hook::{Hook, file},
};

/// A copy with one queue, of which the topic `news` and base's topic know.
const BEFORE: &str = "
  topics:
    - name: news
      subscriptions: [{protocol: sqs, queue: main}]
    - name: old
      subscriptions: [{protocol: sqs, queue: main}]
  subscriptions:
    - {topic: BASE, filterBy: feature, queue: main}";

#[test]
fn what_is_dropped_from_the_file_is_taken_back_and_no_trace_of_it_stays() {
    // What the file says then, and which topics may send to the queue afterwards.
    let cases: [(&str, &str, &[&str]); 3] = [
        (
            "a topic",
            "
  topics:
    - name: news
      subscriptions: [{protocol: sqs, queue: main}]
  subscriptions:
    - {topic: BASE, filterBy: feature, queue: main}",
            &["dropped-base", "news-dropped-copy"],
        ),
        (
            "a subscription",
            "
  topics:
    - {name: news}
    - name: old
      subscriptions: [{protocol: sqs, queue: main}]
  subscriptions:
    - {topic: BASE, filterBy: feature, queue: main}",
            &["dropped-base", "old-dropped-copy"],
        ),
        (
            "a part in base's topic",
            "
  topics:
    - name: news
      subscriptions: [{protocol: sqs, queue: main}]
    - name: old
      subscriptions: [{protocol: sqs, queue: main}]",
            &["news-dropped-copy", "old-dropped-copy"],
        ),
    ];
    for (what, after, senders) in cases {
        let emulator = Emulator::localstack();
        let _swept = emulator.swept("dropped");
        emulator.sns("CreateTopic", &[("Name", "dropped-base")]);
        let base = emulator.state("dropped-base");
        let apply = |hook: Hook, topics: &str| hook.does("apply", &config(&emulator, topics), &[]);
        let _ = apply(Hook::sqs(), BEFORE);
        let _ = apply(Hook::sns(), BEFORE);
        let _ = apply(Hook::sns(), after);
        assert_eq!(subscribed(&emulator), senders, "{what} was dropped");
        assert_eq!(admitted(&emulator), senders, "{what} was dropped");
        let ended = apply(Hook::sns(), after);
        assert!(ended.report().iter().all(|line| line.starts_with("keep ")), "{what}: {}", ended.said());
        let _ = Hook::sns().does("delete", &config(&emulator, after), &[]);
        let _ = Hook::sqs().does("delete", &config(&emulator, after), &[]);
        assert_eq!(emulator.state("dropped"), base, "{what} was dropped before the delete");
    }
}

/// The topics that have a subscription, sorted.
fn subscribed(emulator: &Emulator) -> Vec<String> {
    let topics = emulator.topics().into_keys().filter(|name| name.contains("dropped"));
    topics.filter(|name| !emulator.subscriptions(name).is_empty()).collect()
}

/// The topics that may send to the queue, sorted.
fn admitted(emulator: &Emulator) -> Vec<String> {
    let policy = emulator.queue_attributes("main-dropped-copy").remove("Policy").unwrap_or_default();
    let policy: serde_json::Value = serde_json::from_str(&policy).unwrap_or_default();
    let statements = policy["Statement"].as_array().cloned().unwrap_or_default();
    let topic = |statement: &serde_json::Value| {
        let arn = statement["Condition"]["ArnEquals"]["aws:SourceArn"].as_str()?;
        Some(arn.rsplit(':').next()?.to_owned())
    };
    let mut all: Vec<String> = statements.iter().filter_map(topic).collect();
    all.sort();
    all
}

fn config(emulator: &Emulator, topics: &str) -> String {
    let access = format!("endpointUrl: {}\n  region: {REGION}", emulator.url());
    let topics = topics.replace("BASE", "dropped-base");
    file("dropped-copy", &format!("sqs:\n  {access}\n  queues: [{{name: main}}]\nsns:\n  {access}{topics}"))
}
