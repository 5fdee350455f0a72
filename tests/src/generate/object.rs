//! Kubernetes objects, and what else is in streams.

use std::collections::BTreeSet;

use super::{
    Choices, Own, Shape,
    thing::{Entry, Key, Thing, entry, map, text},
    words,
};

/// Decides what a document says.
pub(super) struct Maker<'n, 'o> {
    pub choices: Choices<'n>,
    pub own: &'o Own,
    pub shapes: BTreeSet<Shape>,
}

type Body = Vec<Entry>;

impl Maker<'_, '_> {
    pub fn document(&mut self) -> Thing {
        match self.choices.below(32) {
            27 | 28 => self.list(),
            29 => {
                self.shapes.insert(Shape::NoObject);
                let anything = self.anything(3);
                map([("metadata", map([("labels", map([("a", text("b"))]))])), ("values", anything)])
            }
            30 => {
                self.shapes.insert(Shape::NoObject);
                Thing::Seq(vec![self.anything(2), self.object(), self.string()])
            }
            31 => {
                self.shapes.insert(Shape::NoObject);
                match self.choices.below(3) {
                    0 => Thing::Null,
                    1 => text("a line that says nothing"),
                    _ => Thing::Raw("12", 12.into()),
                }
            }
            _ => self.object(),
        }
    }

    fn list(&mut self) -> Thing {
        self.shapes.insert(Shape::List);
        let kind = self.choices.of(&["List", "ConfigMapList", "DeploymentList"]);
        let items = match self.choices.below(8) {
            7 => Thing::Null,
            count => Thing::Seq((0..count % 4).map(|_| self.object()).collect()),
        };
        let mut entries =
            vec![entry("apiVersion", text("v1")), entry("kind", text(kind)), entry("items", items)];
        match self.choices.below(4) {
            2 => entries.push(entry("metadata", Thing::Map(Vec::new()))),
            3 => entries.insert(2, entry("metadata", map([("labels", map([("a", text("b"))]))]))),
            _ => {}
        }
        Thing::Map(entries)
    }

    fn object(&mut self) -> Thing {
        let (api_version, kind, body) = self.kind();
        let hook = self.choices.one_in(if kind == "Job" { 2 } else { 10 });
        let mut entries = vec![entry("apiVersion", text(api_version)), entry("kind", text(kind))];
        match self.choices.below(64) {
            61 => entries.push(entry("metadata", Thing::Null)),
            62 => entries.push(entry("metadata", Thing::Map(Vec::new()))),
            63 => {}
            _ => entries.push(entry("metadata", self.metadata(hook))),
        }
        entries.extend(body);
        if self.choices.one_in(8) {
            // As large as what a renderer may not want to read as a whole.
            self.shapes.insert(Shape::Large);
            entries.push(entry("large", text(words::LARGE.repeat(200))));
        }
        match self.choices.below(8) {
            4 => entries.reverse(),
            shift @ 5.. => {
                let shift = (shift - 4).min(entries.len());
                entries.rotate_left(shift);
            }
            _ => {}
        }
        match self.choices.below(80) {
            77 => entries.insert(0, entry("kind", text("ConfigMap"))),
            78 => entries.insert(0, entry("metadata", map([("name", text("x")), ("labels", Thing::Null)]))),
            79 => {
                self.shapes.insert(Shape::MergeAtRoot);
                let at = self.choices.below(entries.len() + 1);
                entries.insert(at, Entry { key: Key::Merge, value: Thing::Null });
            }
            _ => {}
        }
        Thing::Map(entries)
    }

    fn kind(&mut self) -> (&'static str, &'static str, Body) {
        match self.choices.below(40) {
            0..4 => ("v1", "ConfigMap", self.data()),
            4 | 5 => ("v1", "Secret", self.data()),
            6 | 7 => {
                let selector = self.selector();
                let ports = Thing::Seq(vec![map([("port", Thing::Raw("12", 12.into()))])]);
                ("v1", "Service", vec![entry("spec", map([("selector", selector), ("ports", ports)]))])
            }
            8..12 => ("apps/v1", "Deployment", self.workload()),
            12 => ("apps/v1", "DaemonSet", self.workload()),
            13 => ("apps/v1", "ReplicaSet", self.workload()),
            14 | 15 => ("apps/v1", "StatefulSet", self.stateful_set()),
            16 | 17 => {
                let template = self.template();
                ("batch/v1", "Job", vec![entry("spec", map([("template", template)]))])
            }
            18 | 19 => {
                let (metadata, template) = (self.metadata(false), self.template());
                let job = map([("metadata", metadata), ("spec", map([("template", template)]))]);
                (
                    "batch/v1",
                    "CronJob",
                    vec![entry("spec", map([("schedule", text("* * * * *")), ("jobTemplate", job)]))],
                )
            }
            20 => ("v1", "Pod", vec![entry("spec", self.pod())]),
            21 => ("v1", "PodTemplate", vec![entry("template", self.template())]),
            22 => {
                let (selector, template) = (self.selector(), self.template());
                let spec = map([("selector", selector), ("template", template)]);
                ("v1", "ReplicationController", vec![entry("spec", spec)])
            }
            23 => ("argoproj.io/v1alpha1", "Rollout", self.workload()),
            24 => {
                let template = self.template();
                ("serving.knative.dev/v1", "Service", vec![entry("spec", map([("template", template)]))])
            }
            25 => {
                let labels = self.label_map(false);
                let spec = map([("podMetadata", map([("labels", labels)])), ("image", text("prometheus"))]);
                ("monitoring.coreos.com/v1", "Prometheus", vec![entry("spec", spec)])
            }
            26..29 => ("apiextensions.k8s.io/v1", "CustomResourceDefinition", self.definition()),
            29..34 => {
                let (template, anything) = (self.template(), self.anything(3));
                let pods = Thing::Seq(vec![map([("template", template)])]);
                let spec =
                    map([("pods", pods), ("metadata", map([("labels", Thing::Null)])), ("more", anything)]);
                ("example.com/v1", "Widget", vec![entry("spec", spec)])
            }
            34 => ("v1", "ServiceAccount", Vec::new()),
            35 => ("rbac.authorization.k8s.io/v1", "ClusterRole", vec![entry("rules", self.anything(2))]),
            36 => ("v1", "Namespace", Vec::new()),
            37 => {
                ("scheduling.k8s.io/v1", "PriorityClass", vec![entry("value", Thing::Raw("12", 12.into()))])
            }
            38 => (
                "networking.k8s.io/v1",
                "NetworkPolicy",
                vec![entry("spec", map([("podSelector", self.selector())]))],
            ),
            _ => ("rbac.authorization.k8s.io/v1", "Role", vec![entry("rules", self.anything(2))]),
        }
    }

    fn metadata(&mut self, hook: bool) -> Thing {
        let mut entries = vec![entry("name", text(self.choices.of(words::LABELS)))];
        if self.choices.one_in(4) {
            entries.push(entry("namespace", text("demo")));
        }
        entries.extend(self.labels().map(|labels| entry("labels", labels)));
        entries.extend(self.annotations(hook).map(|annotations| entry("annotations", annotations)));
        match self.choices.below(16) {
            12 => entries.push(entry("creationTimestamp", Thing::Null)),
            13 => entries.push(entry("finalizers", Thing::Seq(vec![text("example.com/a")]))),
            14 => entries.insert(1, entry("labels", map([("overridden", text("x"))]))),
            15 => entries.insert(1, entry("annotations", Thing::Null)),
            _ => {}
        }
        match self.choices.below(6) {
            3 => entries.reverse(),
            4 => entries.rotate_left(1),
            5 => entries.rotate_right(1),
            _ => {}
        }
        self.merge_rarely(&mut entries);
        Thing::Map(entries)
    }

    /// The labels of something, in all the ways in which there can be none as well.
    fn labels(&mut self) -> Option<Thing> {
        match self.choices.below(16) {
            10..12 => None,
            12 | 13 => Some(Thing::Null),
            14 => Some(Thing::Labels(Vec::new())),
            own => Some(self.label_map(own >= 9)),
        }
    }

    fn label_map(&mut self, with_own: bool) -> Thing {
        let mut entries = Vec::new();
        for key in
            ["app", "app.kubernetes.io/name", "helm.sh/chart", "tier"].iter().take(1 + self.choices.below(4))
        {
            let value = match self.choices.below(16) {
                14 => Thing::Null,
                15 => self.raw(),
                _ => text(self.choices.of(words::LABELS)),
            };
            entries.push(entry(*key, value));
        }
        if with_own {
            let own = self.own.labels.clone();
            self.add_own(&mut entries, &own);
            if self.choices.one_in(8) {
                self.add_own(&mut entries, &own);
            }
        }
        self.complicate(&mut entries);
        Thing::Labels(entries)
    }

    fn annotations(&mut self, hook: bool) -> Option<Thing> {
        let mut entries = Vec::new();
        match self.choices.below(12) {
            _ if hook => entries.push(entry("helm.sh/hook", text("pre-install,post-upgrade"))),
            0..5 => return None,
            5 => return Some(Thing::Null),
            6 => return Some(Thing::Labels(Vec::new())),
            _ => {}
        }
        if self.choices.one_in(10) {
            let file = text("demo/templates/a.yaml");
            entries.push(entry("postrenderer.helm.sh/postrender-filename", file));
        }
        for key in ["example.com/a", "description"].iter().take(self.choices.below(3)) {
            entries.push(entry(*key, self.string()));
        }
        if self.choices.one_in(8) {
            let own = self.own.annotations.clone();
            self.add_own(&mut entries, &own);
        }
        self.complicate(&mut entries);
        Some(Thing::Labels(entries))
    }

    fn merge_rarely(&mut self, entries: &mut Vec<Entry>) {
        if self.choices.one_in(60) {
            let at = self.choices.below(entries.len() + 1);
            entries.insert(at, Entry { key: Key::Merge, value: Thing::Null });
        }
    }

    /// Some of what is injected, as it is injected or with another value.
    fn add_own(&mut self, entries: &mut Vec<Entry>, own: &[(String, String)]) {
        for (key, value) in own {
            let value = match self.choices.below(8) {
                0..3 => text(value),
                3 => text("feat0"),
                4 => Thing::Null,
                5 => self.raw(),
                6 => text("some old words"),
                _ => continue,
            };
            let at = self.choices.below(entries.len() + 1);
            entries.insert(at, entry(key, value));
        }
    }

    /// Merge keys, keys that stand twice, keys that are not what they look like.
    fn complicate(&mut self, entries: &mut Vec<Entry>) {
        let at = self.choices.below(entries.len() + 1);
        match self.choices.below(24) {
            20 | 21 => entries.insert(at, Entry { key: Key::Merge, value: Thing::Null }),
            22 if !entries.is_empty() => {
                let mut twice = entries[at.min(entries.len() - 1)].clone();
                twice.value = text("twice");
                entries.insert(at, twice);
            }
            23 => {
                let (written, read) = self.choices.of(words::KEYS);
                entries.insert(at, Entry { key: Key::Raw(written, read), value: text("x") });
            }
            _ => {}
        }
    }

    fn selector(&mut self) -> Thing {
        // Whoever adds a label here breaks the next upgrade.
        self.label_map(false)
    }

    fn workload(&mut self) -> Body {
        let (selector, template) = (self.selector(), self.template());
        let selector = entry("selector", map([("matchLabels", selector)]));
        let mut spec =
            vec![entry("replicas", Thing::Raw("1", 1.into())), selector, entry("template", template)];
        match self.choices.below(6) {
            4 => spec.reverse(),
            5 => spec.rotate_left(1),
            _ => {}
        }
        vec![entry("spec", Thing::Map(spec))]
    }

    fn stateful_set(&mut self) -> Body {
        let mut body = self.workload();
        let claim = map([("metadata", self.metadata(false)), ("spec", self.anything(1))]);
        if let Some(Entry { value: Thing::Map(spec), .. }) = body.first_mut() {
            let at = self.choices.below(spec.len() + 1);
            spec.insert(at, entry("volumeClaimTemplates", Thing::Seq(vec![claim])));
        }
        body
    }

    fn template(&mut self) -> Thing {
        let metadata = match self.choices.below(16) {
            12 => Some(Thing::Null),
            13 => Some(Thing::Map(Vec::new())),
            14 => None,
            15 => Some(self.metadata(false)),
            _ => Some(Thing::Map(self.labels().map(|labels| entry("labels", labels)).into_iter().collect())),
        };
        let mut entries: Vec<Entry> =
            metadata.map(|metadata| entry("metadata", metadata)).into_iter().collect();
        let at = if self.choices.one_in(4) { 0 } else { entries.len() };
        entries.insert(at, entry("spec", self.pod()));
        self.merge_rarely(&mut entries);
        Thing::Map(entries)
    }

    fn pod(&mut self) -> Thing {
        let container =
            map([("name", text("web")), ("image", text("demo/web:1.2.3")), ("args", self.anything(1))]);
        map([("containers", Thing::Seq(vec![container]))])
    }

    fn data(&mut self) -> Body {
        let mut data = Vec::new();
        for key in ["a", "config.yaml", "b", "c"].iter().take(1 + self.choices.below(4)) {
            data.push(entry(*key, self.string()));
        }
        vec![entry("data", Thing::Map(data))]
    }

    fn definition(&mut self) -> Body {
        let names = map([("kind", text("Deployment")), ("plural", text("deployments"))]);
        let anything = self.anything(3);
        let properties = map([
            ("apiVersion", map([("type", text("string"))])),
            ("metadata", map([("type", text("object")), ("labels", Thing::Null)])),
            ("template", map([("metadata", map([("labels", map([("description", self.string())]))]))])),
            ("more", anything),
        ]);
        let schema =
            map([("openAPIV3Schema", map([("description", self.string()), ("properties", properties)]))]);
        let version = map([("name", text("v1")), ("schema", schema)]);
        vec![entry("spec", map([("names", names), ("versions", Thing::Seq(vec![version]))]))]
    }

    fn string(&mut self) -> Thing {
        match self.choices.below(8) {
            0..3 => text(self.choices.of(words::TEXTS)),
            3..6 => text(self.choices.of(words::BLOCKS)),
            6 => self.raw(),
            _ => {
                self.shapes.insert(Shape::OwnWordsInText);
                let (key, value) = self.own.labels.first().cloned().unwrap_or_default();
                match self.choices.below(4) {
                    0 => text(format!("metadata:\n  labels:\n    {key}: \"{value}\"\n")),
                    1 => text(format!("{{\"{key}\": \"{value}\"}}")),
                    2 => text(key),
                    _ => text(format!("{key}: \"{value}\", ").repeat(60)),
                }
            }
        }
    }

    fn raw(&mut self) -> Thing {
        let (written, read) = words::raw(self.choices.below(words::RAW));
        Thing::Raw(written, read)
    }

    /// A tree of nothing in particular.
    fn anything(&mut self, depth: usize) -> Thing {
        match self.choices.below(if depth == 0 { 4 } else { 8 }) {
            0 | 1 => self.string(),
            2 => self.raw(),
            3 => Thing::Null,
            4 | 5 => {
                let count = self.choices.below(4);
                let keys = ["kind", "metadata", "labels", "a"];
                Thing::Map(keys.iter().take(count).map(|key| entry(*key, self.anything(depth - 1))).collect())
            }
            6 => Thing::Seq((0..self.choices.below(4)).map(|_| self.anything(depth - 1)).collect()),
            _ => {
                let mut entries = vec![entry("a", self.string())];
                let (written, read) = self.choices.of(words::KEYS);
                entries.push(Entry { key: Key::Raw(written, read), value: self.anything(depth - 1) });
                Thing::Map(entries)
            }
        }
    }
}
