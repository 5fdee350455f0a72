//! Labels and annotations of a copy's objects. Never a selector, never a template of claims.

use feature::words;

use crate::{
    copy::FeatureCopy, error::RenderError, mapping, node::Node, object::Object, splice::Edit,
    stream::Document,
};

/// What is added to the metadata of `object` itself.
///
/// A hook gets no ttl: a janitor that takes a running hook's `ServiceAccount` makes Helm 4 hang.
pub fn edits(
    document: &Document<'_>,
    object: &Object<'_>,
    copy: &FeatureCopy,
) -> Result<Vec<Edit>, RenderError> {
    let labels = [(words::FEATURE, copy.feature.as_str())];
    let mut annotations = Vec::new();
    if !object.is_hook() {
        annotations.push((words::TTL, copy.ttl.as_str()));
        if copy.janitor {
            annotations.push((words::JANITOR_TTL, copy.ttl.as_str()));
        }
        annotations.extend(copy.by.as_deref().map(|by| (words::BY, by)));
        annotations.extend(copy.source.as_deref().map(|source| (words::SOURCE, source)));
    }
    put(document, object.metadata, &[("labels", &labels), ("annotations", &annotations)])
}

/// The label on a pod template, which has no metadata in the worst case.
pub fn template_edits(
    document: &Document<'_>,
    template: &Node,
    copy: &FeatureCopy,
) -> Result<Vec<Edit>, RenderError> {
    let labels = [(words::FEATURE, copy.feature.as_str())];
    match template.get("metadata") {
        Some(metadata) => put(document, metadata, &[("labels", &labels)]),
        None => {
            let labels = flow(&labels);
            Ok(vec![mapping::put_first(
                document,
                template,
                &[("metadata", format!("{{\"labels\": {labels}}}"))],
            )?])
        }
    }
}

/// Makes each named mapping below `parent` hold its pairs.
fn put(
    document: &Document<'_>,
    parent: &Node,
    maps: &[(&str, &[(&str, &str)])],
) -> Result<Vec<Edit>, RenderError> {
    let mut edits = Vec::new();
    let mut missing = Vec::new();
    for (key, pairs) in maps.iter().filter(|(_, pairs)| !pairs.is_empty()) {
        match parent.get(key) {
            Some(map) => edits.extend(mapping::set_all(document, map, pairs)?),
            None => missing.push((*key, flow(pairs))),
        }
    }
    if !missing.is_empty() {
        edits.push(mapping::put_first(document, parent, &missing)?);
    }
    Ok(edits)
}

fn flow(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(key, text)| format!("{}: {}", mapping::quoted(key), mapping::quoted(text)))
        .collect();
    format!("{{{}}}", pairs.join(", "))
}
