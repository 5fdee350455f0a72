//! Cuts a stream of manifests into documents and says where in it something stands.

use std::{fmt, ops::Range};

use crate::{
    error::RenderError,
    node::{self, Node},
};

/// One part of the stream between two `---` lines.
pub struct Document<'a> {
    /// The whole stream, which all spans count in.
    pub stream: &'a str,
    /// The template that Helm rendered it from, as far as Helm says so.
    pub file: String,
    /// What the part holds: one node, or none when there are only comments.
    pub roots: Vec<Node>,
    /// How lines of this part end.
    pub eol: &'static str,
}

/// A place in the stream, for errors.
#[derive(Debug)]
pub struct Place {
    file: String,
    line: usize,
    column: usize,
    /// The line itself, unless it may be a secret.
    text: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {} column {} of the stream", self.file, self.line, self.column)?;
        self.text.iter().try_for_each(|text| write!(f, ", `{text}`"))
    }
}

impl Place {
    fn new(file: &str, stream: &str, offset: usize, secret: bool) -> Self {
        let mut offset = offset.min(stream.len());
        while !stream.is_char_boundary(offset) {
            offset -= 1;
        }
        let start = stream[..offset].rfind('\n').map_or(0, |newline| newline + 1);
        let line = stream[start..].lines().next().unwrap_or_default();
        Self {
            file: file.to_owned(),
            line: stream[..start].matches('\n').count() + 1,
            column: stream[start..offset].chars().count() + 1,
            text: (!secret).then(|| line.trim().chars().take(120).collect()),
        }
    }
}

impl Document<'_> {
    pub fn place(&self, node: &Node) -> Place {
        let secret = self.roots.iter().any(|root| root.get("kind").and_then(Node::scalar) == Some("Secret"));
        Place::new(&self.file, self.stream, node.span.start, secret)
    }

    pub fn wrong(&self, node: &Node, what: impl Into<String>) -> RenderError {
        RenderError::Wrong { place: self.place(node), what: what.into() }
    }

    pub fn unsupported(&self, node: &Node, what: impl Into<String>, remedy: &'static str) -> RenderError {
        RenderError::Unsupported { place: self.place(node), what: what.into(), remedy }
    }
}

/// The documents of a stream, parsed.
pub fn documents(stream: &str) -> Result<Vec<Document<'_>>, RenderError> {
    parts(stream)
        .into_iter()
        .enumerate()
        .map(|(index, part)| {
            let text = &stream[part.clone()];
            let source = helm_source(text);
            let roots = node::parse(text, part.start).map_err(|error| RenderError::Syntax {
                // What cannot be parsed may be anything that says so.
                place: Place::new(
                    &file_name(source, None, index),
                    stream,
                    error.offset,
                    text.contains("Secret"),
                ),
                cause: error.cause,
            })?;
            let file = file_name(source, roots.first(), index);
            Ok(Document { stream, file, roots, eol: end_of_line(text) })
        })
        .collect()
}

/// The ranges between lines that start a document: `---` alone or before white space, which YAML
/// reads as a marker wherever it stands at a line's start.
fn parts(stream: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut offset = 0;
    let mut only_directives = false;
    for line in stream.split_inclusive('\n') {
        let marker = line
            .strip_prefix("---")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']));
        if marker && offset > start && !only_directives {
            parts.push(start..offset);
            start = offset;
        }
        if marker {
            only_directives = false;
        } else if line.starts_with('%') && stream[start..offset].trim().is_empty() {
            only_directives = true;
        } else if !line.trim().is_empty() && !line.starts_with(['%', '#']) {
            only_directives = false;
        }
        offset += line.len();
    }
    parts.push(start..stream.len());
    parts
}

/// Helm 3 heads each document with `# Source: <template>`.
fn helm_source(text: &str) -> Option<&str> {
    let mut lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty() && *line != "---");
    lines.next().and_then(|line| line.strip_prefix("# Source: "))
}

/// Helm 4 names the template in an annotation instead.
fn file_name(source: Option<&str>, root: Option<&Node>, index: usize) -> String {
    let annotation = || {
        root?.get("metadata")?.get("annotations")?.get("postrenderer.helm.sh/postrender-filename")?.scalar()
    };
    source.or_else(annotation).map_or_else(|| format!("document {}", index + 1), str::to_owned)
}

fn end_of_line(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_cut_at_markers_and_nowhere_else() {
        let cases: [(&str, &[&str]); 6] = [
            ("a: 1\n", &["a: 1\n"]),
            ("---\na: 1\n---\nb: 2\n", &["---\na: 1\n", "---\nb: 2\n"]),
            ("a: |\n  ---\n  x\n--- # c\nb: 2", &["a: |\n  ---\n  x\n", "--- # c\nb: 2"]),
            ("--- {a: b}\n---x: 1\n", &["--- {a: b}\n---x: 1\n"]),
            ("%YAML 1.2\n---\na: 1\n", &["%YAML 1.2\n---\na: 1\n"]),
            ("", &[""]),
        ];
        for (stream, want) in cases {
            let got: Vec<&str> = parts(stream).into_iter().map(|part| &stream[part]).collect();
            assert_eq!(got, want);
        }
    }

    #[test]
    fn an_error_says_file_line_column_and_the_line_itself() {
        let stream =
            "---\n# Source: demo/templates/a.yaml\na: 1\n---\n# Source: demo/templates/b.yaml\nb: [1\nc: 2\n";
        let error = documents(stream).err().expect("the second document is no YAML").to_string();
        assert!(error.starts_with("demo/templates/b.yaml, line "), "{error}");
    }
}
