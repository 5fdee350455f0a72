//! The check that a copy is not base: its names are its own, and no selector of it takes base's
//! pods or gives base's Service its own. Finds all faults, and decides nothing else.

mod selectors;

use crate::{
    copy::{FeatureCopy, HostTemplate, Isolate, Router},
    document::Document,
    fields,
    node::Node,
    object::Object,
    route,
    stream::Place,
};

pub use selectors::{Pods, Suspect, check_selector, pods, taken};

/// What is looked at in objects of any kind.
pub const PATHS: [&str; 5] =
    ["spec.selector", "spec.podSelector", "spec.scaleTargetRef", "spec.targetRef", "spec.externalIPs"];

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
    pub fn new(
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

/// Finds fault with what would lead a name or an address of base's to the copy, in whatever namespace that is.
pub fn check_addresses(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    copy: &FeatureCopy,
) -> Option<Fault> {
    const HOSTNAMES: [&str; 2] =
        ["external-dns.alpha.kubernetes.io/hostname", "external-dns.alpha.kubernetes.io/internal-hostname"];
    let annotations = object.metadata.read("annotations");
    let mut hostnames = HOSTNAMES.iter().filter_map(|key| Some((key, annotations?.read(key)?)));
    let foreign = |(_, node): &(&&str, &Node<'_>)| {
        let hosts = node.scalar().unwrap_or_default().split(',').map(str::trim);
        hosts.filter(|host| !host.is_empty()).any(|host| !is_own_host(host, copy))
    };
    // An Ingress is replaced, and its annotations with it.
    let replaced = object.kind == "Ingress" && copy.routing.router != Router::None;
    let hostname = hostnames.find(foreign).filter(|_| !replaced);
    let addresses = || {
        let addresses = object.root.read_at(&["spec", "externalIPs"]).filter(|list| !list.items().is_empty());
        addresses.filter(|_| object.kind == "Service").map(|node| ("field externalIPs".to_owned(), node))
    };
    let hostname = hostname.map(|(key, node)| (format!("annotation {key}"), node));
    let (said, node) = hostname.or_else(addresses)?;
    let what = format!("the {said} of {} would lead requests for base to the copy", object.said());
    Some(Fault::new(document, node, what, ("leave it out by the chart's values", false)))
}

/// Whether a host bears the release's name, or is a preview host of the feature.
fn is_own_host(host: &str, copy: &FeatureCopy) -> bool {
    let released = match &copy.isolate {
        Isolate::Check { release } => host.split('.').any(|label| contains(label, release)),
        Isolate::Off { .. } => false,
    };
    released || HostTemplate::made(copy.routing.preview_host.as_ref(), host, &copy.feature).is_some()
}

/// Finds fault with what scales a workload that is not the release's own.
pub fn check_target(document: &Document<'_>, object: &Object<'_, '_>, release: &str) -> Option<Fault> {
    let key = match (fields::group(object.api_version), object.kind) {
        ("autoscaling", "HorizontalPodAutoscaler") | ("keda.sh", "ScaledObject") => "scaleTargetRef",
        ("autoscaling.k8s.io", "VerticalPodAutoscaler") => "targetRef",
        _ => return None,
    };
    let node = object.root.read_at(&["spec", key, "name"])?;
    let target = node.scalar().unwrap_or_default();
    let what = format!(
        "{} scales {target}, which does not bear the release's name {release:?}, so that it is base's",
        object.said()
    );
    let fault = || Fault::new(document, node, what, ("let it name the copy's own", true));
    (!contains(target, release)).then(fault)
}

/// Whether an object leads requests somewhere.
pub fn is_route(object: &Object<'_, '_>) -> bool {
    fields::is_foreign_route(object.api_version, object.kind) || route::is_route(object.kind)
}

/// Finds fault with a route that no router of ours makes the copy's.
pub fn check_route(document: &Document<'_>, object: &Object<'_, '_>) -> Option<Fault> {
    if !is_route(object) {
        return None;
    }
    let what = format!(
        "{} would lead requests for base to the copy, since --router=none leaves it as it is",
        object.said()
    );
    Some(Fault::new(document, object.root, what, ("leave it out by the chart's values", true)))
}

/// What is wrong with an object that is in no namespace and not the release's own.
pub fn of_no_namespace(document: &Document<'_>, object: &Object<'_, '_>) -> Fault {
    let what = format!("{} is in no namespace, so that it would be base's as well", object.said());
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
    let start = release.find(feature)?;
    let lengths = (start + 1..start + feature.len()).rev();
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
        assert_eq!(cut("web", "web-shop", "web"), None);
    }
}
