//! The queues that LocalStack has, asked for, made and removed over its own protocol.

use reqwest::blocking::Client;
use serde_json::{Value, json};

use crate::lab::lab;

/// The names of the queues in the demo's region.
///
/// # Panics
/// When LocalStack does not answer.
#[must_use]
pub fn names() -> Vec<String> {
    let list = call("ListQueues", &json!({}));
    let urls = list["QueueUrls"].as_array().map(Vec::as_slice).unwrap_or_default();
    urls.iter().filter_map(|url| Some(url.as_str()?.rsplit('/').next()?.to_owned())).collect()
}

/// A queue of this name, new and empty.
///
/// # Panics
/// When LocalStack does not answer, or does not do it.
pub fn make(name: &str) {
    remove(name);
    call("CreateQueue", &json!({"QueueName": name}));
}

/// No queue of this name.
///
/// # Panics
/// When LocalStack does not answer, or does not do it.
pub fn remove(name: &str) {
    if names().iter().any(|other| other == name) {
        call("DeleteQueue", &json!({"QueueUrl": url(name)}));
    }
}

/// All that SQS says of a queue.
///
/// # Panics
/// When LocalStack does not answer, or has no such queue.
#[must_use]
pub fn attributes(name: &str) -> Value {
    call("GetQueueAttributes", &json!({"QueueUrl": url(name), "AttributeNames": ["All"]}))["Attributes"]
        .take()
}

fn url(name: &str) -> String {
    format!("{}/000000000000/{name}", lab().var("LOCALSTACK_URL"))
}

fn call(act: &str, words: &Value) -> Value {
    // The emulator takes any signature, and reads the region out of it.
    let scope = "AWS4-HMAC-SHA256 Credential=test/20260101/ap-south-1/sqs/aws4_request, SignedHeaders=host, Signature=0";
    let response = Client::new()
        .post(lab().var("LOCALSTACK_URL"))
        .header("authorization", scope)
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", format!("AmazonSQS.{act}"))
        .body(words.to_string())
        .send()
        .and_then(reqwest::blocking::Response::error_for_status)
        .and_then(reqwest::blocking::Response::text)
        .expect("LocalStack answers");
    // An act without a result has no body.
    if response.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&response).expect("LocalStack answers with JSON")
    }
}
