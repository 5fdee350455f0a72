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

async fn serve_api(queue: Option<Queue>, inbox: Arc<Inbox>) -> String {
    let environment = Environment::from([("RELEASE", "demo"), ("HOSTNAME", "api-0"), ("FEATURE", "feat1")]);
    serve(Api::new(Service::read("api", &environment).expect("legal"), queue, inbox).router()).await
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
    let api = serve_api(None, Arc::default()).await;
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
async fn what_cannot_be_sent_is_refused_with_the_reason() {
    let unused = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let down = format!("http://{}", unused.local_addr().expect("an address"));
    drop(unused);
    let (absent, _sqs, _deletions) = serve_sqs(1).await;
    let cases = [
        (None, "/messages", "hello", StatusCode::SERVICE_UNAVAILABLE, "QUEUE_URL is not set"),
        (None, "/", "hello", StatusCode::NOT_FOUND, "only /messages takes a body"),
        (None, "/messages", "", StatusCode::BAD_REQUEST, "the body is empty"),
        (Some(queue_at(&down)), "/messages", "hello", StatusCode::BAD_GATEWAY, "Connection refused"),
        (Some(absent), "/messages", "hello", StatusCode::BAD_GATEWAY, "QueueDoesNotExist: no such queue"),
    ];
    for (queue, path, body, want, reason) in cases {
        let api = serve_api(queue, Arc::default()).await;
        let (status, answer) = json_of(reqwest::Client::new().post(format!("{api}{path}")).body(body)).await;
        assert_eq!(status, want, "{reason}");
        assert_eq!(answer["hops"], hops());
        assert!(answer["error"].as_str().is_some_and(|error| error.contains(reason)), "{answer}");
    }
}

#[tokio::test]
async fn a_posted_message_carries_its_context_and_reaches_the_worker_that_outlived_a_missing_queue() {
    let (queue, sqs, mut deletions) = serve_sqs(0).await;
    let inbox = Arc::<Inbox>::default();
    let api = serve_api(Some(queue.clone()), inbox.clone()).await;

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
