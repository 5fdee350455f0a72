//! Every pod that a chart asks for is admitted where Pod Security is "restricted", without a warning.

use std::collections::BTreeSet;

use acceptance::{charts, cluster, lab::lab, place::Namespace, process};
use serde_json::{Value, json};

#[test]
fn every_pod_template_of_the_charts_is_admitted_under_pod_security_restricted() {
    let namespace = Namespace::new("restricted");
    cluster::kubectl(
        &namespace.0,
        &["label", "namespace", &namespace.0, "pod-security.kubernetes.io/enforce=restricted"],
    );
    let mut accounts = BTreeSet::new();
    let mut of_charts = BTreeSet::new();
    let mut admitted = Vec::new();
    for case in charts::cases() {
        for object in case.objects() {
            for template in templates(&object) {
                // A pod of an account that is not there is refused for that.
                let account = template["spec"]["serviceAccountName"].as_str().unwrap_or("default");
                if account != "default" && accounts.insert(account.to_owned()) {
                    cluster::kubectl(&namespace.0, &["create", "serviceaccount", account]);
                }
                of_charts.insert(case.chart.clone());
                let refused = refusal(&namespace, template);
                assert_eq!(
                    refused,
                    None,
                    "{}: {} {}",
                    case.name(),
                    object["kind"],
                    object["metadata"]["name"]
                );
                admitted.push(template.clone());
            }
        }
    }
    let all: BTreeSet<String> = charts::cases().into_iter().map(|case| case.chart).collect();
    assert_eq!(of_charts, all, "each chart has a pod");

    // And what is not.
    let wrongs: [(&str, Value, &str); 4] = [
        ("/spec/securityContext/runAsNonRoot", json!(false), "violates PodSecurity \"restricted"),
        ("/spec/containers/0/securityContext/capabilities", json!({}), "violates PodSecurity \"restricted"),
        ("/spec/serviceAccountName", json!("nobody"), "serviceaccount \"nobody\" not found"),
        // Only a warning.
        ("/spec/containers/0/resources/requests", json!({"memory": "0.5"}), "Warning: "),
    ];
    for (path, wrong, reason) in wrongs {
        let mut template = admitted[0].clone();
        *template.pointer_mut(path).unwrap_or_else(|| panic!("no {path} in {}", admitted[0])) = wrong;
        let refused = refusal(&namespace, &template).unwrap_or_else(|| panic!("{path} is admitted"));
        assert!(refused.contains(reason), "{refused}");
    }
}

/// The templates of pods in an object, wherever its kind has them.
fn templates(object: &Value) -> Vec<&Value> {
    match object {
        Value::Object(map) => {
            let is_of_pods = |(key, value): &(&String, &Value)| {
                *key == "template" && value["spec"]["containers"].is_array()
            };
            let own = map.iter().filter(is_of_pods).map(|(_, template)| template);
            own.chain(map.values().flat_map(templates)).collect()
        }
        Value::Array(items) => items.iter().flat_map(templates).collect(),
        _ => Vec::new(),
    }
}

/// Why the API server would not make a pod of it, or not without a warning.
fn refusal(namespace: &Namespace, template: &Value) -> Option<String> {
    let mut pod = template.clone();
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["metadata"]["name"] = json!("a-pod");
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), pod.to_string()).expect("the file is written");
    let mut command = lab().command("kubectl");
    command.args(["apply", "--server-side", "--dry-run=server", "--namespace", &namespace.0, "--filename"]);
    let output = process::run(command.arg(file.path()));
    let said = process::said(&command, &output);
    (!output.status.success() || said.contains("Warning: ")).then_some(said)
}
