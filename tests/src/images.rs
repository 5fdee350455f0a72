//! The images of the demo, built by their own Dockerfiles and loaded where the cluster finds them.

use std::{env, fs, path::Path, process::Command, sync::OnceLock};

use crate::{lab::lab, process, repo};

/// An image: its name, its Dockerfile, and the binaries that it is made of.
struct Image {
    name: &'static str,
    dockerfile: &'static str,
    binaries: &'static [&'static str],
}

const IMAGES: [Image; 2] = [
    Image {
        name: "devstack/hooks:dev",
        dockerfile: "hooks/Dockerfile",
        binaries: &["run-hooks", "secret-hook", "database-hook", "kafka-hook", "sqs-hook", "sns-hook"],
    },
    Image {
        name: "devstack/demo:dev",
        dockerfile: "helmfile-examples/apps/Dockerfile",
        binaries: &["web", "api"],
    },
];

/// Builds the images and loads them into the lab, or pushes them to `REGISTRY` for another cluster.
/// Once for each process.
pub fn load() {
    static LOADED: OnceLock<()> = OnceLock::new();
    LOADED.get_or_init(|| {
        let binaries = repo::image_binaries();
        for image in &IMAGES {
            build(image, binaries);
        }
    });
}

fn build(image: &Image, binaries: &Path) {
    let context = tempfile::tempdir().expect("a temporary folder");
    for binary in image.binaries {
        fs::copy(binaries.join(binary), context.path().join(binary)).expect("the binary was built");
    }
    // Layers of a scratch image are the binaries and nothing else: a store of its own leaves nothing behind.
    let store = context.path().join("store");
    let buildah = || {
        let mut command = Command::new("buildah");
        command.arg("--storage-driver=vfs").arg("--root").arg(&store).arg("--runroot").arg(store.join("run"));
        command
    };
    let dockerfile = repo::root().join(image.dockerfile);
    let _ = process::output_of(
        buildah()
            .args(["bud", "--quiet", "--isolation=chroot", "--tag", image.name, "--file"])
            .arg(dockerfile)
            .arg(context.path()),
    );
    if lab().own {
        let archive = context.path().join("image.tar");
        let target = format!("docker-archive:{}:{}", archive.display(), image.name);
        let _ = process::output_of(buildah().args(["push", "--quiet", image.name, &target]));
        let script = repo::root().join("tests/lab/lab");
        let _ = process::output_of(Command::new(script).args(["image", "load"]).arg(&archive));
    } else {
        let registry = env::var("REGISTRY").expect(
            "CLUSTER=current needs REGISTRY: where images are pushed to, or nothing if the cluster has them",
        );
        if !registry.is_empty() {
            let target = format!("docker://{registry}/{}", image.name);
            let _ = process::output_of(buildah().args(["push", "--quiet", image.name, &target]));
        }
    }
}
