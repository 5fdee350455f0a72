//! What Helm reads of a stream of manifests, asked from Helm's own libraries (`tests/oracle`).
//!
//! It says what is there, never what ought to be.

use std::{
    io::{Read, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde::Deserialize;
use serde_json::Value;

use crate::{process, repo};

/// A process that answers one stream after the other. It ends when the value is dropped.
#[derive(Debug)]
pub struct Oracle {
    child: Child,
    /// Nothing only while it is being dropped.
    streams: Option<ChildStdin>,
    answers: ChildStdout,
}

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
        let program = program();
        assert!(program.is_file(), "{}: not there: tests/lab/lab build tools", program.display());
        let mut child = Command::new(&program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("start {}: {error}", program.display()));
        let streams = child.stdin.take();
        let answers = child.stdout.take().expect("stdout is a pipe");
        Self { child, streams, answers }
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
        let streams = self.streams.as_mut().expect("it has not been dropped");
        let length = u32::try_from(stream.len()).expect("a stream of less than 4 GiB");
        streams
            .write_all(&length.to_be_bytes())
            .and_then(|()| streams.write_all(stream))
            .expect("the oracle takes a stream");
        let mut length = [0; 4];
        self.answers.read_exact(&mut length).expect("the oracle answers");
        let mut answer = vec![0; u32::from_be_bytes(length) as usize];
        self.answers.read_exact(&mut answer).expect("the oracle ends its answer");
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

impl Drop for Oracle {
    fn drop(&mut self) {
        // The end of its input is the end of it.
        drop(self.streams.take());
        let status = self.child.wait().expect("the oracle is our child");
        assert!(std::thread::panicking() || status.success(), "the oracle: {status}");
    }
}

/// Beside the other tools that the lab builds; where that is only the lab knows.
fn program() -> PathBuf {
    let mut shell = Command::new("bash");
    shell
        .args(["-euc", r#"eval "$("$0" env)"; printf '%s/oracle' "${HELM3%/*}""#])
        .arg(repo::root().join("tests/lab/lab"));
    process::output_of(&mut shell).into()
}
