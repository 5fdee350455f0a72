//! What comes out where nothing is wrong.

use acceptance::{
    helm::{Helm, Version},
    lab::lab,
    place::Namespace,
    process,
};
use feature::words;
use serde_yaml::Value;

use super::{EVERYTHING, bash, label, labelled, mortal, objects, plain, rendered};

#[test]
fn one_command_line_serves_both_helms() {
    // Helm 3 keeps hooks to itself, Helm 4 the CRDs.
    let cases = [
        (Version::Three, vec!["ConfigMap", "CustomResourceDefinition", "Deployment"]),
        (Version::Four, vec!["ConfigMap", "Deployment", "Job"]),
    ];
    for (version, reached) in cases {
        let helm = Helm::new(version);
        let mut command = helm.helm();
        let stream = process::output_of(rendered(command.args(["template", "--include-crds"]), &EVERYTHING));
        let objects = objects(&stream);
        assert_eq!(objects.len(), 4, "{version}: {stream}");
        assert_eq!(labelled(&objects), reached, "{version}: {stream}");
        assert_eq!(mortal(&objects), ["ConfigMap", "Deployment"], "{version}: {stream}");
        for kind in reached.iter().filter(|kind| ["Deployment", "Job"].contains(kind)) {
            assert_eq!(label(&objects[*kind]["spec"]["template"]), Some("feat1"), "{version}: {stream}");
        }
    }
}

#[test]
fn under_helm_3_and_in_a_pipe_every_byte_that_is_not_ours_stays() {
    let through_the_renderer = |helm: &Helm| {
        process::output_of(rendered(helm.helm().args(["template", "--include-crds"]), &EVERYTHING))
    };
    let through_a_pipe = |helm: &Helm| {
        let flags = EVERYTHING.join(" ");
        let script =
            format!("set -o pipefail; helm template copy-feat1 chart --include-crds | devstack {flags}");
        process::output_of(&mut bash(helm, &script))
    };
    let (three, four) = (Helm::new(Version::Three), Helm::new(Version::Four));
    for (helm, stream) in [
        (&three, through_the_renderer(&three)),
        (&three, through_a_pipe(&three)),
        (&four, through_a_pipe(&four)),
    ] {
        // The chart has maps for all that is injected, so that each is a line of its own.
        let ours = |line: &&str| line.contains(words::FEATURE) || line.contains(words::TTL);
        let rest: String = stream.split_inclusive('\n').filter(|line| !ours(line)).collect();
        assert_eq!(rest, process::output_of(&mut plain(helm)), "{}", helm.version);
    }
}

#[test]
fn a_pipe_has_hooks_and_crds_with_either_helm() {
    for version in Version::BOTH {
        let helm = Helm::new(version);
        let render = |flags: &str| {
            let script = format!("helm template copy-feat1 chart --include-crds | devstack {flags}");
            objects(&process::output_of(&mut bash(&helm, &script)))
        };
        let all = render(&EVERYTHING.join(" "));
        let kinds: Vec<&str> = all.keys().map(String::as_str).collect();
        assert_eq!(kinds, ["ConfigMap", "CustomResourceDefinition", "Deployment", "Job"], "{version}");
        assert_eq!(labelled(&all), kinds, "{version}");
        assert_eq!(mortal(&all), ["ConfigMap", "Deployment"], "{version}");
        assert_eq!(label(&all["Job"]["spec"]["template"]), Some("feat1"), "{version}");

        let copy = render("--feature=feat1 --release=copy-feat1");
        assert!(!copy.contains_key("CustomResourceDefinition"), "base brings the CRDs ({version})");
        assert_eq!(labelled(&copy), ["ConfigMap", "Deployment", "Job"], "{version}");
    }
}

#[test]
fn helmfile_passes_the_same_flags_to_both_helms() {
    for version in Version::BOTH {
        let helm = Helm::new(version);
        for file in ["helmfile.yaml.gotmpl", "defaults.yaml.gotmpl"] {
            let mut helmfile = helm.helmfile_in(&super::folder());
            let stream =
                process::output_of(helmfile.env("FEATURE", "feat1").args(["--file", file, "template"]));
            let labels = match version {
                Version::Three => vec!["ConfigMap", "Deployment"],
                Version::Four => vec!["ConfigMap", "Deployment", "Job"],
            };
            assert_eq!(labelled(&objects(&stream)), labels, "{version}, {file}: {stream}");
        }
    }
}

#[test]
fn what_either_helm_installs_is_a_copy() {
    for (version, namespace) in [(Version::Three, "drivers-3"), (Version::Four, "drivers-4")] {
        let namespace = Namespace::new(namespace);
        let helm = Helm::new(version);
        for act in ["install", "upgrade"] {
            let mut command = helm.helm();
            command.args([act, "--skip-crds", "--namespace", &namespace.0]);
            let _ = process::output_of(rendered(&mut command, &["--feature=feat1", "--release=copy-feat1"]));
            let list = process::output_of(lab().command("kubectl").args([
                "get",
                "configmaps,deployments,jobs",
                "--namespace",
                &namespace.0,
                "--selector=app.kubernetes.io/instance=copy-feat1",
                "--output=json",
            ]));
            let list: Value = serde_yaml::from_str(&list).expect("kubectl prints JSON");
            let items = list["items"].as_sequence().expect("a list");
            let found: Vec<(&str, Option<&str>)> =
                items.iter().map(|item| (item["kind"].as_str().expect("a kind"), label(item))).collect();
            let hook = (version == Version::Four).then_some("feat1");
            let want = [("ConfigMap", Some("feat1")), ("Deployment", Some("feat1")), ("Job", hook)];
            assert_eq!(found, want, "{act} with {version}");
        }
    }
}
