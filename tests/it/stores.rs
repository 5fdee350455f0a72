//! A copy has a database, a topic and a consumer group of its own, which go with it, and base's are as they were.

use std::collections::BTreeMap;

use acceptance::{
    cluster,
    http::Router,
    kafka::Broker,
    postgres::{Rows, Server},
    routing::Copies,
    stores::{BASE, FEAT1, Orders, TEMPLATE, arrived, is_without, post},
};
use serde_json::Value;

use crate::stage::with_both_helms;

const API: Copies = Copies { web: false, api: true };

/// What a copy's hooks make at each store.
const DATABASE: &str = "orders_feat1";
const TOPIC: &str = "events-feat1";
const GROUP: &str = "api-feat1";

with_both_helms! {
    fn a_copy_has_its_own_orders_and_events_and_base_is_as_it_was(stage) {
        let (server, broker) = (Server::lab(), Broker::lab());
        let before = OfBase::look(&server, &broker);
        assert_eq!((before.rows[..TEMPLATE.len()].to_vec(), of_copy(&server, &broker)), (rows(&TEMPLATE), vec![]));
        cluster::deploy(stage.helm(), "feat1", API);

        // The template's rows, by the word of the server: and none of those that base has had since.
        for (headers, release, database) in [(BASE, "demo", "orders"), (FEAT1, "demo-feat1", DATABASE)] {
            let orders = Orders::read(headers).expect("orders");
            assert_eq!((&*orders.release, &*orders.database, &*orders.user), (release, database, database));
        }
        assert_eq!(Orders::read(FEAT1).expect("orders").items(), TEMPLATE);
        post("/orders", FEAT1, "of the copy").expect("an order");
        post("/orders", BASE, "of base").expect("an order");
        assert_eq!(all_rows(&server, DATABASE), rows(&[TEMPLATE[0], TEMPLATE[1], "of the copy"]));
        let mut ordered = before.rows.clone();
        ordered.push(Some("of base".to_owned()));
        assert_eq!(all_rows(&server, "orders"), ordered);

        // The template's owner and base's have nothing to say in the copy.
        let owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE tablename = 'orders'";
        assert_eq!(server.run(DATABASE, owners), [[Some(DATABASE.to_owned())]]);

        assert_eq!(broker.partitions(TOPIC), 3);
        for (mine, other, topic, group) in [(BASE, FEAT1, "events", "api"), (FEAT1, BASE, TOPIC, GROUP)] {
            let body = format!("to {topic} with {}, {:?}", stage.helm().version, std::time::Instant::now());
            assert_eq!(post("/events", mine, &body).expect("an event")["topic"], topic);
            let answer = arrived("/events", mine, &body).unwrap_or_else(|last| panic!("{body}: {last}"));
            assert_eq!((&answer["topic"], &answer["group"]), (&topic.into(), &group.into()));
            assert!(is_without("/events", other, &body), "{body}");
            let with_it: Vec<&str> = ["events", TOPIC].into_iter().filter(|topic| has(&broker, topic, &body)).collect();
            assert_eq!(with_it, [topic]);
        }

        // A server that was away is come back to.
        let ended = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{DATABASE}'");
        assert!(!server.run("postgres", &ended).is_empty(), "the copy was connected");
        cluster::eventually("the orders", 10, || Orders::read(FEAT1).map(|orders| assert_eq!(orders.items().len(), 3)));

        let during = OfBase::look(&server, &broker);
        let own = ["database orders_feat1", "group api-feat1", "mark group/api-feat1", "mark topic/events-feat1", "role orders_feat1", "topic events-feat1"];
        assert_eq!(of_copy(&server, &broker), own);
        cluster::destroy(stage.helm(), "feat1", API);
        assert_eq!(of_copy(&server, &broker), Vec::<String>::new());
        let after = OfBase::look(&server, &broker);
        assert_eq!(after, during);
        assert_eq!((after.databases, after.topic), (before.databases, before.topic));
    }

    fn who_has_neither_postgresql_nor_kafka_says_so_and_deploys_the_rest(stage) {
        let none = ["--state-values-set", "stores.database=false,stores.kafka=false", "sync"];
        let output = cluster::helmfile(stage.helm(), "feat1", API, &none);
        assert!(output.status.success(), "{}", cluster::text(&output));
        assert_eq!(of_copy(&Server::lab(), &Broker::lab()), Vec::<String>::new());
        let router = Router::default();
        for (path, missing) in [("/orders", "DATABASE_URL is not set"), ("/events", "are not all set")] {
            let answer = router.get("api.example.com", path, FEAT1).expect("the router answers");
            assert!(answer.status == 503 && answer.body.contains(missing), "{answer:?}");
            assert_eq!(answer.hops[0].release, "demo-feat1");
        }
        let body = format!("{:?}", std::time::Instant::now());
        post("/messages", FEAT1, &body).expect("a message");
        arrived("/messages", FEAT1, &body).expect("it is read");
        cluster::destroy(stage.helm(), "feat1", API);
    }
}

/// What is base's at both servers.
#[derive(Debug, PartialEq)]
struct OfBase {
    /// By their numbers, which no second one of a name has; with their comments and roles.
    databases: Rows,
    rows: Vec<Option<String>>,
    /// The partitions and configs.
    topic: (usize, BTreeMap<String, String>),
    ends: Vec<i64>,
    mark: Option<Value>,
}

impl OfBase {
    fn look(server: &Server, broker: &Broker) -> Self {
        let databases = "SELECT d.oid, datname, datistemplate, shobj_description(d.oid, 'pg_database'), rolname, \
                         shobj_description(r.oid, 'pg_authid'), rolpassword FROM pg_database d JOIN pg_authid r ON \
                         r.oid = datdba WHERE datname IN ('orders', 'orders_template') ORDER BY datname";
        Self {
            databases: server.run("postgres", databases),
            rows: all_rows(server, "orders"),
            topic: (broker.partitions("events"), broker.configs("events")),
            ends: broker.ends("events"),
            mark: broker.marks().remove("topic/events"),
        }
    }
}

fn all_rows(server: &Server, database: &str) -> Vec<Option<String>> {
    server.run(database, "SELECT item FROM orders ORDER BY id").into_iter().flatten().collect()
}

fn rows(items: &[&str]) -> Vec<Option<String>> {
    items.iter().map(|item| Some((*item).to_owned())).collect()
}

fn has(broker: &Broker, topic: &str, body: &str) -> bool {
    broker.consume(topic).iter().any(|record| record.value.as_deref() == Some(body))
}

/// What is there of the copy's, by kind and name.
fn of_copy(server: &Server, broker: &Broker) -> Vec<String> {
    let named = |kind: &str, names: Vec<String>| -> Vec<String> {
        let own = [DATABASE, TOPIC, GROUP, "topic/events-feat1", "group/api-feat1"];
        let mine = names.into_iter().filter(|name| own.contains(&name.as_str()));
        mine.map(|name| format!("{kind} {name}")).collect()
    };
    let mut found = [
        named("database", server.databases().into_keys().collect()),
        named("role", server.roles().into_keys().collect()),
        named("topic", broker.topics().into_keys().collect()),
        named("group", broker.groups().into_keys().collect()),
        named("mark", broker.marks().into_keys().collect()),
    ]
    .concat();
    found.sort();
    found
}
