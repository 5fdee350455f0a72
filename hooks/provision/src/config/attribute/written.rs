//! Attributes as a file writes them: what is wrong with one is found while it is read, and so has its place.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::Value;

use super::{
    super::{
        once::Json,
        reference::{Allowed, Arn, DeadLetters},
    },
    Attribute, Attributes, Kind, Setting, Table,
};

/// What a file writes of the attributes of one table.
pub(in super::super) struct Written<T> {
    pub(in super::super) attributes: Attributes,
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
            Kind::Json | Kind::Partial | Kind::Policy | Kind::DeadLetters { .. } | Kind::Allowed => {
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
            Kind::Json | Kind::Partial | Kind::Policy => {
                match serde_json::from_str(text).map(|Json(value)| value) {
                    Ok(Value::Object(object)) => Ok(Setting::Json(Value::Object(object))),
                    Ok(_) => Err(E::custom(format!("{name} is no JSON object"))),
                    Err(error) => Err(E::custom(format!("{name} is no JSON: {error}"))),
                }
            }
            Kind::DeadLetters { .. } | Kind::Allowed => {
                Err(E::invalid_type(de::Unexpected::Str(text), &self))
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Setting, A::Error> {
        let entries = MapAccessDeserializer::new(entries);
        match &self.kind {
            Kind::Json | Kind::Partial | Kind::Policy => {
                Json::deserialize(entries).map(|Json(value)| Setting::Json(value))
            }
            Kind::DeadLetters { counted } => DeadLetters::read(entries, *counted).map(Setting::DeadLetters),
            Kind::Allowed => Allowed::read(entries).map(Setting::Allowed),
            _ => Err(de::Error::invalid_type(de::Unexpected::Map, &self)),
        }
    }
}

impl Attribute {
    fn out_of_range<E: de::Error>(&self, value: impl fmt::Display, least: i64, most: i64, unit: &str) -> E {
        E::custom(format!("{} {value} is not in {least} to {most} ({unit})", self.name))
    }
}
