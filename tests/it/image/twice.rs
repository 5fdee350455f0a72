//! The image is the same, bit for bit, whoever builds the commit, and wherever.
//!
//! Here the repository lies in another folder, Cargo builds in another one, too, and of the work of the first build only
//! crates of registries are taken over, for they take minutes: all that is ours is compiled and linked again. That
//! those crates say nothing of where they were compiled is what `contents` looks for in the program.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use acceptance::{
    archive::{Image, builder},
    lab::lab,
    process, repo,
};
use tempfile::TempDir;

/// Another clone of the repository, and another folder to build it in.
struct Elsewhere {
    checkout: TempDir,
    target: TempDir,
}

impl Elsewhere {
    fn new() -> Self {
        // Another length of the path than anything else has.
        let folder = |prefix| tempfile::Builder::new().prefix(prefix).tempdir().expect("a temporary folder");
        let elsewhere = Self { checkout: folder("another-clone-of-the-repository-"), target: folder("t") };
        elsewhere.clone();
        elsewhere.take_over();
        elsewhere
    }

    /// With what is not committed yet, which is nothing where it counts.
    fn clone(&self) {
        let to = self.checkout.path();
        let _ = process::output_of(
            Command::new("git").args(["clone", "--quiet", "--local"]).arg(repo::root()).arg(to),
        );
        let changed = |words: &[&str]| -> Vec<PathBuf> {
            let mut git = Command::new("git");
            let said = process::output_of(git.current_dir(repo::root()).args(words));
            said.split('\0').filter(|path| !path.is_empty()).map(PathBuf::from).collect()
        };
        let tracked = changed(&["diff", "HEAD", "--name-only", "-z"]);
        let new = changed(&["ls-files", "--others", "--exclude-standard", "-z"]);
        for path in tracked.iter().chain(&new) {
            let (from, to) = (repo::root().join(path), to.join(path));
            if from.exists() {
                fs::create_dir_all(to.parent().expect("a folder")).expect("its folder");
                fs::copy(from, to).expect("a copy");
            } else {
                fs::remove_file(to).expect("it was cloned");
            }
        }
    }

    /// What the first build made, without what it made of the crates of this repository.
    fn take_over(&self) {
        let release = repo::image_binaries().parent().expect("Cargo's folder");
        let target = release.ancestors().nth(2).expect("Cargo's folder");
        let triple = release.parent().expect("a folder").file_name().expect("a name");
        for part in [PathBuf::from("release"), Path::new(triple).join("release")] {
            let to = self.target.path().join(&part);
            fs::create_dir_all(&to).expect("a folder");
            for folder in [".fingerprint", "build", "deps"] {
                let from = target.join(&part).join(folder);
                let _ = process::output_of(Command::new("cp").arg("--archive").arg(from).arg(&to));
            }
            forget(&to);
        }
    }
}

/// Cargo makes anew what has no fingerprint.
fn forget(release: &Path) {
    let ours = ours();
    for entry in fs::read_dir(release.join(".fingerprint")).expect("fingerprints") {
        let path = entry.expect("a fingerprint").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let (package, _hash) = name.rsplit_once('-').expect("a hash at its end");
        if ours.iter().any(|own| own == package) {
            fs::remove_dir_all(&path).expect("it is removed");
        }
    }
}

/// The packages of this repository.
fn ours() -> Vec<String> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(repo::root()).args(["metadata", "--locked", "--no-deps", "--format-version=1"]);
    let metadata: serde_json::Value =
        serde_json::from_str(&process::output_of(&mut cargo)).expect("cargo speaks JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    packages.iter().map(|package| package["name"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn both_images_are_the_same_from_another_folder() {
    let first = Image::hooks();
    let elsewhere = Elsewhere::new();
    let mut build = Command::new(builder(elsewhere.checkout.path()));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let second = Image::built(build.env("CARGO_TARGET_DIR", elsewhere.target.path()), folder.path());
    for entry in first.entries().iter().filter(|entry| !entry.path.ends_with('/')) {
        let of = |image: &Image| fs::read(image.root().join(&entry.path)).ok();
        assert!(of(first) == of(&second), "{} differs", entry.path);
    }
    assert_eq!(first.manifest, second.manifest);
    assert_eq!(first.digest, second.digest);
    assert!(first.digest.starts_with("sha256:"), "{}", first.digest);
    // And that of sweep, which has one layer more.
    let mut build = Command::new(builder(elsewhere.checkout.path()));
    build.arg(format!("--helm={}", lab().var("HELM4"))).env("CARGO_TARGET_DIR", elsewhere.target.path());
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert_eq!(Image::sweep().digest, Image::built(&mut build, folder.path()).digest);
}
