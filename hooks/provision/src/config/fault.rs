//! An error of the file: where it is, what is wrong, what was probably meant.

use std::fmt;

use super::{mask, place};

/// What is wrong with the value at one path of the file, such as `sqs.queues[0].name`.
#[derive(Debug)]
pub(crate) struct Fault {
    path: String,
    message: String,
    /// Whether what stands there is not to be seen.
    hidden: bool,
}

/// What is wrong, with the file and the line in which it is; the last line of its text says it all.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    file: String,
    line: usize,
    column: usize,
    quote: Option<String>,
    message: String,
}

impl Fault {
    pub(super) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into(), hidden: false }
    }

    /// The same at another path.
    pub(super) fn at(self, path: impl Into<String>) -> Self {
        Self { path: path.into(), ..self }
    }

    /// The same about a value that nobody should see.
    pub(super) fn hidden(self) -> Self {
        Self { hidden: true, ..self }
    }

    pub(super) fn in_file(self, file: &str, text: &str) -> ConfigError {
        let error = ConfigError::new(file, text, place::of(text, &self.path), self.message);
        if self.hidden { error.hidden_from(0) } else { error }
    }
}

impl ConfigError {
    /// What is wrong at the byte `at` of `text`.
    pub(super) fn new(file: &str, text: &str, at: usize, message: impl Into<String>) -> Self {
        // What is missed at the end of the file is missed on its last line.
        let before = text.get(..at.min(text.trim_end().len())).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let quote = text[start..].lines().next().filter(|quote| !quote.trim().is_empty());
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[start..].chars().count() + 1,
            quote: quote.map(|quote| mask::line(quote).chars().take(160).map(shown).collect()),
            message: mask::message(&message.into()),
        }
    }

    /// What the reader of YAML found, in our words.
    #[must_use]
    pub fn read(file: &str, text: &str, error: &serde_yaml::Error) -> Self {
        let said = error.to_string();
        let Some(location) = error.location() else {
            return if said.contains("more than one document") {
                Self::new(file, text, place::of_second_document(text), "a second document: a hook reads one")
            } else {
                Self::new(file, text, 0, said)
            };
        };
        let said =
            said.replacen(&format!(" at line {} column {}", location.line(), location.column()), "", 1);
        // A character that is not allowed has only a position, and that only in the words.
        if let Some((said, position)) = said.rsplit_once(" at position ")
            && let Ok(at) = position.parse()
        {
            return Self::new(file, text, at, said);
        }
        let (path, said) = path_and_message(&said);
        let twice = said.strip_prefix("duplicate field `").and_then(|rest| rest.strip_suffix('`'));
        let at = twice.map_or(location.index(), |key| place::of_second_key(text, path, key));
        let error = Self::new(file, text, at, reworded(said));
        // The text that stands there instead of `env` or `file`, or behind a misspelt key, is a secret.
        let unknown = said.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
        let credentials =
            [".credentials", ".clientConfig", ".adminUrl"].iter().any(|part| path.contains(part));
        // Beside adminUrl nothing but parts of it is written where it should not be.
        let secret = |word: &str| credentials || path == "database" || mask::is_nearly_secret(word);
        match unknown {
            Some(word) if secret(word) => error.hidden_from(word.chars().count() + 1),
            None if credentials && said.starts_with("invalid type: ") => error.hidden_from(0),
            _ => error,
        }
    }

    /// The same without what stands so many characters behind its column.
    fn hidden_from(self, behind: usize) -> Self {
        let seen = self.column - 1 + behind;
        let quote = self.quote.map(|quote| {
            let hidden = quote.chars().count() > seen;
            quote.chars().take(seen).collect::<String>() + if hidden { mask::HIDDEN } else { "" }
        });
        Self { quote, ..self }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, quote, message } = self;
        if let Some(quote) = quote {
            writeln!(f, "{line:>5} | {quote}")?;
        }
        write!(f, "{file}:{line}:{column}: {message}")
    }
}

impl std::error::Error for ConfigError {}

/// What the reader says is `path: message`; no known key has a space in it, but those of tags may.
fn path_and_message(said: &str) -> (&str, &str) {
    let free = || {
        let starts = [": invalid type: ", ": duplicate field `"];
        starts.iter().find_map(|start| said.find(start)).map(|at| (&said[..at], &said[at + 2..]))
    };
    let known = said.split_once(": ").filter(|(path, _)| !path.contains(' '));
    known.or_else(free).unwrap_or(("", said))
}

fn reworded(said: &str) -> String {
    let (what, expected) = said.rsplit_once(", expected ").unwrap_or((said, ""));
    let (kind, rest) = what.split_once(" `").unwrap_or((what, ""));
    let word = rest.strip_suffix('`').unwrap_or(rest);
    // One word, two with an `or`, or a list: each between backticks.
    let known: Vec<_> = expected.split('`').skip(1).step_by(2).collect();
    match kind {
        "unknown field" => format!("unknown key {word:?}{}", meant(word, &known)),
        "unknown variant" => format!("{word:?} is not known here{}", meant(word, &known)),
        "missing field" => format!("the key {word:?} is missing"),
        "duplicate field" => format!("the key {word:?} is there twice"),
        // What was found stands in the quoted line, where it is masked.
        _ if what.starts_with("invalid type: ") => format!("expected {}", spoken(expected)),
        _ => said.to_owned(),
    }
}

fn spoken(expected: &str) -> &str {
    match expected {
        "i64" => "a whole number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a string" => "one text",
        "field identifier" => "a key",
        "a YAML tag starting with '!'" => "one word",
        other => other,
    }
}

/// A quoted line is text: what a terminal would obey is not handed to it.
fn shown(c: char) -> char {
    if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c }
}

/// What was probably meant, or else all that could be.
pub(super) fn meant(word: &str, known: &[&str]) -> String {
    let close = known
        .iter()
        .map(|known| (strsim::jaro_winkler(&word.to_lowercase(), &known.to_lowercase()), known))
        // Of a word of three letters one is a great part.
        .filter(|(closeness, known)| {
            *closeness > 0.8 || known.len() > 2 && strsim::osa_distance(word, known) == 1
        })
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    match close {
        Some((_, known)) => format!(": did you mean {known:?}?"),
        None if known.is_empty() => ": there is none".to_owned(),
        None => format!(": expected {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_is_named_and_a_far_one_gets_the_list() {
        let known = ["visibilityTimeout", "delaySeconds"];
        assert_eq!(meant("visibiltyTimeout", &known), ": did you mean \"visibilityTimeout\"?");
        assert_eq!(meant("VisibilityTimeout", &known), ": did you mean \"visibilityTimeout\"?");
        assert_eq!(meant("tll", &["feature", "ttl"]), ": did you mean \"ttl\"?");
        assert_eq!(meant("emails", &[]), ": there is none");
        assert_eq!(meant("fifo", &known), ": expected visibilityTimeout, delaySeconds");
    }
}
