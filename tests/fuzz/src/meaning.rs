//! What a document means to a parser that is not ours, without the fields that a copy adds.

use feature::words;
use serde_yaml::{Mapping, Value};

/// What a copy may add to labels and annotations, the one that the settings here add, and the one that a copy
/// does without.
const ADDED: [&str; 7] = [
    words::FEATURE,
    words::TTL,
    words::BY,
    words::SOURCE,
    words::JANITOR_TTL,
    crate::render::ADDED_KEY,
    "helm.sh/resource-policy",
];

/// The document without what a copy adds, in which an empty mapping is as good as null, and one of metadata
/// as good as none; `None` where the parser cannot read it.
pub fn without_additions(document: &str) -> Option<Value> {
    let mut value: Value = serde_yaml::from_str(document).ok()?;
    strip(&mut value);
    Some(value)
}

fn strip(value: &mut Value) {
    match value {
        Value::Mapping(map) => {
            map.values_mut().for_each(strip);
            merge(map);
            map.retain(|key, value| match key.as_str() {
                Some(key) if ADDED.contains(&key) => false,
                Some("metadata" | "labels" | "annotations") => !value.is_null(),
                _ => true,
            });
            if map.is_empty() {
                *value = Value::Null;
            }
        }
        Value::Sequence(items) => items.iter_mut().for_each(strip),
        Value::Tagged(tagged) => strip(&mut tagged.value),
        _ => {}
    }
}

/// Takes over what merge keys name. The parser's own way leaves the merge keys of what is merged.
fn merge(map: &mut Mapping) {
    let sources = match map.remove("<<") {
        None => return,
        Some(Value::Sequence(sources)) => sources,
        Some(source) => vec![source],
    };
    for source in sources {
        if let Value::Mapping(source) = source {
            for (key, value) in source {
                map.entry(key).or_insert(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_copy_adds_means_nothing_and_all_else_does() {
        let bare = without_additions("{kind: A, metadata: {name: a}}");
        let label = words::FEATURE;
        for same in [
            format!("kind: A\nmetadata: {{name: a, labels: {{{label}: \"feat1\"}}}}"),
            "kind: A\nmetadata:\n  labels:\n  name: a\n".to_owned(),
            format!(
                "kind: A\nmetadata: {{<<: [{{<<: {{name: a}}, {label}: old}}, {{name: b}}], {label}: feat1}}"
            ),
        ] {
            assert_eq!(without_additions(&same), bare, "{same}");
        }
        for other in
            ["{kind: A, metadata: {name: b}}", "{kind: A, metadata: {name: a, labels: {a: b}}}", "{}"]
        {
            assert_ne!(without_additions(other), bare, "{other}");
        }
        assert_eq!(without_additions("a: ["), None);
    }
}
