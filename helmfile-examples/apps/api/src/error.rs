/// What a store did not do, and why: `send to http://sqs/messages: connection refused`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{act} {place}: {cause}")]
pub(crate) struct StoreError {
    pub(crate) act: &'static str,
    pub(crate) place: String,
    pub(crate) cause: String,
}
