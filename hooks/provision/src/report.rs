//! What a run tells: a line per thing on stdout, a copy of its last word for Kubernetes, and what was
//! not done yet when it is told to stop.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt, fs,
    io::{self, Write},
};

use clap::ValueEnum;
use feature::words;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    change::{Change, Difference},
    error::Error,
    marks::Tags,
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

    /// A thing with the mark that is on it: `marked  sqs/emails-feat1  owner demo/orders-feat1, feature feat1, ttl 6h`
    pub(crate) fn marked(&self, thing: &str, tags: &Tags) -> Result<(), Error> {
        let marked = Marked::of(thing, tags);
        let line = match self.format {
            Format::Text => marked.to_string(),
            Format::Json => serde_json::to_string(&marked)
                .map_err(|error| Error::internal(format!("{thing}: write its mark as JSON: {error}")))?,
        };
        self.say(MARKED, thing, &line)
    }

    /// A text as it is.
    pub fn text(&self, text: &str) -> Result<(), Error> {
        let mut out = self.out.borrow_mut();
        write!(out, "{text}")
            .and_then(|()| out.flush())
            .map_err(|error| Error::internal(format!("write to stdout: {error}")))
    }

    fn write(&self, word: &str, thing: &str, fields: &[Difference], reason: &str) -> Result<(), Error> {
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
        self.say(word, thing, &line)
    }

    fn say(&self, word: &str, thing: &str, line: &str) -> Result<(), Error> {
        self.undone.borrow_mut().retain(|undone| undone != thing);
        *self.done.borrow_mut().entry(word.to_owned()).or_default() += 1;
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

/// The word of a line that says a mark.
const MARKED: &str = "marked";

/// A mark as a line of JSON has it: what it does not say is left out.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Marked {
    /// What bears it, as reports call it: `sqs/emails-feat1`.
    pub thing: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<String>,
    /// In seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

impl Marked {
    /// What these tags say of the thing that bears them.
    #[must_use]
    pub fn of(thing: &str, tags: &Tags) -> Self {
        let said = |key: &str| tags.get(key).cloned();
        Self {
            thing: thing.to_owned(),
            owner: said(words::OWNER),
            feature: said(words::FEATURE),
            by: said(words::BY),
            source: said(words::SOURCE),
            ttl: said(words::TTL),
            expires_at: said(words::EXPIRES_AT).and_then(|seconds| seconds.parse().ok()),
        }
    }
}

impl fmt::Display for Marked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { thing, owner, feature, by, source, ttl, expires_at } = self;
        let expires = expires_at.and_then(|seconds| Timestamp::from_second(seconds).ok());
        let expires = expires.map(|expires| expires.to_string());
        let said = [
            ("owner", owner.as_deref()),
            ("feature", feature.as_deref()),
            ("by", by.as_deref()),
            ("source", source.as_deref()),
            ("ttl", ttl.as_deref()),
            ("expires", expires.as_deref()),
        ];
        let said = said.iter().filter_map(|(word, value)| value.map(|value| format!("{word} {value}")));
        let line = format!("{MARKED:<6}  {thing}  {}", said.collect::<Vec<_>>().join(", "));
        f.write_str(&in_one_line(&line))
    }
}

/// A text with its control characters escaped: what somebody has written into a mark has one line, and tells a terminal
/// nothing.
#[must_use]
pub fn in_one_line(text: &str) -> String {
    let escaped =
        |char: char| if char.is_control() { char.escape_default().collect() } else { char.to_string() };
    text.chars().map(escaped).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn tags<const N: usize>(pairs: [(&str, &str); N]) -> Tags {
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn a_mark_is_told_as_far_as_it_says_anything() {
        let whole = tags([
            (words::OWNER, "demo/orders"),
            (words::FEATURE, "feat1"),
            (words::BY, "alice"),
            (words::SOURCE, "https://example.com/1"),
            (words::TTL, "6h"),
            (words::EXPIRES_AT, "1796040000"),
            ("team", "mail"),
        ]);
        let base = tags([(words::OWNER, "demo/orders")]);
        let odd = tags([(words::OWNER, "a\nb\u{1b}[31m\"c"), (words::EXPIRES_AT, "soon")]);
        let late = tags([(words::OWNER, "a"), (words::EXPIRES_AT, "9223372036854775807")]);
        let cases = [
            (
                &whole,
                "marked  box/a  owner demo/orders, feature feat1, by alice, source https://example.com/1, ttl 6h, expires \
                 2026-11-30T12:00:00Z",
                r#"{"thing":"box/a","owner":"demo/orders","feature":"feat1","by":"alice","source":"https://example.com/1","ttl":"6h","expiresAt":1796040000}"#,
            ),
            (&base, "marked  box/a  owner demo/orders", r#"{"thing":"box/a","owner":"demo/orders"}"#),
            (
                &odd,
                "marked  box/a  owner a\\nb\\u{1b}[31m\"c",
                r#"{"thing":"box/a","owner":"a\nb\u001b[31m\"c"}"#,
            ),
            (
                &late,
                "marked  box/a  owner a",
                r#"{"thing":"box/a","owner":"a","expiresAt":9223372036854775807}"#,
            ),
        ];
        for (tags, text, json) in cases {
            let marked = Marked::of("box/a", tags);
            assert_eq!(marked.to_string(), text);
            assert_eq!(serde_json::to_string(&marked).expect("texts are JSON"), json);
        }
    }
}
