//! What the renderer knows of kinds, as data: where pods have their metadata, what is in no
//! namespace, and what leads requests somewhere.

use crate::{copy::PodPath, node::Node};

/// Where a kind keeps the metadata of pods: `spec.template.metadata`. Beside that, in the same
/// mapping, is their `spec`, unless the path ends in `podMetadata`.
pub struct PodMetadata {
    pub group: &'static str,
    pub kind: &'static str,
    pub path: &'static str,
    pub labels: Labels,
}

/// When an upgrade may change the labels of a kind's pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    Always,
    /// Where `spec.selector` is written: without it the API server takes the labels for the selector, which
    /// can never be changed.
    WithSelector,
    /// A hook's Job is made anew each time; any other Job's template can never be changed.
    OnHooks,
}

const fn pods(group: &'static str, kind: &'static str, path: &'static str) -> PodMetadata {
    PodMetadata { group, kind, path, labels: Labels::Always }
}

const fn selected(group: &'static str, kind: &'static str) -> PodMetadata {
    PodMetadata { group, kind, path: "spec.template.metadata", labels: Labels::WithSelector }
}

/// What the API server says to upgrades of these is shown by tests/it/workloads.rs. A pod's own metadata is
/// the object's.
const POD_METADATA: &[PodMetadata] = &[
    pods("", "PodTemplate", "template.metadata"),
    selected("", "ReplicationController"),
    pods("apps", "DaemonSet", "spec.template.metadata"),
    pods("apps", "Deployment", "spec.template.metadata"),
    pods("apps", "ReplicaSet", "spec.template.metadata"),
    pods("apps", "StatefulSet", "spec.template.metadata"),
    selected("extensions", "DaemonSet"),
    selected("extensions", "Deployment"),
    selected("extensions", "ReplicaSet"),
    pods("batch", "CronJob", "spec.jobTemplate.spec.template.metadata"),
    PodMetadata { group: "batch", kind: "Job", path: "spec.template.metadata", labels: Labels::OnHooks },
    pods("argoproj.io", "AnalysisTemplate", "spec.metrics[].provider.job.spec.template.metadata"),
    pods("argoproj.io", "ClusterAnalysisTemplate", "spec.metrics[].provider.job.spec.template.metadata"),
    pods("argoproj.io", "Experiment", "spec.templates[].template.metadata"),
    pods("argoproj.io", "Rollout", "spec.template.metadata"),
    pods("monitoring.coreos.com", "Alertmanager", "spec.podMetadata"),
    pods("monitoring.coreos.com", "Prometheus", "spec.podMetadata"),
    pods("monitoring.coreos.com", "PrometheusAgent", "spec.podMetadata"),
    pods("monitoring.coreos.com", "ThanosRuler", "spec.podMetadata"),
    pods("serving.knative.dev", "Configuration", "spec.template.metadata"),
    pods("serving.knative.dev", "Service", "spec.template.metadata"),
];

/// Kinds outside of any namespace, of those that charts carry.
const CLUSTER_SCOPED: &[(&str, &str)] = &[
    ("", "Namespace"),
    ("", "Node"),
    ("", "PersistentVolume"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("apiregistration.k8s.io", "APIService"),
    ("argoproj.io", "ClusterAnalysisTemplate"),
    ("cert-manager.io", "ClusterIssuer"),
    ("certificates.k8s.io", "CertificateSigningRequest"),
    ("certificates.k8s.io", "ClusterTrustBundle"),
    ("external-secrets.io", "ClusterExternalSecret"),
    ("external-secrets.io", "ClusterSecretStore"),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
    ("gateway.networking.k8s.io", "GatewayClass"),
    ("karpenter.sh", "NodeClaim"),
    ("karpenter.sh", "NodePool"),
    ("kyverno.io", "ClusterPolicy"),
    ("networking.k8s.io", "IPAddress"),
    ("networking.k8s.io", "IngressClass"),
    ("networking.k8s.io", "ServiceCIDR"),
    ("node.k8s.io", "RuntimeClass"),
    ("policy", "PodSecurityPolicy"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("resource.k8s.io", "DeviceClass"),
    ("resource.k8s.io", "DeviceTaintRule"),
    ("resource.k8s.io", "ResourceSlice"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("snapshot.storage.k8s.io", "VolumeSnapshotClass"),
    ("snapshot.storage.k8s.io", "VolumeSnapshotContent"),
    ("storage.k8s.io", "CSIDriver"),
    ("storage.k8s.io", "CSINode"),
    ("storage.k8s.io", "StorageClass"),
    ("storage.k8s.io", "VolumeAttachment"),
    ("storage.k8s.io", "VolumeAttributesClass"),
];

/// Kinds that lead requests somewhere and would lead base's to the copy if they stayed as they are.
const ROUTES: &[&str] = &[
    "ApisixRoute",
    "DNSEndpoint",
    "DomainMapping",
    "GRPCRoute",
    "Gateway",
    "HTTPProxy",
    "IngressRouteTCP",
    "IngressRouteUDP",
    "ListenerSet",
    "Route",
    "RouteGroup",
    "TCPRoute",
    "TLSRoute",
    "TransportServer",
    "UDPRoute",
    "VirtualServer",
    "VirtualServerRoute",
    "VirtualService",
    "XListenerSet",
];

/// A place in an object that a path leads to.
pub struct Found<'n, 'a> {
    /// The mapping that holds, or could hold, the last word of the path.
    pub parent: &'n Node<'a>,
    /// That word.
    pub key: &'n str,
    /// The way with the numbers of the items: `spec.workerGroupSpecs[0].template.metadata`.
    pub path: String,
}

/// Whether a kind of a group is in no namespace. A kind of a group that we do not know is in one.
pub fn is_cluster_scoped(api_version: &str, kind: &str) -> bool {
    CLUSTER_SCOPED.contains(&(group(api_version), kind))
}

/// Whether it leads requests somewhere by words that are not a copy's router's.
pub fn is_foreign_route(api_version: &str, kind: &str) -> bool {
    match (group(api_version), kind) {
        // Others have kinds of these names, too.
        ("getambassador.io", "Mapping") => true,
        (group, "HTTPRoute") => group != "gateway.networking.k8s.io",
        (_, kind) => ROUTES.contains(&kind),
    }
}

/// The group of `group/version`; the core's is empty.
pub fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// Where the pods of a kind have their metadata, and when it may be changed: the table's rows, or for a
/// kind of which it has none the paths that were asked for.
pub fn pod_metadata<'c>(
    api_version: &str,
    kind: &str,
    more: &'c [PodPath],
) -> impl Iterator<Item = (&'c str, Labels)> {
    let row = |row: &&PodMetadata| row.kind == kind && row.group == group(api_version);
    let known = POD_METADATA.iter().find(row);
    let more = more.iter().filter(move |more| known.is_none() && more.kind == kind);
    let known = known.into_iter().map(|row| (row.path, row.labels));
    known.chain(more.map(|more| (more.path.as_str(), Labels::Always)))
}

/// Whether the table has a kind of this name.
pub fn has_pods(kind: &str) -> bool {
    kind == "Pod" || POD_METADATA.iter().any(|row| row.kind == kind)
}

/// The numbers of those of `paths` that lead somewhere in an object.
pub fn led(root: &Node<'_>, api_version: &str, kind: &str, paths: &[PodPath]) -> impl Iterator<Item = usize> {
    let known = POD_METADATA.iter().any(|row| row.kind == kind && row.group == group(api_version));
    let paths = paths.iter().enumerate().filter(move |(_, path)| !known && path.kind == kind);
    paths.filter(|(_, path)| !find(root, &path.path).is_empty()).map(|(index, _)| index)
}

/// The places in `root` that a path of names leads to; `name[]` is each item of a list. All but the
/// last word must be there.
pub fn find<'n, 'a>(root: &'n Node<'a>, path: &'n str) -> Vec<Found<'n, 'a>> {
    let mut places = vec![(root, String::new())];
    let (way, key) = path.rsplit_once('.').unwrap_or(("", path));
    for word in way.split('.').filter(|word| !word.is_empty()) {
        let (name, each) = word.strip_suffix("[]").map_or((word, false), |name| (name, true));
        let mut next = Vec::new();
        for (node, path) in places {
            let Some(child) = node.read(name) else { continue };
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            if each {
                let items = child.items().iter().map(Node::resolved).enumerate();
                next.extend(items.map(|(index, item)| (item, format!("{path}[{index}]"))));
            } else {
                next.push((child, path));
            }
        }
        places = next;
    }
    places.into_iter().map(|(parent, path)| Found { parent, key, path: format!("{path}.{key}") }).collect()
}
