//! What a rendering changes, said for people and for programs. Never decides anything.

use std::fmt::Write as _;

use serde::Serialize;

use crate::{object::Identity, plan::Plan};

/// What is done to one stream.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// `None` is base, of which nothing is changed.
    pub feature: Option<String>,
    pub documents: Vec<DocumentReport>,
    /// Objects that are added at the end.
    pub added: Vec<Added>,
    /// What was asked for, and lies in no document.
    pub notes: Vec<String>,
}

/// What is done to one document, or to one item of a List.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentReport {
    /// The template, as far as Helm says so.
    pub file: String,
    /// Line of the stream, from 1.
    pub line: usize,
    pub kind: Option<String>,
    pub name: Option<String>,
    pub namespace: Option<String>,
    pub hook: bool,
    pub changes: Vec<Change>,
    /// Why nothing is changed, or what else is worth knowing.
    pub note: Option<String>,
    /// Whether it could not be read, and was passed all the same.
    pub passed: bool,
    #[serde(skip)]
    pub at: usize,
}

/// One entry of an object in which the copy differs from base.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The mapping or list that it is in: `spec.template.metadata.labels`.
    pub path: String,
    pub key: String,
    pub value: String,
    pub action: Action,
    /// Line of the stream where that mapping stands, or the one that it is put into.
    pub line: usize,
    #[serde(skip)]
    pub at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Added,
    Replaced,
    /// It was there already.
    Kept,
    /// Base has it, with the value that is said.
    Removed,
}

/// An object that the chart does not have.
#[derive(Debug, Serialize)]
pub struct Added {
    pub kind: String,
    pub name: String,
}

impl Change {
    pub(crate) fn new(path: &str, (key, value): (&str, &str), action: Action, at: usize) -> Self {
        Self { path: path.to_owned(), key: key.to_owned(), value: value.to_owned(), action, line: 0, at }
    }
}

/// The report of a plan, with the line of each place.
pub fn report(stream: &[u8], feature: &str, plan: &Plan) -> Report {
    let mut lines = LineCounter { stream, at: 0, line: 1 };
    let mut documents = plan.documents.clone();
    for document in &mut documents {
        document.line = lines.line_of(document.at);
        for change in &mut document.changes {
            change.line = lines.line_of(change.at);
        }
    }
    let name = |text: &String| Identity::of_text(text).unwrap_or_default();
    let added = plan.added.iter().map(name).map(|Identity { kind, name, .. }| Added { kind, name }).collect();
    Report { feature: Some(feature.to_owned()), documents, added, notes: plan.notes.clone() }
}

/// Counts lines from the last place that was asked for.
struct LineCounter<'a> {
    stream: &'a [u8],
    at: usize,
    line: usize,
}

impl LineCounter<'_> {
    fn line_of(&mut self, at: usize) -> usize {
        let between = &self.stream[self.at.min(at)..self.at.max(at)];
        let lines = memchr::memchr_iter(b'\n', between).count();
        if at < self.at {
            self.line -= lines;
        } else {
            self.line += lines;
        }
        self.at = at;
        self.line
    }
}

impl Report {
    /// The same for people: a line for each object, and below it one for each change.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for document in &self.documents {
            let DocumentReport { file, line, kind, name, namespace, hook, changes, note, passed: _, at: _ } =
                document;
            let namespace = namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
            let name = name.as_deref().unwrap_or_default();
            let what = kind.as_ref().map(|kind| format!(": {kind} {namespace}{name}")).unwrap_or_default();
            let hook = if *hook { ", a Helm hook" } else { "" };
            line_of(&mut text, &format!("{file}, line {line}{what}{hook}"));
            for Change { path, key, value, action, line, at: _ } in changes {
                let sign = match action {
                    Action::Added => '+',
                    Action::Replaced => '~',
                    Action::Kept => '=',
                    Action::Removed => '-',
                };
                line_of(&mut text, &format!("  {sign} {path}: {key}: {value} (line {line})"));
            }
            if let Some(note) = note {
                line_of(&mut text, &format!("  {note}"));
            }
        }
        if !self.added.is_empty() {
            line_of(&mut text, "added at the end");
        }
        for Added { kind, name } in &self.added {
            line_of(&mut text, &format!("  + {kind} {name}"));
        }
        for note in &self.notes {
            line_of(&mut text, note);
        }
        text
    }
}

fn line_of(text: &mut String, line: &str) {
    // A manifest can say anything: one line stays one line.
    let line = line.chars().map(|c| if c.is_control() { ' ' } else { c });
    text.extend(line);
    writeln!(text).expect("a String takes everything");
}
