//! Edits that put an entry into a mapping or an item into a sequence, in the notation that is
//! there. Knows YAML's forms and nothing of what is put.

mod replace;

use crate::{
    document::Document,
    error::RenderError,
    node::{Node, Notation, Style, Value, reads_as_text},
    splice::{self, Edit},
};

pub use replace::replace;

/// A text as a scalar that reads the same in YAML 1.1, YAML 1.2 and JSON: always double-quoted, and what
/// YAML does not take, or takes for the end of a line, escaped.
pub fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    let odd = |c: char| {
        matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    };
    if !json.contains(odd) {
        return json;
    }
    json.chars().map(|c| if odd(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() }).collect()
}

/// Pairs of texts as a flow mapping that is JSON, too.
pub fn flow(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        pairs.iter().map(|(key, text)| format!("{}: {}", quoted(key), quoted(text))).collect();
    format!("{{{}}}", pairs.join(", "))
}

/// What becomes of one pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is there already.
    Kept,
    Added,
    /// Another value was there.
    Replaced,
}

/// What `map` says of `pair` as it stands.
pub fn fate(map: Option<&Node<'_>>, (key, text): (&str, &str)) -> Fate {
    match map.and_then(|map| map.read(key)) {
        None => Fate::Added,
        Some(node) if says(node, text) => Fate::Kept,
        Some(_) => Fate::Replaced,
    }
}

/// The value of the entry `key` that `map` has itself.
///
/// Refused where a merge key wins over it: what is changed here would not be read.
pub fn own<'n, 'a>(
    document: &Document<'_>,
    map: &'n Node<'a>,
    key: &str,
) -> Result<Option<&'n Node<'a>>, RenderError> {
    let (own, read) = (map.get(key), map.read(key));
    match (own, read) {
        (Some(own), Some(read)) if !std::ptr::eq(own.resolved(), read) => {
            let what = format!("changing {key}, over which a merge key wins,");
            Err(document.unsupported(own, what, ": write it out"))
        }
        _ => Ok(own),
    }
}

/// Makes the mapping under `key` of `parent` hold every pair, a key with a text: replaces what
/// differs, puts what is missing first, leaves what is there already.
pub fn set_all(
    document: &Document<'_>,
    parent: &Node<'_>,
    key: &str,
    pairs: &[(&str, &str)],
) -> Result<Vec<Edit>, RenderError> {
    let Some(map) = own(document, parent, key)? else {
        return put_first(document, parent, &[(key, flow(pairs))]).map(|edit| vec![edit]);
    };
    let open: Vec<(&str, &str)> =
        pairs.iter().copied().filter(|pair| fate(Some(map), *pair) != Fate::Kept).collect();
    if open.is_empty() {
        return Ok(Vec::new());
    }
    match &map.value {
        Value::Alias(target) => {
            document.refuse_inside_shared(map)?;
            let over = target.as_ref().filter(|target| !target.is_null());
            if over.is_some_and(|target| !matches!(target.value, Value::Map { .. })) {
                return Err(document.wrong(map, "a mapping is expected here"));
            }
            let text = match over {
                Some(_) => format!("{{<<: {}, {}", &document.text[map.span.clone()], &flow(&open)[1..]),
                None => flow(&open),
            };
            Ok(vec![Edit::replace(map.span.clone(), text)])
        }
        Value::Map { style, .. } if document.is_shared(map) => match style {
            // A merge key gives way to what stands behind it.
            Style::Flow => Ok(vec![
                Edit::insert(map.start, "{<<: "),
                Edit::insert(map.span.end, format!(", {}", &flow(&open)[1..])),
            ]),
            Style::Block => around_anchor(document, parent, key, map, &open).map(|edit| vec![edit]),
        },
        Value::Map { .. } => {
            let mut edits = Vec::new();
            let mut missing = Vec::new();
            for (key, text) in open {
                match own(document, map, key)? {
                    Some(own) => edits.push(replace(document, own, &quoted(text))?),
                    None => missing.push((key, quoted(text))),
                }
            }
            if !missing.is_empty() {
                edits.push(insert(document, map, &missing)?);
            }
            Ok(edits)
        }
        _ if map.is_null() => replace(document, map, &flow(&open)).map(|edit| vec![edit]),
        _ => Err(document.wrong(map, "a mapping is expected here")),
    }
}

/// Puts entries that are not there in front of all others of a mapping, or makes a mapping of a null.
pub fn put_first(
    document: &Document<'_>,
    map: &Node<'_>,
    entries: &[(&str, String)],
) -> Result<Edit, RenderError> {
    match &map.value {
        Value::Map { .. } => match entries.iter().find(|(key, _)| map.read(key).is_some()) {
            Some((key, _)) => {
                let what = format!("adding to {key}, which comes from a merge key,");
                Err(document.unsupported(map, what, ": write it out"))
            }
            None => insert(document, map, entries),
        },
        _ if map.is_null() => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{}: {value}", quoted(key))).collect();
            replace(document, map, &format!("{{{}}}", entries.join(", ")))
        }
        Value::Alias(_) => Err(document.unsupported(map, "adding to an alias", ": write it out")),
        _ => Err(document.wrong(map, "a mapping is expected here")),
    }
}

/// Puts items (scalars or flow collections) in front of all others of a sequence, or makes a sequence
/// of a null.
pub fn put_items_first(
    document: &Document<'_>,
    seq: &Node<'_>,
    items: &[String],
) -> Result<Edit, RenderError> {
    match &seq.value {
        Value::Seq { style: Style::Flow, items: present } => {
            let comma = if present.is_empty() { "" } else { ", " };
            Ok(Edit::insert(seq.span.start + 1, format!("{}{comma}", items.join(", "))))
        }
        Value::Seq { style: Style::Block, items: present } => {
            let dash = dash(document, present.first().unwrap_or(seq))?;
            let indent = indent_before(document.text, dash);
            let lines: String =
                items.iter().map(|item| format!("- {item}{}{indent}", document.eol)).collect();
            Ok(Edit::insert(dash, lines))
        }
        _ if seq.is_null() => replace(document, seq, &format!("[{}]", items.join(", "))),
        Value::Alias(_) => Err(document.unsupported(seq, "adding to an alias", ": write it out")),
        _ => Err(document.wrong(seq, "a sequence is expected here")),
    }
}

/// Leaves entries of `map` out, those of `keys` that it has, with what stands behind each.
pub fn remove(document: &Document<'_>, map: &Node<'_>, keys: &[&str]) -> Result<Vec<Edit>, RenderError> {
    let entries = map.entries();
    let goes = |(key, _): &(Node<'_>, Node<'_>)| key.scalar().is_some_and(|key| keys.contains(&key));
    let end = |(key, value): &(Node<'_>, Node<'_>)| value.span.end.max(key.span.end);
    for key in keys {
        if own(document, map, key)?.is_none() && map.read(key).is_some() {
            let what = format!("leaving out {key}, which comes from a merge key,");
            return Err(document.unsupported(map, what, ": write it out"));
        }
    }
    if !entries.iter().any(goes) {
        return Ok(Vec::new());
    }
    document.refuse_inside_shared(map)?;
    let Some(last) = entries.iter().rposition(|entry| !goes(entry)) else {
        return Err(document.unsupported(map, "leaving out all that a mapping has", ""));
    };
    let before = entries[..last].iter().zip(&entries[1..]).filter(|(entry, _)| goes(entry));
    let mut spans: Vec<_> = before.map(|(entry, next)| entry.0.start..next.0.start).collect();
    if let Some((_, tail)) = entries[last + 1..].last() {
        if matches!(tail.value, Value::Scalar { notation: Notation::Block, .. }) {
            return Err(document.unsupported(tail, "leaving out a block scalar", ""));
        }
        spans.push(end(&entries[last])..tail.span.end);
    }
    match spans.iter().find(|span| document.is_shared_within(span)) {
        Some(_) => Err(document.unsupported(map, "leaving out what an alias repeats", ": write it out")),
        None => Ok(spans.into_iter().map(|span| Edit::replace(span, "")).collect()),
    }
}

/// Turns the item `item` of `seq` into the first of some variants of it, each said by its edits, and puts
/// copies of its text behind it for the others.
pub fn multiply(
    document: &Document<'_>,
    seq: &Node<'_>,
    item: &Node<'_>,
    variants: Vec<Vec<Edit>>,
) -> Result<Vec<Edit>, RenderError> {
    let mut variants = variants.into_iter();
    let Some(mut edits) = variants.next() else { return Ok(Vec::new()) };
    let stream = document.text;
    if let Value::Seq { style: Style::Flow, .. } = seq.value {
        let mut copies = String::new();
        for variant in variants {
            copies.push_str(", ");
            copies.push_str(&splice::apply(stream, item.span.clone(), variant));
        }
        edits.push(Edit::insert(item.span.end, copies));
        return Ok(edits);
    }
    let dash = dash(document, item)?;
    let start = dash - indent_before(stream, dash).len();
    // A block scalar goes on to the next line.
    let end = item.span.start + stream[item.span.clone()].trim_end().len();
    // The rest of the last line is a comment at most, which goes with the original.
    let line_end = stream[end..].find('\n').map_or(stream.len(), |newline| end + newline + 1);
    let mut copies = String::new();
    if !stream[..line_end].ends_with('\n') {
        copies.push_str(document.eol);
    }
    for variant in variants {
        copies.push_str(&splice::apply(stream, start..end, variant));
        copies.push_str(document.eol);
    }
    edits.push(Edit::insert(line_end, copies));
    Ok(edits)
}

/// Where the `-` of a block sequence's item stands.
pub fn dash(document: &Document<'_>, item: &Node<'_>) -> Result<usize, RenderError> {
    let before = document.text[..item.start].trim_end();
    let at = before.len().checked_sub(1).filter(|&at| before.as_bytes()[at] == b'-');
    match at {
        Some(at) if is_indent(document.text, at) => Ok(at),
        _ => Err(document.unsupported(
            item,
            "an item whose `-` does not stand alone at the start of its line",
            "",
        )),
    }
}

/// The white space between the start of the line and `at`.
pub fn indent_before(text: &str, at: usize) -> &str {
    &text[line_start(text, at)..at]
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

fn is_indent(text: &str, at: usize) -> bool {
    indent_before(text, at).bytes().all(|b| b == b' ')
}

/// Whether a node is this text, for a parser of any version.
fn says(node: &Node<'_>, text: &str) -> bool {
    node.is_text() && node.scalar() == Some(text)
}

/// Puts entries into a mapping where no merge key of it wins over them: first, or behind the last
/// merge key.
fn insert(document: &Document<'_>, map: &Node<'_>, entries: &[(&str, String)]) -> Result<Edit, RenderError> {
    let Value::Map { style, entries: present, .. } = &map.value else {
        return Err(document.wrong(map, "a mapping is expected here"));
    };
    document.refuse_inside_shared(map)?;
    let merge = present.iter().rposition(|(key, _)| key.is_merge());
    let flow = || {
        entries.iter().map(|(key, value)| format!("{}: {value}", quoted(key))).collect::<Vec<_>>().join(", ")
    };
    let lines = |indent: &str, before: &str, after: &str| -> String {
        entries.iter().map(|(key, value)| format!("{before}{indent}{}: {value}{after}", plain(key))).collect()
    };
    let indent = " ".repeat(map.column);
    match (style, merge) {
        (Style::Flow, None) => {
            let comma = if present.is_empty() { "" } else { ", " };
            Ok(Edit::insert(map.span.start + 1, format!("{}{comma}", flow())))
        }
        (Style::Flow, Some(merge)) => Ok(Edit::insert(present[merge].1.span.end, format!(", {}", flow()))),
        (Style::Block, None) => {
            let text = lines("", "", &format!("{}{indent}", document.eol));
            Ok(Edit::insert(map.span.start, text))
        }
        (Style::Block, Some(merge)) => {
            let end = &present[merge].1;
            let one_line = match &end.value {
                Value::Alias(_) => true,
                Value::Map { style, .. } | Value::Seq { style, .. } => *style == Style::Flow,
                Value::Scalar { .. } => false,
            };
            if !one_line {
                let what = "adding behind a merge key whose value is neither an alias nor in brackets";
                return Err(document.unsupported(end, what, ""));
            }
            Ok(Edit::insert(end.span.end, lines(&indent, document.eol, "")))
        }
    }
}

/// Makes the mapping of an anchor a part of a larger one, so that an alias repeats what it repeated:
/// `labels: &l` becomes `labels:`, the entries, and `<<: &l` before what is there.
fn around_anchor(
    document: &Document<'_>,
    parent: &Node<'_>,
    key: &str,
    map: &Node<'_>,
    pairs: &[(&str, &str)],
) -> Result<Edit, RenderError> {
    let unsupported = |what| Err(document.unsupported(map, what, ": write the aliases out"));
    if pairs.iter().any(|(key, _)| map.read(key).is_some()) {
        return unsupported("changing an entry of an anchored mapping that an alias repeats");
    }
    let entry = parent.entries().iter().rev().find(|(k, _)| k.scalar() == Some(key));
    let Some((key, _)) = entry else { return unsupported("an anchored mapping without a key of its own") };
    if !document.text[key.span.end..].starts_with(':') || map.column < key.column + 2 {
        return unsupported("adding beside an anchored mapping that is not deeper than its key by two");
    }
    let head = format!("{}{}", document.eol, " ".repeat(key.column + 1));
    let lines: String =
        pairs.iter().map(|(key, text)| format!("{head}{}: {}", plain(key), quoted(text))).collect();
    Ok(Edit::insert(key.span.end + 1, format!("{lines}{head}<<:")))
}

/// A key of a block mapping, in quotes where it would not be a text without.
pub fn plain(key: &str) -> String {
    let letter = key.starts_with(|c: char| c.is_ascii_alphabetic());
    if letter && reads_as_text(key) { key.to_owned() } else { quoted(key) }
}
