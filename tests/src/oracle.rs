//! What Helm reads of a stream of manifests, asked from Helm's own libraries (`tests/oracle`).
//!
//! It says what is there, never what ought to be.

use serde::Deserialize;
use serde_json::Value;

use crate::frames::Frames;

/// A process that answers one stream after the other. It ends when the value is dropped.
#[derive(Debug)]
pub struct Oracle(Frames);

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Document {
    Json(Value),
    Error(String),
}

impl Oracle {
    /// # Panics
    /// When the lab has not built it, with the command that does.
    #[must_use]
    pub fn start() -> Self {
        Self(Frames::start("oracle", "tools"))
    }

    /// Every document of the stream as Helm reads it: its value, or why Helm refuses it.
    ///
    /// Where the stream cannot be cut into documents any further, that error is the last entry.
    /// A document without content is a null. Of keys that only JSON takes for one (`on` and `"true"`),
    /// Helm keeps one by chance.
    ///
    /// # Panics
    /// When the process breaks down, or a value is nested deeper than `serde_json` goes (127 levels).
    pub fn read(&mut self, stream: &[u8]) -> Vec<Result<Value, String>> {
        let answer = self.0.ask(stream);
        let documents: Vec<Document> = serde_json::from_slice(&answer).expect("the oracle's answer is JSON");
        documents
            .into_iter()
            .map(|document| match document {
                Document::Json(value) => Ok(value),
                Document::Error(text) => Err(text),
            })
            .collect()
    }
}
