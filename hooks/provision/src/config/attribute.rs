//! Attributes as the APIs of SQS and SNS have them: a table says what a file may say of each, and how
//! two values of it are told apart.
//!
//! A row of a table is all that a new attribute needs: the reader, the JSON Schema, the page in `docs`
//! and the hooks go by the rows. Nothing here knows which thing an attribute belongs to.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::Value;

use super::{
    once::Json,
    reference::{Allowed, Arn, DeadLetters},
};

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

impl Attribute {
    fn out_of_range<E: de::Error>(&self, value: impl fmt::Display, least: i64, most: i64, unit: &str) -> E {
        E::custom(format!("{} {value} is not in {least} to {most} ({unit})", self.name))
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

/// Attributes as a file writes them; what is wrong with one is found while it is read, and so has its place.
pub(super) struct Written<T> {
    pub(super) attributes: Attributes,
    table: PhantomData<T>,
}

impl<T> Default for Written<T> {
    fn default() -> Self {
        Self { attributes: Attributes::default(), table: PhantomData }
    }
}

impl<'de, T: Table> Deserialize<'de> for Written<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Keys(PhantomData))
    }
}

struct Keys<T>(PhantomData<T>);

impl<'de, T: Table> Visitor<'de> for Keys<T> {
    type Value = Written<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("keys with values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Written<T>, A::Error> {
        let mut read: Vec<(&'static Attribute, Setting)> = Vec::new();
        while let Some(row) = entries.next_key_seed(Key(T::ROWS))? {
            if read.iter().any(|(other, _)| other.name == row.name) {
                return Err(de::Error::duplicate_field(row.name));
            }
            read.push((row, entries.next_value_seed(row)?));
        }
        let place = |row: &Attribute| T::ROWS.iter().position(|other| other.name == row.name);
        read.sort_by_key(|(row, _)| place(row));
        Ok(Written { attributes: Attributes(read), table: PhantomData })
    }
}

struct Key(&'static [Attribute]);

impl<'de> DeserializeSeed<'de> for Key {
    type Value = &'static Attribute;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = &'static Attribute;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        self.0.iter().find(|row| row.name == text).ok_or_else(|| {
            // In the words of derived readers, which are put into ours in one place.
            let known: Vec<_> = self.0.iter().map(|row| format!("`{}`", row.name)).collect();
            E::custom(format!("unknown field `{text}`, expected one of {}", known.join(", ")))
        })
    }
}

impl<'de> DeserializeSeed<'de> for &'static Attribute {
    type Value = Setting;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Setting, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// What a kind does not take is refused by a visitor's default.
impl<'de> Visitor<'de> for &'static Attribute {
    type Value = Setting;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Number { .. } => f.write_str("a whole number"),
            Kind::Flag => f.write_str("true or false"),
            Kind::Word(words) => f.write_str(&words.join(" or ")),
            Kind::Text(_) | Kind::Arn => f.write_str("one text"),
            Kind::Json | Kind::Policy | Kind::DeadLetters { .. } | Kind::Allowed => {
                f.write_str("keys with values, or the word none")
            }
        }
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Setting, E> {
        match self.kind {
            Kind::Flag => Ok(Setting::Text(value.to_string())),
            _ => Err(E::invalid_type(de::Unexpected::Bool(value), &self)),
        }
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Setting, E> {
        match &self.kind {
            Kind::Number { least, most, .. } if (*least..=*most).contains(&value) => {
                Ok(Setting::Text(value.to_string()))
            }
            Kind::Number { least, most, unit } => Err(self.out_of_range(value, *least, *most, unit)),
            // A version is a word of digits.
            Kind::Word(_) => self.visit_str(&value.to_string()),
            _ => Err(E::invalid_type(de::Unexpected::Signed(value), &self)),
        }
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Setting, E> {
        match (i64::try_from(value), &self.kind) {
            (Ok(value), _) => self.visit_i64(value),
            (Err(_), Kind::Number { least, most, unit }) => {
                Err(self.out_of_range(value, *least, *most, unit))
            }
            (Err(_), _) => Err(E::invalid_type(de::Unexpected::Unsigned(value), &self)),
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Setting, E> {
        let name = self.name;
        match &self.kind {
            Kind::Number { .. } | Kind::Flag | Kind::Word(_) if text == "none" => {
                Err(E::custom(format!("{name} always has a value: leave it out to let it be")))
            }
            Kind::Word(words) if words.contains(&text) => Ok(Setting::Text(text.to_owned())),
            Kind::Word(words) => {
                Err(E::custom(format!("{name} {text:?} is not known: expected {}", words.join(" or "))))
            }
            Kind::Number { .. } | Kind::Flag => Err(E::invalid_type(de::Unexpected::Str(text), &self)),
            _ if text == "none" && self.firm => {
                Err(E::custom(format!("{name} always has a value: leave it out to let it be")))
            }
            _ if text == "none" => Ok(Setting::Unset),
            Kind::Text(most) if text.is_empty() || text.chars().count() > *most => {
                Err(E::custom(format!("{name} has not 1 to {most} characters (the word none: no value)")))
            }
            Kind::Text(_) if text.chars().any(char::is_control) => {
                Err(E::custom(format!("{name} is not one line")))
            }
            Kind::Text(_) => Ok(Setting::Text(text.to_owned())),
            Kind::Arn => match text.parse::<Arn>() {
                Ok(arn) => Ok(Setting::Text(arn.to_string())),
                Err(error) => Err(E::custom(format!("{name} {error}"))),
            },
            Kind::Json | Kind::Policy => match serde_json::from_str(text).map(|Json(value)| value) {
                Ok(Value::Object(object)) => Ok(Setting::Json(Value::Object(object))),
                Ok(_) => Err(E::custom(format!("{name} is no JSON object"))),
                Err(error) => Err(E::custom(format!("{name} is no JSON: {error}"))),
            },
            Kind::DeadLetters { .. } | Kind::Allowed => {
                Err(E::invalid_type(de::Unexpected::Str(text), &self))
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Setting, A::Error> {
        let entries = MapAccessDeserializer::new(entries);
        match &self.kind {
            Kind::Json | Kind::Policy => Json::deserialize(entries).map(|Json(value)| Setting::Json(value)),
            Kind::DeadLetters { counted } => DeadLetters::read(entries, *counted).map(Setting::DeadLetters),
            Kind::Allowed => Allowed::read(entries).map(Setting::Allowed),
            _ => Err(de::Error::invalid_type(de::Unexpected::Map, &self)),
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
