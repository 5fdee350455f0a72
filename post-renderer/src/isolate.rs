//! The check that a copy is not base: its names are its own, and no selector of it takes base's
//! pods or gives base's Service its own.

use std::collections::HashMap;

use crate::{
    copy::{FeatureCopy, PodPath},
    document::Document,
    error::RenderError,
    fields,
    node::Node,
    object::Object,
    stream::Place,
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
    expressions: Vec<Expression>,
    place: Place,
    what: String,
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

/// Fails on an object whose name does not contain the release by whole tokens. The feature alone
/// never counts: a feature `web` must not make `app: web` the copy's own.
pub fn check_name(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    copy: &FeatureCopy,
    release: &str,
) -> Result<(), RenderError> {
    let Some(node) = object.metadata.read("name") else { return Ok(()) };
    let name = node.scalar().unwrap_or_default();
    if contains(name, release) {
        return Ok(());
    }
    let kind = object.kind;
    let what = match cut(name, release, copy.feature.as_str()) {
        Some(cut) => format!(
            "{kind} {name} bears {cut:?}, as far as the chart let the release's name {release:?} stand: another \
             copy could have the same name, so call the release something shorter"
        ),
        None => format!(
            "{kind} {name} does not bear the release's name {release:?}, so that it is base's or another \
             copy's: give it a name of the release (fullnameOverride unset), or deploy the copy to \
             a namespace of its own with --isolate=off"
        ),
    };
    Err(document.wrong(node, what))
}

/// Fails on what would lead a name of base's in the DNS to the copy.
pub fn check_annotations(document: &Document<'_>, object: &Object<'_, '_>) -> Result<(), RenderError> {
    const HOSTNAMES: [&str; 2] =
        ["external-dns.alpha.kubernetes.io/hostname", "external-dns.alpha.kubernetes.io/internal-hostname"];
    let annotations = object.metadata.read("annotations");
    let found = HOSTNAMES.iter().find_map(|key| Some((key, annotations?.read(key)?)));
    // An Ingress is replaced, and its annotations with it.
    match found.filter(|_| object.kind != "Ingress") {
        None => Ok(()),
        Some((key, node)) => Err(document.wrong(
            node,
            format!(
                "the annotation {key} of {} {} would lead a name of base's to the copy: leave it out by the \
                 chart's values, or deploy the copy with --isolate=off",
                object.kind,
                object.name().unwrap_or_default()
            ),
        )),
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
    let expressions: Vec<Expression> =
        expressions.map(Node::items).unwrap_or_default().iter().map(Expression::read).collect();
    if labels.iter().any(|(_, value)| contains(value, release))
        || expressions.iter().any(|expression| expression.demands(release))
    {
        return Ok(None);
    }
    let what = format!(
        "the selector of {} {} does not contain the release's name {release:?}, so that base's pods \
         and the copy's would be one: select by app.kubernetes.io/instance, or deploy the copy to a \
         namespace of its own with --isolate=off",
        object.kind,
        object.name().unwrap_or_default(),
    );
    if labels.is_empty() && expressions.is_empty() {
        // No label at all selects every pod of the namespace, and so base's.
        return if empty_is_all { Err(document.wrong(whole, what)) } else { Ok(None) };
    }
    let namespace = object.namespace().map(str::to_owned);
    Ok(Some(Suspect { namespace, labels, expressions, place: document.place(whole), what }))
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
        !apart
            && suspect.labels.iter().all(|label| pods.labels.contains(label))
            && suspect.expressions.iter().all(|expression| expression.takes(pods))
    };
    let wrong = |suspect: &Suspect| {
        let few = suspect.labels.iter().map(|label| with.get(label).map_or(&[][..], Vec::as_slice));
        match few.min_by_key(|pods| pods.len()) {
            Some(few) => few.iter().any(|pods| takes(suspect, pods)),
            None => pods.iter().any(|pods| takes(suspect, pods)),
        }
    };
    match suspects.into_iter().find(wrong) {
        None => Ok(()),
        Some(Suspect { place, what, .. }) => Err(RenderError::Wrong { place, what }),
    }
}

/// The part of `release` that `name` bears, when the name was cut within the feature: so far, and no
/// further, a chart let it stand.
fn cut<'r>(name: &str, release: &'r str, feature: &str) -> Option<&'r str> {
    let within = release.find(feature)? + 1;
    let lengths = (within..release.len()).rev();
    lengths.map(|length| &release[..length]).find(|cut| contains(name, cut.trim_end_matches('-')))
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

    #[test]
    fn a_name_that_was_cut_within_the_feature_is_known_by_what_is_left() {
        let cases = [
            ("monitoring-long-featu-prometheus", Some("monitoring-long-featu")),
            ("monitoring-long-f", Some("monitoring-long-f")),
            ("monitoring-long", None),
            ("monitoring-prometheus", None),
            ("monitoring-long-fx", None),
        ];
        for (name, want) in cases {
            assert_eq!(cut(name, "monitoring-long-feature", "feature"), want, "{name}");
        }
    }
}
