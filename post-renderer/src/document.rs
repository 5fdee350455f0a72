//! One part of the stream, read as YAML as far as it must be: a large document of a kind of which only
//! the metadata can be changed is not parsed further, where its lines show that nothing else is in
//! the way.

use std::ops::Range;

use crate::{
    error::RenderError,
    node::{self, Node, Style, SyntaxError, Tree, Value},
    outline,
    splice::Edit,
    stream::{self, Place},
};

/// From how many bytes on a document is not parsed further than it must be. A smaller one costs little,
/// and what is wrong with it is told with its place.
const LARGE: usize = 8 << 10;

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
    /// Anchored values that an alias repeats.
    shared: Vec<Range<usize>>,
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
    /// Reads a part. Of the kinds for which `only_metadata` says yes, given apiVersion and kind, it
    /// may hold no more than these two keys and the metadata.
    pub fn read(
        stream: &'a [u8],
        part: &Part,
        only_metadata: impl Fn(&str, &str) -> bool,
    ) -> Result<Self, RenderError> {
        let base = part.span.start;
        let bytes = &stream[part.span.clone()];
        let source = stream::helm_source(bytes);
        let syntax = |offset, cause: String| {
            let file = source.clone().unwrap_or_else(|| format!("document {}", part.index + 1));
            // What cannot be read may be anything that says so.
            let secret = memchr::memmem::find(bytes, b"Secret").is_some();
            RenderError::Syntax { place: Place::new(file, stream, base + offset, secret), cause }
        };
        let text = str::from_utf8(bytes)
            .map_err(|error| syntax(error.valid_up_to(), "it is not UTF-8".to_owned()))?;
        let alone = if text.len() < LARGE { None } else { metadata_alone(text, only_metadata) };
        let Tree { roots, shared, .. } = match alone {
            Some(tree) => tree,
            None => node::parse(text, 0).map_err(|SyntaxError { offset, cause }| syntax(offset, cause))?,
        };
        let file = source.clone().or_else(|| helm4_source(roots.first()?));
        let file = file.unwrap_or_else(|| format!("document {}", part.index + 1));
        Ok(Self { stream, base, text, file, roots, shared, eol: stream::end_of_line(text) })
    }

    pub fn place(&self, node: &Node<'_>) -> Place {
        self.place_at(node.span.start)
    }

    fn place_at(&self, offset: usize) -> Place {
        let secret = self.roots.iter().any(|root| root.read_text("kind") == Some("Secret"));
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
        self.shared.iter().any(|shared| shared.start == node.start && shared.end == node.span.end)
    }

    /// Refuses to put something into a mapping that an alias repeats, or that is a part of what one does.
    pub fn refuse_inside_shared(&self, map: &Node<'_>) -> Result<(), RenderError> {
        let inside = |shared: &Range<usize>| shared.start <= map.start && map.span.end <= shared.end;
        if self.shared.iter().any(inside) { Err(self.shared_at(map.span.start)) } else { Ok(()) }
    }

    /// Refuses edits inside a value that an alias repeats: they would show at the alias, too.
    pub fn refuse_shared(&self, edits: &[Edit]) -> Result<(), RenderError> {
        let inside = |edit: &&Edit| {
            self.shared.iter().any(|shared| shared.start < edit.at.start && edit.at.end < shared.end)
        };
        match edits.iter().find(inside) {
            None => Ok(()),
            Some(edit) => Err(self.shared_at(edit.at.start)),
        }
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

/// The tree of a document that has no more than is looked at, or `None` when the lines do not show
/// that the rest can be left alone.
fn metadata_alone<'a>(text: &'a str, only_metadata: impl Fn(&str, &str) -> bool) -> Option<Tree<'a>> {
    let sections = outline::sections(text)?;
    let word = |key: &str| {
        let mut found = sections.iter().filter(|section| section.key == key);
        let section = found.next().filter(|_| found.next().is_none())?;
        let value = text[section.span.clone()][key.len() + 1..].trim();
        let plain = value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b));
        (plain && node::reads_as_text(value)).then_some(value)
    };
    if !only_metadata(word("apiVersion")?, word("kind")?) {
        return None;
    }
    let mut kept: Vec<Range<usize>> = Vec::new();
    for section in &sections {
        if !matches!(section.key, "apiVersion" | "kind" | "metadata") {
            if !outline::is_closed(&text[section.span.clone()]) {
                return None;
            }
            continue;
        }
        match kept.last_mut() {
            Some(last) if last.end == section.span.start => last.end = section.span.end,
            _ => kept.push(section.span.clone()),
        }
    }
    let mut all: Vec<(Node<'a>, Node<'a>)> = Vec::new();
    for span in kept {
        let Tree { roots, anchored, .. } = node::parse(&text[span.clone()], span.start).ok()?;
        let mut roots = roots.into_iter();
        match (roots.next()?.value, roots.next(), anchored) {
            (Value::Map { entries, .. }, None, false) => all.extend(entries),
            _ => return None,
        }
    }
    let span = all.first()?.0.span.start..all.last()?.1.span.end;
    let value = Value::Map { style: Style::Block, entries: all, merges: 1 };
    let root = Node { start: span.start, span, column: 0, anchor: None, tag: None, value };
    Some(Tree { roots: vec![root], shared: Vec::new(), anchored: false })
}

/// Helm 4 names the template in an annotation.
fn helm4_source(root: &Node<'_>) -> Option<String> {
    let name = root.read_at(&["metadata", "annotations", "postrenderer.helm.sh/postrender-filename"])?;
    name.scalar().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// What a document is to the renderer where only its metadata counts.
    fn of_interest(tree: &Tree<'_>) -> String {
        let root = &tree.roots[0];
        let kept = ["apiVersion", "kind", "metadata"].map(|key| root.get(key));
        format!("{} {kept:?}", tree.roots.len())
    }

    fn files(folder: &Path) -> Vec<std::path::PathBuf> {
        let entries =
            fs::read_dir(folder).expect("a folder of cases").map(|entry| entry.expect("an entry").path());
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
    }

    /// Every document of the acceptance suite, and every beginning and every end of each by lines.
    #[test]
    fn metadata_read_alone_is_what_the_whole_document_has() {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests");
        let mut read = 0;
        for file in ["golden", "yaml"].iter().flat_map(|folder| files(&tests.join(folder))) {
            let Ok(stream) = fs::read_to_string(&file) else { continue };
            for part in stream::parts(stream.as_bytes()) {
                let document = &stream[part];
                let lines: Vec<usize> = document.match_indices('\n').map(|(at, _)| at + 1).collect();
                let beginnings = lines.iter().map(|at| &document[..*at]);
                let ends = lines.iter().map(|at| &document[*at..]);
                for text in beginnings.chain(ends).chain([document]) {
                    let (alone, whole) = (metadata_alone(text, |_, _| true), node::parse(text, 0));
                    if let (Some(alone), Ok(whole)) = (alone, whole) {
                        assert_eq!(of_interest(&alone), of_interest(&whole), "{}\n{text}", file.display());
                        read += 1;
                    }
                }
            }
        }
        assert!(read > 500, "{read} documents were read both ways");
    }
}
