//! The check that a copy is not base: its names are its own, and no selector of it takes base's
//! pods or gives base's Service its own.

use crate::{
    error::RenderError,
    fields,
    node::{Node, Value},
    object::{self, Object},
    stream::Document,
};

/// Fails on the first object whose name, or whose selector of pods in this stream, does not contain
/// the release by whole tokens. The feature alone never counts: a feature `web` must not make
/// `app: web` the copy's own.
pub fn check(documents: &[Document<'_>], release: &str) -> Result<(), RenderError> {
    let objects: Vec<(&Document<'_>, Object<'_>)> = documents
        .iter()
        .flat_map(|document| object::objects(document).into_iter().map(move |object| (document, object)))
        .collect();
    for (document, object) in &objects {
        if let Some(name) = object.metadata.get("name")
            && !name.scalar().is_some_and(|name| contains(name, release))
        {
            return Err(document.wrong(
                name,
                format!(
                    "{} {} does not bear the release's name {release:?}, so that it is base's or another \
                     copy's: give it a name of the release (fullnameOverride unset), or deploy the copy to \
                     a namespace of its own with --isolate=off",
                    object.kind,
                    name.scalar().unwrap_or_default(),
                ),
            ));
        }
        check_selector(document, object, &objects, release)?;
    }
    Ok(())
}

fn check_selector(
    document: &Document<'_>,
    object: &Object<'_>,
    objects: &[(&Document<'_>, Object<'_>)],
    release: &str,
) -> Result<(), RenderError> {
    let Some(selector) = selector(object) else { return Ok(()) };
    if [Some(selector.whole), selector.labels].into_iter().flatten().any(is_indirect) {
        return Err(document.unsupported(selector.whole, "a selector with an alias or a merge key", ""));
    }
    let labels = selector.labels.map(Node::entries).unwrap_or_default();
    if labels.iter().any(|(_, value)| value.scalar().is_some_and(|value| contains(value, release))) {
        return Ok(());
    }
    if selector.expressions.is_some_and(|expressions| !expressions.items().is_empty()) {
        return Err(document.unsupported(
            selector.whole,
            "a selector of expressions whose labels do not contain the release's name",
            "",
        ));
    }
    let takes = |other: &Object<'_>| {
        // What has no namespace goes to the release's, which may be the one that the other names.
        let apart = matches!((object.namespace(), other.namespace()), (Some(one), Some(two)) if one != two);
        let template = fields::template_of(other.kind, other.root);
        !apart && template.is_some_and(|template| selects(labels, template))
    };
    // No label at all selects every pod of the namespace, and so base's.
    let everything = labels.is_empty() && selector.empty_is_all;
    if everything || (!labels.is_empty() && objects.iter().any(|(_, other)| takes(other))) {
        return Err(document.wrong(
            selector.whole,
            format!(
                "the selector of {} {} does not contain the release's name {release:?}, so that base's pods \
                 and the copy's would be one: select by app.kubernetes.io/instance, or deploy the copy to a \
                 namespace of its own with --isolate=off",
                object.kind,
                object.name().unwrap_or_default(),
            ),
        ));
    }
    Ok(())
}

/// Whether `text` holds the dash-separated tokens of `release` one after the other.
pub fn contains(text: &str, release: &str) -> bool {
    let tokens: Vec<&str> = text.split('-').collect();
    let wanted: Vec<&str> = release.split('-').collect();
    tokens.windows(wanted.len()).any(|window| window == wanted)
}

/// How an object chooses pods.
struct Selector<'n> {
    whole: &'n Node,
    labels: Option<&'n Node>,
    expressions: Option<&'n Node>,
    /// Whether a selector without anything means all pods.
    empty_is_all: bool,
}

fn selector<'n>(object: &Object<'n>) -> Option<Selector<'n>> {
    let (path, empty_is_all): (&[&str], bool) = match object.kind {
        "Service" | "ReplicationController" => {
            let whole = object.root.at(&["spec", "selector"])?;
            return Some(Selector { whole, labels: Some(whole), expressions: None, empty_is_all: false });
        }
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" => (&["spec", "selector"], false),
        "PodDisruptionBudget" => (&["spec", "selector"], true),
        "NetworkPolicy" => (&["spec", "podSelector"], true),
        _ => return None,
    };
    let whole = object.root.at(path)?;
    let (labels, expressions) = (whole.get("matchLabels"), whole.get("matchExpressions"));
    Some(Selector { whole, labels, expressions, empty_is_all })
}

/// Whether what a mapping holds stands elsewhere.
fn is_indirect(node: &Node) -> bool {
    let alias = |node: &Node| matches!(node.value, Value::Alias);
    alias(node) || node.entries().iter().any(|(key, value)| key.scalar() == Some("<<") || alias(value))
}

fn selects(selector: &[(Node, Node)], template: &Node) -> bool {
    let Some(labels) = template.at(&["metadata", "labels"]) else { return false };
    selector.iter().all(|(key, value)| {
        let wanted = key.scalar().and_then(|key| labels.get(key)).and_then(Node::scalar);
        wanted.is_some() && wanted == value.scalar()
    })
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
