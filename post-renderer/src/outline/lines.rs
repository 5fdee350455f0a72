//! What the lines of a section say without being parsed: whether it surely ends where it seems to.

use std::ops::Range;

use super::flow::flow;

/// The lines of a part of a text, without their `\n`.
pub struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lines<'a> {
    pub fn of(text: &'a str, span: Range<usize>) -> Self {
        Self { bytes: &text.as_bytes()[..span.end], at: span.start }
    }
}

impl Iterator for Lines<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        let rest = self.bytes.get(start..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr(b'\n', rest).map_or(self.bytes.len(), |newline| start + newline);
        self.at = end + 1;
        Some(start..end)
    }
}

/// Whether the lines of `span` are surely whole: no quoted text and no flow collection can go on below
/// them, and each line stands where a line can. A section with a flow collection over several lines, an
/// anchor, an alias or a tag is not sure.
pub fn are_whole(text: &str, span: Range<usize>) -> bool {
    let mut reader = Reader { open: Vec::new(), waiting: None, state: State::Ready };
    for line in Lines::of(text, span) {
        let content = &text.as_bytes()[line];
        let indent = content.iter().take_while(|byte| **byte == b' ').count();
        let content = content[indent..].trim_ascii_end();
        // Blanks before the first line of a block scalar can be too many for it.
        let blanks = content.is_empty() && indent > 0 && matches!(reader.state, State::Block(_, None));
        if blanks || (!content.is_empty() && reader.line(content, indent).is_none()) {
            return false;
        }
    }
    !matches!(reader.state, State::Quoted(_))
}

/// YAML's own limit is 1024 characters.
pub const LONGEST_KEY: usize = 1000;

/// What the last line left for the next one.
enum State {
    /// A key, an item or, if one waits, a value.
    Ready,
    /// The lines of a block scalar, which are deeper than this column, and where the first of them began.
    Block(usize, Option<usize>),
    /// More of a plain text, in lines that are deeper than this column.
    Plain(usize),
    /// More of a text between these quotes.
    Quoted(u8),
}

struct Reader {
    /// The column of each open collection, and whether it is a sequence.
    open: Vec<(usize, bool)>,
    /// The column of the key or dash whose value may follow.
    waiting: Option<usize>,
    state: State,
}

/// Each method says `None` when it is not sure.
impl Reader {
    fn line(&mut self, content: &[u8], indent: usize) -> Option<()> {
        match self.state {
            State::Block(parent, first) if indent > parent => {
                let first = first.unwrap_or(indent);
                self.state = State::Block(parent, Some(first));
                return (indent >= first).then_some(());
            }
            // A comment ends a plain text, and so does what is not deeper than its parent.
            State::Plain(parent) if indent > parent && content[0] != b'#' => {
                return self.plain(content, parent);
            }
            // Helm takes the rest of a quoted text at any column, and then no line says where a section ends.
            State::Quoted(_) if indent == 0 => return None,
            State::Quoted(quote) => return self.quoted(content, 0, quote),
            _ => self.state = State::Ready,
        }
        if content[0] == b'#' { Some(()) } else { self.entry(content, indent) }
    }

    /// A line that begins an item, a key or a value.
    fn entry(&mut self, mut content: &[u8], mut column: usize) -> Option<()> {
        // Dashes of sequences, one in the other.
        while let [b'-', rest @ ..] = content {
            let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
            let inner = &rest[spaces..];
            if inner.first() == Some(&b'\t') {
                return None;
            }
            if spaces == 0 && !inner.is_empty() {
                break;
            }
            self.stands(column, true)?;
            self.waiting = Some(column);
            if inner.is_empty() {
                return Some(());
            }
            column += 1 + spaces;
            content = inner;
        }
        let rest = match content {
            [quote @ (b'"' | b'\''), ..] => match behind_quotes(content, 1, *quote) {
                Some([b':', rest @ ..])
                    if (rest.is_empty() || rest[0] == b' ') && content.len() - rest.len() < LONGEST_KEY =>
                {
                    rest
                }
                _ => return self.value(content, column),
            },
            [b'{' | b'[' | b'|' | b'>', ..] => return self.value(content, column),
            _ => match colon(content) {
                // A key is short, and is not nothing.
                Some(at) if at == 0 || at > LONGEST_KEY => return None,
                Some(at) if !starts_otherwise(content[0]) => &content[at + 1..],
                _ => return self.value(content, column),
            },
        };
        self.stands(column, false)?;
        self.waiting = Some(column);
        match rest.trim_ascii_start() {
            [] | [b'#', ..] => Some(()),
            text => self.value(text, column + 1),
        }
    }

    /// A value at `column` of the key or dash that waits for one.
    fn value(&mut self, text: &[u8], column: usize) -> Option<()> {
        let parent = self.waiting.take().filter(|parent| *parent < column)?;
        match text {
            [b'#', ..] => {
                // A comment behind a dash: the value still may follow.
                self.waiting = Some(parent);
                Some(())
            }
            [b'|' | b'>', header @ ..] => {
                let rest = header.strip_prefix(b"-").or(header.strip_prefix(b"+")).unwrap_or(header);
                self.state = State::Block(parent, None);
                (rest.is_empty() || is_comment(rest)).then_some(())
            }
            [quote @ (b'"' | b'\''), ..] => self.quoted(text, 1, *quote),
            [b'{' | b'[', ..] => flow(text),
            [first, ..] if starts_otherwise(*first) => None,
            [b'-'] | [b'-', b' ', ..] => None,
            _ => self.plain(text, parent),
        }
    }

    /// A line of plain text, which a comment ends.
    fn plain(&mut self, text: &[u8], parent: usize) -> Option<()> {
        let comment = memchr::memmem::find(text, b" #");
        if colon(&text[..comment.unwrap_or(text.len())]).is_some() {
            return None;
        }
        self.state = if comment.is_some() { State::Ready } else { State::Plain(parent) };
        Some(())
    }

    /// A line of quoted text from `start`.
    fn quoted(&mut self, text: &[u8], start: usize, quote: u8) -> Option<()> {
        if quote == b'"' && !has_plain_escapes(text) {
            return None;
        }
        self.state = match behind_quotes(text, start, quote) {
            None => State::Quoted(quote),
            Some(rest) if rest.is_empty() || is_comment(rest) => State::Ready,
            Some(_) => return None,
        };
        Some(())
    }

    /// Whether an item (`dash`) or a key can stand at a column, and if it can, that it does.
    fn stands(&mut self, column: usize, dash: bool) -> Option<()> {
        // What is deeper is over, and a sequence at its key's own column is over at the next key.
        while self.open.last().is_some_and(|&(top, seq)| top > column || (top == column && seq && !dash)) {
            self.open.pop();
        }
        let waits = |parent: usize| self.waiting == Some(parent);
        match self.open.last() {
            Some(&(top, seq)) if top == column && seq == dash => return Some(()),
            Some(&(top, _)) if top == column && !waits(column) => return None,
            Some(_) if self.waiting.is_none_or(|parent| parent > column) => return None,
            _ => {}
        }
        self.open.push((column, dash));
        Some(())
    }
}

/// What follows a quoted text, read from `start`, that ends on its line.
pub fn behind_quotes(text: &[u8], start: usize, quote: u8) -> Option<&[u8]> {
    let mut at = start;
    loop {
        at += memchr::memchr2(quote, b'\\', text.get(at..)?)?;
        if text[at] == b'\\' {
            // At the end of a line it escapes the line's end.
            at += if quote == b'"' { 2 } else { 1 };
        } else if quote == b'\'' && text.get(at + 1) == Some(&b'\'') {
            at += 2;
        } else {
            return Some(&text[at + 1..]);
        }
    }
}

/// Whether every escape of a line is one that is right whatever follows.
fn has_plain_escapes(text: &[u8]) -> bool {
    let mut at = 0;
    while let Some(next) = memchr::memchr(b'\\', &text[at..]) {
        at += next + 2;
        if text.get(at - 1).is_some_and(|escaped| !b"\"\\nrt0 ".contains(escaped)) {
            return false;
        }
        at = at.min(text.len());
    }
    true
}

pub fn is_comment(rest: &[u8]) -> bool {
    matches!(rest, [b' ' | b'\t', rest @ ..] if rest.trim_ascii_start().starts_with(b"#"))
}

/// Where the colon behind a plain key stands.
fn colon(content: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b':', content).find(|at| matches!(content.get(at + 1), None | Some(b' ' | b'\t')))
}

/// Characters that start something else than a plain text, or nothing at all.
fn starts_otherwise(first: u8) -> bool {
    b"&*!?%@`,]}\t".contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_when_nothing_can_go_on_below_them() {
        for text in [
            "a: b\n",
            "a: 'it''s' # c\n",
            "a: \"x\\\"y\"\n",
            "a:\n  - \"b\": c\n",
            "a: {b: [c]} # d\n",
            "a: {}\n",
            "a: {b: -1, c: d:e f, g, h: [{i: j}, k: l], \"m\" : n, o: {}, \"p\":q, r: s:t, }\n",
            "a: [\"]\", 'it''s', {\"b\": c}]\n",
            "a: |\n  it's \"\n  {\n",
            "a:\n  - |-\n    \"\n  - b: >\n      '\n    c: d\n",
            "a: it's\n  a \"text\n  of lines\n",
            "a: it's\n  \"text\n  - |\n  of lines\n",
            "a:\n    text\n  \"of lines\n",
            "a: 'text\n  of ''lines'' and [\n\n  more'\nb: c\n",
            "a: \"text \\\n  of \\\" lines\" # c\n",
            "a:\n- \"x\n  y\"\n- z\n",
            "a: 1 # \": b\n",
            "a:\n  # c\n  - - 'b'\n    - c\n  - d: e\n    f:\n    - g\n    h: i\n",
            "  a:\n    b: c\n  d:\n",
            "a: http://b:80/c#d\n",
            "a: -b\n",
            "a:\n  - # c\n    b: c\n",
        ] {
            assert!(are_whole(text, 0..text.len()), "{text:?}");
        }
    }

    #[test]
    fn lines_are_not_whole_when_something_goes_on_or_is_wrong() {
        for text in [
            "a: \"b\n",
            "a: 'b''\n",
            "a: {b: c,\n",
            "a: [\"]\n",
            "a: [it's]\n",
            "a: &b c\n",
            "a: *b\n",
            "a: [*b]\n",
            "a: {b: c d: e}\n",
            "a: {b: c- d`e: f}\n",
            "a: {b: {c: d} e: f}\n",
            "a: {b: {c} d}\n",
            "a: [b {c}]\n",
            "a: [\"b\" c]\n",
            "a: [, b]\n",
            "a: {b: c,, d}\n",
            "a: {: b}\n",
            "a: [- b]\n",
            "a: [@b]\n",
            "a: {b: c]\n",
            "a: {b: [c}, d]\n",
            "a: {b: \"c\":d}\n",
            "a: {\"b\":c: d}\n",
            "a: {b:[c]: d}\n",
            "a: {b:\tc: d}\n",
            "a: {b: :c}\n",
            "a: {b: ?}\n",
            "a: [::]\n",
            "a: !!str \"b\n",
            "? \"a\n",
            "a:\n  - \"b\n",
            "a:\n  -\t\"b\n",
            "a:\n  \"b\n",
            "a: |\n  x\nb: \"c\n",
            "a:\n  - b: |\n     x\n    c: \"\n",
            "a: \"b\\\n",
            "a: \"b\nc: d\"\n",
            "a: b # c\n  \"d\n",
            "a: \"b\n  c\" d\n",
            "a: b: c\n",
            "a: b\n  c: d\n",
            "a: b\n- c\n",
            "a:\n    b: c\n  d: e\n",
            "a:\n  b: c\n   d: e\n",
            "a:\n  - b\n c: d\n",
            "a:\n  - b\n  c: d\n",
            "a: 'b'\n  c\n",
            "a: ]\n",
            "a: @b\n",
        ] {
            assert!(!are_whole(text, 0..text.len()), "{text:?}");
        }
    }
}
