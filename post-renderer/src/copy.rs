//! What a feature copy is made from, whoever asked for it, parsed into types that cannot be wrong.

mod grammar;
mod metadata;
mod resource;
mod routing;

use feature::{FeatureName, Header, Ttl};

pub use grammar::{name_of_object, note, release};
pub use metadata::{Annotation, Label, PodPath};
pub use resource::{EnvSource, EnvTarget, Kept, Swap, SwapKind};
pub use routing::{BaseNamespace, Entry, Gateway, HostTemplate, Preview, Router, ServiceRoute};

/// Everything that makes a feature copy of a rendered chart.
#[derive(Clone, Debug)]
pub struct FeatureCopy {
    pub feature: FeatureName,
    pub header: Header,
    pub ttl: Ttl,
    /// Also write the annotation that kube-janitor reads.
    pub janitor: bool,
    pub by: Option<String>,
    pub source: Option<String>,
    pub routing: Routing,
    pub isolate: Isolate,
    pub cluster_scoped: ClusterScoped,
    pub env: Vec<EnvTarget>,
    pub swaps: Vec<Swap>,
    /// One of each, and nothing that wakes or scales.
    pub lean: bool,
    /// What is left as it is although it could outlive the copy or make it heavy.
    pub keep: Vec<Kept>,
    /// More labels, on objects and on pods.
    pub labels: Vec<Label>,
    /// More annotations, on objects.
    pub annotations: Vec<Annotation>,
    /// Where kinds that the table does not know have the metadata of pods.
    pub pod_paths: Vec<PodPath>,
    pub on_error: OnError,
}

impl FeatureCopy {
    /// Whether objects of a kind are left as they are.
    #[must_use]
    pub fn keeps(&self, kind: &str) -> bool {
        self.keep.iter().any(|kept| match kept {
            Kept::Claims => kind == "PersistentVolumeClaim",
            Kept::Kind(name) => name == kind,
        })
    }

    /// Whether volumes outlive the copy.
    #[must_use]
    pub fn keeps_claims(&self) -> bool {
        self.keep.contains(&Kept::Claims)
    }
}

/// How requests reach a copy.
#[derive(Clone, Debug)]
pub struct Routing {
    pub router: Router,
    /// Ours unless it is given.
    pub preview_host: Option<HostTemplate>,
    /// Services for which the chart has no route.
    pub routes: Vec<ServiceRoute>,
    /// Services that have no copy.
    pub entries: Vec<Entry>,
    /// What generated routes of the Gateway API are attached to.
    pub gateway: Option<Gateway>,
    /// Whether generated routes are for TLS.
    pub tls: bool,
    /// The class of the Ingresses that the router serves.
    pub ingress_class: String,
    /// The release's.
    pub namespace: Option<String>,
    /// Whether the router was told to take path prefixes of Ingresses by whole elements.
    pub strict_prefix_matching: bool,
}

/// What becomes of objects outside of any namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterScoped {
    /// Those that bear the release's name are kept, CRDs dropped, others refused.
    Check,
    Keep,
    Drop,
}

/// What becomes of a document that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnError {
    /// Nothing is rendered.
    Fail,
    /// It is copied as it is.
    Pass,
}

/// Whether the copy is checked to be apart from base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Isolate {
    /// By the name of the copy's release.
    Check { release: String },
    /// The copy lives in a namespace of its own, and finds base's services by short name where base's
    /// is told.
    Off { base: Option<BaseNamespace> },
}
