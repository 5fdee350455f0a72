//! The repository and the binaries that are built from it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use serde_json::Value;

use crate::process;

/// The root of the repository.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is a folder of the repository")
}

/// The post-renderer as users get it.
#[must_use]
pub fn devstack() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| folder(&build(&["post-renderer"])).join("devstack"))
}

/// The folder with the program of the hooks' image, by each of its names.
///
/// # Panics
/// When it cannot be given them.
#[must_use]
pub fn image_binaries() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let program = folder(&build(&["all-hooks"])).join("all-hooks");
        let names = program.with_file_name("image");
        fs::create_dir_all(&names).expect("a folder beside it");
        for name in process::output_of(Command::new(&program).arg("--list")).lines() {
            let link = names.join(name);
            // Not a symbolic one: what it starts it looks for beside it, and Linux has followed those.
            drop(fs::remove_file(&link));
            fs::hard_link(&program, link).expect("it has one more name");
        }
        names
    })
}

/// The folder with the binaries of the demo's image.
#[must_use]
pub fn demo_binaries() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| folder(&build(&["web", "api"])))
}

/// Builds these packages as static binaries, and returns what Cargo says of each crate.
///
/// # Panics
/// With all that was said, when it fails.
#[must_use]
pub fn build(packages: &[&str]) -> Vec<Value> {
    let said = process::output_of(Command::new(root().join("hooks/build-static")).args(packages));
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    said.lines().map(read).collect()
}

/// Where the binaries of a build are.
fn folder(messages: &[Value]) -> PathBuf {
    let binary = messages.iter().find_map(|message| message["executable"].as_str());
    Path::new(binary.expect("a binary was built")).parent().expect("it is in a folder").to_owned()
}
