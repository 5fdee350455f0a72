//! What a run tells: a line per thing on stdout, a copy of its last word for Kubernetes, and what was
//! not done yet when it is told to stop.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs,
    io::{self, Write},
};

use clap::ValueEnum;

use crate::{
    change::{Change, Difference},
    error::Error,
};

/// Where Kubernetes looks for a container's last words; only inside of a container does it exist.
pub(crate) const TERMINATION_LOG: &str = "/dev/termination-log";
/// Kubernetes cuts off what is longer.
const TERMINATION_MAX: usize = 4096;

/// How the report on stdout is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One line per thing, for people
    Text,
    /// One JSON object per line and thing
    Json,
}

/// The report of one run.
pub struct Report {
    format: Format,
    out: RefCell<Box<dyn Write>>,
    err: RefCell<Box<dyn Write>>,
    undone: RefCell<Vec<String>>,
    done: RefCell<BTreeMap<String, usize>>,
}

impl Report {
    /// The report of the process itself: data on stdout, talk on stderr.
    #[must_use]
    pub fn of_process(format: Format) -> Self {
        Self::new(format, Box::new(io::stdout()), Box::new(io::stderr()))
    }

    /// `out` gets what is data, `err` what is talk.
    #[must_use]
    pub fn new(format: Format, out: Box<dyn Write>, err: Box<dyn Write>) -> Self {
        let (out, err) = (RefCell::new(out), RefCell::new(err));
        Self { format, out, err, undone: RefCell::default(), done: RefCell::default() }
    }

    /// One line to people. Where stderr is closed nobody listens, and there is nowhere left to say so.
    pub fn talk(&self, line: &str) {
        drop(writeln!(self.err.borrow_mut(), "{line}"));
    }

    /// Names what this run is about to do, in its order.
    pub fn expect(&self, things: impl IntoIterator<Item = String>) {
        self.undone.borrow_mut().extend(things);
    }

    /// What was expected and has no line yet.
    pub(crate) fn undone(&self) -> Vec<String> {
        self.undone.borrow().clone()
    }

    /// The line of a thing that is as it should be, was made so, or may not be.
    pub(crate) fn change(&self, thing: &str, change: &Change) -> Result<(), Error> {
        let reason = match change {
            Change::Refuse(reason) => reason.as_str(),
            Change::Delete => "nothing asks for it any more",
            Change::Keep | Change::Create(_) | Change::Update(_) => "",
        };
        self.write(change.word(), thing, change.differences(), reason)
    }

    /// `absent  sqs/emails-feat1`
    pub fn line(&self, word: &str, thing: &str, reason: &str) -> Result<(), Error> {
        self.write(word, thing, &[], reason)
    }

    /// A text as it is.
    pub fn text(&self, text: &str) -> Result<(), Error> {
        let mut out = self.out.borrow_mut();
        write!(out, "{text}")
            .and_then(|()| out.flush())
            .map_err(|error| Error::internal(format!("write to stdout: {error}")))
    }

    fn write(&self, word: &str, thing: &str, fields: &[Difference], reason: &str) -> Result<(), Error> {
        self.undone.borrow_mut().retain(|undone| undone != thing);
        *self.done.borrow_mut().entry(word.to_owned()).or_default() += 1;
        let line = match self.format {
            Format::Text => {
                let told: Vec<String> = fields.iter().map(ToString::to_string).collect();
                format!("{word:<6}  {thing}  {}{reason}", told.join(", ")).trim_end().to_owned()
            }
            Format::Json => {
                let mut line = serde_json::json!({"change": word, "thing": thing});
                if !fields.is_empty() {
                    line["fields"] = fields
                        .iter()
                        .map(|Difference { field, from, to }| serde_json::json!({"field": field, "from": from, "to": to}))
                        .collect();
                }
                if !reason.is_empty() {
                    line["reason"] = reason.into();
                }
                line.to_string()
            }
        };
        let mut out = self.out.borrow_mut();
        writeln!(out, "{line}")
            .and_then(|()| out.flush())
            .map_err(|error| Error::internal(format!("{thing}: write the report to stdout: {error}")))
    }

    /// The run in a few words: `1 create, 2 keep`.
    #[must_use]
    pub fn summary(&self) -> String {
        let done = self.done.borrow();
        let words: Vec<String> = done.iter().map(|(word, count)| format!("{count} {word}")).collect();
        if words.is_empty() { "nothing to do".to_owned() } else { words.join(", ") }
    }
}

/// Leaves `text` as the container's termination message, where there is a container.
pub fn leave(text: &str) -> io::Result<()> {
    if !fs::exists(TERMINATION_LOG)? {
        return Ok(());
    }
    let mut end = text.len().min(TERMINATION_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    fs::write(TERMINATION_LOG, &text[..end])
}
