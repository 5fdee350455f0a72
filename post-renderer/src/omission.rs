//! What of a chart a copy does without, and what it cannot have at all.

use crate::{
    copy::{ClusterScoped, FeatureCopy, Isolate, Router},
    document::Document,
    error::RenderError,
    fields,
    isolate::{self, Fault},
    lean,
    object::Object,
};

/// Why an object is left out of the copy.
pub fn why(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    copy: &FeatureCopy,
    faults: &mut Vec<Fault>,
) -> Result<Option<&'static str>, RenderError> {
    let ingress = object.kind == "Ingress" && copy.routing.router != Router::None;
    let cluster_scoped = fields::is_cluster_scoped(object.api_version, object.kind);
    let why = if cluster_scoped && drops(document, object, copy, faults) {
        "dropped: it is in no namespace and so base's"
    } else if lean::drops(object, copy) {
        "dropped: a light copy does without"
    } else if ingress {
        "replaced by a route that can tell copies apart"
    } else {
        return Ok(None);
    };
    if object.listed || document.roots.len() > 1 {
        let what = format!("leaving {} out of a document that has more", object.kind);
        return Err(document.unsupported(object.root, what, ": leave it out by the chart's values"));
    }
    Ok(Some(why))
}

/// Whether an object outside of any namespace is left out of the copy.
fn drops(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    copy: &FeatureCopy,
    faults: &mut Vec<Fault>,
) -> bool {
    let own = match &copy.isolate {
        Isolate::Check { release } => object.name().is_some_and(|name| isolate::contains(name, release)),
        Isolate::Off { .. } => false,
    };
    match copy.cluster_scoped {
        ClusterScoped::Keep => false,
        ClusterScoped::Drop => true,
        ClusterScoped::Check if object.kind == "CustomResourceDefinition" => true,
        ClusterScoped::Check => {
            faults.extend((!own).then(|| isolate::of_no_namespace(document, object)));
            false
        }
    }
}

/// Refuses what leads requests somewhere and cannot be led by a header.
pub fn refuse_foreign_route(document: &Document<'_>, object: &Object<'_, '_>) -> Result<(), RenderError> {
    if fields::is_foreign_route(object.api_version, object.kind) {
        let what = format!("{} as a route of a copy", object.kind);
        return Err(document.unsupported(object.root, what, ": turn it off by the chart's values"));
    }
    Ok(())
}
