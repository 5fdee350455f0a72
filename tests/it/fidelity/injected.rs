//! Finds again what a rendering injected, knowing only the texts and nothing of where they belong.

use crate::fidelity::intended::{ANNOTATION, LABEL};

/// Whether `output` is `input` with nothing but injected texts between its bytes, or in the place of
/// a word for null.
///
/// An injected text is made of our keys and values, the names of the mappings that they are in, and
/// the signs that join them; it has a key of ours, or it is the head of a mapping that takes over what
/// an anchor or an alias had.
pub fn is_injected_into(input: &[u8], output: &[u8]) -> bool {
    // How much of the input may have been found when the output is read so far.
    let mut found = vec![Vec::new(); output.len() + 1];
    found[0].push(0);
    for at in 0..output.len() {
        let here = std::mem::take(&mut found[at]);
        if here.is_empty() {
            continue;
        }
        let ends = ends_of_injected(&output[at..]);
        for known in here {
            if input.get(known) == Some(&output[at]) {
                reach(&mut found[at + 1], known + 1);
            }
            for end in &ends {
                reach(&mut found[at + end], known);
                for null in [&b"null"[..], b"Null", b"NULL", b"~"] {
                    if input[known..].starts_with(null) {
                        reach(&mut found[at + end], known + null.len());
                    }
                }
            }
        }
    }
    found[output.len()].contains(&input.len())
}

fn reach(places: &mut Vec<usize>, place: usize) {
    if !places.contains(&place) {
        places.push(place);
    }
}

/// Where an injected text that starts here may end.
fn ends_of_injected(text: &[u8]) -> Vec<usize> {
    const HEAD: &[u8] = b"{<<: ";
    let quoted = |word: &str| format!("\"{word}\"");
    let values = [quoted(LABEL.1), quoted(ANNOTATION.1)];
    let others = [
        "labels",
        "annotations",
        "metadata",
        "podMetadata",
        "<<",
        ": ",
        ":",
        ", ",
        "{",
        "}",
        "\"",
        " ",
        "\r\n",
        "\n",
    ];
    let mut ends = Vec::new();
    if text.starts_with(HEAD) {
        ends.push(HEAD.len());
    }
    let keys = [LABEL.0, ANNOTATION.0].map(|key| (key, true));
    let others = values.iter().map(String::as_str).chain(others).map(|word| (word, false));
    let words: Vec<(&str, bool)> = keys.into_iter().chain(others).collect();
    let (mut at, mut has_key) = (0, false);
    while let Some((word, is_key)) = words.iter().find(|(word, _)| text[at..].starts_with(word.as_bytes())) {
        has_key |= is_key;
        at += word.len();
        if has_key {
            ends.push(at);
        }
    }
    ends
}

#[test]
fn injected_texts_are_told_from_all_others() {
    let [label, ttl] = [LABEL, ANNOTATION].map(|(key, text)| format!("{key}: \"{text}\""));
    let faithful = [
        ("a: b", "a: b".to_owned()),
        ("labels:\n  a: b\n", format!("labels:\n  {label}\n  a: b\n")),
        ("labels: {a: b}\n", format!("labels: {{\"{}\": \"{}\", a: b}}\n", LABEL.0, LABEL.1)),
        ("labels: ~ # none\n", format!("labels: {{{label}}} # none\n")),
        ("labels: *l\n", format!("labels: {{<<: *l, {label}}}\n")),
        ("m:\n  name: x\n", format!("m:\n  labels: {{{label}}}\n  annotations: {{{ttl}}}\n  name: x\n")),
        ("labels: &l\n  a: b\n", format!("labels:\n {label}\n <<: &l\n  a: b\n")),
    ];
    for (input, output) in faithful {
        assert!(is_injected_into(input.as_bytes(), output.as_bytes()), "{output}");
    }
    let unfaithful = [
        ("a: b", "a: b\n".to_owned()),
        ("a:  b", "a: b".to_owned()),
        ("a: b # c\n", format!("{label}\na: b\n")),
        ("a: b\n", format!("{label}\na: \"b\"\n")),
        ("labels: {}\n", "labels: {}{}\n".to_owned()),
    ];
    for (input, output) in unfaithful {
        assert!(!is_injected_into(input.as_bytes(), output.as_bytes()), "{output}");
    }
}
