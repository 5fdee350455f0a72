use serde::{Deserialize, Serialize};

/// One service that took part in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    pub service: String,
    pub release: String,
    pub feature: String,
    pub pod: String,
}

/// The answer to a request: who answered, first the service that was asked, and what went wrong
/// after the last of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub hops: Vec<Hop>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
