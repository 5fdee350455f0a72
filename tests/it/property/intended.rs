//! What ought to be there after a render, worked out on what Helm reads. Looks at no text.

use acceptance::generate::Own;
use feature::words;
use serde_json::{Map, Value};

/// The feature of all copies here.
const FEATURE: &str = "feat1";

type Pairs = Vec<(String, String)>;

/// What a set of flags asks for.
#[derive(Debug)]
pub struct Wanted {
    pub flags: Vec<String>,
    /// On every object and its pods.
    labels: Pairs,
    /// On every object.
    annotations: Pairs,
    /// On every object that is in a namespace and no hook.
    lifetime: Pairs,
    /// Kind and path of `--pod-path`.
    pod_paths: Vec<(&'static str, &'static str)>,
}

/// Why nothing is expected of a document.
#[derive(Debug, PartialEq, Eq)]
pub enum Nothing {
    /// Helm cannot read it.
    Unread,
    /// It is to be refused.
    Refused,
    /// Its kind is none that there could be, so that it may pass for no object.
    Unclear,
}

/// Where kinds have the metadata of their pods, by group and kind, as their documentation says.
const PODS: [(&str, &str, &str); 10] = [
    ("apps", "Deployment", "spec.template.metadata"),
    ("apps", "DaemonSet", "spec.template.metadata"),
    ("apps", "ReplicaSet", "spec.template.metadata"),
    ("apps", "StatefulSet", "spec.template.metadata"),
    ("", "ReplicationController", "spec.template.metadata"),
    ("", "PodTemplate", "template.metadata"),
    ("batch", "CronJob", "spec.jobTemplate.spec.template.metadata"),
    ("argoproj.io", "Rollout", "spec.template.metadata"),
    ("serving.knative.dev", "Service", "spec.template.metadata"),
    ("monitoring.coreos.com", "Prometheus", "spec.podMetadata"),
];

const IN_NO_NAMESPACE: [(&str, &str); 4] = [
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("", "Namespace"),
    ("scheduling.k8s.io", "PriorityClass"),
];

impl Wanted {
    /// The sets of flags that are tried.
    pub fn all() -> Vec<Self> {
        let owned = |pairs: &[(&str, &str)]| -> Pairs {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let wanted = |more: &[&str], labels: &[(&str, &str)], annotations, lifetime: &[(&str, &str)]| {
            let fixed = ["--isolate=off", "--router=none", "--cluster-scoped=keep", "--keep=claims"]
                .map(str::to_owned);
            let mut flags = vec![format!("--feature={FEATURE}")];
            flags.extend(fixed.into_iter().chain(more.iter().map(|flag| (*flag).to_owned())));
            let labels = [&[(words::FEATURE, FEATURE)], labels].concat();
            Self {
                flags,
                labels: owned(&labels),
                annotations: owned(annotations),
                lifetime: owned(lifetime),
                pod_paths: Vec::new(),
            }
        };
        let mut all = vec![
            wanted(&[], &[], &[], &[(words::TTL, "6h")]),
            wanted(&["--ttl=2d", "--janitor"], &[], &[], &[(words::TTL, "2d"), (words::JANITOR_TTL, "2d")]),
            wanted(
                &[
                    "--label=team=on",
                    "--label=example.com/x=0777",
                    "--annotation=example.com/note=a: \"b\" # c",
                ],
                &[("team", "on"), ("example.com/x", "0777")],
                &[("example.com/note", "a: \"b\" # c")],
                &[(words::TTL, "6h")],
            ),
            wanted(
                &["--by=J\u{f6}rg \u{2603} 'x'", "--source=https://example.com/a?b=c&d#e"],
                &[],
                &[],
                &[
                    (words::TTL, "6h"),
                    (words::BY, "J\u{f6}rg \u{2603} 'x'"),
                    (words::SOURCE, "https://example.com/a?b=c&d#e"),
                ],
            ),
            wanted(&["--pod-path=Widget=spec.pods[].template.metadata"], &[], &[], &[(words::TTL, "6h")]),
        ];
        if let Some(last) = all.last_mut() {
            last.pod_paths.push(("Widget", "spec.pods[].template.metadata"));
        }
        all
    }

    /// What is injected, for streams that already have some of it.
    pub fn own(&self) -> Own {
        let annotations = self.lifetime.iter().chain(&self.annotations).cloned().collect();
        Own { labels: self.labels.clone(), annotations }
    }

    /// The document as it is to be read after a render.
    pub fn of(&self, document: &Value) -> Result<Value, Nothing> {
        let mut after = document.clone();
        // What has items is a list to Kubernetes, whatever its kind, and gives its kind to items without one.
        match after.get_mut("items").and_then(Value::as_array_mut) {
            Some(items) => {
                for item in items {
                    if item.is_object() && item.get("kind").is_none() {
                        return Err(Nothing::Unclear);
                    }
                    self.object(item)?;
                }
            }
            None => self.object(&mut after)?,
        }
        Ok(after)
    }

    /// A selector may read what the chart itself gave its pods.
    fn would_change_labels(&self, metadata: &Value) -> bool {
        let present = metadata.get("labels");
        self.labels[1..].iter().any(|(key, value)| {
            let present = present.and_then(|labels| labels.get(key)).and_then(Value::as_str);
            present.is_some_and(|present| present != value)
        })
    }

    fn object(&self, object: &mut Value) -> Result<(), Nothing> {
        let text = |key: &str| object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let (Some(api_version), Some(kind)) = (text("apiVersion"), text("kind")) else { return Ok(()) };
        let letter = |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic());
        let word = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b));
        if ![api_version, kind].into_iter().all(|text| letter(text) && word(text)) {
            return Err(Nothing::Unclear);
        }
        let group = api_version.split_once('/').map_or("", |(group, _)| group).to_owned();
        let namespaced = !IN_NO_NAMESPACE.contains(&(group.as_str(), kind));
        let kind = kind.to_owned();
        let mut paths: Vec<&str> =
            PODS.iter().filter(|row| row.0 == group && row.1 == kind).map(|row| row.2).collect();
        paths.extend(self.pod_paths.iter().filter(|(of, _)| *of == kind).map(|(_, path)| path));
        let job = kind == "Job" && group == "batch";
        let Some(metadata) = object.get_mut("metadata") else { return Ok(()) };
        if (group.as_str(), kind.as_str()) == ("", "Pod") && self.would_change_labels(metadata) {
            return Err(Nothing::Refused);
        }
        let hook = metadata.get("annotations").and_then(|map| map.get("helm.sh/hook")).is_some();
        put(metadata, "labels", &self.labels)?;
        if !hook && namespaced {
            put(metadata, "annotations", &self.lifetime)?;
        }
        put(metadata, "annotations", &self.annotations)?;
        if job && hook {
            paths.push("spec.template.metadata");
        }
        // It selects by its template's labels where it says nothing else, and a selector never changes.
        let selects = find(object, "spec.selector")
            .iter()
            .any(|selector| selector.as_object().is_some_and(|map| !map.is_empty()));
        if group.is_empty() && kind == "ReplicationController" && !selects {
            return Ok(());
        }
        for path in paths {
            let (way, key) = path.rsplit_once('.').unwrap_or(("", path));
            for parent in find(object, way) {
                let metadata = entry(parent, key)?;
                if self.would_change_labels(metadata) {
                    return Err(Nothing::Refused);
                }
                put(metadata, "labels", &self.labels)?;
            }
        }
        Ok(())
    }
}

/// The values that a path of names leads to, `name[]` being each item of a list.
fn find<'v>(value: &'v mut Value, path: &str) -> Vec<&'v mut Value> {
    let mut found = vec![value];
    for word in path.split('.').filter(|word| !word.is_empty()) {
        let name = word.trim_end_matches("[]");
        found = found.into_iter().filter_map(|value| value.get_mut(name)).collect();
        if name != word {
            found = found.into_iter().filter_map(Value::as_array_mut).flatten().collect();
        }
    }
    found
}

/// The mapping under `key`, made where there is none.
fn entry<'v>(parent: &'v mut Value, key: &str) -> Result<&'v mut Value, Nothing> {
    if parent.is_null() {
        *parent = Value::Object(Map::new());
    }
    let Value::Object(parent) = parent else { return Err(Nothing::Refused) };
    let value = parent.entry(key).or_insert(Value::Null);
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    if value.is_object() { Ok(value) } else { Err(Nothing::Refused) }
}

fn put(parent: &mut Value, key: &str, pairs: &[(String, String)]) -> Result<(), Nothing> {
    if pairs.is_empty() {
        return Ok(());
    }
    let map = entry(parent, key)?;
    for (key, value) in pairs {
        map[key] = Value::from(value.as_str());
    }
    Ok(())
}
