//! Each Helm and its plugin; and, as facts that a new Helm may change, each Helm and the other's.

use std::process::Output;

use acceptance::{
    cluster,
    helm::{Helm, Version},
    process,
};

use super::{COPY, bash, labelled, objects, rendered};

const FLAGS: [&str; 2] = ["--feature=feat1", "--release=copy-feat1"];

fn install(helm: &Helm, plugin: Version) -> Output {
    process::run(helm.helm().args(["plugin", "install"]).arg(plugin.plugin()))
}

fn list(helm: &Helm) -> Output {
    process::run(helm.helm().args(["plugin", "list"]))
}

fn template(helm: &Helm) -> Output {
    process::run(rendered(helm.helm().arg("template"), &FLAGS))
}

fn succeeded(output: &Output) -> bool {
    output.status.success() && output.stderr.is_empty()
}

#[test]
fn each_helm_installs_its_own() {
    for version in Version::BOTH {
        let helm = Helm::without_plugins(version);
        let installed = install(&helm, version);
        assert!(succeeded(&installed), "{version}: {}", cluster::text(&installed));
        let listed = list(&helm);
        assert!(succeeded(&listed), "{version}: {}", cluster::text(&listed));
        assert!(cluster::text(&listed).contains("devstack"), "{version}: {}", cluster::text(&listed));
        let rendered = template(&helm);
        assert!(succeeded(&rendered), "{version}: {}", cluster::text(&rendered));
        let objects = objects(&cluster::text(&rendered));
        assert!(labelled(&objects).contains(&"Deployment"), "{version}: {}", cluster::text(&rendered));
    }
}

#[test]
fn helm_3_needs_none_to_render_and_helm_4_says_which_one_is_missing() {
    let three = template(&Helm::without_plugins(Version::Three));
    assert!(succeeded(&three), "{}", cluster::text(&three));
    let four = template(&Helm::without_plugins(Version::Four));
    let said = "plugin: {Name:devstack Type:postrenderer/v1} not found";
    assert!(!four.status.success() && cluster::text(&four).contains(said), "{}", cluster::text(&four));
}

#[test]
fn helm_3s_plugin_is_the_subcommand_devstack() {
    let helm = Helm::new(Version::Three);
    let script = format!("helm template {COPY} chart | helm devstack {}", FLAGS.join(" "));
    let stream = process::output_of(&mut bash(&helm, &script));
    assert_eq!(labelled(&objects(&stream)), ["ConfigMap", "Deployment", "Job"], "{stream}");
    let script = format!("helm template {COPY} chart | helm devstack explain {}", FLAGS.join(" "));
    let explained = process::output_of(&mut bash(&helm, &script));
    assert!(explained.contains("Deployment") && explained.contains(COPY), "{explained}");
    // As without Helm: the message on stderr, the exit code of devstack.
    let refused = process::run(&mut bash(&helm, "helm devstack --feature= </dev/null"));
    let message = String::from_utf8_lossy(&refused.stderr);
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(2), 0), "{message}");
    assert!(message.contains("devstack: error: --feature: the feature is empty"), "{message}");
}

#[test]
fn helm_3_cannot_read_helm_4s_and_renders_without_it() {
    let helm = Helm::without_plugins(Version::Three);
    let unknown = r#"unknown field "apiVersion""#;
    let installed = install(&helm, Version::Four);
    let said = cluster::text(&installed);
    assert!(!installed.status.success(), "{said}");
    assert!(said.contains("plugin is installed but unusable") && said.contains(unknown), "{said}");
    // It is there all the same, and Helm 3 says so with every command.
    let listed = list(&helm);
    let said = cluster::text(&listed);
    assert!(!listed.status.success() && said.contains(unknown), "{said}");
    // The one that it could read is lost with it.
    let installed = install(&helm, Version::Three);
    assert!(installed.status.success(), "{}", cluster::text(&installed));
    let subcommand = process::run(helm.helm().args(["devstack", "--help"]));
    let said = cluster::text(&subcommand);
    assert!(said.contains(r#"unknown command "devstack" for "helm""#), "{said}");
    let rendered = template(&helm);
    let warning = String::from_utf8_lossy(&rendered.stderr);
    assert!(rendered.status.success() && warning.starts_with("failed to load plugins: "), "{warning}");
    assert!(!labelled(&objects(&String::from_utf8_lossy(&rendered.stdout))).is_empty());
}

#[test]
fn helm_4_takes_helm_3s_for_a_subcommand_and_both_for_a_mistake() {
    let helm = Helm::without_plugins(Version::Four);
    let installed = install(&helm, Version::Three);
    assert!(succeeded(&installed), "{}", cluster::text(&installed));
    let listed = cluster::text(&list(&helm));
    assert!(listed.contains("cli/v1") && listed.contains("legacy"), "{listed}");
    let rendered = template(&helm);
    let said = cluster::text(&rendered);
    assert!(!rendered.status.success(), "{said}");
    assert!(said.contains("plugin: {Name:devstack Type:postrenderer/v1} not found"), "{said}");

    let installed = install(&helm, Version::Four);
    assert!(installed.status.success(), "{}", cluster::text(&installed));
    let rendered = template(&helm);
    let said = cluster::text(&rendered);
    assert!(!rendered.status.success(), "{said}");
    assert!(said.contains(r#"two plugins claim the name "devstack""#), "{said}");
}
