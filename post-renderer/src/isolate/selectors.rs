//! What chooses pods, and which pods of the stream that would be.

use std::collections::HashMap;

use super::{Fault, contains};
use crate::{copy::PodPath, document::Document, fields, node::Node, object::Object};

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
    expressions: Vec<Expression>,
    fault: Fault,
}

/// One of `matchExpressions`.
#[derive(Debug)]
struct Expression {
    key: String,
    operator: String,
    values: Vec<String>,
}

impl Expression {
    fn read(node: &Node<'_>) -> Self {
        let text = |key| node.read_text(key).unwrap_or_default().to_owned();
        let values = node.read("values").map(Node::items).unwrap_or_default();
        let values = values.iter().filter_map(|value| value.resolved().scalar().map(str::to_owned));
        Self { key: text("key"), operator: text("operator"), values: values.collect() }
    }

    /// Whether nothing but what bears the release satisfies it.
    fn demands(&self, release: &str) -> bool {
        self.operator == "In"
            && !self.values.is_empty()
            && self.values.iter().all(|value| contains(value, release))
    }

    fn takes(&self, pods: &Pods) -> bool {
        let own = pods.labels.iter().find(|(key, _)| *key == self.key).map(|(_, value)| value);
        match self.operator.as_str() {
            "In" => own.is_some_and(|own| self.values.contains(own)),
            "NotIn" => own.is_none_or(|own| !self.values.contains(own)),
            "DoesNotExist" => own.is_none(),
            // What is none of these is refused by Kubernetes; here it takes what it may.
            _ => own.is_some(),
        }
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

/// Finds fault with a selector of all pods; gives back one that is wrong if it takes pods of the stream.
pub fn check_selector(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    release: &str,
    faults: &mut Vec<Fault>,
) -> Option<Suspect> {
    let Selector { whole, labels, expressions, empty_is_all } = selector(object)?;
    let labels = labels.map(texts).unwrap_or_default();
    let expressions: Vec<Expression> =
        expressions.map(Node::items).unwrap_or_default().iter().map(Expression::read).collect();
    if labels.iter().any(|(_, value)| contains(value, release))
        || expressions.iter().any(|expression| expression.demands(release))
    {
        return None;
    }
    let what = format!(
        "the selector of {} does not contain the release's name {release:?}, so that base's pods and the \
         copy's would be one",
        object.said(),
    );
    let fault = Fault::new(document, whole, what, ("select by app.kubernetes.io/instance", true));
    if labels.is_empty() && expressions.is_empty() {
        // No label at all selects every pod of the namespace, and so base's.
        faults.extend(empty_is_all.then_some(fault));
        return None;
    }
    let namespace = object.namespace().map(str::to_owned);
    Some(Suspect { namespace, labels, expressions, fault })
}

/// The faults of those suspects that take pods of the stream.
pub fn taken(suspects: Vec<Suspect>, pods: &[Pods]) -> impl Iterator<Item = Fault> {
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
        !apart
            && suspect.labels.iter().all(|label| pods.labels.contains(label))
            && suspect.expressions.iter().all(|expression| expression.takes(pods))
    };
    let wrong = move |suspect: &Suspect| {
        let few = suspect.labels.iter().map(|label| with.get(label).map_or(&[][..], Vec::as_slice));
        match few.min_by_key(|pods| pods.len()) {
            Some(few) => few.iter().any(|pods| takes(suspect, pods)),
            None => pods.iter().any(|pods| takes(suspect, pods)),
        }
    };
    suspects.into_iter().filter(wrong).map(|suspect| suspect.fault)
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
        (_, "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Rollout") => {
            (&["spec", "selector"], false)
        }
        (_, "PodDisruptionBudget") => (&["spec", "selector"], true),
        (_, "NetworkPolicy") => (&["spec", "podSelector"], true),
        _ => return None,
    };
    // A policy that says nothing of pods is one for all.
    let all = (object.kind == "NetworkPolicy").then_some(object.root);
    let whole = object.root.read_at(path).or(all)?;
    let (labels, expressions) = (whole.read("matchLabels"), whole.read("matchExpressions"));
    Some(Selector { whole, labels, expressions, empty_is_all })
}

fn texts(map: &Node<'_>) -> Vec<(String, String)> {
    let text = |(key, value): (&str, &Node<'_>)| Some((key.to_owned(), value.scalar()?.to_owned()));
    map.pairs().into_iter().filter_map(text).collect()
}
