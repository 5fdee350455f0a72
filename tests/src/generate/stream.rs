//! Documents one after the other, and what stands between them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Choices, Own, Shape, Stream,
    object::Maker,
    page::{Eol, Page, Tail},
    words,
};

const EMPTY: &[u8] = &[];

/// Makes a stream of numbers: the first list decides on the stream as a whole, each other one on a
/// document.
#[must_use]
pub fn stream(numbers: &[Vec<u8>], own: &Own) -> Stream {
    let (first, documents) =
        numbers.split_first().map_or((EMPTY, EMPTY_LISTS), |(first, rest)| (&first[..], rest));
    let keys: BTreeSet<String> =
        own.labels.iter().chain(&own.annotations).map(|(key, _)| key.clone()).collect();
    let mut page = Page::new(Choices::new(first), keys.clone());
    page.eol = match page.choices.below(16) {
        14 => {
            page.shapes.insert(Shape::WindowsLineEnds);
            Eol::Windows
        }
        15 => {
            page.shapes.insert(Shape::MixedLineEnds);
            Eol::Mixed
        }
        _ => Eol::Unix,
    };
    let mut writer = Writer { page, read: Vec::new(), cut: false, open: false };
    writer.start();
    for (index, numbers) in documents.iter().enumerate() {
        writer.marker(index == 0);
        writer.document(numbers, own, &keys);
    }
    writer.end();
    let Writer { page, read, .. } = writer;
    Stream { text: page.text, documents: read, replaceable: page.replaceable, shapes: page.shapes }
}

const EMPTY_LISTS: &[Vec<u8>] = &[];

struct Writer<'n> {
    page: Page<'n>,
    read: Vec<Option<Value>>,
    /// Whether Helm has stopped reading.
    cut: bool,
    /// Whether there is text behind the last marker.
    open: bool,
}

impl Writer<'_> {
    fn start(&mut self) {
        if self.page.choices.one_in(12) {
            self.page.shapes.insert(Shape::ByteOrderMark);
            self.page.text.push('\u{feff}');
        }
        match self.page.choices.below(8) {
            6 => self.comments(),
            7 => {
                self.page.newline();
                self.found(Some(Value::Null));
            }
            _ => {}
        }
    }

    fn comments(&mut self) {
        self.page.shapes.insert(Shape::CommentsOnly);
        for _ in 0..=self.page.choices.below(3) {
            let comment = self.page.choices.of(words::COMMENTS);
            self.page.text.push_str(comment);
            self.page.newline();
        }
        self.found(Some(Value::Null));
    }

    fn found(&mut self, value: Option<Value>) {
        if !self.cut {
            self.read.push(value);
        }
        self.open = true;
    }

    fn marker(&mut self, first: bool) {
        if first && !self.open && self.page.choices.one_in(2) {
            return;
        }
        // Behind a byte order mark nothing is a marker for Helm.
        if self.page.choices.one_in(80) && !self.page.text.ends_with('\u{feff}') {
            // Helm refuses this together with the document that it is the end of.
            self.page.shapes.insert(Shape::ContentOnMarker);
            if self.open && !self.cut {
                self.read.pop();
            }
            self.found(None);
            self.cut = true;
            self.page.text.push_str("--- {a: b}");
            self.page.newline();
        }
        let marker =
            self.page.choices.of(&["---", "---", "---", "--- # a comment", "---  ", "---\t", "--- #"]);
        self.page.text.push_str(marker);
        self.page.newline();
        self.open = false;
    }

    fn document(&mut self, numbers: &[u8], own: &Own, keys: &BTreeSet<String>) {
        if self.page.choices.below(4) < 3 {
            let file = self.page.choices.of(&["a", "b", "configmap"]);
            self.page.text.push_str(&format!("# Source: demo/templates/{file}.yaml"));
            self.page.newline();
        }
        match self.page.choices.below(32) {
            30 => return self.comments(),
            31 => {
                self.page.newline();
                // Without its end there would be nothing.
                self.page.tail = Tail::Kept;
                return self.found(Some(Value::Null));
            }
            _ => {}
        }
        // Of the numbers the first decide what it says, the others how.
        let (what, how) = numbers.split_at(numbers.len() / 4);
        let mut maker = Maker { choices: Choices::new(what), own, shapes: BTreeSet::new() };
        let thing = maker.document();
        let mut page = Page::new(Choices::new(how), keys.clone());
        page.eol = self.page.eol;
        let value = page.document(&thing);
        let start = self.page.text.len();
        self.page.text.push_str(&page.text);
        self.page.replaceable.extend(page.replaceable.iter().map(|at| start + at.start..start + at.end));
        self.page.shapes.extend(page.shapes);
        self.page.shapes.extend(maker.shapes);
        self.page.tail = page.tail;
        self.found(Some(value));
        if self.page.choices.one_in(40) {
            self.page.shapes.insert(Shape::DocumentEnd);
            self.page.tail = Tail::Free;
            self.page.text.push_str("...");
            self.page.newline();
        }
    }

    fn end(&mut self) {
        match self.page.choices.below(8) {
            6 => {
                self.page.text.push_str("---");
                self.page.newline();
            }
            7 if self.page.tail != Tail::Kept => {
                self.page.shapes.insert(Shape::NoFinalNewline);
                let length = self.page.text.trim_end_matches(['\r', '\n']).len();
                self.page.text.truncate(length);
            }
            _ => {}
        }
    }
}
