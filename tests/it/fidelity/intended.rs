//! What a minimal rendering is to add and to leave out, said a second time: on the values that Helm reads, without the
//! renderer's tables and without its code.

use feature::words;
use serde_json::{Map, Value};

/// The flags of a rendering that adds labels and the ttl, and does nothing else.
pub const FLAGS: [&str; 5] =
    ["--feature=feat1", "--isolate=off", "--router=none", "--cluster-scoped=keep", "--keep=claims"];
pub const LABEL: (&str, &str) = (words::FEATURE, "feat1");
pub const ANNOTATION: (&str, &str) = (words::TTL, words::DEFAULT_TTL);
/// With this annotation Helm would leave an object of a copy behind.
const POLICY: &str = "helm.sh/resource-policy";

/// API group, kind, and the way to the metadata of its pods; `*` is each item of a list.
const PODS: [(&str, &str, &str); 19] = [
    ("", "PodTemplate", "template metadata"),
    ("", "ReplicationController", "spec template metadata"),
    ("apps", "DaemonSet", "spec template metadata"),
    ("apps", "Deployment", "spec template metadata"),
    ("apps", "ReplicaSet", "spec template metadata"),
    ("apps", "StatefulSet", "spec template metadata"),
    ("extensions", "Deployment", "spec template metadata"),
    ("batch", "CronJob", "spec jobTemplate spec template metadata"),
    ("batch", "Job", "spec template metadata"),
    ("argoproj.io", "AnalysisTemplate", "spec metrics * provider job spec template metadata"),
    ("argoproj.io", "ClusterAnalysisTemplate", "spec metrics * provider job spec template metadata"),
    ("argoproj.io", "Experiment", "spec templates * template metadata"),
    ("argoproj.io", "Rollout", "spec template metadata"),
    ("serving.knative.dev", "Configuration", "spec template metadata"),
    ("serving.knative.dev", "Service", "spec template metadata"),
    ("monitoring.coreos.com", "Alertmanager", "spec podMetadata"),
    ("monitoring.coreos.com", "Prometheus", "spec podMetadata"),
    ("monitoring.coreos.com", "PrometheusAgent", "spec podMetadata"),
    ("monitoring.coreos.com", "ThanosRuler", "spec podMetadata"),
];

/// Kinds in no namespace, as far as the cases have them.
const IN_NO_NAMESPACE: [(&str, &str); 11] = [
    ("", "Namespace"),
    ("", "PersistentVolume"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("gateway.networking.k8s.io", "GatewayClass"),
    ("networking.k8s.io", "IngressClass"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("storage.k8s.io", "StorageClass"),
];

/// The document as its rendering is to be read.
pub fn intended(mut document: Value) -> Value {
    objects(&mut document, None, false);
    document
}

/// Whether an object of the document would lead requests for base to the copy, which is refused.
pub fn is_refused(document: &Value) -> bool {
    const HOSTNAME: &str = "external-dns.alpha.kubernetes.io/hostname";
    match document {
        Value::Object(map) => {
            map.contains_key(HOSTNAME) || map.contains_key("externalIPs") || map.values().any(is_refused)
        }
        Value::Array(items) => items.iter().any(is_refused),
        _ => false,
    }
}

/// What has items is a list to Kubernetes, whatever its kind, in another list too.
fn objects(document: &mut Value, of: Option<&(String, String)>, hook: bool) {
    let text = |key: &str| document.get(key).and_then(Value::as_str).map(str::to_owned);
    let list =
        text("kind").and_then(|kind| kind.strip_suffix("List").map(str::to_owned)).zip(text("apiVersion"));
    let hook = hook || document["metadata"]["annotations"].get("helm.sh/hook").is_some();
    match document.get_mut("items").and_then(Value::as_array_mut) {
        Some(items) => items.iter_mut().for_each(|item| objects(item, list.as_ref(), hook)),
        None => object(document, of, hook),
    }
}

/// Whether some object of the document says something else under a key of ours, or what a copy does without.
pub fn is_replaced(document: &Value) -> bool {
    let other = |map: &Map<String, Value>, (key, text): (&str, &str)| {
        map.get(key).is_some_and(|value| value.as_str() != Some(text))
    };
    match document {
        Value::Object(map) => {
            other(map, LABEL)
                || other(map, ANNOTATION)
                || map.contains_key(POLICY)
                || map.values().any(is_replaced)
        }
        Value::Array(items) => items.iter().any(is_replaced),
        _ => false,
    }
}

/// An object, or an item of a list, from which it has its kind where it says none, and which may be a hook.
fn object(value: &mut Value, of: Option<&(String, String)>, hook: bool) {
    let text = |key| value.get(key).and_then(Value::as_str).filter(|text: &&str| !text.is_empty());
    let own = text("kind").zip(text("apiVersion"));
    let given =
        of.filter(|_| value.get("kind").is_none()).map(|(kind, version)| (kind.as_str(), version.as_str()));
    let Some((kind, version)) = own.or(given) else { return };
    let (kind, group) = (kind.to_owned(), version.rsplit_once('/').map_or("", |(group, _)| group).to_owned());
    let is = |row: (&str, &str)| row == (group.as_str(), kind.as_str());
    let Some(metadata) = value.get_mut("metadata") else { return };
    let is_hook = hook || metadata["annotations"].get("helm.sh/hook").is_some();
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut)
        && kind != "PersistentVolumeClaim"
    {
        annotations.remove(POLICY);
    }
    put(metadata, "labels", LABEL);
    if !is_hook && !IN_NO_NAMESPACE.into_iter().any(is) {
        put(metadata, "annotations", ANNOTATION);
    }
    let Some((_, _, path)) = PODS.into_iter().find(|(group, kind, _)| is((group, kind))) else { return };
    if kind == "Job" && !is_hook {
        return;
    }
    // Without a selector Kubernetes takes the pods' labels for one, which can never be changed.
    let selects =
        value.pointer("/spec/selector").and_then(Value::as_object).is_some_and(|map| !map.is_empty());
    if !selects && (kind == "ReplicationController" || group == "extensions") {
        return;
    }
    let (way, last) = path.rsplit_once(' ').expect("a path has words");
    let mut parents = vec![value];
    for word in way.split(' ') {
        let next = parents.into_iter().flat_map(|parent| match (word, parent) {
            ("*", parent) => parent.as_array_mut().into_iter().flatten().collect::<Vec<_>>(),
            (word, parent) => parent.get_mut(word).into_iter().collect(),
        });
        parents = next.collect();
    }
    for parent in parents {
        put(map(parent).entry(last).or_insert(Value::Null), "labels", LABEL);
    }
}

fn put(metadata: &mut Value, name: &str, (key, text): (&str, &str)) {
    let pairs = map(metadata).entry(name).or_insert(Value::Null);
    map(pairs).insert(key.to_owned(), text.into());
}

/// A mapping, which a null becomes.
fn map(value: &mut Value) -> &mut Map<String, Value> {
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut().expect("what is rendered has mappings where something is put")
}
