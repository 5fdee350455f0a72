//! The query protocol of AWS, as far as SNS needs it: a form goes out, XML without attributes comes back. No IO.

use std::collections::BTreeMap;

/// A form of these words.
pub(super) fn form(words: &[(&str, &str)]) -> String {
    words
        .iter()
        .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
        .collect::<Vec<_>>()
        .join("&")
}

/// The texts of all elements of this name, in order.
pub(super) fn between(xml: &str, tag: &str) -> Vec<String> {
    let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
    let rest = |at: usize| xml[at + open.len()..].split_once(&close).map_or("", |(inner, _)| inner);
    xml.match_indices(&open).map(|(at, _)| plain(rest(at))).collect()
}

/// What elements of two names say of one another, in turn.
pub(super) fn pairs(xml: &str, key: &str, value: &str) -> BTreeMap<String, String> {
    // An empty value can be written in one tag.
    let xml = xml.replace(&format!("<{value}/>"), &format!("<{value}></{value}>"));
    let xml = xml.replace(&format!("<{value} />"), &format!("<{value}></{value}>"));
    between(&xml, key).into_iter().zip(between(&xml, value)).collect()
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect()
}

/// Text without references; elements inside of it stay as they are.
fn plain(text: &str) -> String {
    let named =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#34;", "\""), ("&apos;", "'"), ("&#39;", "'")];
    let text = named.iter().fold(text.to_owned(), |text, (reference, is)| text.replace(reference, is));
    text.replace("&#10;", "\n").replace("&#13;", "\r").replace("&amp;", "&")
}
