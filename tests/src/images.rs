//! The images, built as users build them and loaded where the cluster finds them.

use std::{env, fs, path::Path, process::Command, sync::OnceLock};

use crate::{archive, lab::lab, process, repo};

/// Builds the images and loads them into the lab, or pushes them to `REGISTRY` for another cluster.
/// Once for each process.
pub fn load() {
    static LOADED: OnceLock<()> = OnceLock::new();
    LOADED.get_or_init(|| {
        to_the_cluster("devstack/hooks:dev", |to| build(&[], to));
        let helm = format!("--helm={}", lab().var("HELM4"));
        to_the_cluster("devstack/sweep:dev", |to| build(&[&helm], to));
        to_the_cluster("devstack/demo:dev", demo);
    });
}

fn build(words: &[&str], destination: &str) {
    let mut command = Command::new(archive::builder(repo::root()));
    let _ = process::output_of(command.args(words).arg(destination));
}

/// Has the image built to where the cluster finds it.
fn to_the_cluster(image: &str, build: impl Fn(&str)) {
    if lab().own {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let archive = folder.path().join("image.tar");
        build(&format!("docker-archive:{}:{image}", archive.display()));
        let script = repo::root().join("tests/lab/lab");
        let _ = process::output_of(Command::new(script).args(["image", "load"]).arg(&archive));
    } else {
        let registry = env::var("REGISTRY").expect(
            "CLUSTER=current needs REGISTRY: where images are pushed to, or nothing if the cluster has them",
        );
        if !registry.is_empty() {
            build(&format!("docker://{registry}/{image}"));
        }
    }
}

/// The image of the demo's services, by their own Dockerfile.
fn demo(destination: &str) {
    let context = tempfile::tempdir().expect("a temporary folder");
    for binary in ["web", "api"] {
        fs::copy(repo::demo_binaries().join(binary), context.path().join(binary)).expect("it was built");
    }
    let store = context.path().join("store");
    let buildah = |words: &[&str], last: &Path| {
        let mut command = Command::new("buildah");
        command.arg("--storage-driver=vfs").arg("--root").arg(&store).arg("--runroot").arg(store.join("run"));
        let _ = process::output_of(command.args(words).arg(last));
    };
    let file = repo::root().join("helmfile-examples/apps/Dockerfile").display().to_string();
    buildah(&["bud", "--quiet", "--isolation=chroot", "--tag=demo", "--file", &file], context.path());
    buildah(&["push", "--quiet", "demo"], Path::new(destination));
}
