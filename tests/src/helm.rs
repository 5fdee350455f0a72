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

use crate::{lab::lab, process, repo};

/// Which Helm deploys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Three,
    Four,
}

impl Version {
    pub const BOTH: [Self; 2] = [Self::Three, Self::Four];

    /// The folder that `helm plugin install` takes.
    #[must_use]
    pub fn plugin(self) -> PathBuf {
        repo::root().join("post-renderer/plugins").join(match self {
            Self::Three => "helm3",
            Self::Four => "helm4",
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Three => "Helm 3",
            Self::Four => "Helm 4",
        })
    }
}

/// A Helm with devstack on its PATH, and with folders of its own for all that Helm keeps.
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
    fs::copy(Version::Four.plugin().join("plugin.yaml"), plugin.join("plugin.yaml")).expect("the manifest");
    for (from, name) in [(repo::devstack(), "devstack"), (Path::new(lab().var("HELM4")), "helm")] {
        // A rename, so that nobody meets half a binary.
        let new = bin.join(format!(".{name}.new"));
        fs::copy(from, &new).expect("the binary is copied");
        fs::rename(&new, bin.join(name)).expect("the binary is put in its place");
    }
}

impl Helm {
    /// With devstack installed as its users do: the plugin too.
    #[must_use]
    pub fn new(version: Version) -> Self {
        let helm = Self::without_plugins(version);
        let _ = process::output_of(helm.helm().args(["plugin", "install"]).arg(version.plugin()));
        helm
    }

    #[must_use]
    pub fn without_plugins(version: Version) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let bin = home.path().join("bin");
        fs::create_dir_all(&bin).expect("a folder");
        let binary = match version {
            Version::Three => lab().var("HELM3"),
            Version::Four => lab().var("HELM4"),
        };
        symlink(binary, bin.join("helm")).expect("a link");
        symlink(repo::devstack(), bin.join("devstack")).expect("a link");
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
        let mut command = self.helmfile_in(&repo::root().join("helmfile-examples").join(example));
        if lab().own {
            // The lab has the images, whatever registry the caller's variable names.
            command.env_remove("REGISTRY");
        }
        command.env("ROUTER_URL", &lab().router);
        if let Some(feature) = feature {
            command.env("FEATURE", feature);
        }
        command
    }

    /// `helmfile` on the one in this folder.
    #[must_use]
    pub fn helmfile_in(&self, folder: &Path) -> Command {
        let helmfile =
            env::split_paths(&self.path).map(|folder| folder.join("helmfile")).find(|path| path.is_file());
        let mut command = self.command(&helmfile.expect("the lab built helmfile"));
        command.current_dir(folder).args(["--quiet", "--color=false"]);
        command
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = lab().command(&program.to_string_lossy());
        let home = |folder: &str| -> PathBuf { self.home.path().join(folder) };
        command
            .env("PATH", &self.path)
            // Where Helm 4 installs into, whatever this variable says.
            .env("HELM_PLUGINS", home("data/plugins"))
            .env("HELM_CACHE_HOME", home("cache"))
            .env("HELM_CONFIG_HOME", home("config"))
            .env("HELM_DATA_HOME", home("data"));
        command
    }
}
