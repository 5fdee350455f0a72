//! A release of the chart with all five hooks, in a namespace whose Services lead to the back ends: without those it
//! reaches none, and nobody else notices.

use std::process::Output;

use acceptance::{
    cluster,
    emulator::{Emulator, REGION},
    helm::Helm,
    images,
    kafka::Broker,
    lab::lab,
    place::Namespace,
    postgres::Server,
    process, repo,
};
use serde_json::{Value, json};

/// The release with what it is to make; in the names of all of that is the word, as letters and digits.
pub struct Five<'h> {
    helm: &'h Helm,
    pub namespace: Namespace,
    pub word: String,
    emulator: Emulator,
    broker: Broker,
    server: Server,
}

pub const RELEASE: &str = "orders-feat1-hooks";

/// The back ends, each with the variable of the lab in which its address is.
const BACK_ENDS: [(&str, &str); 3] =
    [("localstack", "LOCALSTACK_URL"), ("kafka", "KAFKA_BOOTSTRAP"), ("postgres", "POSTGRES_URL")];

impl<'h> Five<'h> {
    pub fn new(helm: &'h Helm, word: String) -> Self {
        images::load();
        let namespace = Namespace::new(&word);
        let (emulator, broker, server) = (Emulator::localstack(), Broker::lab(), Server::lab());
        let five = Self { helm, namespace, word, emulator, broker, server };
        five.sweep();
        five.lead_to_back_ends();
        let (who, _) = lab().database_admin.rsplit_once('@').expect("the URL has a user");
        for (name, key, value) in [
            ("database-admin", "url", format!("{who}@postgres:5432/postgres?sslmode=disable")),
            ("orders", "URL", "base".to_owned()),
        ] {
            let literal = format!("--from-literal={key}={value}");
            let _ = five.kubectl(&["create", "secret", "generic", name, &literal]);
        }
        five
    }

    fn lead_to_back_ends(&self) {
        let (gateway, _) = lab().var("KAFKA_BOOTSTRAP").split_once(':').expect("an address");
        let object = |api: &str, kind: &str, name: &str| {
            let labels = json!({"kubernetes.io/service-name": name});
            let metadata = json!({"name": name, "namespace": self.namespace.0, "labels": labels});
            json!({"apiVersion": api, "kind": kind, "metadata": metadata})
        };
        let items = BACK_ENDS.iter().flat_map(|(name, variable)| {
            let address = lab().var(variable).rsplit_once(':').expect("a port").1;
            let port: u16 = address.split('/').next().and_then(|port| port.parse().ok()).expect("a port");
            let usual = json!({"localstack": 4566, "kafka": 9092, "postgres": 5432})[name].clone();
            let mut service = object("v1", "Service", name);
            service["spec"] = json!({"ports": [{"name": name, "port": usual, "targetPort": port}]});
            let mut slice = object("discovery.k8s.io/v1", "EndpointSlice", name);
            slice["addressType"] = json!("IPv4");
            slice["ports"] = json!([{"name": name, "port": port}]);
            slice["endpoints"] = json!([{"addresses": [gateway]}]);
            [service, slice]
        });
        let items: Vec<Value> = items.collect();
        cluster::put(&json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string());
    }

    /// From now on nobody reaches one.
    pub fn lead_nowhere(&self) {
        for (name, _) in BACK_ENDS {
            let _ = self.kubectl(&["delete", "service", name]);
        }
    }

    /// The values of a copy `feat1`, with a name in each section that has the word in it.
    fn values(&self) -> Value {
        let word = &self.word;
        let told = |key: &str| json!([{"value": "name", "secret": "told", "key": key}]);
        json!({
            "feature": "feat1",
            "timeout": "30s",
            "env": [{"name": "ADMIN_URL", "valueFrom": {"secretKeyRef": {"name": "database-admin", "key": "url"}}}],
            "secret": {"secrets": [{"from": {"name": "orders"}}]},
            "database": {"adminUrl": {"env": "ADMIN_URL"}, "databases": [{"name": word, "outputs": told("DATABASE")}]},
            "kafka": {"bootstrapServers": "kafka:9092", "topics": [{"name": word, "outputs": told("EVENTS")}]},
            "sqs": {
                "endpointUrl": "http://localstack:4566", "region": REGION,
                "queues": [{"name": word, "outputs": told("QUEUE")}],
            },
            "sns": {"topics": [{"name": word, "subscriptions": [{"protocol": "sqs", "queue": word}]}]},
        })
    }

    /// `helm upgrade --install` with more words.
    pub fn install(&self, words: &[&str]) -> Output {
        let values = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(values.path(), self.values().to_string()).expect("the values are written");
        let mut helm = self.helm.helm();
        helm.current_dir(repo::root());
        helm.args([
            "upgrade",
            "--install",
            RELEASE,
            "charts/devstack-hooks",
            "--namespace",
            &self.namespace.0,
        ]);
        process::run(helm.args(words).arg("--values").arg(values.path()))
    }

    pub fn uninstall(&self) -> Output {
        let mut helm = self.helm.helm();
        process::run(helm.args(["uninstall", RELEASE, "--namespace", &self.namespace.0]))
    }

    /// Which of the hooks have made what they are there for.
    pub fn made(&self) -> Vec<&'static str> {
        let word = &self.word;
        let named = |names: Vec<String>| names.iter().any(|name| name.contains(word));
        let secrets = cluster::objects_of(&self.namespace.0, "secrets");
        let made = [
            ("secret", secrets.contains_key("Secret/orders-feat1")),
            ("database", named(self.server.databases().into_keys().collect())),
            ("kafka", named(self.broker.topics().into_keys().collect())),
            ("sqs", named(self.emulator.queues().into_keys().collect())),
            ("sns", named(self.emulator.topics().into_keys().collect())),
        ];
        made.into_iter().filter(|(_, made)| *made).map(|(hook, _)| hook).collect()
    }

    /// Nothing of it is at a back end any more.
    pub fn sweep(&self) {
        let word = &self.word;
        drop((self.emulator.swept(word), self.broker.swept(word), self.server.swept(word)));
    }

    pub fn kubectl(&self, words: &[&str]) -> String {
        cluster::kubectl(&self.namespace.0, words)
    }
}
