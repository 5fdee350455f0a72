//! The tree of a document with no more in it than is asked for.

use std::ops::Range;

use super::{
    Section,
    lines::{self, Lines},
    sections,
};
use crate::node::{self, Node, Notation, Style, Tree, Value};

/// Reads of a document what stands at `wanted(apiVersion, kind)`, paths of keys with dots between them,
/// and these two; `None` when the whole must be parsed.
///
/// The tree has the mappings on the way, without their other entries.
pub fn tree(text: &str, wanted: impl Fn(&str, &str) -> Option<Vec<String>>) -> Option<Tree<'_>> {
    // YAML ends a line at a lone carriage return, too.
    let lone = |at: usize| text.as_bytes().get(at + 1) != Some(&b'\n');
    if memchr::memchr_iter(b'\r', text.as_bytes()).any(lone) || node::has_odd_characters(text) {
        return None;
    }
    let top = sections(text, 0..text.len(), 0)?;
    if top.iter().any(|section| section.key == "items") {
        return None;
    }
    let mut paths = wanted(word(text, &top, "apiVersion")?, word(text, &top, "kind")?)?;
    paths.extend(["apiVersion".to_owned(), "kind".to_owned()]);
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let root = Reader { text, nodes: 0 }.mapping(&top, 0, Some(&paths), 0)?;
    Some(Tree { roots: vec![root], shared: Vec::new(), anchored: false })
}

/// The value of a key that stands once, when it is plainly a text.
fn word<'a>(text: &'a str, sections: &[Section<'_>], key: &str) -> Option<&'a str> {
    let mut found = sections.iter().filter(|section| section.key == key);
    let section = found.next().filter(|_| found.next().is_none())?;
    let value = text[section.span.clone()][key.len() + 1..].trim();
    let plain = value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b));
    (plain && node::reads_as_text(value)).then_some(value)
}

/// How many nodes are read here, and how deep: what is more is for the parser, which has limits.
const MOST_NODES: usize = 100_000;
const DEEPEST: usize = 100;

struct Reader<'a> {
    text: &'a str,
    nodes: usize,
}

impl<'a> Reader<'a> {
    /// The mapping of `sections`, with keys at `column`: of it all, or what stands at `paths`.
    fn mapping(
        &mut self,
        sections: &[Section<'a>],
        column: usize,
        paths: Option<&[&str]>,
        depth: usize,
    ) -> Option<Node<'a>> {
        let text = self.text;
        self.nodes += sections.len();
        if self.nodes > MOST_NODES || depth > DEEPEST {
            return None;
        }
        let mut entries = Vec::new();
        for section in sections {
            let Section { key, span } = section;
            let below: Option<Vec<&str>> = match paths {
                None => None,
                Some(paths) if paths.contains(key) => None,
                Some(paths) => {
                    Some(paths.iter().filter_map(|path| path.strip_prefix(key)?.strip_prefix('.')).collect())
                }
            };
            if below.as_ref().is_some_and(Vec::is_empty) {
                if !lines::are_whole(text, span.clone()) {
                    return None;
                }
                continue;
            }
            let start = span.start + column;
            let entry = |value| (scalar(start..start + key.len(), column, key, Notation::Plain), value);
            if let Some((lines, inner)) = children(text, span) {
                let sections = super::sections(text, lines, inner)?;
                entries.push(entry(self.mapping(&sections, inner, below.as_deref(), depth + 1)?));
            } else if let Some(value) = on_its_line(text, section, column) {
                entries.push(entry(value));
            } else {
                entries.extend(parsed(text, span.clone())?);
            }
        }
        let first = sections.first()?.span.start + column;
        let last = entries.last().map(|(key, value): &(Node<'_>, Node<'_>)| value.span.end.max(key.span.end));
        let end = first + text[first..last.unwrap_or(first)].trim_end().len();
        let value = Value::Map { style: Style::Block, entries, merges: 1 };
        Some(Node { start: first, span: first..end, column, anchor: None, tag: None, value })
    }
}

/// The value of a section of one line, when it is a text without anything that YAML could read otherwise.
fn on_its_line<'a>(text: &'a str, section: &Section<'_>, column: usize) -> Option<Node<'a>> {
    let mut lines = Lines::of(text, section.span.clone());
    let line = lines.next()?;
    // A comment below belongs to nobody; anything else could be more of the value.
    let more = |line: Range<usize>| !matches!(text[line].trim_start().as_bytes(), [] | [b'#', ..]);
    if lines.any(more) {
        return None;
    }
    let behind = column + section.key.len() + 1;
    let rest = &text[line.start + behind..line.end];
    let value = rest.trim_start_matches(' ');
    let start = line.start + behind + rest.len() - value.len();
    let value = value.trim_ascii_end();
    let (content, notation) = match value.as_bytes() {
        [quote @ (b'"' | b'\''), inner @ .., last] if quote == last => {
            let plain = memchr::memchr2(*quote, b'\\', inner).is_none();
            (plain.then_some(&value[1..value.len() - 1])?, Notation::Quoted)
        }
        [first, ..] if first.is_ascii_alphanumeric() => {
            let safe = |b: u8| b.is_ascii_alphanumeric() || b"-._/+@%,=~: ".contains(&b);
            let plain = value.bytes().all(safe) && !value.contains(": ") && !value.ends_with(':');
            (plain.then_some(value)?, Notation::Plain)
        }
        _ => return None,
    };
    Some(scalar(start..start + value.len(), start - line.start, content, notation))
}

/// The lines of a mapping below a key without a value, and the column of its keys.
fn children(text: &str, section: &Range<usize>) -> Option<(Range<usize>, usize)> {
    let mut lines = Lines::of(text, section.clone());
    let head = lines.next()?;
    let value = text[head.clone()].split_once(':')?.1.trim();
    if !value.is_empty() && !value.starts_with('#') {
        return None;
    }
    let first = lines.find(|line| !matches!(text[line.clone()].trim().as_bytes(), [] | [b'#', ..]))?;
    let line = &text[first];
    let content = line.trim_start_matches(' ');
    // Anything but a plain key is for the parser.
    let key = super::key(content).is_some();
    key.then(|| (head.end + 1..section.end, line.len() - content.len()))
}

/// The entry of a section that is parsed.
fn parsed(text: &str, span: Range<usize>) -> Option<Vec<(Node<'_>, Node<'_>)>> {
    let Tree { roots, anchored, .. } = node::parse(&text[span.clone()], span.start).ok()?;
    let mut roots = roots.into_iter();
    match (roots.next()?.value, roots.next(), anchored) {
        (Value::Map { entries, .. }, None, false) => Some(entries),
        _ => None,
    }
}

fn scalar(span: Range<usize>, column: usize, text: &str, notation: Notation) -> Node<'_> {
    let value = Value::Scalar { text: text.into(), notation };
    Node { start: span.start, span, column, anchor: None, tag: None, value }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::{Path, PathBuf},
    };

    use super::*;
    use crate::stream;

    const PATHS: [&str; 4] = ["metadata", "spec.selector", "spec.template.metadata", "spec.jobTemplate.spec"];

    /// What a tree says of the paths, with all places.
    fn of_interest(tree: &Tree<'_>) -> String {
        let paths = PATHS.iter().chain(&["apiVersion", "kind"]);
        let found = paths.map(|path| tree.roots[0].read_at(&path.split('.').collect::<Vec<_>>()).map(shape));
        // Where something would be put first.
        let ways = ["spec", "spec.template"].map(|path| {
            let node = tree.roots[0].read_at(&path.split('.').collect::<Vec<_>>())?;
            Some((node.span.start, node.column))
        });
        format!("{} {:?} {ways:?}", tree.roots.len(), found.collect::<Vec<_>>())
    }

    /// A node without the ends of what has no mark at its end: nothing is ever put there.
    fn shape(node: &Node<'_>) -> String {
        let Node { start, span, column, anchor, tag, value } = node;
        let head = format!("{start} {} {column} {anchor:?} {tag:?}", span.start);
        match value {
            Value::Scalar { text, notation: Notation::Block } => format!("{head} block {text:?}"),
            Value::Scalar { text, notation } => format!("{head} {} {notation:?} {text:?}", span.end),
            Value::Map { style, entries, merges } => {
                let end = (*style == Style::Flow).then_some(span.end);
                let entries = entries.iter().map(|(key, value)| format!("{}: {}", shape(key), shape(value)));
                format!("{head} {end:?} {merges} {{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
            Value::Seq { style, items } => {
                let end = (*style == Style::Flow).then_some(span.end);
                format!("{head} {end:?} [{}]", items.iter().map(shape).collect::<Vec<_>>().join(", "))
            }
            Value::Alias(target) => format!("{head} {} *{}", span.end, target.is_some()),
        }
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries =
            fs::read_dir(folder).expect("a folder of cases").map(|entry| entry.expect("an entry").path());
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
    }

    /// Every document of the acceptance suite, and every beginning and every end of each by lines.
    #[test]
    fn what_is_read_alone_is_what_the_whole_document_has() {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests");
        let (mut read, mut refused) = (0, Vec::new());
        for file in ["golden", "yaml"].iter().flat_map(|folder| files(&tests.join(folder))) {
            let Ok(stream) = fs::read_to_string(&file) else { continue };
            for part in stream::parts(stream.as_bytes()) {
                let document = &stream[part];
                let lines: Vec<usize> = document.match_indices('\n').map(|(at, _)| at + 1).collect();
                let beginnings = lines.iter().map(|at| &document[..*at]);
                let ends = lines.iter().map(|at| &document[*at..]);
                for text in beginnings.chain(ends).chain([document]) {
                    let wanted = |_: &str, _: &str| Some(PATHS.map(str::to_owned).to_vec());
                    let Some(alone) = tree(text, wanted) else { continue };
                    match node::parse(text, 0) {
                        Ok(whole) => {
                            assert_eq!(
                                of_interest(&alone),
                                of_interest(&whole),
                                "{}\n{text}",
                                file.display()
                            );
                            read += 1;
                        }
                        Err(error) => refused.push(format!("{}: {}\n{text}", file.display(), error.cause)),
                    }
                }
            }
        }
        assert!(read > 1000, "{read} documents were read both ways");
        // What is no YAML is found by its lines, or parsed whole.
        assert!(refused.is_empty(), "{} of {read}:\n{}", refused.len(), refused.join("\n"));
    }
}
