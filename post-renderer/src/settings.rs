//! What can be set: one struct for the flags, the variables and the `--config` file, so that none
//! has a word that another lacks; and what makes a [`FeatureCopy`] of it. Reads no file.

mod contradiction;
mod text;
mod word;

use std::{collections::BTreeMap, path::PathBuf};

use clap::builder::BoolishValueParser;
use feature::{FeatureName, FeatureNameError, Header, Ttl, words};
use schemars::JsonSchema;
use serde::Deserialize;

use self::{
    contradiction::{contradicting, isolation, nested, possible, twice},
    text::{many, one, pairs},
    word::{ApiVersion, ClusterScopedWord, IsolateWord, Kind, Note, ObjectName, Release},
};
use crate::copy::{
    Annotation, BaseNamespace, ClusterScoped, Entry, EnvTarget, FeatureCopy, Gateway, HostTemplate, Isolate,
    Kept, Label, OnError, PodPath, Router, Routing, ServiceRoute, Swap,
};

/// Settings of a feature copy.
#[derive(clap::Args, Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default, expecting = "keys with values")]
#[schemars(title = "FeatureCopy", extend("required" = ["apiVersion", "kind"]))]
pub struct Settings {
    /// The version of this file's format.
    #[arg(skip)]
    #[schemars(with = "ApiVersion")]
    #[serde(deserialize_with = "one")]
    pub api_version: Option<ApiVersion>,
    /// What this file is for.
    #[arg(skip)]
    #[schemars(with = "Kind")]
    #[serde(deserialize_with = "one")]
    pub kind: Option<Kind>,
    /// The feature that this copy is for: a DNS label of at most 30 characters.
    #[arg(long, value_name = "NAME")]
    #[schemars(with = "String", regex(pattern = r"^[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?$"))]
    pub feature: Option<String>,
    /// Render base instead: what comes in goes out, byte for byte.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new())]
    #[schemars(with = "bool")]
    pub base: Option<bool>,
    /// The name of the copy's Helm release, which its objects must bear (helmfile: {{ .Release.Name }}).
    #[arg(long, value_name = "NAME")]
    #[schemars(with = "String", length(min = 1, max = 53))]
    #[serde(deserialize_with = "one")]
    pub release: Option<Release>,
    /// How long the copy lives: one number and one of s m h d w, or forever [default: 6h].
    #[arg(long, value_name = "TTL")]
    #[schemars(with = "String", regex(pattern = r"^([0-9]+[smhdw]|forever)$"))]
    #[serde(deserialize_with = "one")]
    pub ttl: Option<Ttl>,
    /// Also write the ttl where kube-janitor reads it.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new())]
    #[schemars(with = "bool")]
    pub janitor: Option<bool>,
    /// The person behind the copy.
    #[arg(long, value_name = "TEXT")]
    #[schemars(with = "String", length(min = 1, max = 256))]
    #[serde(deserialize_with = "one")]
    pub by: Option<Note>,
    /// The link behind the copy: a branch, a pull request.
    #[arg(long, value_name = "TEXT")]
    #[schemars(with = "String", length(min = 1, max = 256))]
    #[serde(deserialize_with = "one")]
    pub source: Option<Note>,
    /// The request header that names the feature, and the key of the baggage member that does
    /// [default: uber-ctx-key].
    #[arg(long, value_name = "NAME")]
    #[schemars(with = "String", regex(pattern = r"^[-!#$%&'*+.^_|~0-9A-Za-z]{1,64}$"))]
    #[serde(deserialize_with = "one")]
    pub header: Option<Header>,
    /// The router that the routes are written for [default: traefik].
    #[arg(long, value_name = "WORD", value_enum)]
    #[schemars(with = "Router")]
    pub router: Option<Router>,
    /// How a preview host is made of base's host: a text with {feature}, and {host}, {label}, {domain} as
    /// wanted [default: {label}--{feature}.{domain}, of a host of two labels {feature}.{host}].
    #[arg(long, value_name = "TEMPLATE")]
    #[schemars(with = "String", regex(pattern = r"^.*\{feature\}.*$"))]
    #[serde(deserialize_with = "one")]
    pub preview_host: Option<HostTemplate>,
    /// A route to a service of the chart that has none: SERVICE[:PORT]=HOST[/PATH].
    #[arg(long = "route", value_name = "ROUTE")]
    #[schemars(
        with = "Vec<String>",
        inner(regex(pattern = r"^[-.a-z0-9]+(:[-a-z0-9]+)?=[-.a-z0-9]+(/.*)?$"))
    )]
    #[serde(deserialize_with = "many")]
    pub routes: Vec<ServiceRoute>,
    /// The Gateway that generated routes of the Gateway API are attached to: [NAMESPACE/]NAME.
    #[arg(long, value_name = "NAME")]
    #[schemars(with = "String")]
    #[serde(deserialize_with = "one")]
    pub gateway: Option<Gateway>,
    /// Generated routes are for TLS: the certificates are the router's.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new())]
    #[schemars(with = "bool")]
    pub tls: Option<bool>,
    /// The class of the Ingresses that the router serves; others are refused [default: traefik].
    #[arg(long, value_name = "NAME")]
    #[schemars(with = "String", length(min = 1, max = 253))]
    #[serde(deserialize_with = "one")]
    pub ingress_class: Option<ObjectName>,
    /// The namespace of the copy's release, by which an Ingress may name its middlewares.
    #[arg(long, value_name = "NAME")]
    #[schemars(with = "String", length(min = 1, max = 63))]
    #[serde(deserialize_with = "one")]
    pub namespace: Option<ObjectName>,
    /// The router takes the path prefixes of Ingresses by whole elements (Traefik's option of this name).
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new())]
    #[schemars(with = "bool")]
    pub strict_prefix_matching: Option<bool>,
    /// Whether the copy is checked to be apart from base [default: check].
    #[arg(long, value_name = "WORD", value_enum)]
    #[schemars(with = "IsolateWord")]
    pub isolate: Option<IsolateWord>,
    /// The namespace whose services the copy finds by short name, for --isolate=off: NAMESPACE, or
    /// NAMESPACE.svc.DOMAIN where the cluster's domain is not cluster.local.
    #[arg(long, value_name = "NAME")]
    #[schemars(with = "String", length(min = 1, max = 253))]
    #[serde(deserialize_with = "one")]
    pub base_namespace: Option<BaseNamespace>,
    /// What becomes of objects that are in no namespace [default: those that bear the release's name
    /// are kept, CRDs are dropped, others are refused].
    #[arg(long, value_name = "WORD", value_enum)]
    #[schemars(with = "ClusterScopedWord")]
    pub cluster_scoped: Option<ClusterScopedWord>,
    /// What becomes of a document that cannot be read [default: fail].
    #[arg(long, value_name = "WORD", value_enum)]
    #[schemars(with = "OnError")]
    pub on_error: Option<OnError>,
    /// Also write what is injected, as JSON, to this file.
    #[arg(long, value_name = "FILE")]
    #[schemars(with = "String")]
    pub report: Option<PathBuf>,
    /// A variable for containers of the copy: [[WORKLOAD/]CONTAINER:]NAME=secret/NAME/KEY or …=value:TEXT.
    #[arg(long, value_name = "VARIABLE")]
    #[schemars(with = "Vec<String>", inner(regex(pattern = r"^[^=]+=(secret/[^/]+/.+|value:)")))]
    #[serde(deserialize_with = "many")]
    pub env: Vec<EnvTarget>,
    /// What pods refer to instead of a Secret or `ConfigMap` of base's: secret/OLD=NEW or configmap/OLD=NEW.
    #[arg(long = "swap", value_name = "SWAP")]
    #[schemars(
        with = "Vec<String>",
        inner(regex(pattern = r"^(secret|configmap)/[-.a-z0-9]+=[-.a-z0-9]+$"))
    )]
    #[serde(deserialize_with = "many")]
    pub swaps: Vec<Swap>,
    /// A light copy that wakes nobody: one replica, nothing that scales, alerts or disrupts, no schedule,
    /// no load balancer.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new())]
    #[schemars(with = "bool")]
    pub lean: Option<bool>,
    /// What is left as it is: a kind that --lean would change, or the word claims for volumes that outlive
    /// the copy.
    #[arg(long, value_name = "WORD")]
    #[schemars(with = "Vec<String>", inner(regex(pattern = r"^(claims|[A-Z][A-Za-z0-9]*)$")))]
    #[serde(deserialize_with = "many")]
    pub keep: Vec<Kept>,
    /// A preview host for a service that has no copy: HOST=SERVICE[:PORT].
    #[arg(long = "entry", value_name = "ENTRY")]
    #[schemars(with = "Vec<String>", inner(regex(pattern = r"^[-.a-z0-9]+=[-.a-z0-9]+(:[-a-z0-9]+)?$")))]
    #[serde(deserialize_with = "many")]
    pub entries: Vec<Entry>,
    /// One more label for objects and pods: KEY=VALUE.
    #[arg(long = "label", value_name = "LABEL")]
    #[schemars(with = "BTreeMap<String, String>", description = "More labels for objects and pods.")]
    #[serde(deserialize_with = "pairs")]
    pub labels: Vec<Label>,
    /// One more annotation for objects: KEY=VALUE.
    #[arg(long = "annotation", value_name = "ANNOTATION")]
    #[schemars(with = "BTreeMap<String, String>", description = "More annotations for objects.")]
    #[serde(deserialize_with = "pairs")]
    pub annotations: Vec<Annotation>,
    /// Where a kind that devstack does not know has the metadata of pods: KIND=PATH, such as
    /// RayCluster=spec.workerGroupSpecs[].template.metadata.
    #[arg(long = "pod-path", value_name = "PATH")]
    #[schemars(with = "Vec<String>", inner(regex(pattern = r"^[A-Z][A-Za-z0-9]*=[^.]+(\.[^.]+)+$")))]
    #[serde(deserialize_with = "many")]
    pub pod_paths: Vec<PodPath>,
}

impl Settings {
    /// These settings, and where they say nothing those of `other`.
    #[must_use]
    pub fn over(self, other: Self) -> Self {
        let Self {
            api_version,
            kind,
            feature,
            base,
            release,
            ttl,
            janitor,
            by,
            source,
            header,
            router,
            preview_host,
            routes,
            gateway,
            tls,
            ingress_class,
            namespace,
            strict_prefix_matching,
            isolate,
            base_namespace,
            cluster_scoped,
            on_error,
            report,
            env,
            swaps,
            lean,
            keep,
            entries,
            labels,
            annotations,
            pod_paths,
        } = self;
        Self {
            api_version: api_version.or(other.api_version),
            kind: kind.or(other.kind),
            // To ask for base in one place sets aside a feature in a lower one, and the other way round.
            feature: feature.clone().or(other.feature.filter(|_| base != Some(true))),
            base: base.or(other.base.filter(|_| feature.is_none())),
            release: release.or(other.release),
            ttl: ttl.or(other.ttl),
            janitor: janitor.or(other.janitor),
            by: by.or(other.by),
            source: source.or(other.source),
            header: header.or(other.header),
            router: router.or(other.router),
            preview_host: preview_host.or(other.preview_host),
            routes: first(routes, other.routes),
            gateway: gateway.or(other.gateway),
            tls: tls.or(other.tls),
            ingress_class: ingress_class.or(other.ingress_class),
            namespace: namespace.or(other.namespace),
            strict_prefix_matching: strict_prefix_matching.or(other.strict_prefix_matching),
            isolate: isolate.or(other.isolate),
            base_namespace: base_namespace.or(other.base_namespace),
            cluster_scoped: cluster_scoped.or(other.cluster_scoped),
            on_error: on_error.or(other.on_error),
            report: report.or(other.report),
            env: first(env, other.env),
            swaps: first(swaps, other.swaps),
            lean: lean.or(other.lean),
            keep: first(keep, other.keep),
            entries: first(entries, other.entries),
            labels: first(labels, other.labels),
            annotations: first(annotations, other.annotations),
            pod_paths: first(pod_paths, other.pod_paths),
        }
    }

    /// How routes are written and read, whoever is rendered.
    pub fn routing(&self) -> Result<Routing, String> {
        let routing = Routing {
            router: self.router.unwrap_or(Router::Traefik),
            preview_host: self.preview_host.clone(),
            routes: self.routes.clone(),
            entries: self.entries.clone(),
            gateway: self.gateway.clone(),
            tls: self.tls.unwrap_or(false),
            ingress_class: self
                .ingress_class
                .clone()
                .map_or_else(|| "traefik".to_owned(), |ObjectName(name)| name),
            namespace: self.namespace.clone().map(|ObjectName(name)| name),
            strict_prefix_matching: self.strict_prefix_matching.unwrap_or(false),
        };
        possible(&routing)?;
        Ok(routing)
    }

    /// The copy that is asked for; `None` is base.
    pub fn copy(self) -> Result<Option<FeatureCopy>, String> {
        let routing = self.routing()?;
        let Self {
            api_version: _,
            kind: _,
            feature,
            base,
            release,
            ttl,
            janitor,
            by,
            source,
            header,
            router: _,
            preview_host: _,
            routes: _,
            gateway: _,
            tls: _,
            ingress_class: _,
            namespace: _,
            strict_prefix_matching: _,
            isolate,
            base_namespace,
            cluster_scoped,
            on_error,
            report: _,
            env,
            swaps,
            lean,
            keep,
            entries: _,
            labels,
            annotations,
            pod_paths,
        } = self;
        if base == Some(true) {
            return match feature {
                None => Ok(None),
                Some(_) => Err("--base and --feature exclude one another".to_owned()),
            };
        }
        let feature = feature.ok_or(FeatureNameError::Empty).and_then(|name| name.parse::<FeatureName>());
        let feature = feature.map_err(|error| format!("--feature: {error}; --base renders base"))?;
        let isolate = isolation(isolate.unwrap_or(IsolateWord::Check), release, base_namespace, &feature)?;
        let on_error = on_error.unwrap_or(OnError::Fail);
        if on_error == OnError::Pass && matches!(isolate, Isolate::Check { .. }) {
            return Err(
                "--on-error=pass is for --isolate=off: what cannot be read cannot be checked".to_owned()
            );
        }
        nested(&pod_paths)?;
        contradicting(&swaps)?;
        twice("--label", labels.iter().map(|label| label.key.as_str()))?;
        twice("--annotation", annotations.iter().map(|annotation| annotation.key.as_str()))?;
        Ok(Some(FeatureCopy {
            feature,
            header: header.unwrap_or_else(|| words::DEFAULT_HEADER.parse().expect("our own header is legal")),
            ttl: ttl.unwrap_or_else(|| words::DEFAULT_TTL.parse().expect("our own ttl is legal")),
            janitor: janitor.unwrap_or(false),
            by: by.map(|Note(by)| by),
            source: source.map(|Note(source)| source),
            routing,
            isolate,
            cluster_scoped: match cluster_scoped {
                None => ClusterScoped::Check,
                Some(ClusterScopedWord::Keep) => ClusterScoped::Keep,
                Some(ClusterScopedWord::Drop) => ClusterScoped::Drop,
            },
            env,
            swaps,
            lean: lean.unwrap_or(false),
            keep,
            labels,
            annotations,
            pod_paths,
            on_error,
        }))
    }
}

fn first<T>(list: Vec<T>, other: Vec<T>) -> Vec<T> {
    if list.is_empty() { other } else { list }
}
