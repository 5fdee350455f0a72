//! Edits that put an entry into a mapping or an item into a sequence, in the notation that is
//! there. Knows YAML's forms and nothing of what is put.

use crate::{
    error::RenderError,
    node::{Node, Notation, Style, Value},
    splice::Edit,
    stream::Document,
};

/// A text as a scalar that reads the same in YAML 1.1, YAML 1.2 and JSON: always double-quoted.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Makes `map` hold every pair, a key with a text: replaces what differs, puts what is missing first,
/// leaves what is there already.
pub fn set_all(
    document: &Document<'_>,
    map: &Node,
    pairs: &[(&str, &str)],
) -> Result<Vec<Edit>, RenderError> {
    let mut edits = Vec::new();
    let mut missing = Vec::new();
    for (key, text) in pairs {
        match map.get(key) {
            Some(node) if node.scalar() == Some(text) => {}
            Some(node) => edits.push(replace(document, node, &quoted(text))?),
            None => missing.push((*key, quoted(text))),
        }
    }
    if !missing.is_empty() {
        edits.push(put_first(document, map, &missing)?);
    }
    Ok(edits)
}

/// Replaces a node by a scalar or a flow collection.
pub fn replace(document: &Document<'_>, node: &Node, text: &str) -> Result<Edit, RenderError> {
    if node.decorated || matches!(node.value, Value::Alias) {
        return Err(document.unsupported(node, "replacing a value that is anchored, tagged or an alias", ""));
    }
    match &node.value {
        Value::Scalar { notation: Notation::Block, .. } => {
            Err(document.unsupported(node, "replacing a block scalar", ": write it on one line"))
        }
        Value::Scalar { .. } if node.span.is_empty() => {
            if !document.stream[..node.span.start].ends_with(':') {
                return Err(document.unsupported(node, "a key without a colon", ""));
            }
            Ok(Edit::insert(node.span.start, format!(" {text}")))
        }
        _ => Ok(Edit::replace(node.span.clone(), text)),
    }
}

/// Puts entries in front of all others of a mapping, or makes a mapping of a null.
pub fn put_first(
    document: &Document<'_>,
    map: &Node,
    entries: &[(&str, String)],
) -> Result<Edit, RenderError> {
    let flow = || {
        entries.iter().map(|(key, value)| format!("{}: {value}", quoted(key))).collect::<Vec<_>>().join(", ")
    };
    match &map.value {
        _ if map.decorated => {
            Err(document.unsupported(map, "adding to a mapping that is anchored or tagged", ""))
        }
        Value::Map { entries: present, .. } if present.iter().any(|(key, _)| key.scalar() == Some("<<")) => {
            Err(document.unsupported(map, "adding to a mapping with a merge key", ""))
        }
        Value::Map { style: Style::Flow, entries: present } => {
            let comma = if present.is_empty() { "" } else { ", " };
            Ok(Edit::insert(map.span.start + 1, format!("{}{comma}", flow())))
        }
        Value::Map { style: Style::Block, .. } => {
            let indent = " ".repeat(map.column);
            let lines: String = entries
                .iter()
                .map(|(key, value)| format!("{key}: {value}{}{indent}", document.eol))
                .collect();
            Ok(Edit::insert(map.span.start, lines))
        }
        _ if map.is_null() => replace(document, map, &format!("{{{}}}", flow())),
        _ => Err(document.wrong(map, "a mapping is expected here")),
    }
}

/// Puts items (scalars or flow collections) in front of all others of a sequence, or makes a sequence
/// of a null.
pub fn put_items_first(document: &Document<'_>, seq: &Node, items: &[String]) -> Result<Edit, RenderError> {
    match &seq.value {
        _ if seq.decorated => {
            Err(document.unsupported(seq, "adding to a sequence that is anchored or tagged", ""))
        }
        Value::Seq { style: Style::Flow, items: present } => {
            let comma = if present.is_empty() { "" } else { ", " };
            Ok(Edit::insert(seq.span.start + 1, format!("{}{comma}", items.join(", "))))
        }
        Value::Seq { style: Style::Block, items: present } => {
            let dash = dash(document, present.first().unwrap_or(seq))?;
            let indent = indent_before(document.stream, dash);
            let lines: String =
                items.iter().map(|item| format!("- {item}{}{indent}", document.eol)).collect();
            Ok(Edit::insert(dash, lines))
        }
        _ if seq.is_null() => replace(document, seq, &format!("[{}]", items.join(", "))),
        _ => Err(document.wrong(seq, "a sequence is expected here")),
    }
}

/// Where the `-` of a block sequence's item stands.
pub fn dash(document: &Document<'_>, item: &Node) -> Result<usize, RenderError> {
    let before = document.stream[..item.span.start].trim_end();
    let at = before.len().checked_sub(1).filter(|&at| before.as_bytes()[at] == b'-');
    match at {
        Some(at) if !item.decorated && is_indent(document.stream, at) => Ok(at),
        _ => Err(document.unsupported(
            item,
            "an item whose `-` does not stand alone at the start of its line",
            "",
        )),
    }
}

/// The white space between the start of the line and `at`.
pub fn indent_before(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    &text[start..at]
}

fn is_indent(text: &str, at: usize) -> bool {
    indent_before(text, at).bytes().all(|b| b == b' ')
}
