//! A value in the place of another, in whatever notation that is. Knows nothing of what is put.

use std::ops::Range;

use super::line_start;
use crate::{
    document::Document,
    error::RenderError,
    node::{Node, Notation, Value},
    splice::Edit,
};

/// Replaces a node by a scalar or a flow collection.
pub fn replace(document: &Document<'_>, node: &Node<'_>, text: &str) -> Result<Edit, RenderError> {
    document.refuse_inside_shared(node)?;
    if node.tag.as_deref().is_some_and(|tag| tag != "str") {
        return Err(document.unsupported(node, "replacing a value that is tagged", ""));
    }
    match &node.value {
        Value::Scalar { notation: Notation::Block, .. } => {
            block_scalar(document, node).map(|span| Edit::replace(span, text))
        }
        Value::Scalar { .. } if node.span.is_empty() => {
            if document.text[..node.start].ends_with(':') || node.anchor.is_some() {
                return Ok(Edit::insert(node.span.start, format!(" {text}")));
            }
            behind_lone_key(document, node, text)
        }
        _ => Ok(Edit::replace(node.span.clone(), text)),
    }
}

/// Gives a key that has not even a colon its value.
fn behind_lone_key(document: &Document<'_>, node: &Node<'_>, text: &str) -> Result<Edit, RenderError> {
    // In brackets it stands between the key and what ends the entry.
    let key = document.text[..node.start].trim_end();
    let line = &key[line_start(key, key.len())..];
    // On a line above, what looks like the key may be a comment.
    let alone = !document.text[key.len()..node.start].contains('\n') || !line.contains('#');
    let ends = document.text[node.start..].starts_with([',', '}', ']']);
    if ends && alone && !key.ends_with([',', '{', '[']) {
        return Ok(Edit::insert(key.len(), format!(": {text}")));
    }
    match lone_key(document.text, node.start) {
        Some((indent, end)) => Ok(Edit::insert(end, format!("{}{indent}: {text}", document.eol))),
        None => Err(document.unsupported(node, "a key without a colon", "")),
    }
}

/// The indentation and the end of the line with a `? key`, behind which a value is missing at `at`.
fn lone_key(text: &str, at: usize) -> Option<(&str, usize)> {
    let mut end = at;
    let line = loop {
        let start = line_start(text, end);
        let line = text[start..end].trim();
        if !line.is_empty() && !line.starts_with('#') {
            break &text[start..end];
        }
        end = start.checked_sub(1)?;
    };
    let (indent, key) = line.split_once("? ")?;
    let word = key.split(" #").next()?.trim();
    let plain =
        word.trim_matches(['"', '\'']).bytes().all(|b| b.is_ascii_alphanumeric() || b"./-_\\".contains(&b));
    let end = end - (line.len() - line.trim_end().len());
    (plain && indent.trim().is_empty()).then_some((indent, end))
}

/// A block scalar with its `|` or `>`, and a comment behind that; without the line ends behind it.
fn block_scalar(document: &Document<'_>, node: &Node<'_>) -> Result<Range<usize>, RenderError> {
    let text = document.text;
    let head_end = text[..node.span.start].rfind('\n').unwrap_or_default();
    let head = line_start(text, head_end);
    let is_head = |at: &usize| {
        let rest =
            text[*at + 1..head_end].trim_start_matches(|c: char| "+-".contains(c) || c.is_ascii_digit());
        text[..*at].ends_with(' ')
            && (rest.trim().is_empty() || rest.starts_with(' ') && rest.trim().starts_with('#'))
    };
    let found = text[head..head_end].match_indices(['|', '>']).map(|(at, _)| head + at).find(is_head);
    let end = node.span.start + text[node.span.clone()].trim_end().len();
    match found {
        Some(start) if end > node.span.start => Ok(start..end),
        _ => Err(document.unsupported(node, "replacing a block scalar without a text", "")),
    }
}
