//! What is refused reaches whoever asked, whichever program stands between; and nothing is done by halves.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use acceptance::{
    cluster,
    helm::{Helm, Version},
    lab::lab,
    place::Namespace,
    process, repo,
};

use super::{COPY, bash, rendered};

/// What is asked for, by which flags, and what devstack says to it.
struct Refused {
    settings: &'static str,
    flags: &'static [&'static str],
    messages: &'static [&'static str],
}

const REFUSED: [Refused; 5] = [
    Refused {
        settings: "greeting=",
        flags: &["--feature=", "--release=copy-feat1"],
        messages: &["--feature", "the feature is empty"],
    },
    Refused {
        settings: "greeting=",
        flags: &["--feature=Feat_1", "--release=copy-feat1"],
        messages: &["--feature", "Feat_1"],
    },
    Refused { settings: "greeting=", flags: &["--release=copy-feat1"], messages: &["the feature is empty"] },
    Refused {
        settings: "greeting=",
        flags: &["--feature=feat1", "--release=copy-feat1", "--frobnicate=1"],
        messages: &["--frobnicate"],
    },
    Refused {
        settings: "foreign=true",
        flags: &["--feature=feat1", "--release=copy-feat1"],
        messages: &["drivers/templates/service.yaml", "line", "column", "Service web"],
    },
];

fn assert_refused(output: &Output, what: &str, messages: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{what} went through: {}", cluster::text(output));
    assert!(output.stdout.is_empty(), "{what} printed: {}", cluster::text(output));
    for message in ["devstack: error: "].iter().chain(messages) {
        assert!(said.contains(message), "{what}: {message:?} is not in: {said}");
    }
}

#[test]
fn helm_template_prints_what_devstack_refuses() {
    for version in Version::BOTH {
        let helm = Helm::new(version);
        for Refused { settings, flags, messages } in REFUSED {
            let mut command = helm.helm();
            let output = process::run(rendered(command.args(["template", "--set", settings]), flags));
            assert_refused(&output, &format!("{version}, {flags:?}"), messages);
        }
    }
}

#[test]
fn helm_upgrade_prints_it_too_and_installs_nothing() {
    for (version, namespace) in [(Version::Three, "refused-3"), (Version::Four, "refused-4")] {
        let namespace = Namespace::new(namespace);
        let helm = Helm::new(version);
        for Refused { settings, flags, messages } in REFUSED {
            let mut command = helm.helm();
            command.args([
                "upgrade",
                "--install",
                "--skip-crds",
                "--namespace",
                &namespace.0,
                "--set",
                settings,
            ]);
            let output = process::run(rendered(&mut command, flags));
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(
                !output.status.success(),
                "{version}, {flags:?} went through: {}",
                cluster::text(&output)
            );
            assert!(messages.iter().all(|message| said.contains(message)), "{version}, {flags:?}: {said}");
            let made = process::output_of(lab().command("kubectl").args([
                "get",
                "configmaps,deployments,jobs",
                "--namespace",
                &namespace.0,
                "--selector=app.kubernetes.io/instance=copy-feat1",
                "--output=name",
            ]));
            assert_eq!(made, "", "{version}, {flags:?}");
        }
    }
}

/// helm-diff is one: it runs `helm template` with the post-renderer, and with what Helm told it about itself.
#[test]
fn below_another_plugin_of_helm_the_message_is_not_taken_for_manifests() {
    for version in Version::BOTH {
        let helm = Helm::new(version);
        let mut command = helm.helm();
        command.env("HELM_PLUGIN_NAME", "diff").env("HELM_PLUGIN_DIR", "/plugins/diff").arg("template");
        let output = process::run(rendered(&mut command, &["--feature=", "--release=copy-feat1"]));
        assert_refused(&output, &version.to_string(), &["the feature is empty"]);
    }
}

#[test]
fn helmfile_prints_what_devstack_refuses() {
    for version in Version::BOTH {
        let helm = Helm::new(version);
        for file in ["helmfile.yaml.gotmpl", "defaults.yaml.gotmpl"] {
            let mut helmfile = helm.helmfile_in(&super::folder());
            let output = process::run(helmfile.env("FEATURE", "").args(["--file", file, "template"]));
            assert_refused(&output, &format!("{version}, {file}"), &["the feature is empty"]);
        }
    }
}

#[test]
fn what_is_no_yaml_is_refused_by_helm_itself_and_in_the_crds_by_devstack() {
    for (version, message) in
        [(Version::Three, "YAML parse error on"), (Version::Four, "error merging manifests: parsing")]
    {
        let helm = Helm::new(version);
        let mut command = helm.helm();
        command.args(["template", "--set=unparsable=true"]);
        let output = process::run(rendered(&mut command, &["--feature=feat1", "--release=copy-feat1"]));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && output.stdout.is_empty(),
            "{version}: {}",
            cluster::text(&output)
        );
        assert!(said.contains(message) && said.contains("templates/unparsable.yaml"), "{version}: {said}");

        // The files of `crds/` are handed on unread.
        let folder = tempfile::tempdir().expect("a temporary folder");
        let chart = folder.path().join("chart");
        let _ =
            process::output_of(Command::new("cp").arg("-r").arg(super::folder().join("chart")).arg(&chart));
        std::fs::write(chart.join("crds/broken.yaml"), "apiVersion: v1\nkind: [\n")
            .expect("the CRD is written");
        let script = "set -o pipefail
            helm template copy-feat1 chart --include-crds | devstack --feature=feat1 --release=copy-feat1";
        let output = process::run(bash(&helm, script).current_dir(folder.path()));
        assert_refused(&output, &version.to_string(), &["drivers/crds/broken.yaml", "line"]);
    }
}

#[test]
fn a_pipe_fails_with_either_of_its_ends() {
    let cases = [
        // Without a word about it, the last end alone counts; devstack is that.
        ("helm template copy-feat1 chart | devstack --feature= --release=copy-feat1", "the feature is empty"),
        (
            "set -o pipefail; helm template copy-feat1 chart | devstack --feature=feat1 --release=other-feat1",
            "other-feat1",
        ),
        (
            "set -o pipefail
             helm template copy-feat1 chart --set=unparsable=true | devstack --feature=feat1 --release=copy-feat1",
            "templates/unparsable.yaml",
        ),
    ];
    for version in Version::BOTH {
        let helm = Helm::new(version);
        for (script, message) in cases {
            let output = process::run(&mut bash(&helm, script));
            assert!(!output.status.success(), "{version}, {script}: {}", cluster::text(&output));
            let stdout = String::from_utf8_lossy(&output.stdout);
            assert!(super::objects(&stdout).is_empty(), "{version}, {script}: {stdout}");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(said.contains(message), "{version}, {script}: {message:?} is not in: {said}");
        }
    }
}

#[test]
fn success_is_never_silent() {
    let inputs = ["", "\n", " \n\n", "---\n", "---\n---\n", "# a comment\n", "null\n", "\r\n"];
    let flags: [&[&str]; 3] =
        [&["--feature=feat1", "--release=copy-feat1"], &["--feature=feat1", "--isolate=off"], &["--base"]];
    for (input, flags) in inputs.iter().flat_map(|input| flags.map(|flags| (input, flags))) {
        for helm4 in [false, true] {
            let mut command = Command::new(repo::devstack());
            command
                .args(flags)
                .env_clear()
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            if helm4 {
                command.env("HELM_PLUGIN_NAME", "devstack").env("HELM_PLUGIN_DIR", Version::Four.plugin());
            }
            let mut child = command.spawn().expect("devstack starts");
            let mut stdin = child.stdin.take().expect("stdin is a pipe");
            stdin.write_all(input.as_bytes()).expect("the input is written");
            drop(stdin);
            let output = child.wait_with_output().expect("devstack ends");
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{input:?} {flags:?}: {}", cluster::text(&output));
            assert!(!said.trim().is_empty(), "{input:?} {flags:?} with Helm 4: {helm4}");
        }
    }
    // A chart that renders nothing is no mistake.
    for version in Version::BOTH {
        let helm = Helm::new(version);
        let mut command = helm.helm();
        command.args(["template", "--set=nothing=true"]);
        let output = process::run(rendered(&mut command, &["--feature=feat1", &format!("--release={COPY}")]));
        assert!(output.status.success(), "{version}: {}", cluster::text(&output));
    }
}
