//! What the demo's api keeps: orders in a database, events in a topic, messages in a queue. Asked for through the
//! router, as any client would: which of them answers is the header's doing.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use crate::{cluster, http::Router};

/// The headers of a request.
pub type Headers<'h> = &'h [(&'h str, &'h str)];

/// Whoever sends no header reaches base.
pub const BASE: Headers<'static> = &[];
pub const FEAT1: Headers<'static> = &[("uber-ctx-key", "feat1")];

/// The orders that every database begins with, which is cloned from base's template.
pub const TEMPLATE: [&str; 2] = ["a red bicycle", "two tents"];

const HOST: &str = "api.example.com";

/// The orders of one api, and where they are, as the database server says it.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub struct Orders {
    pub release: String,
    pub database: String,
    pub user: String,
    #[serde(rename = "orders")]
    rows: Vec<Order>,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
struct Order {
    item: String,
}

impl Orders {
    /// # Errors
    /// With the answer, when it is none of orders.
    pub fn read(headers: Headers<'_>) -> Result<Self, String> {
        let answer = Router::default().get(HOST, "/orders", headers).map_err(|error| error.to_string())?;
        serde_json::from_str(&answer.body).map_err(|_| format!("{}: {}", answer.status, answer.body))
    }

    /// Oldest first.
    #[must_use]
    pub fn items(&self) -> Vec<&str> {
        self.rows.iter().map(|order| order.item.as_str()).collect()
    }
}

/// Puts something into a store, and returns the answer.
///
/// # Errors
/// With the answer, when it is a no.
pub fn post(path: &str, headers: Headers<'_>, body: &str) -> Result<Value, String> {
    let answer = Router::default().post(HOST, path, headers, body).map_err(|error| error.to_string())?;
    match (answer.status, serde_json::from_str(&answer.body)) {
        (200..300, Ok(value)) => Ok(value),
        (status, _) => Err(format!("{status}: {}", answer.body)),
    }
}

/// What an api says that it has read, once `body` is among it.
///
/// # Errors
/// With the last answer, when that is not so within a minute.
pub fn arrived(path: &str, headers: Headers<'_>, body: &str) -> Result<Value, String> {
    let router = Router::default();
    cluster::within(60, || {
        let answer = router.get(HOST, path, headers).map_err(|error| error.to_string())?;
        let value: Value = serde_json::from_str(&answer.body).map_err(|_| answer.body.clone())?;
        if all_read(path, &value).contains(body) { Ok(value) } else { Err(answer.body) }
    })
}

/// Whether an api answers, and has not read `body`.
#[must_use]
pub fn is_without(path: &str, headers: Headers<'_>, body: &str) -> bool {
    let answer = Router::default().get(HOST, path, headers);
    let value = answer.ok().filter(|answer| answer.status == 200);
    let value = value.and_then(|answer| serde_json::from_str(&answer.body).ok());
    value.is_some_and(|value| !all_read(path, &value).contains(body))
}

/// The list in an answer is called as its path is.
fn all_read<'v>(path: &str, answer: &'v Value) -> BTreeSet<&'v str> {
    let list = answer[path.trim_start_matches('/')].as_array();
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}
