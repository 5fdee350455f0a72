//! A document as it is written, with the value that Helm reads of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    ops::Range,
};

use serde_json::Value;

use super::{Choices, Shape, scalar::Place, thing::Thing, words};

/// The text so far, and what its notation depends on.
pub(super) struct Page<'n> {
    pub choices: Choices<'n>,
    pub text: String,
    pub replaceable: Vec<Range<usize>>,
    pub shapes: BTreeSet<Shape>,
    pub eol: Eol,
    pub tail: Tail,
    /// Whether the document's own keys are plain, as charts have them, whatever is below them.
    pub plain_root: bool,
    /// Whether the next white space must be spaces: behind a dash, or the colon of an explicit key.
    pub only_spaces: bool,
    /// Keys that a renderer injects.
    pub own: BTreeSet<String>,
    /// What an alias can repeat.
    pub anchors: BTreeMap<&'static str, Value>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Eol {
    Unix,
    Windows,
    Mixed,
}

/// What was written last, as far as it matters for the next line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tail {
    #[default]
    Free,
    /// A block scalar, which would take a comment that is deep enough for its own.
    Block,
    /// A block scalar that takes empty lines as well.
    Kept,
}

pub(super) const NAMES: [&str; 6] = ["a", "labels", "l-1", "x_y", "A9", "demo"];

impl<'n> Page<'n> {
    pub fn new(choices: Choices<'n>, own: BTreeSet<String>) -> Self {
        Self {
            choices,
            text: String::new(),
            replaceable: Vec::new(),
            shapes: BTreeSet::new(),
            eol: Eol::Unix,
            tail: Tail::Free,
            plain_root: false,
            only_spaces: false,
            own,
            anchors: BTreeMap::new(),
        }
    }

    /// Writes a document from the start of a line to the end of one.
    pub fn document(&mut self, root: &Thing) -> Value {
        self.anchors.clear();
        if let (Thing::Map(entries), true) = (root, self.choices.one_in(3)) {
            self.plain_root = true;
            let value = self.block_map(entries, 0);
            self.newline();
            return value;
        }
        let decorated = root.is_collection() && self.choices.one_in(60);
        if decorated {
            self.shapes.insert(Shape::DecoratedRoot);
            let properties = self.choices.of(&["&root", "!!map", "&root !!map"]);
            let properties = if let Thing::Seq(_) = root { "&root" } else { properties };
            self.text.push_str(properties);
            self.gap(0);
        }
        let value = match (root, self.choices.below(20)) {
            (Thing::Map(entries), 17) => {
                self.shapes.insert(Shape::FlowRoot);
                self.flow_map(entries, Place::Flow(0))
            }
            (Thing::Map(entries), 18) => {
                self.shapes.insert(Shape::Json);
                self.flow_map(entries, Place::Json)
            }
            (Thing::Map(entries), 19) => {
                self.shapes.insert(Shape::IndentedRoot);
                let column = 1 + self.choices.below(4);
                self.spaces(column);
                self.block_map(entries, column)
            }
            (Thing::Map(entries), _) => self.block_map(entries, 0),
            (Thing::Seq(items), _) => self.block_seq(items, 0),
            (thing, _) => self.inline(thing, Place::Flow(0)),
        };
        self.newline();
        value
    }

    pub fn newline(&mut self) {
        let windows = match self.eol {
            Eol::Unix => false,
            Eol::Windows => true,
            Eol::Mixed => self.choices.one_in(2),
        };
        self.text.push_str(if windows { "\r\n" } else { "\n" });
    }

    pub fn spaces(&mut self, count: usize) {
        self.text.extend(std::iter::repeat_n(' ', count));
    }

    /// White space between two words of a line.
    pub fn space(&mut self) {
        let only_spaces = mem::take(&mut self.only_spaces);
        match self.choices.below(32) {
            31 if !only_spaces => {
                self.shapes.insert(Shape::Tab);
                self.text.push('\t');
            }
            30 => self.text.push_str("   "),
            _ => self.text.push(' '),
        }
    }

    pub fn space_before_colon(&mut self) {
        if self.choices.one_in(40) {
            self.shapes.insert(Shape::SpaceBeforeColon);
            self.text.push(' ');
        }
    }

    pub fn comment_behind(&mut self) {
        match self.choices.below(24) {
            22 => self.spaces(1),
            23 => {
                self.space();
                let comment = self.choices.of(words::COMMENTS);
                self.text.push_str(comment);
            }
            _ => {}
        }
    }

    /// Ends the line and goes to `column` of one of the next, with lines between that say nothing.
    pub fn gap(&mut self, column: usize) {
        self.newline();
        let mut tail = mem::take(&mut self.tail);
        while self.choices.one_in(20) {
            match self.choices.below(4) {
                0 if tail != Tail::Kept => {}
                1 if tail == Tail::Free => self.spaces(column),
                2 if tail == Tail::Free => {
                    let anywhere = self.choices.below(12);
                    self.spaces(anywhere);
                    let comment = self.choices.of(words::COMMENTS);
                    self.text.push_str(comment);
                }
                _ => {
                    self.spaces(column);
                    let comment = self.choices.of(words::COMMENTS);
                    self.text.push_str(comment);
                    tail = Tail::Free;
                }
            }
            self.newline();
        }
        self.spaces(column);
    }
}
