use std::{error::Error, time::Duration};

use aws_config::{BehaviorVersion, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_sqs::{
    Client,
    error::{BuildError, ProvideErrorMetadata, SdkError},
    types::MessageAttributeValue,
};
use axum::http::HeaderMap;

use crate::error::StoreError;

/// How long a poll waits for a message. A poll that a stopping pod leaves behind may still be given
/// one, which then stays hidden for the queue's visibility timeout: short polls make that rare.
const WAIT_SECONDS: i32 = 5;
/// Past this an endpoint is down, however long a poll may last.
const READ_TIMEOUT: Duration = Duration::from_secs(15);

/// The queue that this pod sends to and reads from.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    client: Client,
    url: String,
}

/// A message as it was received; it stays in the queue until it is deleted.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: String,
    receipt: String,
}

impl Queue {
    /// The queue at `url`; endpoint, region and keys are what the SDK finds in the environment.
    pub(crate) async fn of_this_process(url: String) -> Self {
        let config = aws_config::defaults(BehaviorVersion::latest())
            // The worker tries again in its own rhythm, and who posts is told at once.
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().read_timeout(READ_TIMEOUT).build())
            .load()
            .await;
        Self::new(Client::new(&config), url)
    }

    pub(crate) fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Sends `body` with `context` as the message's attributes, and returns the message's id.
    pub(crate) async fn send(&self, body: String, context: &HeaderMap) -> Result<String, StoreError> {
        let failed = |cause| self.failed("send to", cause);
        let mut call = self.client.send_message().queue_url(&self.url).message_body(body);
        for (name, value) in context {
            let value = value.to_str().map_err(|cause| failed(format!("header {name}: {cause}")))?;
            // SQS takes no empty attribute, and an empty header says nothing.
            if !value.is_empty() {
                let attribute = MessageAttributeValue::builder().data_type("String").string_value(value);
                let attribute = attribute.build().map_err(|cause: BuildError| failed(hop::chain(&cause)))?;
                call = call.message_attributes(name.as_str(), attribute);
            }
        }
        let sent = call.send().await.map_err(|error| failed(cause(&error)))?;
        sent.message_id.ok_or_else(|| failed("the answer has no message id".to_owned()))
    }

    /// Waits for messages, and returns none when none came for a while.
    pub(crate) async fn receive(&self) -> Result<Vec<Message>, StoreError> {
        let failed = |cause| self.failed("receive from", cause);
        let receive = self.client.receive_message().queue_url(&self.url);
        let received = receive
            .wait_time_seconds(WAIT_SECONDS)
            .max_number_of_messages(10)
            .send()
            .await
            .map_err(|error| failed(cause(&error)))?;
        let whole = received.messages.unwrap_or_default().into_iter().map(|message| {
            Some(Message { id: message.message_id?, body: message.body?, receipt: message.receipt_handle? })
        });
        whole
            .collect::<Option<_>>()
            .ok_or_else(|| failed("a message has no id, no body or no receipt".to_owned()))
    }

    pub(crate) async fn delete(&self, message: &Message) -> Result<(), StoreError> {
        let delete = self.client.delete_message().queue_url(&self.url).receipt_handle(&message.receipt);
        let deleted = delete.send().await;
        deleted.map(drop).map_err(|error| self.failed("delete a message from", cause(&error)))
    }

    fn failed(&self, act: &'static str, cause: String) -> StoreError {
        StoreError { act, place: self.url.clone(), cause }
    }
}

/// What SQS said, or else why it was not asked.
fn cause<E>(error: &SdkError<E>) -> String
where
    E: Error + ProvideErrorMetadata + 'static,
{
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        (None, _) => hop::chain(error),
    }
}
