//! Claims of a copy's own volumes, which go with it.

use crate::{
    copy::FeatureCopy, document::Document, error::RenderError, fields, metadata, node::Node, object::Object,
    report::Change, splice::Edit,
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
