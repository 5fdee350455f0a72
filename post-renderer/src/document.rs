//! One part of the stream, read as YAML as far as it must be: what cannot hold a target is not parsed
//! where its lines show that nothing in it is in the way.

use std::{cmp::Reverse, collections::HashSet, ops::Range};

use crate::{
    error::RenderError,
    node::{self, Node, SyntaxError, Tree, Value},
    outline,
    splice::Edit,
    stream::{self, Place},
};

/// A document, with spans that count in its own text.
pub struct Document<'a> {
    /// The whole stream, for places in errors.
    stream: &'a [u8],
    /// Where in the stream the text begins.
    pub base: usize,
    pub text: &'a str,
    /// The template that Helm rendered it from, as far as Helm says so.
    pub file: String,
    /// What the part holds: one node, or none when there are only comments.
    pub roots: Vec<Node<'a>>,
    /// The anchored values that an alias repeats.
    shared: HashSet<Range<usize>>,
    /// Those that are in no other, in their order.
    outermost: Vec<Range<usize>>,
    /// How its lines end.
    pub eol: &'static str,
}

/// One part of the stream that is not read yet.
#[derive(Clone, Debug)]
pub struct Part {
    pub span: Range<usize>,
    /// Which part it is, from 0.
    pub index: usize,
}

impl<'a> Document<'a> {
    /// Reads a part. It may hold no more than what stands at the paths that `wanted` names, given
    /// apiVersion and kind.
    pub fn read(
        stream: &'a [u8],
        part: &Part,
        wanted: impl Fn(&str, &str) -> Option<Vec<String>>,
    ) -> Result<Self, RenderError> {
        let base = part.span.start;
        let bytes = &stream[part.span.clone()];
        let source = stream::helm_source(bytes);
        let syntax = |offset, cause: String| {
            let file = source.clone().or_else(|| helm4_source(bytes));
            let file = file.unwrap_or_else(|| format!("document {}", part.index + 1));
            // What cannot be read may be anything that says so.
            let secret = memchr::memmem::find(bytes, b"Secret").is_some();
            RenderError::Syntax { place: Place::new(file, stream, base + offset, secret), cause }
        };
        let text = str::from_utf8(bytes)
            .map_err(|error| syntax(error.valid_up_to(), "it is not UTF-8".to_owned()))?;
        let Tree { roots, shared, .. } = match outline::tree(text, wanted) {
            Some(tree) => tree,
            None => node::parse(text, 0).map_err(|SyntaxError { offset, cause }| syntax(offset, cause))?,
        };
        let file = source.clone().or_else(|| helm4_source(bytes));
        let file = file.unwrap_or_else(|| format!("document {}", part.index + 1));
        let outermost = outermost(shared.clone());
        let shared = shared.into_iter().collect();
        Ok(Self { stream, base, text, file, roots, shared, outermost, eol: stream::end_of_line(text) })
    }

    pub fn place(&self, node: &Node<'_>) -> Place {
        self.place_at(node.span.start)
    }

    pub fn place_at(&self, offset: usize) -> Place {
        let secret = self.roots.iter().any(has_secret);
        Place::new(self.file.clone(), self.stream, self.base + offset, secret)
    }

    pub fn wrong(&self, node: &Node<'_>, what: impl Into<String>) -> RenderError {
        RenderError::Wrong { place: self.place(node), what: what.into() }
    }

    pub fn unsupported(&self, node: &Node<'_>, what: impl Into<String>, remedy: &'static str) -> RenderError {
        RenderError::Unsupported { place: self.place(node), what: what.into(), remedy }
    }

    /// Whether an alias repeats the value that stands here.
    pub fn is_shared(&self, node: &Node<'_>) -> bool {
        self.shared.contains(&(node.start..node.span.end))
    }

    /// Whether an alias repeats anything.
    pub fn has_shared(&self) -> bool {
        !self.outermost.is_empty()
    }

    /// Whether an alias repeats something that stands in `span`.
    pub fn is_shared_within(&self, span: &Range<usize>) -> bool {
        self.outermost.iter().any(|shared| shared.start < span.end && span.start < shared.end)
    }

    /// Refuses to put something into a mapping that an alias repeats, or that is a part of what one does.
    pub fn refuse_inside_shared(&self, map: &Node<'_>) -> Result<(), RenderError> {
        let around = self.shared_around(map.start);
        if around.is_some_and(|shared| map.span.end <= shared.end) {
            Err(self.shared_at(map.span.start))
        } else {
            Ok(())
        }
    }

    /// Refuses edits inside a value that an alias repeats: they would show at the alias, too.
    pub fn refuse_shared(&self, edits: &[Edit]) -> Result<(), RenderError> {
        let inside = |edit: &&Edit| {
            let around = self.shared_around(edit.at.start);
            around.is_some_and(|shared| shared.start < edit.at.start && edit.at.end < shared.end)
        };
        match edits.iter().find(inside) {
            None => Ok(()),
            Some(edit) => Err(self.shared_at(edit.at.start)),
        }
    }

    /// Refuses edits, sorted, of which one would change what another changes.
    pub fn refuse_overlaps(&self, edits: &[Edit]) -> Result<(), RenderError> {
        let twice = |pair: &&[Edit]| pair[1].at.start < pair[0].at.end || pair[0] == pair[1];
        match edits.windows(2).find(twice) {
            None => Ok(()),
            Some(pair) => Err(RenderError::Unsupported {
                place: self.place_at(pair[1].at.start),
                what: "changing one place twice".to_owned(),
                remedy: ": two paths of --pod-path may lead there",
            }),
        }
    }

    /// The last repeated value that begins at `offset` or before it, of those that are in no other.
    fn shared_around(&self, offset: usize) -> Option<&Range<usize>> {
        let behind = self.outermost.partition_point(|shared| shared.start <= offset);
        self.outermost.get(behind.checked_sub(1)?)
    }

    fn shared_at(&self, offset: usize) -> RenderError {
        RenderError::Unsupported {
            place: self.place_at(offset),
            what: "a change inside an anchored value that an alias repeats, and so of the alias as well,"
                .to_owned(),
            remedy: ": write the value out in both places",
        }
    }
}

/// Those of the spans that are in no other, in their order.
fn outermost(mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.sort_by_key(|span| (span.start, Reverse(span.end)));
    let mut end = 0;
    spans.retain(|span| {
        let out = span.end > end;
        end = end.max(span.end);
        out
    });
    spans
}

/// Helm 4 names the template in an annotation, which is found in what cannot be read, too.
fn helm4_source(part: &[u8]) -> Option<String> {
    const KEY: &[u8] = b"postrenderer.helm.sh/postrender-filename";
    let rest = &part[memchr::memmem::find(part, KEY)? + KEY.len()..];
    let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
    let value = String::from_utf8_lossy(line);
    let value = value.trim_start_matches(['"', '\'', ':', ' ']);
    let end = value.find(['"', '\'', '}', ',', '\r']).unwrap_or(value.len());
    Some(value[..end].trim_end().to_owned()).filter(|file| !file.is_empty())
}

/// Whether an object is a Secret, or a list of one.
fn has_secret(node: &Node<'_>) -> bool {
    let own = node.read_text("kind").is_some_and(|kind| kind.starts_with("Secret"));
    // What an alias repeats stands elsewhere in the document.
    let items = || if matches!(node.value, Value::Alias(_)) { None } else { node.read("items") };
    own || items().is_some_and(|items| items.items().iter().any(has_secret))
}
