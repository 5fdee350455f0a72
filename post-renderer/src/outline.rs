//! Where the keys of a document stand, found by its lines alone, so that what cannot hold a target is
//! not parsed: schemas, dashboards and the bodies of most objects are the bulk of a stream.
//!
//! It understands the plain notation that charts are written in and says so when a document is in
//! another: then the whole is parsed. It never guesses.

mod flow;
mod lines;
mod sparse;

use std::ops::Range;

pub use sparse::tree;

use lines::Lines;

/// A key at the start of a line and all that is under it.
#[derive(Debug, PartialEq, Eq)]
struct Section<'a> {
    key: &'a str,
    /// The lines from the key to the next one of its column.
    span: Range<usize>,
}

/// The sections of a block mapping of plain keys, which stands alone in the lines of `span` with its keys
/// at `column`; `None` when it is not surely one.
fn sections(text: &str, span: Range<usize>, column: usize) -> Option<Vec<Section<'_>>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for line in Lines::of(text, span.clone()) {
        let content = &text.as_bytes()[line.clone()];
        let indent = content.iter().take_while(|byte| **byte == b' ').count();
        match content[indent..] {
            [] | [b'#' | b'\r', ..] => {}
            // Under a key, or before the first, where it would be the mapping's own indentation.
            _ if indent > column && !sections.is_empty() => {}
            _ if indent != column => return None,
            // The marker that heads the document, alone or before a comment.
            [b'-', b'-', b'-', ref rest @ ..] if sections.is_empty() && column == 0 => {
                let alone = rest.first().is_none_or(u8::is_ascii_whitespace);
                if !alone || !matches!(rest.trim_ascii(), [] | [b'#', ..]) {
                    return None;
                }
            }
            [first, ..] if first.is_ascii_alphabetic() => {
                let key = key(&text[line.start + indent..line.end])?;
                if let Some(last) = sections.last_mut() {
                    last.span.end = line.start;
                }
                sections.push(Section { key, span: line.start..span.end });
            }
            // A sequence at its key's own indent.
            [b'-', b' ', ..] if !sections.is_empty() => {}
            _ => return None,
        }
    }
    (!sections.is_empty()).then_some(sections)
}

/// A plain key that starts its line: no character in it can be anything else.
fn key(line: &str) -> Option<&str> {
    let end = line.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || b"-_./".contains(&byte)))?;
    let rest = line[end..].strip_prefix(':')?;
    // YAML's own limit is 1024 characters.
    (end <= 1000 && (rest.is_empty() || rest.starts_with([' ', '\r']))).then_some(&line[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_the_keys_of_one_column() {
        let text = "--- # c\n# Source: a\nkind: A\n\nmetadata:\n  name: a\nitems:\n- b\n- c: d\nspec: {}\n";
        let cut = |text: &'static str, column| -> Vec<(&str, &str)> {
            let sections = sections(text, 0..text.len(), column).expect("plain notation");
            sections.into_iter().map(|section| (section.key, &text[section.span])).collect()
        };
        let want = [
            ("kind", "kind: A\n\n"),
            ("metadata", "metadata:\n  name: a\n"),
            ("items", "items:\n- b\n- c: d\n"),
            ("spec", "spec: {}\n"),
        ];
        assert_eq!(cut(text, 0), want);
        let want = [("a", "  a: b\n# c\n"), ("c", "  c:\n     d\n  - e\n")];
        assert_eq!(cut("  a: b\n# c\n  c:\n     d\n  - e\n", 2), want);
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
            "  a: b\n",
        ] {
            assert_eq!(sections(text, 0..text.len(), 0), None, "{text:?}");
        }
    }
}
