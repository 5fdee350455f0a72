//! The check that a copy is not base: its names are its own, and no selector of it takes base's
//! pods or gives base's Service its own. Finds all faults, and decides nothing else.

mod selectors;

use crate::{copy::FeatureCopy, document::Document, fields, node::Node, object::Object, stream::Place};

pub use selectors::{PATHS, Pods, Suspect, check_selector, pods, taken};

/// Why an object of the stream would be base's, or another copy's.
#[derive(Debug)]
pub struct Fault {
    pub place: Place,
    pub what: String,
    pub remedy: &'static str,
    /// Whether a namespace of the copy's own helps as well.
    pub apart: bool,
    /// Where that is in the stream.
    pub at: usize,
}

impl Fault {
    fn new(
        document: &Document<'_>,
        node: &Node<'_>,
        what: String,
        (remedy, apart): (&'static str, bool),
    ) -> Self {
        let at = document.base + node.span.start;
        Self { place: document.place(node), what, remedy, apart, at }
    }
}

/// Finds fault with a name that does not contain the release by whole tokens. The feature alone
/// never counts: a feature `web` must not make `app: web` the copy's own.
pub fn check_name(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    copy: &FeatureCopy,
    release: &str,
) -> Option<Fault> {
    let node = object.metadata.read("name")?;
    let name = node.scalar().unwrap_or_default();
    if fields::is_cluster_scoped(object.api_version, object.kind) || contains(name, release) {
        return None;
    }
    let kind = object.kind;
    let (what, remedy) = match cut(name, release, copy.feature.as_str()) {
        Some(cut) => (
            format!(
                "{kind} {name} bears {cut:?}, as far as the chart let the release's name {release:?} stand, so \
                 that another copy could have the same name"
            ),
            ("call the release something shorter", false),
        ),
        None => (
            format!(
                "{kind} {name} does not bear the release's name {release:?}, so that it is base's or another \
                 copy's"
            ),
            ("give it a name of the release (fullnameOverride unset)", true),
        ),
    };
    Some(Fault::new(document, node, what, remedy))
}

/// Finds fault with what would lead a name of base's in the DNS to the copy.
pub fn check_annotations(document: &Document<'_>, object: &Object<'_, '_>) -> Option<Fault> {
    const HOSTNAMES: [&str; 2] =
        ["external-dns.alpha.kubernetes.io/hostname", "external-dns.alpha.kubernetes.io/internal-hostname"];
    let annotations = object.metadata.read("annotations");
    let (key, node) = HOSTNAMES.iter().find_map(|key| Some((key, annotations?.read(key)?)))?;
    // An Ingress is replaced, and its annotations with it.
    if object.kind == "Ingress" {
        return None;
    }
    let what = format!(
        "the annotation {key} of {} {} would lead a name of base's to the copy",
        object.kind,
        object.name().unwrap_or_default()
    );
    Some(Fault::new(document, node, what, ("leave it out by the chart's values", true)))
}

/// What is wrong with an object that is in no namespace and not the release's own.
pub fn of_no_namespace(document: &Document<'_>, object: &Object<'_, '_>) -> Fault {
    let (kind, name) = (object.kind, object.name().unwrap_or_default());
    let what = format!("{kind} {name} is in no namespace, so that it would be base's as well");
    let remedy = "leave it out by the chart's values, or say --cluster-scoped=drop, or keep to change base's";
    Fault::new(document, object.root, what, (remedy, false))
}

/// Whether `text` holds the dash-separated tokens of `release` one after the other.
pub fn contains(text: &str, release: &str) -> bool {
    let tokens: Vec<&str> = text.split('-').collect();
    let wanted: Vec<&str> = release.split('-').collect();
    tokens.windows(wanted.len()).any(|window| window == wanted)
}

/// The part of `release` that `name` bears, when the name was cut within the feature: so far, and no
/// further, a chart let it stand.
fn cut<'r>(name: &str, release: &'r str, feature: &str) -> Option<&'r str> {
    let within = release.find(feature)? + 1;
    let lengths = (within..release.len()).rev();
    lengths.map(|length| &release[..length]).find(|cut| contains(name, cut.trim_end_matches('-')))
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
