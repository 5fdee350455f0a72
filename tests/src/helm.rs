//! The two Helms, and helmfile with either of them.

use std::{
    env,
    ffi::OsString,
    fmt, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::{lab::lab, repo};

/// Which Helm deploys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Three,
    Four,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Three => "Helm 3",
            Self::Four => "Helm 4",
        })
    }
}

/// A Helm with devstack installed as its users do: on the PATH, and for Helm 4 as a plugin too.
#[derive(Debug)]
pub struct Helm {
    pub version: Version,
    home: TempDir,
    path: OsString,
}

/// Puts devstack and a `helm` (the fourth) where the shell of `tests/lab/lab env` finds them.
pub fn install() {
    let bin = Path::new(lab().var("HELM4")).parent().expect("a folder of binaries").to_owned();
    let plugin = Path::new(lab().var("HELM_PLUGINS")).join("devstack");
    fs::create_dir_all(&plugin).expect("a folder");
    fs::copy(repo::root().join("post-renderer/plugin.yaml"), plugin.join("plugin.yaml"))
        .expect("the manifest");
    for (from, name) in [(repo::devstack(), "devstack"), (Path::new(lab().var("HELM4")), "helm")] {
        // A rename, so that nobody meets half a binary.
        let new = bin.join(format!(".{name}.new"));
        fs::copy(from, &new).expect("the binary is copied");
        fs::rename(&new, bin.join(name)).expect("the binary is put in its place");
    }
}

impl Helm {
    #[must_use]
    pub fn new(version: Version) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let bin = home.path().join("bin");
        let plugins = home.path().join("plugins");
        fs::create_dir_all(&bin).expect("a folder");
        fs::create_dir_all(plugins.join("devstack")).expect("a folder");
        let binary = match version {
            Version::Three => lab().var("HELM3"),
            Version::Four => lab().var("HELM4"),
        };
        symlink(binary, bin.join("helm")).expect("a link");
        symlink(repo::devstack(), bin.join("devstack")).expect("a link");
        if version == Version::Four {
            let manifest = repo::root().join("post-renderer/plugin.yaml");
            fs::copy(manifest, plugins.join("devstack/plugin.yaml")).expect("the plugin's manifest");
        }
        let mut path = bin.into_os_string();
        path.push(":");
        path.push(lab().var("PATH"));
        Self { version, home, path }
    }

    /// `helm` with this one's environment.
    #[must_use]
    pub fn helm(&self) -> Command {
        self.command(&self.home.path().join("bin/helm"))
    }

    /// A shell that finds `helm` and `devstack` as a user's does.
    #[must_use]
    pub fn shell(&self) -> Command {
        self.command(Path::new("/bin/sh"))
    }

    /// `helmfile` on one of the examples, for a feature where one is given.
    #[must_use]
    pub fn helmfile(&self, example: &str, feature: Option<&str>) -> Command {
        let helmfile =
            env::split_paths(&self.path).map(|folder| folder.join("helmfile")).find(|path| path.is_file());
        let mut command = self.command(&helmfile.expect("the lab built helmfile"));
        command.current_dir(repo::root().join("helmfile-examples").join(example));
        if lab().own {
            // The lab has the images, whatever registry the caller's variable names.
            command.env_remove("REGISTRY");
        }
        command.env("ROUTER_URL", &lab().router).args(["--quiet", "--color=false"]);
        if let Some(feature) = feature {
            command.env("FEATURE", feature);
        }
        command
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = lab().command(&program.to_string_lossy());
        let home = |folder: &str| -> PathBuf { self.home.path().join(folder) };
        command
            .env("PATH", &self.path)
            .env("HELM_PLUGINS", home("plugins"))
            .env("HELM_CACHE_HOME", home("cache"))
            .env("HELM_CONFIG_HOME", home("config"))
            .env("HELM_DATA_HOME", home("data"));
        command
    }
}
