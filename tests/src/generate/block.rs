//! Collections in block style, and the scalars of both styles.

use serde_json::{Map, Value};

use super::{
    Shape,
    page::{NAMES, Page, Tail},
    scalar::Place,
    thing::{Entry, Key, Thing},
};

impl Page<'_> {
    /// What stands between a colon or dash at `column` and a value: sometimes the end of the line.
    pub fn space_or_line(&mut self, column: usize) {
        if self.choices.one_in(24) {
            self.shapes.insert(Shape::ValueOnNextLine);
            self.comment_behind();
            let deeper = 1 + self.choices.below(4);
            self.gap(column + deeper);
        } else {
            self.space();
        }
    }

    /// Writes entries, the first where the text ends, which is at `column`.
    pub fn block_map(&mut self, entries: &[Entry], column: usize) -> Value {
        let mut read = Map::new();
        for (index, entry) in entries.iter().enumerate() {
            if index > 0 {
                self.gap(column);
            }
            let Entry { key, value } = entry;
            if let Key::Merge = key {
                self.merge_key();
                self.text.push(':');
                self.merged(&mut read, Place::Block(column));
                continue;
            }
            if let (true, 0, Key::Text(key)) = (self.plain_root, column, key) {
                self.text.push_str(key);
                self.text.push(':');
                let value = match value {
                    Thing::Text(text) if matches!(key.as_str(), "apiVersion" | "kind") => {
                        self.text.push_str(&format!(" {text}"));
                        Value::from(text.as_str())
                    }
                    _ => self.value(key, value, column, false),
                };
                self.note_duplicate(&read, key);
                read.insert(key.clone(), value);
                continue;
            }
            let explicit = self.choices.one_in(40);
            if explicit {
                self.shapes.insert(Shape::ExplicitKey);
                self.text.push_str("? ");
            }
            let key = self.any_key(key, Place::Block(column));
            if explicit {
                if matches!(value, Thing::Null) && self.choices.one_in(4) {
                    self.shapes.insert(Shape::ExplicitNull);
                    read.insert(key, Value::Null);
                    continue;
                }
                self.newline();
                self.spaces(column);
            } else {
                self.space_before_colon();
            }
            self.text.push(':');
            self.only_spaces = explicit;
            let value = self.value(&key, value, column, explicit);
            self.note_duplicate(&read, &key);
            read.insert(key, value);
        }
        Value::Object(read)
    }

    pub fn note_duplicate(&mut self, read: &Map<String, Value>, key: &str) {
        if read.contains_key(key) {
            self.shapes.insert(Shape::DuplicateKey);
        }
    }

    /// Writes a key with what may stand before it, and returns what Helm reads.
    pub fn any_key(&mut self, key: &Key, place: Place) -> String {
        let text = match key {
            Key::Raw(written, read) => {
                match place {
                    Place::Json => self.key(read, place),
                    _ => self.text.push_str(written),
                }
                return (*read).to_owned();
            }
            Key::Text(text) => text,
            Key::Merge => unreachable!("a merge key is no key of its own"),
        };
        if !matches!(place, Place::Json) {
            if let Some(name) = self.alias_of(|value| value.as_str() == Some(text))
                && self.choices.one_in(2)
            {
                self.shapes.insert(Shape::AliasAsKey);
                // A colon could be a part of the name.
                self.text.push_str(&format!("*{name} "));
                return text.clone();
            }
            match self.choices.below(100) {
                98 => {
                    self.shapes.insert(Shape::AnchoredKey);
                    let name = self.choices.of(&NAMES);
                    self.text.push_str(&format!("&{name} "));
                    self.key(text, place);
                    self.anchors.insert(name, Value::from(text.as_str()));
                    return text.clone();
                }
                99 => {
                    self.shapes.insert(Shape::Tag);
                    self.text.push_str("!!str ");
                }
                _ => {}
            }
        }
        self.key(text, place);
        text.clone()
    }

    /// Writes a value behind the colon of a key, or an item behind its dash, that stands at `column`.
    pub fn value(&mut self, key: &str, thing: &Thing, column: usize, deeper: bool) -> Value {
        let place = Place::Block(column);
        if let Some((alias, value)) = self.alias_for(thing) {
            self.space_or_line(column);
            let start = self.text.len();
            self.text.push_str(&format!("*{alias}"));
            self.note_value(key, start, thing, true);
            self.comment_behind();
            return value;
        }
        if let Thing::Null = thing {
            let word = self.choices.of(&["", "", "~", "null", "Null", "NULL"]);
            let decorated = self.choices.one_in(50);
            if decorated {
                self.shapes.insert(Shape::AnchoredNull);
            }
            if decorated || !word.is_empty() {
                self.space_or_line(column);
            }
            self.text.push_str(if decorated { "&null " } else { "" });
            let start = self.text.len();
            self.text.push_str(word);
            self.note_value(key, start, thing, decorated);
            self.comment_behind();
            return Value::Null;
        }
        if !thing.is_collection() {
            self.space_or_line(column);
            let before = self.text.len();
            let (value, start) = self.scalar(thing, place);
            self.note_value(key, start, thing, start > before);
            if self.tail == Tail::Free {
                self.comment_behind();
            }
            return value;
        }
        let properties = self.properties(thing);
        let flow = thing.is_empty() || self.choices.one_in(10);
        if flow {
            self.space_or_line(column);
            if let Some((text, _)) = &properties {
                self.text.push_str(text);
                self.text.push(' ');
            }
            let value = self.flow(thing, Place::Flow(column));
            self.define(properties.as_ref(), &value);
            self.comment_behind();
            return value;
        }
        let step = 1 + [1, 1, 1, 3, 0, 2, 4, 5, 7][self.choices.below(9)];
        let at_parent = !deeper && matches!(thing, Thing::Seq(_)) && self.choices.one_in(2);
        let child = if at_parent { column } else { column + step };
        if at_parent {
            self.shapes.insert(Shape::SequenceAtParent);
        }
        if let Some((text, _)) = &properties {
            if self.choices.one_in(8) && !at_parent {
                // On a line of their own.
                self.gap(child);
            } else {
                self.space();
            }
            self.text.push_str(text);
        }
        self.comment_behind();
        self.gap(child);
        let value = match thing {
            Thing::Map(entries) | Thing::Labels(entries) => self.block_map(entries, child),
            Thing::Seq(items) => self.block_seq(items, child),
            _ => unreachable!("it is a collection"),
        };
        self.define(properties.as_ref(), &value);
        value
    }

    /// Writes a scalar that is there, and says where it begins behind its anchor and tag.
    pub fn scalar(&mut self, thing: &Thing, place: Place) -> (Value, usize) {
        match thing {
            Thing::Text(text) => {
                let anchor = !matches!(place, Place::Json) && self.choices.one_in(60);
                let name = self.choices.of(&NAMES);
                if anchor {
                    self.shapes.insert(Shape::AnchoredScalar);
                    self.text.push_str(&format!("&{name} "));
                }
                let start = self.text.len();
                self.string(text, place);
                let value = Value::from(text.as_str());
                if anchor {
                    self.anchors.insert(name, value.clone());
                }
                (value, start)
            }
            Thing::Raw(written, value) => {
                let tag = written.find(' ').filter(|_| written.starts_with('!')).map_or(0, |tag| tag + 1);
                let start = self.text.len() + tag;
                match place {
                    Place::Json if value.is_string() => {
                        self.string(value.as_str().unwrap_or_default(), place);
                    }
                    Place::Json => self.text.push_str(&value.to_string()),
                    // In flow these are marks of their own.
                    Place::Flow(_) if written.starts_with([':', '?']) => {
                        self.string(value.as_str().unwrap_or_default(), place);
                    }
                    _ => self.text.push_str(written),
                }
                (value.clone(), start)
            }
            _ => unreachable!("a null or a collection is no scalar that is there"),
        }
    }

    /// Notes what was written from `start` to here, where a renderer may replace it.
    pub fn note_value(&mut self, key: &str, start: usize, thing: &Thing, decorated: bool) {
        let own = self.own.contains(key);
        let place = matches!(key, "metadata" | "labels" | "annotations");
        let text = matches!(thing, Thing::Text(_) | Thing::Raw(..));
        if own {
            self.shapes.insert(Shape::OwnKey);
            if decorated {
                self.shapes.insert(Shape::DecoratedOwnValue);
            }
        }
        if place && matches!(thing, Thing::Null) {
            self.shapes.insert(Shape::NullLabels);
        }
        if key == "metadata" && matches!(thing, Thing::Map(_)) {
            self.shapes.insert(Shape::AliasOfMetadata);
        }
        if own || (place && !text) {
            self.replaceable.push(start..self.text.len());
        }
    }

    /// Writes items, the first where the text ends, which is at `column`.
    pub fn block_seq(&mut self, items: &[Thing], column: usize) -> Value {
        let mut read = Vec::new();
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.gap(column);
            }
            self.text.push('-');
            read.push(self.item(item, column));
        }
        Value::Array(read)
    }

    /// Writes an item behind its dash, which stands at `column`.
    pub fn item(&mut self, item: &Thing, column: usize) -> Value {
        let compact = item.is_collection() && !item.is_empty() && !self.choices.one_in(10);
        if !compact {
            self.only_spaces = true;
            return self.value("", item, column, true);
        }
        let spaces = 1 + [0, 0, 0, 0, 1, 2, 3, 7][self.choices.below(8)];
        self.spaces(spaces);
        let child = column + 1 + spaces;
        match item {
            Thing::Map(entries) | Thing::Labels(entries) => self.block_map(entries, child),
            Thing::Seq(items) => self.block_seq(items, child),
            _ => unreachable!("it is a collection"),
        }
    }
}
