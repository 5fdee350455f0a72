//! What of a release is beyond its own namespace: it needs a sign from there. A record is no more than a Secret, and what it
//! names may long be another's. No border between people: a record can be written so that Helm reads in it what is not
//! seen here. Pure.

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

/// Whether a hook's object is what devstack-hooks has in a neighbour, by the name that it has there: a Role for Secrets alone,
/// and its binding to accounts of the release's own namespace.
pub(crate) fn is_for_clones(object: &Object, namespace: &str) -> bool {
    let json = object.json();
    let all = |key: &str, is_so: &dyn Fn(&Value) -> bool| {
        json[key].as_array().is_some_and(|items| !items.is_empty() && items.iter().all(is_so))
    };
    // Other names have none of this beginning: a namespace has no dot.
    if object.api_version() != RBAC || !object.name().starts_with(&format!("{namespace}.")) {
        return false;
    }
    match object.kind() {
        "Role" => all("rules", &|rule| {
            (&rule["apiGroups"], &rule["resources"]) == (&json!([""]), &json!(["secrets"]))
        }),
        "RoleBinding" => {
            let is_account =
                |subject: &Value| subject["kind"] == "ServiceAccount" && subject["namespace"] == namespace;
            let role = &json["roleRef"];
            role["kind"] == "Role" && role["name"] == object.name() && all("subjects", &is_account)
        }
        _ => false,
    }
}

const RBAC: &str = "rbac.authorization.k8s.io/v1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_clones_need_of_a_neighbour_is_made_there() {
        let secrets = "{apiGroups: [''], resources: [secrets], verbs: [get]}";
        let more = "{apiGroups: [''], resources: [secrets, pods], verbs: [get]}";
        let account = "{kind: ServiceAccount, name: a, namespace: demo}";
        let cases = [
            ("Role", "demo.a", format!("rules: [{secrets}]"), true),
            ("Role", "a", format!("rules: [{secrets}]"), false),
            ("Role", "demo", format!("rules: [{secrets}]"), false),
            ("Role", "demo.a", format!("rules: [{secrets}, {more}]"), false),
            ("Role", "demo.a", "rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]".to_owned(), false),
            ("Role", "demo.a", "rules: []".to_owned(), false),
            ("Role", "demo.a", String::new(), false),
            ("ClusterRole", "demo.a", format!("rules: [{secrets}]"), false),
            ("RoleBinding", "demo.a", format!("roleRef: {{kind: Role, name: demo.a}}\nsubjects: [{account}]"), true),
            ("RoleBinding", "demo.a", format!("roleRef: {{kind: Role, name: b}}\nsubjects: [{account}]"), false),
            ("RoleBinding", "demo.a", format!("roleRef: {{kind: ClusterRole, name: demo.a}}\nsubjects: [{account}]"), false),
            ("RoleBinding", "demo.a", "roleRef: {kind: Role, name: demo.a}\nsubjects: []".to_owned(), false),
            (
                "RoleBinding",
                "demo.a",
                format!("roleRef: {{kind: Role, name: demo.a}}\nsubjects: [{account}, {{kind: User, name: a}}]"),
                false,
            ),
            (
                "RoleBinding",
                "demo.a",
                "roleRef: {kind: Role, name: demo.a}\nsubjects: [{kind: ServiceAccount, name: a, namespace: b}]".to_owned(),
                false,
            ),
            ("Job", "demo.a", String::new(), false),
        ];
        for (kind, name, rest, is_so) in cases {
            let text = format!("apiVersion: {RBAC}\nkind: {kind}\nmetadata: {{name: {name}}}\n{rest}");
            let object = crate::manifest::objects(&text).expect("YAML").remove(0);
            assert_eq!(is_for_clones(&object, "demo"), is_so, "{text}");
        }
    }
}
