//! The repository and the binaries that are built from it.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

const TARGET: &str = "x86_64-unknown-linux-gnu";

/// The root of the repository.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is a folder of the repository")
}

/// The post-renderer as users get it.
#[must_use]
pub fn devstack() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build(&["post-renderer"]).join("devstack"))
}

/// The folder with the static binaries of the images: the hooks and the demo's services.
#[must_use]
pub fn image_binaries() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        build(&[
            "run-hooks",
            "sweep",
            "secret-hook",
            "database-hook",
            "kafka-hook",
            "sqs-hook",
            "sns-hook",
            "web",
            "api",
        ])
    })
}

fn build(packages: &[&str]) -> PathBuf {
    let status = Command::new("cargo")
        .current_dir(root())
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .args(["build", "--quiet", "--locked", "--release", "--target", TARGET])
        .args(packages.iter().flat_map(|package| ["-p", package]))
        .status()
        .expect("cargo is on the PATH");
    assert!(status.success(), "cargo build of {packages:?}: {status}");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join(TARGET).join("release")
}
