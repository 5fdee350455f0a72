//! The tools, and how each is told the same work: the feature's label on every object and on pod
//! templates, and the ttl's annotation on every object that is in a namespace.

use std::{fs, process::Command};

use feature::words;

use super::stream::Stream;
use crate::{process, repo};

const FEATURE: &str = "feat1";

/// What of the streams' kinds has pods, and where the labels of those are.
const PODS: [(&str, &str); 4] = [
    ("Deployment", "spec/template/metadata/labels"),
    ("StatefulSet", "spec/template/metadata/labels"),
    ("DaemonSet", "spec/template/metadata/labels"),
    ("CronJob", "spec/jobTemplate/spec/template/metadata/labels"),
];

/// The streams' kinds that are in a namespace: all but the CRDs.
const NAMESPACED: [&str; 18] = [
    "ConfigMap",
    "CronJob",
    "DaemonSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "Ingress",
    "IngressRoute",
    "Middleware",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "PrometheusRule",
    "Role",
    "RoleBinding",
    "Secret",
    "Service",
    "ServiceAccount",
    "ServiceMonitor",
    "StatefulSet",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    Devstack,
    /// The floor below the floor: it only copies.
    Cat,
    /// The floor: it puts a line below each `metadata:`, wherever that is.
    Sed,
    Yq,
    Kustomize,
}

impl Tool {
    pub const ALL: [Self; 5] = [Self::Devstack, Self::Cat, Self::Sed, Self::Yq, Self::Kustomize];
    /// Those that read YAML.
    pub const PARSERS: [Self; 3] = [Self::Devstack, Self::Yq, Self::Kustomize];

    /// The command that does the work on what it reads from stdin, and kustomize in the folder of the stream.
    #[must_use]
    pub fn command(self, stream: &Stream) -> Command {
        let mut command = match self {
            Self::Devstack => Command::new(repo::devstack()),
            Self::Cat => Command::new("cat"),
            Self::Sed => Command::new("sed"),
            Self::Yq => Command::new("yq"),
            Self::Kustomize => Command::new("kustomize"),
        };
        match self {
            Self::Devstack => command.args([
                &format!("--feature={FEATURE}"),
                &format!("--ttl={}", words::DEFAULT_TTL),
                "--isolate=off",
                "--router=none",
                "--cluster-scoped=keep",
                "--keep=claims",
            ]),
            Self::Cat => &mut command,
            Self::Sed => command.arg(format!(r"/^ *metadata:$/a\  {}: {FEATURE}", words::FEATURE)),
            Self::Yq => command.arg(yq_expression()),
            Self::Kustomize => command.arg("build").arg(&stream.folder),
        };
        command
    }

    /// Its name and version, as it says itself.
    #[must_use]
    pub fn version(self, stream: &Stream) -> String {
        let (name, word) = match self {
            Self::Devstack => ("devstack", "--version"),
            Self::Cat => ("cat", "--version"),
            Self::Sed => ("sed", "--version"),
            Self::Yq => ("yq", "--version"),
            Self::Kustomize => ("kustomize", "version"),
        };
        let mut command = Command::new(self.command(stream).get_program());
        let said = process::output_of(command.arg(word));
        let version = said.lines().next().and_then(|line| line.split(' ').next_back()).unwrap_or_default();
        format!("{name} {}", version.trim_start_matches('v'))
    }
}

/// Puts what kustomize needs beside the stream.
pub fn prepare(stream: &Stream) {
    let pods: String = PODS
        .iter()
        .map(|(kind, path)| format!("      - {{ kind: {kind}, path: {path}, create: true }}\n"))
        .collect();
    let namespaced: String = NAMESPACED
        .iter()
        .map(|kind| format!("  - {{ kind: {kind}, path: metadata/annotations, create: true }}\n"))
        .collect();
    let (label, ttl, default) = (words::FEATURE, words::TTL, words::DEFAULT_TTL);
    // Its own `includeTemplates` would also write to the templates of claims and of a CronJob's Jobs.
    let kustomization = format!(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [stream.yaml]\n\
         sortOptions: {{ order: fifo }}\nlabels:\n  - pairs: {{ {label}: {FEATURE} }}\n    fields:\n{pods}\
         transformers: [ttl.yaml]\n"
    );
    let transformer = format!(
        "apiVersion: builtin\nkind: AnnotationsTransformer\nmetadata:\n  name: ttl\nannotations:\n  \
         {ttl}: {default}\nfieldSpecs:\n{namespaced}"
    );
    for (name, text) in [("kustomization.yaml", kustomization), ("ttl.yaml", transformer)] {
        fs::write(stream.folder.join(name), text).expect("a file for kustomize");
    }
}

fn yq_expression() -> String {
    let (label, ttl, default) = (words::FEATURE, words::TTL, words::DEFAULT_TTL);
    // A document of comments alone would become an object.
    let mut expression = format!(
        r#"select(.kind) | .metadata.labels["{label}"] = "{FEATURE}" | (select(.kind != "CustomResourceDefinition") | .metadata.annotations["{ttl}"]) = "{default}""#
    );
    for (kind, path) in PODS {
        let path = path.replace('/', ".");
        expression += &format!(r#" | (select(.kind == "{kind}") | .{path}["{label}"]) = "{FEATURE}""#);
    }
    expression
}
