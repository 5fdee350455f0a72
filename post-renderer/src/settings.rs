//! What can be set: one struct for the flags, the variables and the `--config` file, so that none
//! has a word that another lacks; and what makes a [`FeatureCopy`] of it. Reads no file.

mod text;
mod word;

use std::{collections::BTreeMap, path::PathBuf};

use clap::builder::BoolishValueParser;
use feature::{FeatureName, FeatureNameError, Header, Ttl, words};
use schemars::JsonSchema;
use serde::Deserialize;

use self::{
    text::{many, one, pairs},
    word::{ApiVersion, ClusterScopedWord, IsolateWord, Kind, Note, Release},
};
use crate::{
    copy::{
        Annotation, ClusterScoped, Entry, EnvTarget, FeatureCopy, Isolate, Label, OnError, PodPath, Router,
    },
    isolate,
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
    /// Whether the copy is checked to be apart from base [default: check].
    #[arg(long, value_name = "WORD", value_enum)]
    #[schemars(with = "IsolateWord")]
    pub isolate: Option<IsolateWord>,
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
            isolate,
            cluster_scoped,
            on_error,
            report,
            env,
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
            isolate: isolate.or(other.isolate),
            cluster_scoped: cluster_scoped.or(other.cluster_scoped),
            on_error: on_error.or(other.on_error),
            report: report.or(other.report),
            env: first(env, other.env),
            entries: first(entries, other.entries),
            labels: first(labels, other.labels),
            annotations: first(annotations, other.annotations),
            pod_paths: first(pod_paths, other.pod_paths),
        }
    }

    /// The copy that is asked for; `None` is base.
    pub fn copy(self) -> Result<Option<FeatureCopy>, String> {
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
            router,
            isolate,
            cluster_scoped,
            on_error,
            report: _,
            env,
            entries,
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
        let router = router.unwrap_or(Router::Traefik);
        if router == Router::None && !entries.is_empty() {
            return Err("--entry is a route, and --router=none writes none".to_owned());
        }
        let isolate = isolation(isolate.unwrap_or(IsolateWord::Check), release, &feature)?;
        let on_error = on_error.unwrap_or(OnError::Fail);
        if on_error == OnError::Pass && isolate != Isolate::Off {
            return Err(
                "--on-error=pass is for --isolate=off: what cannot be read cannot be checked".to_owned()
            );
        }
        nested(&pod_paths)?;
        twice("--label", labels.iter().map(|label| label.key.as_str()))?;
        twice("--annotation", annotations.iter().map(|annotation| annotation.key.as_str()))?;
        Ok(Some(FeatureCopy {
            feature,
            header: header.unwrap_or_else(|| words::DEFAULT_HEADER.parse().expect("our own header is legal")),
            ttl: ttl.unwrap_or_else(|| words::DEFAULT_TTL.parse().expect("our own ttl is legal")),
            janitor: janitor.unwrap_or(false),
            by: by.map(|Note(by)| by),
            source: source.map(|Note(source)| source),
            router,
            isolate,
            cluster_scoped: match cluster_scoped {
                None => ClusterScoped::Check,
                Some(ClusterScopedWord::Keep) => ClusterScoped::Keep,
                Some(ClusterScopedWord::Drop) => ClusterScoped::Drop,
            },
            env,
            entries,
            labels,
            annotations,
            pod_paths,
            on_error,
        }))
    }
}

fn isolation(word: IsolateWord, release: Option<Release>, feature: &FeatureName) -> Result<Isolate, String> {
    match (word, release) {
        (IsolateWord::Off, None) => Ok(Isolate::Off),
        (IsolateWord::Check, Some(Release(release))) if isolate::contains(&release, feature.as_str()) => {
            Ok(Isolate::Check { release })
        }
        (IsolateWord::Check, Some(Release(release))) => Err(format!(
            "--release={release} does not contain the feature {feature}, so that it may be base's: call the \
             copy's release such as {release}-{feature}"
        )),
        (IsolateWord::Off, Some(_)) => Err("--release is for --isolate=check".to_owned()),
        (IsolateWord::Check, None) => Err("--release is missing: without the release's name it cannot be \
             checked that the copy is apart from base (helmfile: --release={{ .Release.Name }}); --isolate=off \
             is for a namespace of the copy's own"
            .to_owned()),
    }
}

fn first<T>(list: Vec<T>, other: Vec<T>) -> Vec<T> {
    if list.is_empty() { other } else { list }
}

/// Refuses two paths of a kind of which one leads into the other.
fn nested(paths: &[PodPath]) -> Result<(), String> {
    for (index, one) in paths.iter().enumerate() {
        let other = paths[..index].iter().find(|other| {
            let into = |long: &str, short: &str| {
                long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            };
            one.kind == other.kind && (into(&one.path, &other.path) || into(&other.path, &one.path))
        });
        if let Some(other) = other {
            return Err(format!("--pod-path={}={} leads where {} leads", one.kind, one.path, other.path));
        }
    }
    Ok(())
}

fn twice<'a>(flag: &str, keys: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = Vec::new();
    for key in keys {
        if seen.contains(&key) {
            return Err(format!("{flag} names {key} twice"));
        }
        seen.push(key);
    }
    Ok(())
}
