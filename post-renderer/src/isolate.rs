//! The check that a copy is not base: its names are its own, and no selector of it takes base's
//! pods or gives base's Service its own.

use std::collections::HashMap;

use crate::{
    copy::PodPath, document::Document, error::RenderError, fields, node::Node, object::Object, stream::Place,
};

/// Where objects of any kind that we know choose pods.
pub const SELECTORS: [&str; 2] = ["spec.selector", "spec.podSelector"];

/// The labels of some pods of the stream.
#[derive(Debug)]
pub struct Pods {
    namespace: Option<String>,
    labels: Vec<(String, String)>,
}

/// A selector that does not contain the release: wrong if it takes pods of the stream.
#[derive(Debug)]
pub struct Suspect {
    namespace: Option<String>,
    labels: Vec<(String, String)>,
    place: Place,
    what: String,
}

/// Fails on an object whose name does not contain the release by whole tokens. The feature alone
/// never counts: a feature `web` must not make `app: web` the copy's own.
pub fn check_name(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    release: &str,
) -> Result<(), RenderError> {
    match object.metadata.read("name") {
        Some(name) if !name.scalar().is_some_and(|name| contains(name, release)) => Err(document.wrong(
            name,
            format!(
                "{} {} does not bear the release's name {release:?}, so that it is base's or another \
                 copy's: give it a name of the release (fullnameOverride unset), or deploy the copy to \
                 a namespace of its own with --isolate=off",
                object.kind,
                name.scalar().unwrap_or_default(),
            ),
        )),
        _ => Ok(()),
    }
}

/// The labels of the pods that an object makes.
pub fn pods(object: &Object<'_, '_>, more: &[PodPath]) -> Vec<Pods> {
    let namespace = object.namespace().map(str::to_owned);
    let pods = |labels: &Node<'_>| Pods { namespace: namespace.clone(), labels: texts(labels) };
    if object.kind == "Pod" && object.api_version == "v1" {
        return object.metadata.read("labels").map(pods).into_iter().collect();
    }
    fields::pod_metadata(object.api_version, object.kind, more)
        .flat_map(|(path, _)| fields::find(object.root, path))
        .filter_map(|found| found.parent.read(found.key)?.read("labels").map(pods))
        .collect()
}

/// Fails on a selector of all pods; gives back one that is wrong if it takes pods of the stream.
pub fn check_selector(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    release: &str,
) -> Result<Option<Suspect>, RenderError> {
    let Some(Selector { whole, labels, expressions, empty_is_all }) = selector(object) else {
        return Ok(None);
    };
    let labels = labels.map(texts).unwrap_or_default();
    if labels.iter().any(|(_, value)| contains(value, release)) {
        return Ok(None);
    }
    if expressions.is_some_and(|expressions| !expressions.items().is_empty()) {
        return Err(document.unsupported(
            whole,
            "a selector of expressions whose labels do not contain the release's name",
            "",
        ));
    }
    let what = format!(
        "the selector of {} {} does not contain the release's name {release:?}, so that base's pods \
         and the copy's would be one: select by app.kubernetes.io/instance, or deploy the copy to a \
         namespace of its own with --isolate=off",
        object.kind,
        object.name().unwrap_or_default(),
    );
    if labels.is_empty() {
        // No label at all selects every pod of the namespace, and so base's.
        return if empty_is_all { Err(document.wrong(whole, what)) } else { Ok(None) };
    }
    let namespace = object.namespace().map(str::to_owned);
    Ok(Some(Suspect { namespace, labels, place: document.place(whole), what }))
}

/// Fails on the first suspect that takes pods of the stream.
pub fn check_suspects(suspects: Vec<Suspect>, pods: &[Pods]) -> Result<(), RenderError> {
    // Pods by label, so that a suspect is held against few.
    let mut with: HashMap<&(String, String), Vec<&Pods>> = HashMap::new();
    for pods in pods {
        for label in &pods.labels {
            with.entry(label).or_default().push(pods);
        }
    }
    let takes = |suspect: &Suspect, pods: &Pods| {
        // What has no namespace goes to the release's, which may be the one that the other names.
        let apart = matches!((&suspect.namespace, &pods.namespace), (Some(one), Some(two)) if one != two);
        !apart && suspect.labels.iter().all(|label| pods.labels.contains(label))
    };
    let wrong = |suspect: &Suspect| {
        let few = suspect.labels.iter().map(|label| with.get(label).map_or(&[][..], Vec::as_slice));
        let few = few.min_by_key(|pods| pods.len()).unwrap_or_default();
        few.iter().any(|pods| takes(suspect, pods))
    };
    match suspects.into_iter().find(wrong) {
        None => Ok(()),
        Some(Suspect { place, what, .. }) => Err(RenderError::Wrong { place, what }),
    }
}

/// Whether `text` holds the dash-separated tokens of `release` one after the other.
pub fn contains(text: &str, release: &str) -> bool {
    let tokens: Vec<&str> = text.split('-').collect();
    let wanted: Vec<&str> = release.split('-').collect();
    tokens.windows(wanted.len()).any(|window| window == wanted)
}

/// How an object chooses pods.
struct Selector<'n, 'a> {
    whole: &'n Node<'a>,
    labels: Option<&'n Node<'a>>,
    expressions: Option<&'n Node<'a>>,
    /// Whether a selector without anything means all pods.
    empty_is_all: bool,
}

fn selector<'n, 'a>(object: &Object<'n, 'a>) -> Option<Selector<'n, 'a>> {
    let (path, empty_is_all): (&[&str], bool) = match (fields::group(object.api_version), object.kind) {
        ("", "Service" | "ReplicationController") => {
            let whole = object.root.read_at(&["spec", "selector"])?;
            return Some(Selector { whole, labels: Some(whole), expressions: None, empty_is_all: false });
        }
        (_, "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") => (&["spec", "selector"], false),
        (_, "PodDisruptionBudget") => (&["spec", "selector"], true),
        (_, "NetworkPolicy") => (&["spec", "podSelector"], true),
        _ => return None,
    };
    let whole = object.root.read_at(path)?;
    let (labels, expressions) = (whole.read("matchLabels"), whole.read("matchExpressions"));
    Some(Selector { whole, labels, expressions, empty_is_all })
}

fn texts(map: &Node<'_>) -> Vec<(String, String)> {
    let text = |(key, value): (&str, &Node<'_>)| Some((key.to_owned(), value.scalar()?.to_owned()));
    map.pairs().into_iter().filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_contains_the_release_by_whole_tokens_only() {
        let cases = [
            ("demo-feat1", "demo-feat1", true),
            ("demo-feat1-api", "demo-feat1", true),
            ("x-demo-feat1", "demo-feat1", true),
            ("demo-feat11", "demo-feat1", false),
            ("xdemo-feat1", "demo-feat1", false),
            ("demo-feat", "demo-feat1", false),
            ("demo", "demo-feat1", false),
            ("demo-x-feat1", "demo-feat1", false),
        ];
        for (text, release, want) in cases {
            assert_eq!(contains(text, release), want, "{text}");
        }
    }
}
