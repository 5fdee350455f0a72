//! A document as a tree of byte spans. Knows nothing of Kubernetes; never resolves an alias.

use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

/// One node of a document, with the bytes that it stands on in the stream.
///
/// The span of a block collection starts at its first key or item and ends behind its last; that
/// of a flow collection includes its brackets, that of a scalar its quotes.
#[derive(Debug)]
pub struct Node {
    pub span: Range<usize>,
    /// Column of the first byte, in characters from 0.
    pub column: usize,
    /// Whether an anchor or a tag stands before it.
    pub decorated: bool,
    pub value: Value,
}

#[derive(Debug)]
pub enum Value {
    Scalar { text: String, notation: Notation },
    Map { style: Style, entries: Vec<(Node, Node)> },
    Seq { style: Style, items: Vec<Node> },
    Alias,
}

/// How a scalar is written. The span of a block scalar does not include its `|` or `>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    Plain,
    Quoted,
    Block,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Block,
    Flow,
}

/// Where and why a text is no YAML.
pub struct SyntaxError {
    pub offset: usize,
    pub cause: String,
}

impl Node {
    /// The value under `key`; of a key that stands twice the last, as Helm's parser reads it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().rev().find(|(k, _)| k.scalar() == Some(key)).map(|(_, value)| value)
    }

    /// The value under one key after the other.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    pub fn entries(&self) -> &[(Node, Node)] {
        match &self.value {
            Value::Map { entries, .. } => entries,
            _ => &[],
        }
    }

    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::Seq { items, .. } => items,
            _ => &[],
        }
    }

    pub fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, notation: Notation::Plain }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }
}

/// The nodes of one part of the stream, which starts at byte `base` of it.
pub fn parse(text: &str, base: usize) -> Result<Vec<Node>, SyntaxError> {
    let mut roots = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| SyntaxError {
            offset: base + error.marker().byte_offset().unwrap_or(text.len()),
            cause: error.info(),
        })?;
        let at = span.byte_range().expect("a parser over a str reports bytes");
        let at = base + at.start..base + at.end;
        let start =
            |decorated| Node { span: at.clone(), column: span.start.col(), decorated, value: Value::Alias };
        let closed = match event {
            Event::MappingStart(style, anchor, tag) => {
                open.push(Open {
                    node: start(anchor != 0 || tag.is_some()),
                    children: Vec::new(),
                    map: true,
                    style: style_of(style),
                });
                continue;
            }
            Event::SequenceStart(style, anchor, tag) => {
                open.push(Open {
                    node: start(anchor != 0 || tag.is_some()),
                    children: Vec::new(),
                    map: false,
                    style: style_of(style),
                });
                continue;
            }
            Event::MappingEnd | Event::SequenceEnd => {
                open.pop().expect("an end follows its start").close(at.end, text, base)
            }
            Event::Scalar(value, style, anchor, tag) => {
                let notation = match style {
                    ScalarStyle::Plain => Notation::Plain,
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Notation::Quoted,
                    ScalarStyle::Literal | ScalarStyle::Folded => Notation::Block,
                };
                // The parser spells an absent value `~`; what stands there is nothing.
                let value = if at.is_empty() { String::new() } else { value.into_owned() };
                let mut node = start(anchor != 0 || tag.is_some());
                node.value = Value::Scalar { text: value, notation };
                node
            }
            Event::Alias(_) => start(false),
            _ => continue,
        };
        match open.last_mut() {
            Some(parent) => parent.children.push(closed),
            None => roots.push(closed),
        }
    }
    Ok(roots)
}

struct Open {
    node: Node,
    children: Vec<Node>,
    map: bool,
    style: Style,
}

impl Open {
    fn close(self, end: usize, text: &str, base: usize) -> Node {
        let Self { mut node, mut children, map, style } = self;
        if map {
            for value in children.iter_mut().skip(1).step_by(2).filter(|value| value.span.is_empty()) {
                // The parser puts an absent value in front of its colon.
                let rest = &text[value.span.start - base..];
                if let Some(behind) = rest.trim_start_matches(' ').strip_prefix(':') {
                    let at = base + text.len() - behind.len();
                    value.span = at..at;
                }
            }
        }
        node.span.end = match style {
            Style::Flow => end,
            // A block collection is over where its last child is; the parser says so a line later.
            Style::Block => children.last().map_or(node.span.start, |last| last.span.end),
        };
        let trailing = text[node.span.start - base..node.span.end - base].trim_end();
        node.span.end = node.span.start + trailing.len();
        node.value = if map {
            let mut entries = Vec::with_capacity(children.len() / 2);
            let mut children = children.into_iter();
            while let (Some(key), Some(value)) = (children.next(), children.next()) {
                entries.push((key, value));
            }
            Value::Map { style, entries }
        } else {
            Value::Seq { style, items: children }
        };
        node
    }
}

fn style_of(style: StructureStyle) -> Style {
    match style {
        StructureStyle::Flow => Style::Flow,
        StructureStyle::Block => Style::Block,
    }
}
