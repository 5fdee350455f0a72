//! Labels and annotations of a copy's objects and of their pods. Never a selector, never a template
//! of claims.

use feature::words;

use crate::{
    copy::FeatureCopy,
    document::Document,
    error::RenderError,
    fields::{self, Labels},
    mapping::{self, Fate},
    node::Node,
    object::Object,
    report::{Action, Change},
    splice::Edit,
};

/// With this annotation Helm leaves an object behind. Any value but `keep` says the same: both Helms then
/// have it neither among what they keep nor among what they delete, so that the key itself must go.
const POLICY: &str = "helm.sh/resource-policy";

/// What is added to the metadata of `object` itself, and what of it would outlive the copy.
///
/// Only what is in a namespace and is no hook gets a ttl: a janitor that takes a running hook's
/// `ServiceAccount` makes Helm 4 hang.
pub fn of_object(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    copy: &FeatureCopy,
    changes: &mut Vec<Change>,
) -> Result<Vec<Edit>, RenderError> {
    if (object.api_version, object.kind) == ("v1", "Pod") {
        refuse_selected(document, object.metadata, copy)?;
    }
    let expires = !object.hook && !fields::is_cluster_scoped(object.api_version, object.kind);
    let maps = [("labels", labels(copy)), ("annotations", annotations(copy, expires))];
    // What Helm keeps when its release goes would be left of a copy.
    let policy = kept_by_helm(object).filter(|_| !copy.keeps(object.kind));
    let Some((present, value)) = policy else {
        return put(document, object.metadata, "metadata", &maps, changes);
    };
    let gone = (POLICY, value.scalar().unwrap_or_default());
    changes.push(Change::new("metadata.annotations", gone, Action::Removed, value.span.start));
    let [labels, annotations] = &maps;
    if present.entries().iter().any(|(key, _)| key.scalar() != Some(POLICY)) {
        let mut edits = put(document, object.metadata, "metadata", &maps, changes)?;
        edits.extend(mapping::remove(document, present, &[POLICY])?);
        return Ok(edits);
    }
    let mut edits = put(document, object.metadata, "metadata", std::slice::from_ref(labels), changes)?;
    let at = present.span.start;
    let added =
        annotations.1.iter().map(|pair| Change::new("metadata.annotations", *pair, Action::Added, at));
    changes.extend(added);
    edits.push(mapping::replace(document, present, &mapping::flow(&annotations.1))?);
    Ok(edits)
}

/// The labels on the pods of `object`, unless an upgrade could not change them there.
pub fn of_pods(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    copy: &FeatureCopy,
    changes: &mut Vec<Change>,
) -> Result<Vec<Edit>, RenderError> {
    let mut edits = Vec::new();
    for (path, when) in fields::pod_metadata(object.api_version, object.kind, &copy.pod_paths) {
        if !takes_labels(object, when) {
            continue;
        }
        for found in fields::find(object.root, path) {
            let labels = labels(copy);
            match found.parent.read(found.key) {
                Some(metadata) => {
                    refuse_selected(document, metadata, copy)?;
                    edits.extend(put(document, metadata, &found.path, &[("labels", labels)], changes)?);
                }
                None => {
                    let text = format!("{{\"labels\": {}}}", mapping::flow(&labels));
                    edits.push(mapping::put_first(document, found.parent, &[(found.key, text)])?);
                    let at = found.parent.span.start;
                    let path = format!("{}.labels", found.path);
                    changes.extend(labels.iter().map(|pair| Change::new(&path, *pair, Action::Added, at)));
                }
            }
        }
    }
    Ok(edits)
}

/// The labels and annotations of a document that we write ourselves.
pub fn of_ours(copy: &FeatureCopy) -> [Vec<(&str, &str)>; 2] {
    [labels(copy), annotations(copy, true)]
}

/// The annotations of an object that Helm would leave behind, and the one that says so.
fn kept_by_helm<'n, 'a>(object: &Object<'n, 'a>) -> Option<(&'n Node<'a>, &'n Node<'a>)> {
    let annotations = object.metadata.read("annotations")?;
    Some((annotations, annotations.read(POLICY)?))
}

/// Whether an upgrade may change the labels on the pods of `object`.
pub fn takes_labels(object: &Object<'_, '_>, when: Labels) -> bool {
    match when {
        Labels::Always => true,
        Labels::OnHooks => object.hook,
        Labels::WithSelector => {
            object.root.read_at(&["spec", "selector"]).is_some_and(|selector| !selector.entries().is_empty())
        }
    }
}

fn labels(copy: &FeatureCopy) -> Vec<(&str, &str)> {
    let more = copy.labels.iter().map(|pair| (pair.key.as_str(), pair.value.as_str()));
    std::iter::once((words::FEATURE, copy.feature.as_str())).chain(more).collect()
}

fn annotations(copy: &FeatureCopy, expires: bool) -> Vec<(&str, &str)> {
    let mut annotations = Vec::new();
    if expires {
        annotations.push((words::TTL, copy.ttl.as_str()));
        if copy.janitor {
            annotations.push((words::JANITOR_TTL, copy.ttl.as_str()));
        }
        annotations.extend(copy.by.as_deref().map(|by| (words::BY, by)));
        annotations.extend(copy.source.as_deref().map(|source| (words::SOURCE, source)));
    }
    annotations.extend(copy.annotations.iter().map(|pair| (pair.key.as_str(), pair.value.as_str())));
    annotations
}

/// What selects pods may read a label that the chart gave them.
fn refuse_selected(
    document: &Document<'_>,
    metadata: &Node<'_>,
    copy: &FeatureCopy,
) -> Result<(), RenderError> {
    let Some(present) = metadata.read("labels") else { return Ok(()) };
    for pair in &copy.labels {
        let other = present.read(&pair.key).filter(|value| value.scalar() != Some(pair.value.as_str()));
        if let Some(value) = other {
            let what = format!(
                "--label={}={} would change a label of pods, which a selector may read: choose another key",
                pair.key, pair.value
            );
            return Err(document.wrong(value, what));
        }
    }
    Ok(())
}

/// Makes each named mapping below `parent` hold its pairs.
pub fn put(
    document: &Document<'_>,
    parent: &Node<'_>,
    path: &str,
    maps: &[(&str, Vec<(&str, &str)>)],
    changes: &mut Vec<Change>,
) -> Result<Vec<Edit>, RenderError> {
    let mut edits = Vec::new();
    let mut missing = Vec::new();
    for (key, pairs) in maps.iter().filter(|(_, pairs)| !pairs.is_empty()) {
        let map = parent.get(key);
        let at = map.unwrap_or(parent).span.start;
        let path = format!("{path}.{key}");
        changes.extend(pairs.iter().map(|pair| {
            let action = match mapping::fate(map, *pair) {
                Fate::Kept => Action::Kept,
                Fate::Added => Action::Added,
                Fate::Replaced => Action::Replaced,
            };
            Change::new(&path, *pair, action, at)
        }));
        match map {
            Some(_) => edits.extend(mapping::set_all(document, parent, key, pairs)?),
            None => missing.push((*key, mapping::flow(pairs))),
        }
    }
    if !missing.is_empty() {
        edits.push(mapping::put_first(document, parent, &missing)?);
    }
    Ok(edits)
}
