//! The config management plugin of `docs/argo-cd.md`, by its own words: what Argo CD would run is run.

use std::{
    fs,
    process::{Command, Output},
};

use acceptance::{
    cluster,
    helm::{Helm, Version},
    process, repo,
};
use serde::Deserialize;
use serde_yaml::Value;

use super::{labelled, mortal, objects};
use crate::tidy::fenced;

/// As much of the format as the page uses.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Plugin {
    api_version: String,
    kind: String,
    metadata: Metadata,
    spec: Spec,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    version: String,
    init: Step,
    generate: Step,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    command: Vec<String>,
    #[serde(default)]
    args: Vec<String>,
}

fn page() -> String {
    fs::read_to_string(repo::root().join("docs/argo-cd.md")).expect("the page")
}

/// The page's block of this kind.
fn block<T: serde::de::DeserializeOwned>(kind: &str) -> T {
    let page = page();
    let block = fenced(&page, "yaml").into_iter().find(|block| block.contains(&format!("\nkind: {kind}\n")));
    serde_yaml::from_str(block.unwrap_or_else(|| panic!("the page has no {kind}")))
        .expect("the block is read")
}

/// Runs both steps as Argo CD does: in a copy of the chart's folder, with its variables, init first.
fn generate(helm: &Helm, plugin: &Plugin, variables: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let chart = folder.path().join("chart");
    let _ = process::output_of(Command::new("cp").arg("-r").arg(super::folder().join("chart")).arg(&chart));
    let run = |step: &Step| {
        let mut command = helm.shell();
        command.args(["-c", r#"exec "$0" "$@""#]).args(&step.command).args(&step.args).current_dir(&chart);
        command.env("KUBE_VERSION", "1.34.4").env("KUBE_API_VERSIONS", "v1,apps/v1,apps/v1/Deployment");
        process::run(command.envs(variables.iter().copied()))
    };
    let init = run(&plugin.spec.init);
    assert!(init.status.success(), "{}", cluster::text(&init));
    run(&plugin.spec.generate)
}

#[test]
fn the_plugin_renders_a_copy_with_either_helm() {
    let plugin: Plugin = block("ConfigManagementPlugin");
    assert_eq!(
        (plugin.api_version.as_str(), plugin.kind.as_str()),
        ("argoproj.io/v1alpha1", "ConfigManagementPlugin")
    );
    for version in Version::BOTH {
        let helm = Helm::without_plugins(version);
        // An Application in Argo CD's own namespace, and one in another.
        for name in ["copy-feat1", "team_copy-feat1"] {
            let variables = [
                ("ARGOCD_APP_NAME", name),
                ("ARGOCD_APP_NAMESPACE", "drivers"),
                ("ARGOCD_ENV_FEATURE", "feat1"),
                ("ARGOCD_ENV_VALUES", "greeting: 'hello: \"$HOME\"'\n"),
                ("ARGOCD_ENV_ENV", "app:QUEUE=secret/outputs/QUEUE\nFEATURE=value:feat1"),
            ];
            let output = generate(&helm, &plugin, &variables);
            assert!(output.status.success(), "{version}, {name}: {}", cluster::text(&output));
            let objects = objects(&String::from_utf8_lossy(&output.stdout));
            assert_eq!(labelled(&objects), ["ConfigMap", "Deployment", "Job"], "{version}, {name}");
            assert_eq!(objects.len(), 3, "{version}, {name}");
            assert_eq!(mortal(&objects), ["ConfigMap", "Deployment"], "{version}, {name}");
            let map = &objects["ConfigMap"];
            assert_eq!(map["metadata"]["name"], "copy-feat1", "{version}, {name}");
            assert_eq!(map["metadata"]["namespace"], "drivers", "{version}, {name}");
            assert_eq!(map["data"]["greeting"], "hello: \"$HOME\"", "{version}, {name}");
            let container = &objects["Deployment"]["spec"]["template"]["spec"]["containers"][0];
            let names =
                container["env"].as_sequence().map(|env| env.iter().map(|variable| &variable["name"]));
            assert_eq!(
                names.expect("variables").collect::<Vec<_>>(),
                ["QUEUE", "FEATURE"],
                "{version}, {name}"
            );
            // Argo CD goes by it.
            let hook = &objects["Job"]["metadata"]["annotations"]["helm.sh/hook"];
            assert_eq!(hook, "pre-install,pre-upgrade", "{version}, {name}");
        }
    }
}

#[test]
fn what_fails_fails_the_plugin_and_leaves_no_manifests() {
    let plugin: Plugin = block("ConfigManagementPlugin");
    let cases = [
        (None, "", "devstack: error: --feature: the feature is empty"),
        (Some(""), "", "devstack: error: --feature: the feature is empty"),
        (Some("Feat_1"), "", "Feat_1"),
        // The name of the Application is not that of a copy for this feature.
        (Some("feat2"), "", "feat2"),
        (Some("feat1"), "foreign: true", "drivers/templates/service.yaml"),
        (Some("feat1"), "unparsable: true", "templates/unparsable.yaml"),
        (Some("feat1"), "greeting: [", "yaml"),
    ];
    for version in Version::BOTH {
        let helm = Helm::without_plugins(version);
        for (feature, values, message) in cases {
            let mut variables = vec![
                ("ARGOCD_APP_NAME", "copy-feat1"),
                ("ARGOCD_APP_NAMESPACE", "drivers"),
                ("ARGOCD_ENV_VALUES", values),
            ];
            variables.extend(feature.map(|feature| ("ARGOCD_ENV_FEATURE", feature)));
            let output = generate(&helm, &plugin, &variables);
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(
                !output.status.success(),
                "{version}, {feature:?}, {values:?}: {}",
                cluster::text(&output)
            );
            assert!(
                output.stdout.is_empty(),
                "{version}, {feature:?}, {values:?}: {}",
                cluster::text(&output)
            );
            assert!(said.contains(message), "{version}: {message:?} is not in: {said}");
        }
    }
}

#[test]
fn the_application_of_the_page_names_the_plugin_and_the_variables_that_it_reads() {
    let plugin: Plugin = block("ConfigManagementPlugin");
    let application: Value = block("Application");
    let source = &application["spec"]["source"]["plugin"];
    let name = format!("{}-{}", plugin.metadata.name, plugin.spec.version);
    assert_eq!(source["name"].as_str(), Some(name.as_str()));
    let script = plugin.spec.generate.args.join("\n");
    let variables = source["env"].as_sequence().expect("variables");
    for variable in variables {
        let variable = format!("ARGOCD_ENV_{}", variable["name"].as_str().expect("a name"));
        assert!(script.contains(&variable), "{variable}");
        assert!(page().contains(&format!("`{variable}`")), "{variable}");
    }
    assert_eq!(script.matches("ARGOCD_ENV_").count(), variables.len());
}
