//! Where the top-level keys of a document stand, found by its lines alone, for kinds of which only
//! the metadata is of interest: their bodies (schemas, dashboards) are the bulk of many streams.
//!
//! It understands the plain notation that charts are written in and says so when a document is in
//! another: then the whole is parsed. It never guesses.

use std::ops::Range;

/// A key at the start of a line and all that is under it.
#[derive(Debug, PartialEq, Eq)]
pub struct Section<'a> {
    pub key: &'a str,
    /// The lines from the key to the next one.
    pub span: Range<usize>,
}

/// The sections of a document that is a block mapping of plain keys; `None` when it is not surely so.
pub fn sections(text: &str) -> Option<Vec<Section<'_>>> {
    let bytes = text.as_bytes();
    // YAML ends a line at a lone carriage return, too; YAML 1.1 at three more.
    if memchr::memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1) != Some(&b'\n'))
        || text.contains(['\u{85}', '\u{2028}', '\u{2029}'])
    {
        return None;
    }
    let mut sections: Vec<Section<'_>> = Vec::new();
    let lines = Lines { bytes, at: 0 };
    for line in lines {
        match bytes[line.start..line.end] {
            [] | [b' ' | b'#' | b'\r', ..] => {}
            // The marker that heads the document, alone or before a comment.
            [b'-', b'-', b'-', ref rest @ ..] if sections.is_empty() => {
                if !matches!(rest.trim_ascii(), [] | [b'#', ..]) {
                    return None;
                }
            }
            [first, ..] if first.is_ascii_alphabetic() => {
                let key = key(&text[line.clone()])?;
                if let Some(last) = sections.last_mut() {
                    last.span.end = line.start;
                }
                sections.push(Section { key, span: line.start..text.len() });
            }
            // A sequence at its key's own indent.
            [b'-', b' ', ..] if !sections.is_empty() => {}
            _ => return None,
        }
    }
    (!sections.is_empty()).then_some(sections)
}

/// Whether a section surely ends where it seems to: whether no quoted text and no flow collection
/// can go on below it. A section with a flow collection over several lines, an anchor or a tag is not
/// sure.
pub fn is_closed(section: &str) -> bool {
    let bytes = section.as_bytes();
    let mut state = Line::Closed;
    // The column of the last key or dash without a value on its line.
    let mut bare = 0;
    for line in (Lines { bytes, at: 0 }) {
        let content = &bytes[line];
        let indent = content.iter().take_while(|byte| **byte == b' ').count();
        let content = content[indent..].trim_ascii_end();
        if content.is_empty() {
            continue;
        }
        state = match state {
            Line::Unsure => return false,
            Line::Block(parent) if indent > parent => Line::Block(parent),
            // A comment ends a plain text, and so does what is not deeper than its parent.
            Line::Plain(parent) if indent > parent && content[0] != b'#' => plain(content, parent),
            // What is quoted need not be indented for Helm, and then no line says where a section ends.
            Line::Quoted(_) if indent == 0 => Line::Unsure,
            Line::Quoted(quote) => quoted(content, 0, quote),
            Line::Bare(column) => {
                bare = column;
                read(content, indent, bare)
            }
            Line::Closed | Line::Block(_) | Line::Plain(_) => read(content, indent, bare),
        };
    }
    !matches!(state, Line::Unsure | Line::Quoted(_))
}

/// What a line does to those below.
enum Line {
    Closed,
    /// It ends in a key or dash at this column, whose value may follow.
    Bare(usize),
    /// It starts a block scalar, whose text is deeper than this column.
    Block(usize),
    /// It ends in a plain text, which goes on in lines that are deeper than this column.
    Plain(usize),
    /// It ends in a text between these quotes that is not over.
    Quoted(u8),
    Unsure,
}

/// A line that begins a value, a key or an item; `bare` is the column of the key that waits for one.
fn read(mut content: &[u8], mut column: usize, bare: usize) -> Line {
    let mut parent = bare.min(column);
    // Dashes of sequences, one in the other.
    while let [b'-', rest @ ..] = content {
        let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
        match &rest[spaces..] {
            [b'\t', ..] => return Line::Unsure,
            [] => return Line::Bare(column),
            _ if spaces == 0 => break,
            inner => (content, parent) = (inner, column),
        }
        column += 1 + spaces;
    }
    // Both a value in a sequence and a key can stand in quotes.
    let rest = match content {
        [quote @ (b'"' | b'\''), ..] => match behind_quotes(content, 1, *quote) {
            Some([b':', rest @ ..]) if rest.is_empty() || rest[0] == b' ' => rest,
            _ => return quoted(content, 1, *quote),
        },
        [b'#' | b'|' | b'>' | b'{' | b'[', ..] => return value(content, parent),
        [b'&' | b'!' | b'?' | b'%' | b'@' | b'`' | b'\t', ..] => return Line::Unsure,
        _ => match colon(content) {
            Some(at) => &content[at + 1..],
            None => return plain(content, parent),
        },
    };
    match rest.trim_ascii_start() {
        [] | [b'#', ..] => Line::Bare(column),
        text => value(text, column),
    }
}

/// A value, or what is left of a line, below the key or dash at column `parent`.
fn value(text: &[u8], parent: usize) -> Line {
    match text {
        [b'#', ..] => Line::Closed,
        [b'|' | b'>', ..] => Line::Block(parent),
        [quote @ (b'"' | b'\''), ..] => quoted(text, 1, *quote),
        [b'{' | b'[', ..] => flow(text),
        [b'&' | b'!' | b'%' | b'@' | b'`', ..] => Line::Unsure,
        _ => plain(text, parent),
    }
}

/// A line of plain text, which a comment ends.
fn plain(text: &[u8], parent: usize) -> Line {
    if memchr::memmem::find(text, b" #").is_some() { Line::Closed } else { Line::Plain(parent) }
}

/// A line of quoted text from `start`.
fn quoted(text: &[u8], start: usize, quote: u8) -> Line {
    match behind_quotes(text, start, quote) {
        None => Line::Quoted(quote),
        Some(rest) if rest.is_empty() || is_comment(rest) => Line::Closed,
        Some(_) => Line::Unsure,
    }
}

/// What follows a quoted text, read from `start`, that ends on its line.
fn behind_quotes(text: &[u8], start: usize, quote: u8) -> Option<&[u8]> {
    let mut at = start;
    loop {
        at += memchr::memchr2(quote, b'\\', &text[at..])?;
        if text[at] == b'\\' {
            at += if quote == b'"' { 2 } else { 1 };
        } else if quote == b'\'' && text.get(at + 1) == Some(&b'\'') {
            at += 2;
        } else {
            return Some(&text[at + 1..]);
        }
        // A backslash at the end of a line escapes the line's end.
        if at > text.len() {
            return None;
        }
    }
}

/// A flow collection is sure when it is closed on its line and has nothing that could hide a bracket.
fn flow(text: &[u8]) -> Line {
    let mut depth = 0_usize;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b'"' | b'\'' | b'#' => return Line::Unsure,
            _ => {}
        }
        if depth == 0 {
            let rest = &text[at + 1..];
            return if rest.is_empty() || is_comment(rest) { Line::Closed } else { Line::Unsure };
        }
    }
    Line::Unsure
}

fn is_comment(rest: &[u8]) -> bool {
    matches!(rest, [b' ' | b'\t', rest @ ..] if rest.trim_ascii_start().starts_with(b"#"))
}

/// Where the colon behind a plain key stands.
fn colon(content: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b':', content).find(|at| matches!(content.get(at + 1), None | Some(b' ' | b'\t')))
}

/// A plain key that starts its line: no character in it can be anything else.
fn key(line: &str) -> Option<&str> {
    let end = line.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || b"-_./".contains(&byte)))?;
    let rest = line[end..].strip_prefix(':')?;
    (rest.is_empty() || rest.starts_with([' ', '\r'])).then_some(&line[..end])
}

/// The lines of a text without their `\n`.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Iterator for Lines<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        if start >= self.bytes.len() {
            return None;
        }
        let end =
            memchr::memchr(b'\n', &self.bytes[start..]).map_or(self.bytes.len(), |newline| start + newline);
        self.at = end + 1;
        Some(start..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_the_keys_at_the_start_of_a_line() {
        let text = "--- # c\n# Source: a\nkind: A\n\nmetadata:\n  name: a\nitems:\n- b\n- c: d\nspec: {}\n";
        let sections = sections(text).expect("plain notation");
        let got: Vec<(&str, &str)> =
            sections.into_iter().map(|section| (section.key, &text[section.span])).collect();
        let want = [
            ("kind", "kind: A\n\n"),
            ("metadata", "metadata:\n  name: a\n"),
            ("items", "items:\n- b\n- c: d\n"),
            ("spec", "spec: {}\n"),
        ];
        assert_eq!(got, want);
    }

    #[test]
    fn what_is_not_plainly_a_block_mapping_has_no_sections() {
        for text in [
            "",
            "# c\n",
            "{a: b}\n",
            "--- {a: b}\n",
            "- a\n",
            "\"a\": b\n",
            "a: b\n? c\n",
            "a: b\n...\n",
            "a: b\n\tc\n",
            "%YAML 1.2\n---\na: b\n",
            "\u{feff}a: b\n",
            "a: {\n}\n",
            "a:b\n",
            "&x a: b\n",
            "a: b\rc: d\n",
            "a: b\u{2028}c: d\n",
        ] {
            assert_eq!(sections(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_section_is_closed_when_nothing_can_go_on_below_it() {
        let closed = [
            "a: b\n",
            "a: 'it''s' # c\n",
            "a: \"x\\\"y\"\n",
            "a:\n  - \"b\": c\n",
            "a: {b: [c]} # d\n",
            "a: {}\n",
            "a: |\n  it's \"\n  {\n",
            "a:\n  - |-\n    \"\n  - b: >\n      '\n    c: d\n",
            "a: it's\n  a \"text\n  of lines\n",
            "a: it's\n  \"text\n  - |\n  of lines\n",
            "a:\n    text\n  \"of lines\n",
            "a: 'text\n  of ''lines'' and [\n\n  more'\nb: c\n",
            "a: \"text \\\n  of \\\" lines\" # c\n",
            "a:\n- \"x\n  y\"\n",
            "a: 1 # \"\n",
            "- - 'b'\n",
        ];
        for text in closed {
            assert!(is_closed(text), "{text:?}");
        }
        let unsure = [
            "a: \"b\n",
            "a: 'b''\n",
            "a: {b: c,\n",
            "a: [\"]\"]\n",
            "a: &b c\n",
            "a: !!str \"b\n",
            "? \"a\n",
            "- \"b\n",
            "-\t\"b\n",
            "a:\n  \"b\n",
            "a: |\n  x\nb: \"c\n",
            "a:\n  - b: |\n     x\n    c: \"\n",
            "a: \"b\\\n",
            "a: \"b\nc: d\"\n",
            "a: b # c\n  \"d\n",
            "a: \"b\n  c\" d\n",
        ];
        for text in unsure {
            assert!(!is_closed(text), "{text:?}");
        }
    }
}
