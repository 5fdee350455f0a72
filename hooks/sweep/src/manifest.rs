//! The objects of a manifest as Helm keeps it: texts of YAML with `---` between them. Pure.

use std::{collections::BTreeSet, fmt};

use feature::words;
use serde::Deserialize;
use serde_json::Value;

/// One object, as far as sweep looks at it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Object(Value);

/// The objects of a text; lists are opened.
pub(crate) fn objects(text: &str) -> Result<Vec<Object>, String> {
    let mut objects = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        let value = Value::deserialize(document).map_err(|error| error.to_string())?;
        open(value, &mut objects);
    }
    Ok(objects)
}

fn open(mut value: Value, objects: &mut Vec<Object>) {
    // Kubernetes takes whatever has items for a list.
    if let Some(Value::Array(items)) = value.get_mut("items").map(Value::take) {
        for item in items {
            open(item, objects);
        }
    } else if value.is_object() {
        objects.push(Object(value));
    }
}

impl Object {
    pub(crate) fn api_version(&self) -> &str {
        self.0["apiVersion"].as_str().unwrap_or_default()
    }

    pub(crate) fn kind(&self) -> &str {
        self.0["kind"].as_str().unwrap_or_default()
    }

    pub(crate) fn name(&self) -> &str {
        self.0["metadata"]["name"].as_str().unwrap_or_default()
    }

    pub(crate) fn namespace(&self) -> Option<&str> {
        self.0["metadata"]["namespace"].as_str().filter(|namespace| !namespace.is_empty())
    }

    pub(crate) fn annotation(&self, key: &str) -> Option<&str> {
        self.0["metadata"]["annotations"][key].as_str()
    }

    pub(crate) fn json(&self) -> &Value {
        &self.0
    }

    fn feature(&self) -> Option<&str> {
        self.0["metadata"]["labels"][words::FEATURE].as_str()
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.name())?;
        self.namespace().map_or(Ok(()), |namespace| write!(f, " of namespace {namespace}"))
    }
}

/// The feature whose label all of them bear; none where one has none or another.
pub(crate) fn feature_of<'o>(objects: impl IntoIterator<Item = &'o Object>) -> Option<&'o str> {
    let all: BTreeSet<Option<&str>> = objects.into_iter().map(Object::feature).collect();
    let mut all = all.into_iter();
    match (all.next(), all.next()) {
        (Some(feature), None) => feature,
        _ => None,
    }
}

/// The first text that one of them has as this annotation.
pub(crate) fn annotated<'o>(objects: impl IntoIterator<Item = &'o Object>, key: &str) -> Option<&'o str> {
    objects.into_iter().find_map(|object| object.annotation(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str, labels: &str) -> String {
        format!("---\n# Source: a\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n{labels}")
    }

    fn labelled(feature: &str) -> String {
        format!("  labels: {{{}: {feature}}}\n", words::FEATURE)
    }

    #[test]
    fn lists_are_opened_and_empty_documents_are_none() {
        let text = "---\n# nothing\n---\napiVersion: v1\nkind: List\nitems:\n  - {kind: A}\n  - {kind: B}\n\
                    ---\nkind: A\nitems: [{kind: C}]\n";
        let kinds: Vec<String> =
            objects(text).expect("YAML").iter().map(|object| object.kind().to_owned()).collect();
        assert_eq!(kinds, ["A", "B", "C"]);
        assert!(objects("a: [").is_err());
    }

    #[test]
    fn a_copy_is_what_has_one_feature_on_all_of_its_objects() {
        let of = |parts: &[String]| {
            let objects = objects(&parts.concat()).expect("YAML");
            feature_of(&objects).map(str::to_owned)
        };
        let (one, other) = (object("a", &labelled("feat1")), object("b", &labelled("feat1")));
        assert_eq!(of(&[one.clone(), other.clone()]).as_deref(), Some("feat1"));
        assert_eq!(of(&[one.clone(), object("c", &labelled("feat2"))]), None);
        assert_eq!(of(&[one, object("c", "")]), None);
        assert_eq!(of(&[]), None);
    }
}
