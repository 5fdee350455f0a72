//! An OCI archive as `hooks/build-image` built it, taken apart: its digest, what is said of it, what is in it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use serde_json::Value;

use crate::{lab::lab, process, repo};

/// An image in OCI's layout, with its root unpacked.
#[derive(Debug)]
pub struct Image {
    folder: PathBuf,
    pub digest: String,
    pub manifest: Value,
    pub config: Value,
}

/// A file or a folder of an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Without a slash before it; with one behind it, it is a folder.
    pub path: String,
    /// As `ls` says them.
    pub mode: String,
    /// `uid/gid`.
    pub owner: String,
    /// When it was changed, in UTC.
    pub time: String,
}

impl Image {
    /// The hooks' image of this checkout.
    #[must_use]
    pub fn hooks() -> &'static Self {
        static BUILT: OnceLock<Image> = OnceLock::new();
        BUILT.get_or_init(|| Self::built(&mut Command::new(builder(repo::root())), &kept("hooks")))
    }

    /// The image of sweep, with the lab's Helm 4.
    #[must_use]
    pub fn sweep() -> &'static Self {
        static BUILT: OnceLock<Image> = OnceLock::new();
        let helm = || format!("--helm={}", lab().var("HELM4"));
        BUILT.get_or_init(|| Self::built(Command::new(builder(repo::root())).arg(helm()), &kept("sweep")))
    }

    /// The image that this call of `hooks/build-image` makes, which lacks a destination, taken apart in a folder.
    ///
    /// # Panics
    /// With all that it said, when it fails.
    #[must_use]
    pub fn built(builder: &mut Command, folder: &Path) -> Self {
        let [archive, layout, root] = ["image.tar", "layout", "root"].map(|name| folder.join(name));
        let digest = process::output_of(builder.arg(format!("oci-archive:{}:it", archive.display())));
        let unpack = |file: &Path, to: &Path| {
            let _ = process::output_of(Command::new("tar").arg("-xf").arg(file).arg("-C").arg(to));
        };
        for part in [&layout, &root] {
            fs::create_dir(part).expect("a folder");
        }
        unpack(&archive, &layout);
        let digest = digest.trim().to_owned();
        let manifest = json(&blob(&layout, &digest));
        let config = json(&blob(&layout, text(&manifest["config"]["digest"])));
        let image = Self { folder: folder.to_owned(), digest, manifest, config };
        image.layers().iter().for_each(|layer| unpack(layer, &root));
        image
    }

    /// Its files, as a container sees them.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.folder.join("root")
    }

    /// What travels when it is pulled, in bytes.
    #[must_use]
    pub fn compressed(&self) -> u64 {
        self.layers().iter().map(|layer| fs::metadata(layer).expect("a layer").len()).sum()
    }

    /// All files and folders of all layers.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self.layers().iter().flat_map(|layer| listed(layer)).collect();
        entries.sort();
        entries
    }

    fn layers(&self) -> Vec<PathBuf> {
        let layers = self.manifest["layers"].as_array().expect("a manifest has layers");
        let layout = self.folder.join("layout");
        layers.iter().map(|layer| blob(&layout, text(&layer["digest"]))).collect()
    }
}

/// Where what all tests look at stays, for nobody is the last to do so: until the next run, beside what Cargo builds.
fn kept(name: &str) -> PathBuf {
    let folder = repo::image_binaries().with_file_name(format!("image-of-{name}"));
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("the last run's is removed");
    }
    fs::create_dir(&folder).expect("a folder");
    folder
}

/// The script of a checkout that builds images.
#[must_use]
pub fn builder(checkout: &Path) -> PathBuf {
    checkout.join("hooks/build-image")
}

fn blob(layout: &Path, digest: &str) -> PathBuf {
    layout.join("blobs").join(digest.replace(':', "/"))
}

fn json(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).expect("a file of the layout")).expect("it is JSON")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// `-rwxr-xr-x 0/0 12345 2026-01-02 03:04:05 sqs-hook`
fn listed(layer: &Path) -> Vec<Entry> {
    let mut tar = Command::new("tar");
    tar.args(["--list", "--verbose", "--numeric-owner", "--full-time", "--utc", "--file"]).arg(layer);
    let entry = |line: &str| {
        let mut words = line.split_whitespace();
        let mut next = || words.next().expect("tar says six words").to_owned();
        let (mode, owner, _size, day, clock, path) = (next(), next(), next(), next(), next(), next());
        Entry { path, mode, owner, time: format!("{day}T{clock}Z") }
    };
    process::output_of(&mut tar).lines().map(entry).collect()
}
