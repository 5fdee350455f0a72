//! The parser's events, put together to a tree.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    ops::Range,
    rc::Rc,
};

use granit_parser::{Event, Options, Parser, ScalarStyle, Span, StructureStyle, Tag, options};

use super::{Node, Notation, Style, SyntaxError, Tree, Value};

/// How many nodes one document may have where it must be looked into. An object that Kubernetes would
/// take, 3 MiB, has fewer.
const MOST_NODES: usize = 1_000_000;

/// How many mappings a look-up may visit because of merge keys, which can multiply.
const MOST_MERGES: usize = 1_000;

/// How deep aliases may stand for what has aliases in it.
const MOST_LINKS: usize = 100;

/// The nodes of `text`, with spans that count from `base`.
pub fn parse(text: &str, base: usize) -> Result<Tree<'_>, SyntaxError> {
    let separators = separators(text);
    let mut builder = Builder { text, base, separators, ..Builder::default() };
    for event in Parser::new_from_str_with_options(text, parser_options()) {
        let (event, span) = event.map_err(|error| SyntaxError {
            offset: base + error.marker().byte_offset().unwrap_or(text.len()),
            cause: error.info(),
        })?;
        builder.event(event, &span)?;
    }
    let Builder { roots, anchors, aliased, separators, outside, .. } = builder;
    if let Some(at) = outside.as_ref().or(separators.front()) {
        let cause = "U+0085, U+2028 or U+2029 outside of quotes, which Helm reads as the end of a line";
        return Err(SyntaxError { offset: base + at, cause: cause.to_owned() });
    }
    let shared = aliased.iter().filter_map(|id| anchors.get(id));
    let shared = shared.map(|anchored| anchored.node.start..anchored.node.span.end).collect();
    Ok(Tree { roots, shared, anchored: !anchors.is_empty() })
}

/// Whether a text has characters that YAML does not take, or that end a line in YAML 1.1 alone.
pub fn has_odd_characters(text: &str) -> bool {
    let bytes = text.as_bytes();
    let control = |b: u8| (b < b' ' && !matches!(b, b'\t' | b'\n' | b'\r')) || b == 0x7f;
    let odd = |rest: &[u8]| {
        matches!(
            rest,
            [0xc2, 0x80..=0x9f, ..] | [0xe2, 0x80, 0xa8 | 0xa9, ..] | [0xef, 0xbf, 0xbe | 0xbf, ..]
        )
    };
    bytes.iter().any(|b| control(*b))
        || memchr::memchr3_iter(0xc2, 0xe2, 0xef, bytes).any(|at| odd(&bytes[at..]))
}

/// Where the characters stand that end a line in YAML 1.1, which Helm's parser reads, and not in YAML 1.2.
fn separators(text: &str) -> VecDeque<usize> {
    let bytes = text.as_bytes();
    let ends = |rest: &[u8]| rest.starts_with(b"\xc2\x85") || matches!(rest, [0xe2, 0x80, 0xa8 | 0xa9, ..]);
    memchr::memchr2_iter(0xc2, 0xe2, bytes).filter(|at| ends(&bytes[*at..])).collect()
}

fn parser_options() -> Options {
    options! { emit_anchor_events: true, emit_comments: false }
}

#[derive(Default)]
struct Builder<'a> {
    text: &'a str,
    base: usize,
    roots: Vec<Node<'a>>,
    open: Vec<Open<'a>>,
    /// A scalar that is held back until it is known whether its anchor follows.
    scalar: Option<Node<'a>>,
    anchors: HashMap<usize, Anchored<'a>>,
    aliased: BTreeSet<usize>,
    nodes: usize,
    /// Where in the rest of the text a line ends for YAML 1.1 alone.
    separators: VecDeque<usize>,
    /// The first of these that is not in quotes.
    outside: Option<usize>,
    /// How many aliases, one behind the other, the last finished node leads through.
    links: usize,
}

struct Anchored<'a> {
    node: Rc<Node<'a>>,
    links: usize,
}

struct Open<'a> {
    node: Node<'a>,
    children: Vec<Node<'a>>,
    style: Style,
    map: bool,
    /// How many nodes there were when it began.
    before: usize,
    /// The most links of its children.
    links: usize,
}

impl<'a> Builder<'a> {
    fn event(&mut self, event: Event<'a>, span: &Span) -> Result<(), SyntaxError> {
        let at = span.byte_range().expect("a parser over a str reports bytes");
        let at = self.base + at.start..self.base + at.end;
        if let Event::Anchor(id, _) = event {
            let node = match (&mut self.scalar, self.open.last_mut()) {
                (Some(scalar), _) => scalar,
                (None, Some(open)) => &mut open.node,
                (None, None) => return Ok(()),
            };
            node.anchor = Some(id);
            node.start = node.start.min(at.start);
            return Ok(());
        }
        if let Some(scalar) = self.scalar.take() {
            self.add(scalar)?;
        }
        match event {
            Event::MappingStart(style, _, tag) => {
                self.start(node(at, span, tag.as_deref()), style_of(style), true);
            }
            Event::SequenceStart(style, _, tag) => {
                self.start(node(at, span, tag.as_deref()), style_of(style), false);
            }
            Event::MappingEnd | Event::SequenceEnd => {
                let open = self.open.pop().expect("an end follows its start");
                let closed = self.close(open, at.end)?;
                self.add(closed)?;
            }
            Event::Scalar(text, style, _, tag) => {
                let notation = match style {
                    ScalarStyle::Plain => Notation::Plain,
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Notation::Quoted,
                    ScalarStyle::Literal | ScalarStyle::Folded => Notation::Block,
                };
                if notation == Notation::Quoted {
                    self.pass_quotes(at.start - self.base..at.end - self.base);
                }
                // The parser spells an absent value `~`; what stands there is nothing.
                let text = if at.is_empty() { "".into() } else { text };
                let mut node = node(at, span, tag.as_deref());
                node.value = Value::Scalar { text, notation };
                self.scalar = Some(node);
            }
            Event::Alias(id) => {
                self.aliased.insert(id);
                let mut node = node(at, span, None);
                let target = self.anchors.get(&id);
                self.links = target.map_or(0, |target| target.links) + 1;
                if self.links > MOST_LINKS {
                    let cause = format!("aliases of aliases, more than {MOST_LINKS} deep");
                    return Err(SyntaxError { offset: node.span.start, cause });
                }
                node.value = Value::Alias(target.map(|target| Rc::clone(&target.node)));
                self.add(node)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, node: Node<'a>, style: Style, map: bool) {
        self.open.push(Open { node, children: Vec::new(), style, map, before: self.nodes, links: 0 });
    }

    /// Puts a finished node where it belongs.
    fn add(&mut self, node: Node<'a>) -> Result<(), SyntaxError> {
        self.count(1, node.span.start)?;
        let links = std::mem::take(&mut self.links);
        if let Some(id) = node.anchor {
            self.anchors.insert(id, Anchored { node: Rc::new(node.clone()), links });
        }
        match self.open.last_mut() {
            Some(parent) => {
                parent.links = parent.links.max(links);
                parent.children.push(node);
            }
            None => self.roots.push(node),
        }
        Ok(())
    }

    fn count(&mut self, nodes: usize, offset: usize) -> Result<(), SyntaxError> {
        self.nodes += nodes;
        if self.nodes <= MOST_NODES {
            return Ok(());
        }
        let cause = format!("more than {MOST_NODES} values, where Kubernetes takes no object of that size");
        Err(SyntaxError { offset, cause })
    }

    fn close(&mut self, open: Open<'a>, end: usize) -> Result<Node<'a>, SyntaxError> {
        let Open { mut node, mut children, style, map, before, links } = open;
        self.links = links;
        if node.anchor.is_some() {
            // It is kept twice, so that aliases can be read.
            self.count(self.nodes - before, node.span.start)?;
        }
        if map {
            for value in children.iter_mut().skip(1).step_by(2).filter(|value| value.span.is_empty()) {
                self.put_behind_colon(value);
            }
        }
        node.span.end = match style {
            Style::Flow => end,
            // A block collection is over where its last child is; the parser says so a line later.
            Style::Block => children.last().map_or(node.span.start, |last| last.span.end),
        };
        let trailing = self.text[node.span.start - self.base..node.span.end - self.base].trim_end();
        node.span.end = node.span.start + trailing.len();
        node.value = if map { mapping(style, children)? } else { Value::Seq { style, items: children } };
        Ok(node)
    }

    /// Steps over the separators before and in a quoted text.
    fn pass_quotes(&mut self, span: Range<usize>) {
        while let Some(&at) = self.separators.front().filter(|at| **at < span.end) {
            if at < span.start {
                self.outside.get_or_insert(at);
            }
            self.separators.pop_front();
        }
    }

    /// The parser puts an absent value in front of its colon.
    fn put_behind_colon(&self, value: &mut Node<'a>) {
        let rest = &self.text[value.span.start - self.base..];
        let behind = rest.trim_start_matches(' ').strip_prefix(':');
        // What goes on behind the colon is a key that begins with one.
        let ends =
            |behind: &&str| behind.is_empty() || behind.starts_with([' ', '\t', '\r', '\n', ',', '}', ']']);
        if let Some(behind) = behind.filter(ends) {
            let at = self.base + self.text.len() - behind.len();
            if value.start == value.span.start {
                value.start = at;
            }
            value.span = at..at;
        }
    }
}

fn node<'a>(at: Range<usize>, span: &Span, tag: Option<&Tag>) -> Node<'a> {
    let tag_start = span.tag_start().and_then(|mark| mark.byte_offset());
    let shift = at.start - span.start.byte_offset().expect("a parser over a str reports bytes");
    Node {
        start: tag_start.map_or(at.start, |tag| at.start.min(tag + shift)),
        span: at,
        column: span.start.col(),
        anchor: None,
        tag: tag.map(|tag| match tag.to_string() {
            text if text.starts_with("!!") => text[2..].to_owned(),
            text => text.strip_prefix("tag:yaml.org,2002:").unwrap_or(&text).to_owned(),
        }),
        value: Value::Alias(None),
    }
}

fn mapping(style: Style, children: Vec<Node<'_>>) -> Result<Value<'_>, SyntaxError> {
    let mut entries = Vec::with_capacity(children.len() / 2);
    let mut children = children.into_iter();
    let mut merges = 1;
    while let (Some(key), Some(value)) = (children.next(), children.next()) {
        if key.is_merge() {
            merges += value.merged().iter().map(|source| merges_of(source)).sum::<usize>();
            if merges > MOST_MERGES {
                let cause = format!("merge keys that take over more than {MOST_MERGES} mappings");
                return Err(SyntaxError { offset: key.span.start, cause });
            }
        }
        entries.push((key, value));
    }
    Ok(Value::Map { style, entries, merges })
}

fn merges_of(node: &Node<'_>) -> usize {
    match &node.value {
        Value::Map { merges, .. } => *merges,
        _ => 1,
    }
}

fn style_of(style: StructureStyle) -> Style {
    match style {
        StructureStyle::Flow => Style::Flow,
        StructureStyle::Block => Style::Block,
    }
}
