//! kafka-hook under the laws: a topic, and a group that starts in it. It comes by the gate, which counts.

use std::fs;

use acceptance::kafka::{Broker, Gate};
use feature::words;
use provision::{
    config::kafka::Kafka,
    conformance::{Subject, Variant},
};
use serde_json::Value;
use tempfile::TempDir;

use super::{SECRET, named, read};

pub(super) struct Events {
    gate: Gate,
    broker: Broker,
    keys: TempDir,
}

const STEM: &str = "laws-events";

impl Events {
    pub(super) fn new() -> Self {
        let keys = tempfile::tempdir().expect("a folder");
        fs::write(keys.path().join("key"), SECRET).expect("written");
        Self { gate: Gate::open(), broker: Broker::lab(), keys }
    }
}

impl Subject for Events {
    type Provider = kafka_hook::Broker;

    const FIELD: &'static str = "retention.ms";
    const WORD: &'static str = STEM;
    const SECRET: &'static str = SECRET;

    fn section(&self, feature: Option<&str>, variant: Variant) -> Kafka {
        let bootstrap =
            if variant == Variant::Down { "127.0.0.1:1".to_owned() } else { self.gate.bootstrap() };
        let key = self.keys.path().join("key");
        let retention = if variant == Variant::Changed { 32_000 } else { 31_000 };
        let cleanup = if variant == Variant::Impossible { "nonsense" } else { "'compact,delete'" };
        let outputs = match variant {
            Variant::Told => "[{value: name, secret: laws, key: A}, {value: name, configMap: laws, key: B}]",
            _ => "[]",
        };
        let topic = named(STEM, feature);
        // Nobody is asked for the password here; it is given all the same, which a file may not say outright.
        let protocol = self.keys.path().join("protocol");
        fs::write(&protocol, "PLAINTEXT").expect("the file is written");
        let section = format!(
            "kafka:\n  bootstrapServers: {bootstrap}\n  clientConfig: {{security.protocol: {{file: {}}}, \
             sasl.username: lab, sasl.password: {{file: {}}}}}\n  topics:\n    - name: {STEM}\n      partitions: 2\n      config: {{retention.ms: {retention}, \
             cleanup.policy: {cleanup}}}\n      outputs: {outputs}\n  consumerGroups:\n    - name: {STEM}\n      \
             offsets: [{{topic: {topic}, from: earliest}}]\n      outputs: {}\n",
            protocol.display(),
            key.display(),
            outputs.replace("key: A", "key: C").replace("key: B", "key: D")
        );
        read(feature, &section).kafka.expect("a section")
    }

    async fn drift(&self, feature: &str) {
        self.broker.set_configs(&named(STEM, Some(feature)), &[("retention.ms", "77000")]);
    }

    async fn stranger(&self) {
        // `clean` takes away all that is called so.
        self.broker.make(&format!("{STEM}-stranger"), 1, &[]);
    }

    async fn state(&self, feature: Option<&str>) -> String {
        let name = named(STEM, feature);
        let mut state = String::new();
        if self.broker.has(&name) {
            let (leaders, configs) = (&self.broker.topics()[&name], self.broker.configs(&name));
            state += &format!("{name} {leaders:?} {configs:?} {:?}; ", self.broker.offsets(&name, &name));
        }
        for (key, mut mark) in self.broker.marks() {
            if key == format!("topic/{name}") || key == format!("group/{name}") {
                if let Value::Object(mark) = &mut mark {
                    mark.remove(words::EXPIRES_AT);
                }
                state += &format!("{key} {mark}; ");
            }
        }
        state
    }

    async fn clean(&self) {
        // The names of all features begin so.
        self.broker.sweep(STEM);
    }

    fn contacts(&self) -> usize {
        self.gate.calls().len()
    }
}
