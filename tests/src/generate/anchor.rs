//! Anchors, aliases and merge keys.

use serde_json::{Map, Value};

use super::{
    Shape,
    page::{NAMES, Page},
    scalar::Place,
    thing::{Entry, Key, Thing},
};

/// What stands before a node, and the name of its anchor.
pub(super) type Properties = (String, Option<&'static str>);

impl Page<'_> {
    pub fn merge_key(&mut self) {
        self.shapes.insert(Shape::Merge);
        let key = self.choices.of(&["<<", "<<", "<<", "!!merge <<"]);
        self.text.push_str(key);
    }

    /// Writes what is merged, behind its colon, and adds it to the mapping as Helm's parser does: it
    /// goes over what stands before it.
    pub fn merged(&mut self, read: &mut Map<String, Value>, place: Place) {
        let mut names: Vec<&'static str> = self.alias_of(Value::is_object).into_iter().collect();
        if !names.is_empty() && self.choices.one_in(4) {
            names.extend(self.alias_of(Value::is_object));
        }
        let lines = match place {
            Place::Block(column) if self.choices.one_in(40) => Some(column + 2),
            _ => None,
        };
        let inline = [Entry { key: Key::Text("inline".into()), value: Thing::Text("merged".into()) }];
        match (&names[..], lines) {
            ([], Some(column)) => {
                self.gap(column);
                let value = self.block_map(&inline, column);
                read.extend(value.as_object().cloned().unwrap_or_default());
                return;
            }
            ([], None) => {
                self.text.push(' ');
                let value = self.flow_map(&inline, Place::Flow(0));
                read.extend(value.as_object().cloned().unwrap_or_default());
            }
            ([name], _) => self.text.push_str(&format!(" *{name}")),
            (names, Some(column)) => {
                for name in names {
                    self.gap(column);
                    self.text.push_str(&format!("- *{name}"));
                }
            }
            (names, None) => self.text.push_str(&format!(" [*{}]", names.join(", *"))),
        }
        if !names.is_empty() {
            self.shapes.insert(Shape::Alias);
        }
        // Of a list the first goes over the others.
        for name in names.into_iter().rev() {
            read.extend(self.anchors[name].as_object().cloned().unwrap_or_default());
        }
        if let Place::Block(_) = place {
            self.comment_behind();
        }
    }

    pub fn alias_of(&mut self, fits: impl Fn(&Value) -> bool) -> Option<&'static str> {
        let names: Vec<&'static str> =
            self.anchors.iter().filter(|(_, value)| fits(value)).map(|(name, _)| *name).collect();
        (!names.is_empty()).then(|| self.choices.of(&names))
    }

    /// An alias that can stand for the thing: for labels any other labels, for a string itself.
    pub fn alias_for(&mut self, thing: &Thing) -> Option<(&'static str, Value)> {
        if self.anchors.is_empty() {
            return None;
        }
        let name = match thing {
            Thing::Labels(_) if self.choices.one_in(3) => self.alias_of(Value::is_object),
            Thing::Map(_) if self.choices.one_in(60) => self.alias_of(Value::is_object),
            Thing::Text(text) if self.choices.one_in(2) => {
                self.alias_of(|value| value.as_str() == Some(text))
            }
            _ => None,
        }?;
        self.shapes.insert(Shape::Alias);
        Some((name, self.anchors[name].clone()))
    }

    /// The anchor or tag of a collection.
    pub fn properties(&mut self, thing: &Thing) -> Option<Properties> {
        let (anchor, tag) = match thing {
            Thing::Labels(_) => (self.choices.one_in(8), self.choices.one_in(100)),
            Thing::Map(_) => (self.choices.one_in(80), self.choices.one_in(200)),
            _ => (false, false),
        };
        if tag {
            self.shapes.insert(Shape::Tag);
        }
        if !anchor {
            return tag.then(|| ("!!map".to_owned(), None));
        }
        let labels = matches!(thing, Thing::Labels(_));
        self.shapes.insert(if labels { Shape::AnchoredLabels } else { Shape::AnchoredMap });
        let name = self.choices.of(&NAMES);
        // What is inside of it cannot name it.
        self.anchors.remove(name);
        let tag = if tag { "!!map " } else { "" };
        Some((format!("{tag}&{name}"), Some(name)))
    }

    pub fn define(&mut self, properties: Option<&Properties>, value: &Value) {
        if let Some((_, Some(name))) = properties {
            let own = value.as_object().is_some_and(|map| map.keys().any(|key| self.own.contains(key)));
            if own {
                self.shapes.insert(Shape::OwnKeyUnderAnchor);
            }
            // A name that is given again inside of it is given later.
            self.anchors.entry(name).or_insert_with(|| value.clone());
        }
    }
}
