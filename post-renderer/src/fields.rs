//! What the renderer knows of kinds, as data: where pod templates are, and what is cluster-scoped.

use crate::node::Node;

/// Where a kind keeps the template of its pods.
pub struct PodTemplate {
    pub kind: &'static str,
    pub path: &'static [&'static str],
    /// Whether an upgrade may change the template's labels.
    pub mutable: bool,
}

const fn template(kind: &'static str, path: &'static [&'static str]) -> PodTemplate {
    PodTemplate { kind, path, mutable: true }
}

pub const POD_TEMPLATES: &[PodTemplate] = &[
    template("Deployment", &["spec", "template"]),
    template("StatefulSet", &["spec", "template"]),
    template("DaemonSet", &["spec", "template"]),
    template("ReplicaSet", &["spec", "template"]),
    template("ReplicationController", &["spec", "template"]),
    template("CronJob", &["spec", "jobTemplate", "spec", "template"]),
    template("PodTemplate", &["template"]),
    PodTemplate { kind: "Job", path: &["spec", "template"], mutable: false },
    PodTemplate { kind: "Pod", path: &[], mutable: false },
];

/// Kinds outside of any namespace, of those that charts carry.
const CLUSTER_SCOPED: &[&str] = &[
    "APIService",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "GatewayClass",
    "IngressClass",
    "MutatingWebhookConfiguration",
    "Namespace",
    "PersistentVolume",
    "PriorityClass",
    "RuntimeClass",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeSnapshotClass",
];

/// Kinds that lead requests somewhere and would lead base's to the copy if they stayed as they are.
const ROUTES: &[&str] = &[
    "Gateway",
    "GRPCRoute",
    "HTTPProxy",
    "HTTPRoute",
    "Ingress",
    "IngressRouteTCP",
    "IngressRouteUDP",
    "Route",
    "TCPRoute",
    "TLSRoute",
    "UDPRoute",
    "VirtualService",
];

pub fn pod_template(kind: &str) -> Option<&'static PodTemplate> {
    POD_TEMPLATES.iter().find(|template| template.kind == kind)
}

pub fn is_cluster_scoped(kind: &str) -> bool {
    CLUSTER_SCOPED.contains(&kind)
}

pub fn is_foreign_route(kind: &str) -> bool {
    ROUTES.contains(&kind)
}

/// The pod template of an object, where its kind has one.
pub fn template_of<'n>(kind: &str, root: &'n Node) -> Option<&'n Node> {
    pod_template(kind).and_then(|template| root.at(template.path))
}
