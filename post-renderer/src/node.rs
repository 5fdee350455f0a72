//! A document as a tree of byte spans. Knows nothing of Kubernetes; never expands an alias, and
//! never holds more of a document than a stated number of nodes.

mod build;

use std::{borrow::Cow, collections::HashMap, ops::Range, rc::Rc};

pub use build::{has_odd_characters, parse};

/// One node of a document, with the bytes of the document's text that it stands on.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    /// Where it begins, with its anchor and its tag.
    pub start: usize,
    /// The node without them. The span of a block collection starts at its first key or item and
    /// ends behind its last; that of a flow collection includes its brackets, that of a scalar its
    /// quotes, and that of a block scalar is its text without `|` or `>`.
    pub span: Range<usize>,
    /// Column of the span's first byte, in characters from 0.
    pub column: usize,
    pub anchor: Option<usize>,
    /// A core tag by its last word (`str`), any other as it resolves.
    pub tag: Option<String>,
    pub value: Value<'a>,
}

#[derive(Clone, Debug)]
pub enum Value<'a> {
    Scalar {
        text: Cow<'a, str>,
        notation: Notation,
    },
    /// `merges` is how many mappings a look-up may have to visit.
    Map {
        style: Style,
        entries: Vec<(Node<'a>, Node<'a>)>,
        merges: usize,
    },
    Seq {
        style: Style,
        items: Vec<Node<'a>>,
    },
    /// What it stands for, unless that contains the alias itself.
    Alias(Option<Rc<Node<'a>>>),
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    Plain,
    Quoted,
    Block,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Block,
    Flow,
}

/// What a part of the stream holds.
#[derive(Debug)]
pub struct Tree<'a> {
    /// One node, none when there are only comments, several where `...` ends a document.
    pub roots: Vec<Node<'a>>,
    /// The spans of anchored nodes that an alias repeats: what is changed inside shows there too.
    pub shared: Vec<Range<usize>>,
    /// Whether anything is anchored.
    pub anchored: bool,
}

/// Where and why a text is no YAML.
#[derive(Debug)]
pub struct SyntaxError {
    pub offset: usize,
    pub cause: String,
}

/// The nodes themselves, as they stand: what is changed is found by these.
impl<'a> Node<'a> {
    /// The value of the entry `key`; of a key that stands twice the last, as Helm's parser reads it.
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.entries().iter().rev().find(|(k, _)| k.is_key(key)).map(|(_, value)| value)
    }

    pub fn entries(&self) -> &[(Node<'a>, Node<'a>)] {
        match &self.value {
            Value::Map { entries, .. } => entries,
            _ => &[],
        }
    }

    pub fn items(&self) -> &[Node<'a>] {
        match &self.value {
            Value::Seq { items, .. } => items,
            _ => &[],
        }
    }

    pub fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        match &self.value {
            Value::Scalar { text, notation: Notation::Plain } => match self.tag.as_deref() {
                None => matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL"),
                Some(tag) => tag == "null",
            },
            _ => false,
        }
    }

    /// Whether it is a text, and not empty, to a parser of any version.
    pub fn is_text(&self) -> bool {
        match &self.value {
            Value::Scalar { text, notation } => match self.tag.as_deref() {
                None => !text.is_empty() && (*notation != Notation::Plain || reads_as_text(text)),
                Some(tag) => tag == "str" && !text.is_empty(),
            },
            _ => false,
        }
    }

    /// Whether it is the key `<<`, which takes over the entries of other mappings.
    pub fn is_merge(&self) -> bool {
        match &self.value {
            Value::Scalar { text, notation: Notation::Plain } => {
                text == "<<" && self.tag.as_deref().is_none_or(|tag| tag == "merge")
            }
            _ => false,
        }
    }

    fn is_key(&self, key: &str) -> bool {
        self.resolved().scalar() == Some(key) && !self.is_merge()
    }
}

/// The nodes as Helm's parser reads them, through aliases and merge keys: never to be changed, since
/// they may stand elsewhere.
impl<'a> Node<'a> {
    pub fn resolved(&self) -> &Node<'a> {
        match &self.value {
            Value::Alias(Some(target)) => target.resolved(),
            _ => self,
        }
    }

    /// The value under `key`. What stands later wins, a merge key included; of a list of merged
    /// mappings the first wins.
    pub fn read(&self, key: &str) -> Option<&Node<'a>> {
        self.resolved().entries().iter().rev().find_map(|(k, value)| {
            if k.is_merge() {
                value.merged().into_iter().find_map(|source| source.read(key))
            } else {
                k.is_key(key).then(|| value.resolved())
            }
        })
    }

    /// The value under one key after the other.
    pub fn read_at(&self, path: &[&str]) -> Option<&Node<'a>> {
        path.iter().try_fold(self.resolved(), |node, key| node.read(key))
    }

    /// The text under `key`.
    pub fn read_text(&self, key: &str) -> Option<&str> {
        self.read(key)?.scalar()
    }

    /// All keys and values of a mapping, each key once.
    pub fn pairs(&self) -> Vec<(&str, &Node<'a>)> {
        let mut pairs: Vec<(&str, &Node<'a>)> = Vec::new();
        let mut places = HashMap::new();
        let mut put = |key, value| {
            let place = *places.entry(key).or_insert(pairs.len());
            match pairs.get_mut(place) {
                Some(pair) => pair.1 = value,
                None => pairs.push((key, value)),
            }
        };
        for (key, value) in self.resolved().entries() {
            if key.is_merge() {
                for source in value.merged().into_iter().rev() {
                    source.pairs().into_iter().for_each(|(key, value)| put(key, value));
                }
            } else if let Some(key) = key.resolved().scalar() {
                put(key, value.resolved());
            }
        }
        pairs
    }

    /// The mappings that a merge key with this value takes over, the winning one first.
    fn merged(&self) -> Vec<&Node<'a>> {
        let sources = self.resolved();
        match &sources.value {
            Value::Seq { items, .. } => items.iter().map(Node::resolved).collect(),
            _ => vec![sources],
        }
    }
}

/// Whether a plain scalar of this text is a text for Helm and in YAML 1.2: no number, no truth value and
/// no null.
pub fn reads_as_text(plain: &str) -> bool {
    const WORDS: [&str; 11] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "<<"];
    !plain.is_empty() && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(plain)) && !reads_as_number(plain)
}

fn reads_as_number(plain: &str) -> bool {
    let text = plain.replace('_', "").to_ascii_lowercase();
    let text = text.strip_prefix(['+', '-']).unwrap_or(&text);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let based = ["0x", "0o", "0b"].iter().find_map(|base| text.strip_prefix(base));
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    matches!(text, ".inf" | ".nan")
        || based.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_hexdigit()))
        || (digits(exponent) && digits(&mantissa.replacen('.', "", 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_no_truth_and_no_null_is_a_text() {
        for text in
            ["Deployment", "v1", "/v1", "1beta", "---x", "12:30:45", "0xg", "1.2.3", "e3", "_", "é", "-"]
        {
            assert!(reads_as_text(text), "{text}");
        }
        for other in
            ["", "~", "y", "On", "NULL", "1", "-1", "1_000", "0777", "0x1F", "1e3", "1.5E-3", ".5", ".inf"]
        {
            assert!(!reads_as_text(other), "{other}");
        }
    }
}
