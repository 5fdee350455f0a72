//! A light copy: one of each, and nothing that scales, alerts, runs by the clock or has an address of its
//! own. What is changed is data; `--keep` leaves a kind as it is.

use crate::{
    copy::FeatureCopy,
    document::Document,
    error::RenderError,
    fields, mapping,
    node::Node,
    object::Object,
    report::{Action, Change},
    splice::Edit,
};

/// Kinds that a light copy does without.
const DROPPED: &[(&str, &str)] = &[
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("autoscaling.k8s.io", "VerticalPodAutoscaler"),
    ("keda.sh", "ScaledObject"),
    ("monitoring.coreos.com", "PodMonitor"),
    ("monitoring.coreos.com", "Probe"),
    ("monitoring.coreos.com", "PrometheusRule"),
    ("monitoring.coreos.com", "ServiceMonitor"),
    ("policy", "PodDisruptionBudget"),
];

/// Kinds with `spec.replicas`.
const REPLICATED: &[(&str, &str)] = &[
    ("", "ReplicationController"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("argoproj.io", "Rollout"),
    ("monitoring.coreos.com", "Alertmanager"),
    ("monitoring.coreos.com", "Prometheus"),
    ("monitoring.coreos.com", "PrometheusAgent"),
    ("monitoring.coreos.com", "ThanosRuler"),
];

/// What only a Service of the type `LoadBalancer` may have.
const BALANCED: &[&str] = &[
    "allocateLoadBalancerNodePorts",
    "externalTrafficPolicy",
    "healthCheckNodePort",
    "loadBalancerClass",
    "loadBalancerIP",
    "loadBalancerSourceRanges",
];

/// Whether a light copy does without an object.
pub fn drops(object: &Object<'_, '_>, copy: &FeatureCopy) -> bool {
    let kind = (fields::group(object.api_version), object.kind);
    copy.lean && DROPPED.contains(&kind) && !copy.keeps(object.kind)
}

/// The paths that are looked at in a kind; `None` is all of it.
pub fn wanted(api_version: &str, kind: &str) -> Option<Vec<&'static str>> {
    match (fields::group(api_version), kind) {
        ("", "Service") => None,
        ("batch", "CronJob") => Some(vec!["spec.suspend"]),
        kind if REPLICATED.contains(&kind) => Some(vec!["spec.replicas"]),
        _ => Some(Vec::new()),
    }
}

/// The changes that make an object a light one.
pub fn of_object(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    copy: &FeatureCopy,
    changes: &mut Vec<Change>,
) -> Result<Vec<Edit>, RenderError> {
    if !copy.lean || copy.keeps(object.kind) {
        return Ok(Vec::new());
    }
    let Some(spec) = object.root.read("spec") else { return Ok(Vec::new()) };
    match (fields::group(object.api_version), object.kind) {
        ("", "Service") => address(document, spec, changes),
        ("batch", "CronJob") => set(document, spec, ("suspend", "true"), changes),
        kind if REPLICATED.contains(&kind) => {
            let replicas = spec.read("replicas").filter(|replicas| !replicas.is_null());
            let many = match replicas.map(|replicas| replicas.scalar().unwrap_or_default().parse::<u64>()) {
                // Who scales it may have left more of it than one.
                None => !copy.keeps("HorizontalPodAutoscaler"),
                Some(count) => count.is_ok_and(|count| count > 1),
            };
            if many { set(document, spec, ("replicas", "1"), changes) } else { Ok(Vec::new()) }
        }
        _ => Ok(Vec::new()),
    }
}

/// A Service without an address outside of the cluster.
fn address(
    document: &Document<'_>,
    spec: &Node<'_>,
    changes: &mut Vec<Change>,
) -> Result<Vec<Edit>, RenderError> {
    if spec.read_text("type") != Some("LoadBalancer") {
        return Ok(Vec::new());
    }
    let mut edits = set(document, spec, ("type", "\"ClusterIP\""), changes)?;
    edits.extend(remove(document, spec, "spec", BALANCED, changes)?);
    for (index, port) in spec.read("ports").map(Node::items).unwrap_or_default().iter().enumerate() {
        let path = format!("spec.ports[{index}]");
        edits.extend(remove(document, port.resolved(), &path, &["nodePort"], changes)?);
    }
    Ok(edits)
}

fn remove(
    document: &Document<'_>,
    map: &Node<'_>,
    path: &str,
    keys: &[&str],
    changes: &mut Vec<Change>,
) -> Result<Vec<Edit>, RenderError> {
    for (key, value) in keys.iter().filter_map(|key| Some((key, map.read(key)?))) {
        let text = value.scalar().unwrap_or(&document.text[value.span.clone()]);
        changes.push(Change::new(path, (key, text), Action::Removed, value.span.start));
    }
    mapping::remove(document, map, keys)
}

fn set(
    document: &Document<'_>,
    spec: &Node<'_>,
    (key, text): (&str, &str),
    changes: &mut Vec<Change>,
) -> Result<Vec<Edit>, RenderError> {
    let own = mapping::own(document, spec, key)?;
    let kept = own.is_some_and(|node| node.scalar() == Some(text));
    let action = match own {
        _ if kept => Action::Kept,
        Some(_) => Action::Replaced,
        None => Action::Added,
    };
    let at = own.unwrap_or(spec).span.start;
    changes.push(Change::new("spec", (key, text.trim_matches('"')), action, at));
    match own {
        _ if kept => Ok(Vec::new()),
        Some(node) => mapping::replace(document, node, text).map(|edit| vec![edit]),
        None => mapping::put_first(document, spec, &[(key, text.to_owned())]).map(|edit| vec![edit]),
    }
}
