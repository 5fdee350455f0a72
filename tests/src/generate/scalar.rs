//! Strings, in every notation that says them.

use super::{
    Shape,
    page::{Page, Tail},
};

/// Where a scalar stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// In a block collection at a column.
    Block(usize),
    /// In a flow collection somewhere below a column.
    Flow(usize),
    /// In JSON.
    Json,
}

impl Page<'_> {
    /// Writes a string as a value.
    pub fn string(&mut self, text: &str, place: Place) {
        match place {
            Place::Json => return self.double(text, true),
            Place::Block(column) if is_block(text) => match self.choices.below(12) {
                0..7 => return self.block_scalar(text, column, false),
                7..9 if is_folded(text) => return self.block_scalar(text, column, true),
                _ => {}
            },
            Place::Block(column) if !text.is_empty() => match self.choices.below(24) {
                22 if is_block_text(text) => return self.block_scalar(text, column, false),
                23 if is_block_text(text) && is_folded(text) => return self.block_scalar(text, column, true),
                _ => {}
            },
            _ => {}
        }
        let flow = matches!(place, Place::Flow(_));
        match self.choices.below(12) {
            0..5 if is_plain(text, flow) => self.text.push_str(text),
            5..7 if is_single(text) => self.single(text),
            9 if is_plain(text, flow) => self.over_lines(text, place, None),
            10 if is_single(text) => self.over_lines(text, place, Some('\'')),
            11 => self.over_lines(text, place, Some('"')),
            _ => self.double(text, false),
        }
    }

    /// Writes a string as a key, which stands on one line.
    pub fn key(&mut self, text: &str, place: Place) {
        let flow = matches!(place, Place::Flow(_));
        match self.choices.below(24) {
            _ if matches!(place, Place::Json) => self.double(text, true),
            0..18 if is_plain(text, flow) => self.text.push_str(text),
            18..21 if is_single(text) => self.single(text),
            23 if text.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                self.shapes.insert(Shape::EscapedKey);
                self.text.push_str(&format!("\"\\x{:02x}{}\"", text.as_bytes()[0], &text[1..]));
            }
            _ => self.double(text, false),
        }
    }

    fn single(&mut self, text: &str) {
        self.text.push_str(&format!("'{}'", text.replace('\'', "''")));
    }

    fn double(&mut self, text: &str, json: bool) {
        self.text.push('"');
        self.escaped(text, json);
        self.text.push('"');
    }

    fn escaped(&mut self, text: &str, json: bool) {
        for c in text.chars() {
            match c {
                '"' | '\\' => self.text.extend(['\\', c]),
                '\n' => self.text.push_str("\\n"),
                '\t' if json || self.choices.one_in(2) => self.text.push_str("\\t"),
                '\0'..' ' | '\u{7f}'..='\u{9f}' if c != '\t' => {
                    self.text.push_str(&format!("\\u{:04x}", u32::from(c)));
                }
                '\u{a0}'..='\u{ffff}' if self.choices.one_in(4) => {
                    self.text.push_str(&format!("\\u{:04x}", u32::from(c)));
                }
                '\u{10000}'.. if !json && self.choices.one_in(4) => {
                    self.text.push_str(&format!("\\U{:08x}", u32::from(c)));
                }
                _ => {
                    if matches!(c, '\u{2028}' | '\u{2029}') {
                        self.shapes.insert(Shape::UnicodeLineBreak);
                    }
                    self.text.push(c);
                }
            }
        }
    }

    /// Writes a text with line breaks where it has single spaces, which is where they are folded.
    fn over_lines(&mut self, text: &str, place: Place, quote: Option<char>) {
        let column = match place {
            Place::Block(column) | Place::Flow(column) => column + 1,
            Place::Json => 0,
        };
        self.text.extend(quote);
        for (index, piece) in pieces(text).into_iter().enumerate() {
            if index > 0 {
                let comment = quote.is_none() && piece.starts_with('#');
                match self.choices.below(4) {
                    1.. if comment => self.text.push(' '),
                    1 | 2 => {
                        self.newline();
                        self.continuation(column, piece, quote.is_some());
                    }
                    3 if quote == Some('"') => {
                        // An escaped line break is nothing, an escaped space is one.
                        self.text.push('\\');
                        self.newline();
                        self.continuation(column, "", true);
                        self.text.push_str("\\ ");
                    }
                    _ => self.text.push(' '),
                }
            }
            match quote {
                Some('"') => self.escaped(piece, false),
                Some(_) => {
                    if piece.contains(['\u{2028}', '\u{2029}']) {
                        self.shapes.insert(Shape::UnicodeLineBreak);
                    }
                    self.text.push_str(&piece.replace('\'', "''"));
                }
                None => self.text.push_str(piece),
            }
        }
        self.text.extend(quote);
    }

    /// The indent of a scalar's next line. Helm's parser takes any in quotes.
    fn continuation(&mut self, column: usize, piece: &str, quoted: bool) {
        self.shapes.insert(Shape::ScalarOverLines);
        let marker = piece.starts_with("---") || piece.starts_with("...");
        match self.choices.below(60) {
            59 if quoted && !marker => {
                self.shapes.insert(Shape::QuotedAtColumnZero);
            }
            more => self.spaces(column + more % 8),
        }
    }

    fn block_scalar(&mut self, text: &str, column: usize, folded: bool) {
        self.shapes.insert(Shape::BlockScalar);
        let content = text.trim_end_matches('\n');
        let indent = 1 + self.choices.below(8);
        let indicator = content.starts_with(' ') || self.choices.one_in(6);
        let keep = match text.len() - content.len() {
            0 => None,
            1 => Some(self.choices.one_in(6)),
            _ => Some(true),
        };
        self.text.push(if folded { '>' } else { '|' });
        let chomping = match keep {
            None => "-",
            Some(false) => "",
            Some(true) => "+",
        };
        if self.choices.one_in(2) {
            self.text.push_str(chomping);
        }
        let behind = self.text.ends_with(['-', '+']) || chomping.is_empty();
        if indicator {
            self.text.push_str(&indent.to_string());
        }
        if !behind {
            self.text.push_str(chomping);
        }
        self.comment_behind();
        let mut breaks = 1;
        for (index, line) in content.split('\n').enumerate() {
            breaks += usize::from(index > 0);
            if line.is_empty() {
                continue;
            }
            // A folded text needs one line break more than it has: the first is a space.
            for _ in 0..breaks + usize::from(folded && index > 0) {
                self.newline();
            }
            breaks = 0;
            self.spaces(column + indent);
            self.block_line(line, column + indent, folded);
        }
        for _ in 1..text.len() - content.len() {
            self.newline();
        }
        self.tail = if keep == Some(true) { Tail::Kept } else { Tail::Block };
        if keep == Some(true) {
            self.shapes.insert(Shape::BlockScalarThatIsKept);
        }
    }

    fn block_line(&mut self, line: &str, column: usize, folded: bool) {
        if !folded {
            self.text.push_str(line);
            return;
        }
        for (index, piece) in pieces(line).into_iter().enumerate() {
            if index > 0 && self.choices.one_in(3) {
                self.newline();
                self.spaces(column);
            } else if index > 0 {
                self.text.push(' ');
            }
            self.text.push_str(piece);
        }
    }
}

/// The parts between single spaces with text on both sides.
fn pieces(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut pieces = Vec::new();
    let mut start = 0;
    for at in 1..bytes.len().saturating_sub(1) {
        let solid = |byte: u8| !byte.is_ascii_whitespace();
        if bytes[at] == b' ' && solid(bytes[at - 1]) && solid(bytes[at + 1]) {
            pieces.push(&text[start..at]);
            start = at + 1;
        }
    }
    pieces.push(&text[start..]);
    pieces
}

/// Whether a text is the same string without quotes. Says no too often, never yes.
pub(super) fn is_plain(text: &str, flow: bool) -> bool {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let first = text
        .starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || ('\u{c0}'..'\u{2000}').contains(&c));
    first
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
        && !text.contains(|c: char| c.is_control() || ('\u{2000}'..'\u{2100}').contains(&c))
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([' ', ':'])
        && !(flow && text.contains([',', '[', ']', '{', '}', '?', ':']))
}

fn is_single(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() && c != '\t')
}

/// Whether it is a text of several lines that a block scalar can say.
fn is_block(text: &str) -> bool {
    text.contains('\n') && is_block_text(text)
}

fn is_block_text(text: &str) -> bool {
    !text.starts_with(['\n', '\t'])
        && !text.contains(|c: char| {
            (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{2028}' | '\u{2029}')
        })
        && text.lines().all(|line| line.is_empty() || !line.trim().is_empty())
        && !text.trim().is_empty()
}

/// Whether folding gives it back: no line may start with white space.
fn is_folded(text: &str) -> bool {
    text.lines().all(|line| !line.starts_with([' ', '\t']))
}
