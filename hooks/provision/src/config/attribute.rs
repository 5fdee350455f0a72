//! Attributes as the APIs of SQS and SNS have them: a table says what a file may say of each, and how
//! two values of it are told apart.
//!
//! A row of a table is all that a new attribute needs: the reader, the JSON Schema, the page in `docs`
//! and the hooks go by the rows. Nothing here knows which thing an attribute belongs to.

use serde_json::Value;

use super::reference::{Allowed, DeadLetters};

mod together;
mod written;

pub(super) use together::{extra, together};
pub(super) use written::Written;

/// One attribute that a file may set.
#[derive(Debug)]
pub struct Attribute {
    /// The name in the file: the API's with its first word in lower case.
    pub name: &'static str,
    /// The API's name.
    pub api: &'static str,
    pub kind: Kind,
    /// What it means when the API does not report it.
    pub absent: &'static str,
    /// Whether only a FIFO queue or topic has it.
    pub fifo: bool,
    /// Whether it cannot be without a value, so that `none` means nothing.
    pub firm: bool,
    /// Whether emulators take it and never report it: its drift is seen on AWS itself alone.
    pub unread: bool,
}

/// What the value of an attribute may be.
#[derive(Debug)]
pub enum Kind {
    /// A whole number from `least` to `most`, counted in `unit`.
    Number { least: i64, most: i64, unit: &'static str },
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Text of at most so many characters.
    Text(usize),
    /// A name of Amazon's.
    Arn,
    /// A JSON object, compared as JSON.
    Json,
    /// A JSON object to which the API adds what it leaves out.
    Partial,
    /// A policy of who may do what, compared by what it means.
    Policy,
    /// The dead-letter queue; `counted` where it says after how many receives.
    DeadLetters { counted: bool },
    /// Which queues may have this one for their dead letters.
    Allowed,
}

/// The attributes of one kind of thing.
pub trait Table {
    const ROWS: &'static [Attribute];
}

/// What a file says of attributes, in the order of the table.
#[derive(Clone, Debug, Default)]
pub struct Attributes(Vec<(&'static Attribute, Setting)>);

/// The value that a file gives to an attribute, in the range of its kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// The word `none`: the attribute is to have no value.
    Unset,
    /// As the API takes it.
    Text(String),
    Json(Value),
    DeadLetters(DeadLetters),
    Allowed(Allowed),
}

impl Attribute {
    /// A row for what every thing of its kind has.
    #[must_use]
    pub const fn new(name: &'static str, api: &'static str, kind: Kind) -> Self {
        let absent = match kind {
            Kind::Flag => "false",
            _ => "",
        };
        Self { name, api, kind, absent, fifo: false, firm: false, unread: false }
    }

    /// The same for what only FIFO queues or topics have.
    #[must_use]
    pub const fn fifo(name: &'static str, api: &'static str, kind: Kind) -> Self {
        let mut row = Self::new(name, api, kind);
        row.fifo = true;
        row
    }

    #[must_use]
    pub const fn firm(mut self) -> Self {
        self.firm = true;
        self
    }

    #[must_use]
    pub const fn unread(mut self) -> Self {
        self.unread = true;
        self
    }

    /// What is meant where the API reports nothing, if that is not "no value".
    #[must_use]
    pub const fn absent(mut self, absent: &'static str) -> Self {
        self.absent = absent;
        self
    }
}

impl Attributes {
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.0.iter().find(|(attribute, _)| attribute.name == name).map(|(_, setting)| setting)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static Attribute, &Setting)> {
        self.0.iter().map(|(attribute, setting)| (*attribute, setting))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&'static Attribute, &mut Setting)> {
        self.0.iter_mut().map(|(attribute, setting)| (*attribute, setting))
    }

    /// Says nothing of an attribute any more.
    pub fn drop(&mut self, name: &str) {
        self.0.retain(|(attribute, _)| attribute.name != name);
    }

    /// Sets an attribute, whatever it was.
    pub fn set(&mut self, attribute: &'static Attribute, setting: Setting) {
        match self.0.iter_mut().find(|(known, _)| known.name == attribute.name) {
            Some((_, known)) => *known = setting,
            None => self.0.push((attribute, setting)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{
        super::{
            sns::{SubscriptionTable, TopicTable},
            sqs::QueueTable,
        },
        *,
    };

    /// `HTTPSuccessFeedbackRoleArn` is `httpSuccessFeedbackRoleArn` in a file.
    fn first_word_lowered(api: &str) -> String {
        let capitals = api.bytes().take_while(u8::is_ascii_uppercase).count();
        // The last of several capitals begins the second word.
        let first = if capitals > 1 { capitals - 1 } else { capitals };
        api[..first].to_ascii_lowercase() + &api[first..]
    }

    #[test]
    fn every_row_of_a_table_has_a_name_of_its_own_which_is_the_apis() {
        for rows in [QueueTable::ROWS, TopicTable::ROWS, SubscriptionTable::ROWS] {
            let names: BTreeSet<_> = rows.iter().map(|row| row.name).collect();
            let api: BTreeSet<_> = rows.iter().map(|row| row.api).collect();
            assert_eq!((names.len(), api.len()), (rows.len(), rows.len()), "{names:?}, {api:?}");
            for row in rows {
                assert_eq!(row.name, first_word_lowered(row.api));
            }
        }
    }

    #[test]
    fn every_range_of_a_table_has_numbers_and_every_word_is_one() {
        for row in [QueueTable::ROWS, TopicTable::ROWS, SubscriptionTable::ROWS].into_iter().flatten() {
            match &row.kind {
                Kind::Number { least, most, unit } => assert!(least < most && !unit.is_empty(), "{row:?}"),
                Kind::Word(words) => {
                    assert!(words.len() > 1 && !words.contains(&"none"), "{row:?}");
                    assert!(words.contains(&row.absent), "{row:?}");
                }
                Kind::Text(most) => assert!(*most > "none".len(), "{row:?}"),
                _ => {}
            }
        }
    }
}
