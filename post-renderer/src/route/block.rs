//! Documents of our own as YAML text: block style, every text that somebody else chose in quotes.

use crate::mapping::{plain, quoted};

/// A value to be written.
#[derive(Clone, Debug)]
pub enum Block {
    /// A text from anywhere.
    Text(String),
    /// A word of an API, which reads as a text without quotes.
    Word(&'static str),
    Number(i64),
    Switch(bool),
    Map(Vec<(String, Block)>),
    List(Vec<Block>),
}

impl Block {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// A mapping as a document, with a line end behind each line.
    pub fn document(&self) -> String {
        let mut text = String::new();
        self.lines(0, &mut text);
        text
    }

    fn lines(&self, indent: usize, text: &mut String) {
        match self {
            Self::Map(entries) => {
                for (index, (key, value)) in entries.iter().enumerate() {
                    // The first key of an item stands behind its dash.
                    if index > 0 || text.is_empty() || text.ends_with('\n') {
                        text.push_str(&" ".repeat(indent));
                    }
                    text.push_str(&plain(key));
                    text.push(':');
                    value.behind_key(indent, text);
                }
            }
            Self::List(items) => {
                for item in items {
                    text.push_str(&" ".repeat(indent));
                    text.push_str("- ");
                    match item {
                        Self::Map(entries) if !entries.is_empty() => item.lines(indent + 2, text),
                        _ => item.behind_dash(text),
                    }
                }
            }
            _ => self.behind_dash(text),
        }
    }

    fn behind_key(&self, indent: usize, text: &mut String) {
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                text.push('\n');
                self.lines(indent + 2, text);
            }
            Self::List(items) if !items.is_empty() => {
                text.push('\n');
                self.lines(indent + 2, text);
            }
            _ => {
                text.push(' ');
                self.behind_dash(text);
            }
        }
    }

    fn behind_dash(&self, text: &mut String) {
        match self {
            Self::Text(value) => text.push_str(&quoted(value)),
            Self::Word(word) => text.push_str(word),
            Self::Number(number) => text.push_str(&number.to_string()),
            Self::Switch(on) => text.push_str(&on.to_string()),
            Self::Map(_) => text.push_str("{}"),
            Self::List(_) => text.push_str("[]"),
        }
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_reads_as_what_was_meant() {
        let item = Block::map([
            ("kind", Block::Word("Rule")),
            ("port", Block::Number(1)),
            ("e", Block::Map(vec![])),
        ]);
        let list = Block::List(vec![item, Block::text("on"), Block::List(vec![])]);
        let map = Block::map([("a", Block::map([("on", Block::Switch(true))])), ("list", list)]);
        let want = "a:\n  \"on\": true\nlist:\n  - kind: Rule\n    port: 1\n    e: {}\n  - \"on\"\n  - []\n";
        assert_eq!(map.document(), want);
        assert!(serde_yaml::from_str::<serde_json::Value>(want).is_ok());
    }
}
