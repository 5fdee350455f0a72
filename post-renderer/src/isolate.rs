//! The check that a copy is not base: its names are its own, and no selector of it takes base's
//! pods or gives base's Service its own.

use crate::{
    error::RenderError,
    fields,
    node::Node,
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
        let Some(selector) = selector(object) else { continue };
        let takes_ours = objects.iter().any(|(_, other)| {
            other.namespace() == object.namespace()
                && fields::template_of(other.kind, other.root)
                    .is_some_and(|template| selects(selector, template))
        });
        let is_ours = || {
            selector
                .entries()
                .iter()
                .any(|(_, value)| value.scalar().is_some_and(|value| contains(value, release)))
        };
        if takes_ours && !is_ours() {
            return Err(document.wrong(
                selector,
                format!(
                    "the selector of {} {} does not contain the release's name {release:?}, so that base's \
                     pods and the copy's would be one: select by app.kubernetes.io/instance, or deploy the \
                     copy to a namespace of its own with --isolate=off",
                    object.kind,
                    object.name().unwrap_or_default(),
                ),
            ));
        }
    }
    Ok(())
}

/// Whether `text` holds the dash-separated tokens of `release` one after the other.
fn contains(text: &str, release: &str) -> bool {
    let tokens: Vec<&str> = text.split('-').collect();
    let wanted: Vec<&str> = release.split('-').collect();
    tokens.windows(wanted.len()).any(|window| window == wanted)
}

/// The labels by which an object chooses pods.
fn selector<'n>(object: &Object<'n>) -> Option<&'n Node> {
    match object.kind {
        "Service" | "ReplicationController" => object.root.at(&["spec", "selector"]),
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "PodDisruptionBudget" => {
            object.root.at(&["spec", "selector", "matchLabels"])
        }
        "NetworkPolicy" => object.root.at(&["spec", "podSelector", "matchLabels"]),
        _ => None,
    }
    .filter(|selector| !selector.entries().is_empty())
}

fn selects(selector: &Node, template: &Node) -> bool {
    let Some(labels) = template.at(&["metadata", "labels"]) else { return false };
    selector.entries().iter().all(|(key, value)| {
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
