//! The proxy before the lab's emulators.

use acceptance::{lab::lab, proxy::Proxy};
use reqwest::blocking::Response;
use serde_json::{Value, json};

use super::Caller;

/// The emulators take any signature, and read the region out of it.
const SCOPE: &str =
    "AWS4-HMAC-SHA256 Credential=test/20260101/eu-north-1/sqs/aws4_request, SignedHeaders=host, Signature=0";

#[test]
fn the_url_of_a_real_queue_leads_back_to_the_proxy() {
    for emulator in ["LOCALSTACK_URL", "MOTO_URL"] {
        let proxy = Proxy::before(lab().var(emulator));
        let made = ask(&proxy, "CreateQueue", &json!({"QueueName": "behind-a-proxy"}));
        let made: Value = serde_json::from_str(&made).expect("JSON");
        let url = made["QueueUrl"].as_str().expect("a URL");
        assert!(url.starts_with(&format!("{}/", proxy.url())), "{emulator}: {url}");
        ask(&proxy, "DeleteQueue", &json!({"QueueUrl": url}));
        let calls = proxy.calls();
        let known: Vec<_> = calls.iter().map(|call| (&*call.service, &*call.action, &*call.region)).collect();
        assert_eq!(known, [("sqs", "CreateQueue", "eu-north-1"), ("sqs", "DeleteQueue", "eu-north-1")]);
    }
}

fn ask(proxy: &Proxy, action: &str, words: &Value) -> String {
    let request = Caller::of(proxy).post().header("authorization", SCOPE).body(words.to_string());
    let request = request.header("content-type", "application/x-amz-json-1.0");
    let answer = request.header("x-amz-target", format!("AmazonSQS.{action}")).send();
    answer.and_then(Response::error_for_status).and_then(Response::text).expect("an answer")
}
