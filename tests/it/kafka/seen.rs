//! The broker and the gate before it, as the tests see them: what they are told is so.

use std::{collections::BTreeMap, thread};

use acceptance::kafka::{Broker, Gate, Hold, Record};

const TOPIC: &str = "seen-a";

#[test]
fn what_is_made_is_seen_and_what_is_swept_is_gone() {
    let broker = Broker::lab();
    let swept = broker.swept("seen-b");
    broker.make("seen-b", 2, &[("retention.ms", "60000")]);
    broker.set_configs("seen-b", &[("retention.ms", "70000"), ("cleanup.policy", "compact")]);
    let expected = [("cleanup.policy", "compact"), ("retention.ms", "70000")];
    let expected: BTreeMap<String, String> =
        expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    assert_eq!(broker.configs("seen-b"), expected);
    assert_eq!(broker.all_configs("seen-b")["max.message.bytes"], "1048588");
    broker.grow("seen-b", 3);
    assert_eq!(broker.topics()["seen-b"], [1, 1, 1]);

    broker.produce("seen-b", 2, "k", Some("v"));
    broker.produce("seen-b", 2, "k", None);
    let record = |value: Option<&str>| Record {
        partition: 2,
        key: Some("k".to_owned()),
        value: value.map(str::to_owned),
    };
    assert_eq!(broker.consume("seen-b"), [record(Some("v")), record(None)]);
    assert_eq!(broker.ends("seen-b"), [0, 0, 2]);

    broker.commit("seen-b-group", "seen-b", 2, 1);
    assert_eq!(broker.offsets("seen-b-group", "seen-b"), BTreeMap::from([(2, 1)]));
    let member = broker.member("seen-b-group", "seen-b");
    assert_eq!(broker.groups().get("seen-b-group"), Some(&1));
    drop(member);
    assert_eq!(broker.groups().get("seen-b-group"), Some(&0));

    drop(swept);
    assert!(!broker.has("seen-b"));
    assert_eq!(broker.groups().get("seen-b-group"), None);
}

#[test]
fn the_gate_tells_who_writes_from_who_only_asks() {
    let gate = Gate::open();
    let broker = Broker::at(&gate.bootstrap());
    let _swept = broker.swept(TOPIC);
    gate.clear();
    assert_eq!(broker.topics().get(TOPIC), None);
    assert_eq!(gate.writes(), Vec::<String>::new());
    assert!(gate.calls().iter().any(|call| call.api == "Metadata" && call.client == "acceptance"));
    broker.make(TOPIC, 1, &[]);
    broker.produce(TOPIC, 0, "k", Some("v"));
    broker.set_configs(TOPIC, &[]);
    broker.commit(TOPIC, TOPIC, 0, 0);
    assert_eq!(gate.writes(), ["CreateTopics", "Produce", "AlterConfigs", "OffsetCommit"]);
    gate.clear();
    assert_eq!(broker.consume(TOPIC).len(), 1);
    assert_eq!(gate.writes(), Vec::<String>::new());
}

#[test]
fn what_is_held_before_the_broker_is_not_done_and_what_is_held_after_it_is() {
    let gate = Gate::open();
    let broker = Broker::lab();
    let _swept = broker.swept(TOPIC);
    for (hold, done, in_the_end) in [(Hold::Before, 0, 1), (Hold::After, 1, 2)] {
        broker.delete(TOPIC);
        broker.make(TOPIC, 1, &[]);
        gate.clear();
        gate.hold(1, hold);
        thread::scope(|scope| {
            let sender = scope.spawn(|| Broker::at(&gate.bootstrap()).produce(TOPIC, 0, "k", Some("v")));
            let held = gate.held(|| !sender.is_finished()).expect("it is held");
            assert_eq!(held.api, "Produce");
            assert_eq!(broker.ends(TOPIC), [done], "{hold:?}");
            // Its connection is cut, and it sends again.
            gate.clear();
        });
        assert_eq!(broker.ends(TOPIC), [in_the_end], "{hold:?}");
    }
}
