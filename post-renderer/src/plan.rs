//! What is to be changed in a stream, as data. Never writes.

use crate::{
    copy::{FeatureCopy, Isolate, Router},
    error::RenderError,
    fields, isolate, metadata,
    object::{self, Object},
    route,
    splice::Edit,
    stream::Document,
    workload,
};

/// All changes to a stream.
#[derive(Debug, Default)]
pub struct Plan {
    /// Disjoint edits of the stream.
    pub edits: Vec<Edit>,
    /// Documents to be added at its end, without their `---`.
    pub added: Vec<String>,
}

pub fn plan(documents: &[Document<'_>], copy: &FeatureCopy) -> Result<Plan, RenderError> {
    if let Isolate::Check { release } = &copy.isolate {
        isolate::check(documents, release)?;
    }
    let mut plan = Plan::default();
    let mut containers = Vec::new();
    for document in documents {
        for object in object::objects(document) {
            refuse_unsupported(document, &object, copy)?;
            if copy.router == Router::Traefik && object.kind == "IngressRoute" {
                let routed = route::in_place(document, &object, copy)?;
                plan.edits.extend(routed.edits);
                plan.added.extend(routed.added);
            }
            plan.edits.extend(metadata::edits(document, &object, copy)?);
            plan.edits.extend(workload::label_edits(document, &object, copy)?);
            for container in workload::containers(&object) {
                plan.edits.extend(workload::env_edits(document, &container, &copy.env)?);
                containers.push(container);
            }
        }
    }
    for target in &copy.env {
        if !containers.iter().any(|container| container.is_meant_by(target)) {
            return Err(no_container(target, &containers));
        }
    }
    plan.added.extend(route::entries(documents, copy)?);
    Ok(plan)
}

fn refuse_unsupported(
    document: &Document<'_>,
    object: &Object<'_>,
    copy: &FeatureCopy,
) -> Result<(), RenderError> {
    let kind = object.kind;
    if fields::is_cluster_scoped(kind) {
        let what = format!("{kind}, which is in no namespace and so base's as well,");
        return Err(document.unsupported(
            object.root,
            what,
            ": leave it out of the copy by the chart's values",
        ));
    }
    if copy.router == Router::Traefik && fields::is_foreign_route(kind) {
        let what = format!("{kind} as a route of a copy");
        return Err(document.unsupported(
            object.root,
            what,
            ": turn it off by the chart's values, or choose --router=none in a namespace of its own",
        ));
    }
    Ok(())
}

fn no_container(target: &crate::EnvTarget, containers: &[workload::Container<'_>]) -> RenderError {
    let present: Vec<String> =
        containers.iter().map(|container| format!("{}/{}", container.workload, container.name)).collect();
    let present = if present.is_empty() { "none".to_owned() } else { present.join(", ") };
    RenderError::Copy {
        what: format!(
            "--env names a container for {} that is not in the stream, which has {present}",
            target.name
        ),
    }
}
