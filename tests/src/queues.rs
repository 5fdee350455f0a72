//! The queues that LocalStack has, asked for over its own protocol.

use reqwest::blocking::Client;

use crate::lab::lab;

/// The names of the queues in the demo's region.
///
/// # Panics
/// When LocalStack does not answer.
#[must_use]
pub fn names() -> Vec<String> {
    // The emulator takes any signature, and reads the region out of it.
    let scope = "AWS4-HMAC-SHA256 Credential=test/20260101/ap-south-1/sqs/aws4_request, SignedHeaders=host, Signature=0";
    let response = Client::new()
        .post(lab().var("LOCALSTACK_URL"))
        .header("authorization", scope)
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", "AmazonSQS.ListQueues")
        .body("{}")
        .send()
        .and_then(reqwest::blocking::Response::error_for_status)
        .and_then(reqwest::blocking::Response::text)
        .expect("LocalStack answers");
    let list: serde_json::Value = serde_json::from_str(&response).expect("LocalStack answers with JSON");
    let urls = list["QueueUrls"].as_array().map(Vec::as_slice).unwrap_or_default();
    urls.iter().filter_map(|url| Some(url.as_str()?.rsplit('/').next()?.to_owned())).collect()
}
