//! What of a release is beyond its own namespace. Whoever may create Secrets in a namespace can write a record of Helm's there,
//! of a release that never was: what sweep would do elsewhere for its sake needs a sign that comes from there. Pure.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use crate::{manifest::Object, release::Release};

/// Helm writes these two on all that it makes but hooks (`pkg/action/validate.go` of Helm 3 and 4).
const RELEASE: &str = "meta.helm.sh/release-name";
const NAMESPACE: &str = "meta.helm.sh/release-namespace";

/// Whether what is there says of itself that this release has made it.
pub(crate) fn is_of(metadata: &ObjectMeta, release: &Release) -> bool {
    let says = |key: &str| metadata.annotations.as_ref()?.get(key).map(String::as_str);
    let head = &release.head;
    says(RELEASE) == Some(head.release.as_str()) && says(NAMESPACE) == Some(head.namespace.as_str())
}

/// Whether a hook's object is what devstack-hooks has in a neighbour: a Role for Secrets alone, or a binding of one
/// to an account of the release's own namespace.
pub(crate) fn is_for_clones(object: &Object, namespace: &str) -> bool {
    let json = object.json();
    let all = |key: &str, is_so: &dyn Fn(&Value) -> bool| {
        json[key].as_array().is_some_and(|items| items.iter().all(is_so))
    };
    match (object.api_version(), object.kind()) {
        ("rbac.authorization.k8s.io/v1", "Role") => all("rules", &|rule| {
            (&rule["apiGroups"], &rule["resources"]) == (&json!([""]), &json!(["secrets"]))
        }),
        ("rbac.authorization.k8s.io/v1", "RoleBinding") => {
            let is_account =
                |subject: &Value| subject["kind"] == "ServiceAccount" && subject["namespace"] == namespace;
            json["roleRef"]["kind"] == "Role" && all("subjects", &is_account)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_clones_need_of_a_neighbour_is_made_there() {
        let rbac = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ";
        let secrets = "{apiGroups: [''], resources: [secrets], verbs: [get]}";
        let account = "{kind: ServiceAccount, name: a, namespace: demo}";
        let cases = [
            (format!("{rbac}Role\nrules: [{secrets}]"), true),
            (
                format!(
                    "{rbac}Role\nrules: [{secrets}, {{apiGroups: [''], resources: [secrets, pods], verbs: [get]}}]"
                ),
                false,
            ),
            (format!("{rbac}Role\nrules: [{{apiGroups: ['*'], resources: ['*'], verbs: ['*']}}]"), false),
            (format!("{rbac}Role"), false),
            (format!("{rbac}RoleBinding\nroleRef: {{kind: Role}}\nsubjects: [{account}]"), true),
            (format!("{rbac}RoleBinding\nroleRef: {{kind: ClusterRole}}\nsubjects: [{account}]"), false),
            (
                format!(
                    "{rbac}RoleBinding\nroleRef: {{kind: Role}}\nsubjects: [{account}, {{kind: User, name: a}}]"
                ),
                false,
            ),
            (
                format!(
                    "{rbac}RoleBinding\nroleRef: {{kind: Role}}\nsubjects: [{{kind: ServiceAccount, name: a, namespace: b}}]"
                ),
                false,
            ),
            (format!("{rbac}ClusterRole\nrules: [{secrets}]"), false),
            ("apiVersion: batch/v1\nkind: Job".to_owned(), false),
        ];
        for (text, is_so) in cases {
            let object = crate::manifest::objects(&text).expect("YAML").remove(0);
            assert_eq!(is_for_clones(&object, "demo"), is_so, "{text}");
        }
    }
}
