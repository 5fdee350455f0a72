//! What a line says of a flow collection without being parsed: whether it surely is one, and over.

use super::lines::{LONGEST_KEY, behind_quotes, is_comment};

/// A flow collection is sure when it is closed on its line, and each entry has a key and a value at most.
pub fn flow(text: &[u8]) -> Option<()> {
    // Of each collection that is open: what it began with, and whether its entry has come to the value.
    let mut open: Vec<(u8, bool)> = Vec::new();
    // Where the entry began, and the last character that says how it goes on: no blank, and no colon of a text.
    let (mut at, mut entry, mut before) = (0, 0, b'[');
    while let Some(&byte) = text.get(at) {
        let begins = b"[{,:".contains(&before);
        let is_next = |at: usize, set: &[u8]| text.get(at + 1).is_none_or(|next| set.contains(next));
        let goes_on = |at: usize| {
            let behind = text[at + 1..].iter().find(|byte| **byte != b' ');
            behind.is_some_and(|byte| b",:}]".contains(byte))
        };
        match byte {
            b' ' => {
                at += 1;
                continue;
            }
            b'{' | b'[' if begins => {
                open.push((byte, false));
                entry = at;
            }
            b'}' | b']' => {
                let (opening, _) = open.pop()?;
                if (opening == b'{') != (byte == b'}') {
                    return None;
                }
                if open.is_empty() {
                    let rest = &text[at + 1..];
                    return (rest.is_empty() || is_comment(rest)).then_some(());
                }
                if !goes_on(at) {
                    return None;
                }
            }
            // A quote that starts a text hides brackets, one inside a plain text does not.
            b'"' | b'\'' if begins => {
                let rest = behind_quotes(text, at + 1, byte)?;
                if text[at..text.len() - rest.len()].contains(&b'\\') {
                    return None;
                }
                at = text.len() - rest.len() - 1;
                if !goes_on(at) {
                    return None;
                }
            }
            b',' if b"[{,".contains(&before) => return None,
            b',' => {
                open.last_mut()?.1 = false;
                entry = at;
            }
            b':' | b'@' | b'`' | b'%' | b'|' | b'>' if begins => return None,
            // Within a plain text it is one of its characters; behind any other it needs no blank.
            b':' if is_next(at, b" ,}]") || b"\"'}]".contains(&before) => {
                let (_, valued) = open.last_mut()?;
                if *valued || at - entry > LONGEST_KEY {
                    return None;
                }
                *valued = true;
            }
            b':' => {
                before = b'a';
                at += 1;
                continue;
            }
            b'-' | b'?' if begins && is_next(at, b" ,:}]") => return None,
            // An apostrophe inside a plain text is one of these, too: seldom enough.
            b'{' | b'[' | b'"' | b'\'' | b'#' | b'&' | b'*' | b'!' | b'\\' | b'\t' => return None,
            _ => {}
        }
        before = byte;
        at += 1;
    }
    None
}
