//! Collections in flow style, and JSON.

use serde_json::{Map, Value};

use super::{
    Shape,
    page::Page,
    scalar::Place,
    thing::{Entry, Key, Thing},
    words,
};

/// How the parts of a flow collection are set apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Tight,
    Spaced,
    Lines,
}

impl Page<'_> {
    /// Writes a collection in flow style.
    pub fn flow(&mut self, thing: &Thing, place: Place) -> Value {
        match thing {
            Thing::Map(entries) | Thing::Labels(entries) => self.flow_map(entries, place),
            Thing::Seq(items) => self.flow_seq(items, place),
            _ => self.inline(thing, place),
        }
    }

    pub fn flow_map(&mut self, entries: &[Entry], place: Place) -> Value {
        let layout = self.layout();
        let json = matches!(place, Place::Json);
        let mut read = Map::new();
        self.text.push('{');
        // JSON has no merge keys.
        let entries: Vec<&Entry> =
            entries.iter().filter(|entry| !json || !matches!(entry.key, Key::Merge)).collect();
        for (index, Entry { key, value }) in entries.iter().enumerate() {
            self.between(index, layout, place);
            if let Key::Merge = key {
                self.merge_key();
                self.text.push(':');
                self.merged(&mut read, place);
                continue;
            }
            let explicit = !json && self.choices.one_in(50);
            if explicit {
                self.shapes.insert(Shape::ExplicitKey);
                self.text.push_str("? ");
            }
            // As Helm 4 adds its annotation to what was JSON.
            let plain = json && self.choices.one_in(40);
            let key = if plain {
                self.shapes.insert(Shape::JsonWithPlainKeys);
                self.any_key(key, Place::Flow(0))
            } else {
                self.any_key(key, place)
            };
            if !json && matches!(value, Thing::Null) && self.choices.one_in(40) {
                self.shapes.insert(Shape::KeyAlone);
                self.note_duplicate(&read, &key);
                read.insert(key, Value::Null);
                continue;
            }
            self.space_before_colon();
            let tight = self.text.ends_with('"') && self.choices.one_in(3);
            self.text.push_str(if tight { ":" } else { ": " });
            let value = self.flow_value(&key, value, place);
            self.note_duplicate(&read, &key);
            read.insert(key, value);
        }
        self.close('}', entries.len(), layout, place);
        Value::Object(read)
    }

    fn flow_seq(&mut self, items: &[Thing], place: Place) -> Value {
        let layout = self.layout();
        let mut read = Vec::new();
        self.text.push('[');
        for (index, item) in items.iter().enumerate() {
            self.between(index, layout, place);
            read.push(self.flow_value("", item, place));
        }
        self.close(']', items.len(), layout, place);
        Value::Array(read)
    }

    fn flow_value(&mut self, key: &str, thing: &Thing, place: Place) -> Value {
        let json = matches!(place, Place::Json);
        if json {
            let start = self.text.len();
            let value = self.inline(thing, place);
            if !thing.is_collection() {
                self.note_value(key, start, thing, false);
            }
            return value;
        }
        if let Some((alias, value)) = self.alias_for(thing) {
            let start = self.text.len();
            self.text.push_str(&format!("*{alias}"));
            self.note_value(key, start, thing, true);
            return value;
        }
        if thing.is_collection() {
            let properties = self.properties(thing);
            if let Some((text, _)) = &properties {
                self.text.push_str(text);
                self.text.push(' ');
            }
            let value = self.flow(thing, place);
            self.define(properties.as_ref(), &value);
            return value;
        }
        let before = self.text.len();
        if let Thing::Null = thing {
            let word = if key.is_empty() { "null" } else { self.choices.of(&["null", "~", ""]) };
            self.text.push_str(word);
            self.note_value(key, before, thing, false);
            return Value::Null;
        }
        let (value, start) = self.scalar(thing, place);
        self.note_value(key, start, thing, start > before);
        value
    }

    /// Writes something on the line, whatever it is.
    pub fn inline(&mut self, thing: &Thing, place: Place) -> Value {
        match thing {
            Thing::Null => {
                self.text.push_str("null");
                Value::Null
            }
            Thing::Text(_) | Thing::Raw(..) => self.scalar(thing, place).0,
            _ => self.flow(thing, place),
        }
    }

    fn layout(&mut self) -> Layout {
        self.choices.of(&[Layout::Tight, Layout::Tight, Layout::Spaced, Layout::Lines])
    }

    /// What stands before the part of that index.
    fn between(&mut self, index: usize, layout: Layout, place: Place) {
        if index > 0 {
            self.text.push(',');
        }
        match layout {
            Layout::Tight if index == 0 => {}
            Layout::Tight | Layout::Spaced if self.choices.one_in(16) => {
                self.shapes.insert(Shape::Tab);
                self.text.push('\t');
            }
            Layout::Tight | Layout::Spaced => self.text.push(' '),
            Layout::Lines => self.line(place),
        }
    }

    fn line(&mut self, place: Place) {
        self.shapes.insert(Shape::FlowOverLines);
        let column = match place {
            Place::Block(column) | Place::Flow(column) => column,
            Place::Json => 0,
        };
        if !matches!(place, Place::Json) {
            self.comment_behind();
        }
        self.newline();
        match self.choices.below(16) {
            14 => {
                self.shapes.insert(Shape::Tab);
                self.spaces(column + 1);
                self.text.push('\t');
            }
            15 => {
                self.shapes.insert(Shape::FlowAtColumnZero);
            }
            more => self.spaces(column + 1 + more % 8),
        }
        if !matches!(place, Place::Json) && self.choices.one_in(24) {
            let comment = self.choices.of(words::COMMENTS);
            self.text.push_str(comment);
            self.newline();
            self.spaces(column + 1);
        }
    }

    fn close(&mut self, bracket: char, parts: usize, layout: Layout, place: Place) {
        let column = match place {
            Place::Block(column) | Place::Flow(column) => column,
            Place::Json => 0,
        };
        if parts > 0 && !matches!(place, Place::Json) && self.choices.one_in(16) {
            self.text.push(',');
        }
        match layout {
            Layout::Tight => {}
            Layout::Spaced => self.text.push(' '),
            Layout::Lines => {
                self.newline();
                let column = match self.choices.below(4) {
                    0 => column + 1,
                    1 => column,
                    2 => column + 4,
                    _ => 0,
                };
                if column == 0 {
                    self.shapes.insert(Shape::FlowAtColumnZero);
                }
                self.spaces(column);
            }
        }
        self.text.push(bracket);
    }
}
