//! Claims of a copy's own volumes, which go with it, and base's, which it must not write to.

use crate::{
    copy::FeatureCopy,
    document::Document,
    error::RenderError,
    fields,
    isolate::{self, Fault},
    metadata,
    node::Node,
    object::Object,
    report::Change,
    splice::Edit,
    workload,
};

/// What is read of an object beside what others ask for.
pub const PATHS: [&str; 2] = ["spec.volumeClaimTemplates", "spec.persistentVolumeClaimRetentionPolicy"];

/// Whether a kind makes claims for its pods.
pub fn makes(api_version: &str, kind: &str) -> bool {
    (fields::group(api_version), kind) == ("apps", "StatefulSet")
}

/// Lets the claims of a `StatefulSet` go with it: Kubernetes would keep them.
pub fn of_object(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    copy: &FeatureCopy,
    changes: &mut Vec<Change>,
) -> Result<Vec<Edit>, RenderError> {
    let templates =
        object.root.read_at(&["spec", "volumeClaimTemplates"]).map(Node::items).unwrap_or_default();
    if !makes(object.api_version, object.kind) || templates.is_empty() || copy.keeps_claims() {
        return Ok(Vec::new());
    }
    let Some(spec) = object.root.get("spec") else { return Ok(Vec::new()) };
    let policy = [("persistentVolumeClaimRetentionPolicy", vec![("whenDeleted", "Delete")])];
    metadata::put(document, spec, "spec", &policy, changes)
}

/// Finds fault with pods that write to what base has claimed.
pub fn check(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    copy: &FeatureCopy,
    release: &str,
) -> Vec<Fault> {
    if copy.keeps_claims() {
        return Vec::new();
    }
    let mut faults = Vec::new();
    for (_, spec) in workload::pod_specs(object, copy) {
        for volume in spec.read("volumes").map(Node::items).unwrap_or_default() {
            let Some(source) = volume.read("persistentVolumeClaim") else { continue };
            let Some(node) = source.read("claimName") else { continue };
            let name = node.scalar().unwrap_or_default();
            let volume = volume.read_text("name").unwrap_or_default();
            let only_read = source.read_text("readOnly") == Some("true") || !is_written(spec, volume);
            if only_read || isolate::contains(name, release) {
                continue;
            }
            let what = format!(
                "the pods of {} write to the claim {name}, which does not bear the release's name \
                 {release:?}, so that it is base's",
                object.said()
            );
            let remedy = "let it claim one of its own, or say --keep=claims to share it";
            faults.push(Fault::new(document, node, what, (remedy, true)));
        }
    }
    faults
}

/// Whether some container mounts a volume, and not to read only.
fn is_written(spec: &Node<'_>, volume: &str) -> bool {
    let containers = ["initContainers", "containers"].into_iter().filter_map(|list| spec.read(list));
    let mounts = containers.flat_map(Node::items).filter_map(|container| container.read("volumeMounts"));
    mounts
        .flat_map(Node::items)
        .any(|mount| mount.read_text("name") == Some(volume) && mount.read_text("readOnly") != Some("true"))
}
