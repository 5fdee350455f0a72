//! Base and a copy that do not mix: what the check lets pass in one namespace, what it refuses before Helm has done
//! anything, and where that runs instead. Charts of strangers, on the real cluster.

mod passed;
mod refused;

use std::collections::BTreeMap;

use acceptance::{
    cluster,
    http::{Answer, Router},
};
use serde_json::Value;

/// Whose object may be missing, doubled or changed when two releases mix.
const KINDS: &str = "deployments,statefulsets,pods,services,endpointslices,persistentvolumeclaims,\
                     poddisruptionbudgets,horizontalpodautoscalers,networkpolicies,cronjobs,controllerrevisions,\
                     replicasets,configmaps,secrets,ingressroutes.traefik.io,middlewares.traefik.io";

/// The kinds whose status goes on changing, beside what is looked at here.
const COUNTED: [&str; 6] =
    ["Deployment", "HorizontalPodAutoscaler", "Pod", "PodDisruptionBudget", "ReplicaSet", "StatefulSet"];

/// The releases behind an answer, in order.
fn releases(answer: &Answer) -> Vec<&str> {
    answer.hops.iter().map(|hop| hop.release.as_str()).collect()
}

/// Asks until these releases answer.
pub fn settle(host: &str, headers: &[(&str, &str)], wanted: &[&str]) {
    let router = Router::default();
    cluster::eventually(&format!("the answer of {wanted:?}"), 180, || {
        let answer = router.get(host, "/", headers).map_err(|error| error.to_string())?;
        if answer.status == 200 && releases(&answer) == wanted { Ok(()) } else { Err(format!("{answer:?}")) }
    });
}

/// What a namespace has beside the release `copy`, without what controllers say of it from time to time.
fn beside(namespace: &str, copy: &str) -> BTreeMap<String, Value> {
    let objects = cluster::objects_of(namespace, KINDS).into_iter();
    objects
        .filter(|(key, _)| !key.contains(copy))
        .map(|(key, mut object)| {
            object["status"].take();
            object["metadata"]["managedFields"].take();
            let metadata = &mut object["metadata"];
            // A status is counted as a change too; of the spec alone these have a count.
            if COUNTED.iter().any(|kind| key.starts_with(&format!("{kind}/"))) {
                metadata["resourceVersion"].take();
            }
            // When its controller last looked at it.
            if key.starts_with("EndpointSlice/") {
                for field in ["resourceVersion", "generation", "annotations"] {
                    metadata[field].take();
                }
            }
            (key, object)
        })
        .collect()
}

/// What is in one of the two only, or not the same in both: as it was, and as it is.
fn differences(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> Vec<String> {
    let keys = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key)));
    let differ = keys.filter(|key| before.get(*key) != after.get(*key));
    differ.map(|key| format!("{key}: {:?}, now {:?}", before.get(key), after.get(key))).collect()
}
