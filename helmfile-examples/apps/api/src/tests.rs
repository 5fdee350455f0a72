use std::{collections::VecDeque, net::Ipv4Addr, sync::Mutex, time::Duration};

use aws_sdk_sqs::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
};
use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use rdkafka::{
    Message as _,
    consumer::{Consumer as _, StreamConsumer},
    message::Headers as _,
    mocking::MockCluster,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc, time::timeout};

use super::*;

const QUEUE: &str = "http://sqs.test/000000000000/messages";

/// An SQS of one queue, which it denies for the first `absent` requests.
struct Sqs {
    absent: Mutex<usize>,
    sent: Mutex<VecDeque<Value>>,
    deleted: mpsc::UnboundedSender<Value>,
    attributes: Mutex<Value>,
}

impl Sqs {
    fn answer(&self, headers: &HeaderMap, request: &Value) -> Response {
        assert_eq!(request["QueueUrl"], QUEUE);
        let mut absent = self.absent.lock().expect("whole");
        if *absent > 0 {
            *absent -= 1;
            let error =
                json!({ "__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no such queue" });
            return (StatusCode::BAD_REQUEST, Json(error)).into_response();
        }
        let mut sent = self.sent.lock().expect("whole");
        let answer = match headers["x-amz-target"].to_str().expect("ascii") {
            "AmazonSQS.SendMessage" => {
                *self.attributes.lock().expect("whole") = request["MessageAttributes"].clone();
                sent.push_back(
                    json!({ "MessageId": "m1", "ReceiptHandle": "r1", "Body": request["MessageBody"] }),
                );
                json!({ "MessageId": "m1" })
            }
            "AmazonSQS.ReceiveMessage" => {
                json!({ "Messages": sent.pop_front().into_iter().collect::<Vec<_>>() })
            }
            "AmazonSQS.DeleteMessage" => {
                self.deleted.send(request["ReceiptHandle"].clone()).expect("the test listens");
                json!({})
            }
            other => panic!("no such call: {other}"),
        };
        Json(answer).into_response()
    }
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(axum::serve(listener, router).into_future());
    format!("http://{address}")
}

async fn serve_sqs(absent: usize) -> (Queue, Arc<Sqs>, mpsc::UnboundedReceiver<Value>) {
    let (deleted, deletions) = mpsc::unbounded_channel();
    let sqs = Arc::new(Sqs {
        absent: Mutex::new(absent),
        sent: Mutex::default(),
        deleted,
        attributes: Mutex::default(),
    });
    let answering = sqs.clone();
    let endpoint = serve(Router::new().fallback(async move |headers: HeaderMap, body: String| {
        answering.answer(&headers, &serde_json::from_str(&body).expect("json"))
    }))
    .await;
    (queue_at(&endpoint), sqs, deletions)
}

fn queue_at(endpoint: &str) -> Queue {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new("ap-south-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .build();
    Queue::new(Client::from_conf(config), QUEUE.to_owned())
}

async fn serve_api(stores: Stores) -> String {
    let environment = Environment::from([("RELEASE", "demo"), ("HOSTNAME", "api-0"), ("FEATURE", "feat1")]);
    serve(Api::new(Service::read("api", &environment).expect("legal"), stores).router()).await
}

/// Where nobody listens, as `HOST:PORT`.
async fn nowhere() -> String {
    let unused = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    unused.local_addr().expect("an address").to_string()
}

fn address_at(bootstrap: &str) -> Address {
    let [bootstrap, topic, group] = [bootstrap, "events", "api"].map(str::to_owned);
    Address { bootstrap, topic, group }
}

async fn json_of(request: reqwest::RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.expect("an answer");
    (response.status(), response.json().await.expect("json"))
}

fn hops() -> Value {
    json!([{ "service": "api", "release": "demo", "feature": "feat1", "pod": "api-0" }])
}

#[tokio::test]
async fn api_answers_under_every_path() {
    let api = serve_api(Stores::default()).await;
    for path in ["/", "/other", "/other/", "/other/deeper?x=1"] {
        let answer = json_of(reqwest::Client::new().get(format!("{api}{path}"))).await;
        assert_eq!(answer, (StatusCode::OK, json!({ "hops": hops() })), "{path}");
    }
    for path in ["/messages", "/other/messages"] {
        let (status, answer) = json_of(reqwest::Client::new().get(format!("{api}{path}"))).await;
        let want =
            json!({ "service": "api", "release": "demo", "feature": "feat1", "queue": null, "messages": [] });
        assert_eq!((status, answer), (StatusCode::OK, want), "{path}");
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_the_reason() {
    let nowhere = nowhere().await;
    let (absent, _sqs, _deletions) = serve_sqs(1).await;
    let none = Stores::default;
    let queue = |queue| Stores { queue: Some(queue), ..none() };
    let orders = || {
        let url = format!("postgresql://me:secret@{nowhere}/orders");
        Stores { orders: Some(Orders::at(&url).expect("a URL")), ..none() }
    };
    let events = Stores { events: Some(Events::at(address_at(&nowhere)).expect("a producer")), ..none() };
    let (missing, broken) = (StatusCode::SERVICE_UNAVAILABLE, StatusCode::BAD_GATEWAY);
    let at = |what: &str| format!("{what} at {nowhere}: ");
    let (read, add, produce) =
        (at("read orders of orders"), at("add an order to orders"), at("produce to events"));
    let hello = Some("hello");
    let cases = [
        (none(), "/", hello, StatusCode::NOT_FOUND, vec!["only /messages, /orders and /events take a body"]),
        (none(), "/messages", Some(""), StatusCode::BAD_REQUEST, vec!["the body is empty"]),
        (none(), "/messages", hello, missing, vec!["QUEUE_URL is not set"]),
        (none(), "/orders", None, missing, vec!["DATABASE_URL is not set"]),
        (none(), "/orders", hello, missing, vec!["DATABASE_URL is not set"]),
        (none(), "/events", None, missing, vec!["EVENTS_TOPIC and EVENTS_GROUP are not all set"]),
        (none(), "/events", hello, missing, vec!["EVENTS_TOPIC and EVENTS_GROUP are not all set"]),
        (
            queue(queue_at(&format!("http://{nowhere}"))),
            "/messages",
            hello,
            broken,
            vec!["Connection refused"],
        ),
        (queue(absent), "/messages", hello, broken, vec!["QueueDoesNotExist: no such queue"]),
        (orders(), "/orders", None, broken, vec![&read, "Connection refused"]),
        (orders(), "/orders", hello, broken, vec![&add, "Connection refused"]),
        (events, "/events", hello, broken, vec![&produce, "Connection refused"]),
    ];
    for (stores, path, body, want, reasons) in cases {
        let api = serve_api(stores).await;
        let client = reqwest::Client::new();
        let request = match body {
            Some(body) => client.post(format!("{api}{path}")).body(body),
            None => client.get(format!("{api}{path}")),
        };
        let (status, answer) = json_of(request).await;
        assert_eq!(status, want, "{answer}");
        assert_eq!(answer["hops"], hops());
        let error = answer["error"].as_str().expect("a reason");
        assert!(reasons.iter().all(|reason| error.contains(reason)), "{reasons:?} in {error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn a_posted_message_carries_its_context_and_reaches_the_worker_that_outlived_a_missing_queue() {
    let (queue, sqs, mut deletions) = serve_sqs(0).await;
    let inbox = Arc::<Inbox>::default();
    let stores = Stores { queue: Some(queue.clone()), received: inbox.clone(), ..Stores::default() };
    let api = serve_api(stores).await;

    let post = reqwest::Client::new().post(format!("{api}/messages")).body("hello");
    let context = post.header("uber-ctx-key", "feat1").header("baggage", "uber-ctx-key=feat1");
    let answer = json_of(context).await;
    assert_eq!(answer, (StatusCode::ACCEPTED, json!({ "hops": hops(), "queue": QUEUE, "id": "m1" })));
    let attribute = json!({ "DataType": "String", "StringValue": "feat1" });
    let attributes = sqs.attributes.lock().expect("whole").clone();
    assert_eq!(attributes["uber-ctx-key"], attribute);
    assert_eq!(attributes["baggage"]["StringValue"], "uber-ctx-key=feat1");
    assert_eq!(attributes.as_object().map(serde_json::Map::len), Some(2));

    *sqs.absent.lock().expect("whole") = 2;
    let working = {
        let inbox = inbox.clone();
        tokio::spawn(async move { worker::work(&queue, &inbox).await })
    };
    let deleted = timeout(Duration::from_secs(30), deletions.recv()).await.expect("in time");
    assert_eq!(deleted, Some(json!("r1")));
    assert_eq!(
        json_of(reqwest::Client::new().get(format!("{api}/messages"))).await.1["messages"],
        json!(["hello"])
    );
    working.abort();
}

#[tokio::test]
async fn a_posted_event_carries_its_context_and_what_was_read_is_shown() {
    let kafka = MockCluster::new(1).expect("a broker");
    kafka.create_topic("events", 1, 1).expect("a topic");
    let address = address_at(&kafka.bootstrap_servers());
    let consumed = Arc::<Inbox>::default();
    let events = Some(Events::at(address.clone()).expect("a producer"));
    let api = serve_api(Stores { events, consumed: consumed.clone(), ..Stores::default() }).await;

    let post = reqwest::Client::new().post(format!("{api}/other/events")).body("hello");
    let answer = json_of(post.header("uber-ctx-key", "feat1").header("cookie", "a=b")).await;
    let want = json!({ "hops": hops(), "topic": "events", "partition": 0, "offset": 0 });
    assert_eq!(answer, (StatusCode::CREATED, want));

    let other: StreamConsumer = address
        .config()
        .set("group.id", "another")
        .set("auto.offset.reset", "earliest")
        .create()
        .expect("a consumer");
    other.subscribe(&["events"]).expect("subscribed");
    let event = timeout(Duration::from_secs(30), other.recv()).await.expect("in time").expect("an event");
    assert_eq!(event.payload(), Some(&b"hello"[..]));
    let headers: Vec<_> =
        event.headers().expect("headers").iter().map(|header| (header.key, header.value)).collect();
    assert_eq!(headers, [("uber-ctx-key", Some(&b"feat1"[..]))]);

    consumed.record("0@0", "hello");
    let answer = json_of(reqwest::Client::new().get(format!("{api}/events"))).await;
    let want = json!({
        "service": "api", "release": "demo", "feature": "feat1", "topic": "events", "group": "api", "events": ["hello"]
    });
    assert_eq!(answer, (StatusCode::OK, want));
}

#[test]
fn a_topic_is_used_only_where_all_that_it_takes_is_given() {
    let all = [("KAFKA_BOOTSTRAP", "kafka:9092"), ("EVENTS_TOPIC", "events"), ("EVENTS_GROUP", "api")];
    assert_eq!(address(&Environment::from(all)), Ok(Some(address_at("kafka:9092"))));
    let [bootstrap, topic, group] = all;
    for some in [[bootstrap, topic], [bootstrap, group], [topic, group]] {
        assert_eq!(address(&Environment::from(some)), Ok(None), "{some:?}");
    }
    let empty = Environment::from([bootstrap, ("EVENTS_TOPIC", ""), group]);
    assert_eq!(address(&empty), Err(EnvironmentError::Empty("EVENTS_TOPIC")));
}
