//! How much of a document is read: what is changed in its kind, and what others must know of it. The rest of
//! a large document is only looked at for whether its lines are plainly right.

use crate::{
    claims,
    copy::{FeatureCopy, Isolate, Router},
    fields, isolate, lean, route, workload,
};

/// What of a pod says which volumes it writes to.
const MOUNTS: [&str; 3] = ["spec.volumes", "spec.initContainers", "spec.containers"];

/// The paths of what is changed or looked at in a kind; `None` is all of it.
pub fn wanted(api_version: &str, kind: &str, copy: &FeatureCopy) -> Option<Vec<String>> {
    let routes = copy.routing.router != Router::None && route::is_route(kind);
    let pods = workload::is_asked(copy);
    if routes || (pods && kind == "Pod") {
        return None;
    }
    let mut paths = vec!["metadata".to_owned()];
    paths.extend(isolate::PATHS.map(str::to_owned));
    if kind == "Pod" {
        paths.extend(MOUNTS.map(str::to_owned));
    }
    if copy.lean {
        paths.extend(lean::wanted(api_version, kind)?.into_iter().map(str::to_owned));
    }
    if claims::makes(api_version, kind) {
        paths.extend(claims::PATHS.map(str::to_owned));
    }
    let asked_of = copy.routing.router == Router::GatewayApi || !copy.routing.routes.is_empty();
    if kind == "Service" && asked_of {
        paths.push("spec.ports".to_owned());
    }
    for (path, _) in fields::pod_metadata(api_version, kind, &copy.pod_paths) {
        // A list is read whole.
        let path = path.split_once("[]").map_or(path, |(list, _)| list);
        let spec: &[&str] = match &copy.isolate {
            _ if pods => &["spec"],
            Isolate::Check { .. } => &MOUNTS,
            Isolate::Off { .. } => &[],
        };
        if let Some(pods) = path.strip_suffix("metadata") {
            paths.extend(spec.iter().map(|spec| format!("{pods}{spec}")));
        }
        paths.push(path.to_owned());
    }
    Some(paths)
}
