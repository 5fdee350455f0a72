//! Every kind that has pods, on the real API server: what is injected arrives where it belongs, changes and goes
//! again, and what may not be changed is never touched.

use std::collections::{BTreeMap, BTreeSet};

use acceptance::{
    cluster,
    helm::{Helm, Version},
    lab::lab,
    process, repo,
};
use serde_json::Value;

use crate::crds::Crds;

/// The kinds of the chart, and what controllers keep of the states of pods that there were.
const KINDS: &str = "deployments.apps,replicasets.apps,statefulsets.apps,daemonsets.apps,controllerrevisions.apps,\
                     replicationcontrollers,pods,podtemplates,jobs.batch,cronjobs.batch,rollouts.argoproj.io,\
                     experiments.argoproj.io,analysistemplates.argoproj.io,clusteranalysistemplates.argoproj.io,\
                     services.serving.knative.dev,configurations.serving.knative.dev,\
                     prometheuses.monitoring.coreos.com,prometheusagents.monitoring.coreos.com,\
                     alertmanagers.monitoring.coreos.com,thanosrulers.monitoring.coreos.com,\
                     elasticsearches.elasticsearch.k8s.elastic.co";

const METRICS: &[&str] = &[
    "spec.metrics[1].provider.job.spec.template.metadata",
    "spec.metrics[2].provider.job.spec.template.metadata",
];

/// The objects of the chart, by their kinds and what their names add to the release's, and where, beside their
/// own metadata, a copy's labels are: on their pods.
const PODS: &[(&str, &[&str])] = &[
    ("Alertmanager", &["spec.podMetadata"]),
    ("AnalysisTemplate", METRICS),
    ("ClusterAnalysisTemplate", METRICS),
    ("Configuration", &["spec.template.metadata"]),
    ("CronJob", &["spec.jobTemplate.spec.template.metadata"]),
    ("CronJob-bare", &["spec.jobTemplate.spec.template.metadata"]),
    ("DaemonSet", &["spec.template.metadata"]),
    ("Deployment", &["spec.template.metadata"]),
    ("Elasticsearch", &["spec.nodeSets[0].podTemplate.metadata", "spec.nodeSets[1].podTemplate.metadata"]),
    ("Experiment", &["spec.templates[0].template.metadata", "spec.templates[1].template.metadata"]),
    ("Job", &[]),
    (HOOK, &["spec.template.metadata"]),
    ("Pod", &[]),
    ("PodTemplate", &["template.metadata"]),
    ("Prometheus", &["spec.podMetadata"]),
    ("PrometheusAgent", &["spec.podMetadata"]),
    ("ReplicaSet", &["spec.template.metadata"]),
    ("ReplicationController", &["spec.template.metadata"]),
    ("Rollout", &["spec.template.metadata"]),
    ("Rollout-by-reference", &[]),
    ("Service", &["spec.template.metadata"]),
    ("Service-bare", &["spec.template.metadata"]),
    ("StatefulSet", &["spec.template.metadata"]),
    ("ThanosRuler", &["spec.podMetadata"]),
];

/// Helm makes it anew by each upgrade.
const HOOK: &str = "Job-hook";

/// Whose controllers say which generation they have looked at.
const OBSERVED: [&str; 5] = ["DaemonSet", "Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"];

const TEAM: &str = "example.com/team";
const TICKET: &str = "example.com/ticket";

/// Flags, and what they stand for.
struct Copy {
    flags: &'static [&'static str],
    labels: [(&'static str, &'static str); 2],
    annotations: &'static [(&'static str, &'static str)],
}

/// A copy for the first time.
const NEW: Copy = Copy {
    flags: &["--label=example.com/team=a", "--by=alice", "--annotation=example.com/ticket=1"],
    labels: [(feature::words::FEATURE, "feat1"), (TEAM, "a")],
    annotations: &[(feature::words::TTL, "6h"), (feature::words::BY, "alice"), (TICKET, "1")],
};

/// The same pods, deployed by another and for longer.
const LATER: Copy = Copy {
    flags: &[
        "--label=example.com/team=a",
        "--by=bob",
        "--annotation=example.com/ticket=2",
        "--ttl=2d",
        "--janitor",
    ],
    labels: NEW.labels,
    annotations: &[
        (feature::words::TTL, "2d"),
        (feature::words::JANITOR_TTL, "2d"),
        (feature::words::BY, "bob"),
        (TICKET, "2"),
    ],
};

/// Other pods.
const OTHER: Copy = Copy {
    flags: &["--label=example.com/team=b"],
    labels: [(feature::words::FEATURE, "feat1"), (TEAM, "b")],
    annotations: &[(feature::words::TTL, "6h")],
};

mod with_helm_3 {
    #[test]
    fn every_kind_with_pods_takes_what_is_injected_and_gives_it_back() {
        super::every_kind_with_pods_takes_what_is_injected_and_gives_it_back(
            super::Version::Three,
            "workloads-3",
        );
    }
}

mod with_helm_4 {
    #[test]
    fn every_kind_with_pods_takes_what_is_injected_and_gives_it_back() {
        super::every_kind_with_pods_takes_what_is_injected_and_gives_it_back(
            super::Version::Four,
            "workloads-4",
        );
    }
}

/// Without base, so without a stage: beside the tests of the demo, in a namespace of the release's name.
fn every_kind_with_pods_takes_what_is_injected_and_gives_it_back(version: Version, name: &'static str) {
    let _crds = Crds::applied();
    // What a test that failed has left.
    delete(&["namespace", name]);
    let release = Release { helm: Helm::new(version), name };

    let base = release.upgrade(None);
    let new = release.upgrade(Some(&NEW));
    assert_eq!(differences(&base.rest(), &new.rest()), Vec::<String>::new());

    let later = release.upgrade(Some(&LATER));
    assert_eq!(differences(&new.rest(), &later.rest()), Vec::<String>::new());
    assert_eq!(new.revisions, later.revisions);
    assert_eq!(differences(&new.generations(), &later.generations()), Vec::<String>::new());

    let other = release.upgrade(Some(&OTHER));
    assert_eq!(differences(&later.rest(), &other.rest()), Vec::<String>::new());
    // Of the Deployment, the StatefulSet and the DaemonSet.
    assert_eq!(other.revisions.len(), later.revisions.len() + 3, "{:?}", other.revisions);

    let again = release.upgrade(Some(&OTHER));
    assert_eq!(differences(&other.whole(), &again.whole()), Vec::<String>::new());
    assert_eq!(other.revisions, again.revisions);

    let without = release.upgrade(None);
    assert_eq!(differences(&base.rest(), &without.rest()), Vec::<String>::new());
    release.uninstall();

    // And a copy from its beginning: what the API server takes over from a template into other fields, it has
    // taken over from the copy's.
    let new = release.upgrade(Some(&NEW));
    let other = release.upgrade(Some(&OTHER));
    assert_eq!(differences(&new.rest(), &other.rest()), Vec::<String>::new());
    release.uninstall();
    delete(&["namespace", name, "--wait=false"]);
}

/// Objects as the table names them, and of each the scalars that it holds, by their paths.
type Objects = BTreeMap<String, BTreeMap<String, String>>;

/// What the API server returns after an upgrade.
struct Seen {
    objects: Objects,
    /// What the controllers keep of the states of pods that there were.
    revisions: BTreeSet<String>,
}

impl Seen {
    /// All that neither a controller nor the API server writes.
    fn whole(&self) -> Objects {
        self.fields(|path| path != "metadata.resourceVersion" && !path.starts_with("status."))
    }

    /// All but what is injected and what counts changes.
    fn rest(&self) -> Objects {
        self.fields(|path| {
            let counts = ["metadata.resourceVersion", "metadata.generation"].contains(&path)
                || path.ends_with(".deployment.kubernetes.io/revision")
                || path.ends_with(".deprecated.daemonset.template.generation");
            !counts && !is_injected(path) && !path.starts_with("status.")
        })
    }

    /// How often the API server has seen each object's spec change. Of a Deployment it counts annotations too.
    fn generations(&self) -> Objects {
        let mut objects = self.fields(|path| path == "metadata.generation");
        objects.remove("Deployment");
        objects
    }

    fn fields(&self, wanted: impl Fn(&str) -> bool) -> Objects {
        let objects = self.objects.iter().filter(|(key, _)| *key != HOOK);
        objects
            .map(|(key, fields)| {
                let fields = fields.iter().filter(|(path, _)| wanted(path));
                (key.clone(), fields.map(|(path, text)| (path.clone(), text.clone())).collect())
            })
            .collect()
    }
}

/// The chart, deployed by one of the Helms into a namespace of the release's name.
struct Release {
    helm: Helm,
    name: &'static str,
}

impl Release {
    /// Upgrades, with the renderer where a copy is asked for, and looks at every object.
    fn upgrade(&self, copy: Option<&Copy>) -> Seen {
        let mut command = self.helm.helm();
        command.args(["upgrade", "--install", self.name, "tests/charts/workloads"]);
        command.args(["--namespace", self.name, "--create-namespace"]);
        if let Some(copy) = copy {
            let pods = "--pod-path=Elasticsearch=spec.nodeSets[].podTemplate.metadata";
            // What is said of claims is no injected metadata.
            let flags = [
                "--feature=feat1",
                "--isolate=off",
                "--router=none",
                "--cluster-scoped=keep",
                "--keep=claims",
                pods,
            ];
            command.arg("--post-renderer=devstack");
            command.args(flags.iter().chain(copy.flags).map(|flag| format!("--post-renderer-args={flag}")));
        }
        let _ = process::output_of(command.current_dir(repo::root()));
        let seen = cluster::eventually("the controllers' answer", 30, || self.look());
        let keys: Vec<&str> = seen.objects.keys().map(String::as_str).collect();
        assert_eq!(keys, PODS.iter().map(|(key, _)| *key).collect::<Vec<_>>());
        for (key, pods) in PODS {
            let injected = seen.objects[*key].iter().filter(|(path, _)| is_injected(path));
            let injected = injected.map(|(path, text)| (path.clone(), text.clone())).collect();
            let wanted = copy.map_or_else(BTreeMap::new, |copy| wanted(copy, key, pods, self.helm.version));
            assert_eq!(wanted, injected, "{key}");
        }
        seen
    }

    /// What there is, once every controller has looked at it.
    fn look(&self) -> Result<Seen, String> {
        let mut seen = Seen { objects: BTreeMap::new(), revisions: BTreeSet::new() };
        for (key, object) in cluster::objects_of(self.name, KINDS) {
            let (kind, name) = key.split_once('/').expect("kind/name");
            // A kind in no namespace is there of the other Helm's release too.
            let Some(rest) = name.strip_prefix(self.name) else { continue };
            let (generation, status) = (&object["metadata"]["generation"], &object["status"]);
            if OBSERVED.contains(&kind) && status["observedGeneration"] != *generation {
                return Err(format!("{key} is at {generation}, {status}"));
            }
            if object["metadata"]["ownerReferences"].is_array() {
                seen.revisions.insert(key);
            } else {
                let mut fields = BTreeMap::new();
                collect("", &object, &mut fields);
                fields.retain(|path, _| !path.starts_with("metadata.managedFields["));
                seen.objects.insert(format!("{kind}{rest}"), fields);
            }
        }
        Ok(seen)
    }

    fn uninstall(&self) {
        let mut command = self.helm.helm();
        let _ =
            process::output_of(command.args(["uninstall", self.name, "--namespace", self.name, "--wait"]));
    }
}

/// What `copy` puts into the object of this key. Only what is in a namespace and no hook lives for a time.
fn wanted(copy: &Copy, key: &str, pods: &[&str], version: Version) -> BTreeMap<String, String> {
    // Helm 3 keeps hooks from post-renderers.
    if key == HOOK && version == Version::Three {
        return BTreeMap::new();
    }
    let lives = key != HOOK && key != "ClusterAnalysisTemplate";
    let annotations = copy.annotations.iter().filter(|(name, _)| lives || *name == TICKET);
    let labels = copy.labels.iter().flat_map(|(name, text)| {
        let all = pods.iter().chain(&["metadata"]);
        all.map(move |metadata| (format!("{metadata}.labels.{name}"), (*text).to_owned()))
    });
    annotations
        .map(|(name, text)| (format!("metadata.annotations.{name}"), (*text).to_owned()))
        .chain(labels)
        .collect()
}

fn is_injected(path: &str) -> bool {
    let annotations = LATER.annotations.iter().map(|(name, _)| *name);
    annotations.chain(NEW.labels.map(|(name, _)| name)).any(|name| path.ends_with(&format!(".{name}")))
}

/// The scalars below `value`. Maps and lists that hold none are as good as absent.
fn collect(path: &str, value: &Value, fields: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            collect(&path, value, fields);
        }),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, value)| collect(&format!("{path}[{index}]"), value, fields)),
        Value::String(text) => drop(fields.insert(path.to_owned(), text.clone())),
        Value::Null => {}
        scalar => drop(fields.insert(path.to_owned(), scalar.to_string())),
    }
}

/// What is not the same in both, each with its path.
fn differences(before: &Objects, after: &Objects) -> Vec<String> {
    let mut differences = Vec::new();
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let none = BTreeMap::new();
    for key in keys {
        let (before, after) = (before.get(key).unwrap_or(&none), after.get(key).unwrap_or(&none));
        let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let other = paths.into_iter().filter(|path| before.get(*path) != after.get(*path));
        differences
            .extend(other.map(|path| format!("{key} {path}: {:?}, {:?}", before.get(path), after.get(path))));
    }
    differences
}

fn delete(what: &[&str]) {
    let _ = process::output_of(lab().command("kubectl").args(["delete", "--ignore-not-found"]).args(what));
}
