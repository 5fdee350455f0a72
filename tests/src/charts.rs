//! The charts that users install, and the cases of `charts-golden`: a folder for each chart, and in it one for each
//! case, with the `values.yaml` that it is rendered with and the `output.yaml` that comes of it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;
use serde_json::Value;

use crate::{helm::Helm, process, repo};

/// What every case is rendered as.
pub const RELEASE: &str = "orders-feat1";
/// Where every case is rendered into.
pub const NAMESPACE: &str = "demo";

/// A chart with values.
#[derive(Clone, Debug)]
pub struct Case {
    /// The name of a folder in `charts`.
    pub chart: String,
    pub folder: PathBuf,
}

/// The folders in `charts`.
///
/// # Panics
/// When there are none.
#[must_use]
pub fn charts() -> Vec<PathBuf> {
    folders(&repo::root().join("charts"))
}

/// The cases of all charts.
///
/// # Panics
/// When a chart has none.
#[must_use]
pub fn cases() -> Vec<Case> {
    let golden = repo::root().join("tests/charts-golden");
    let of_chart = |chart: PathBuf| {
        let chart = name(&chart);
        let cases = folders(&golden.join(&chart));
        cases.into_iter().map(move |folder| Case { chart: chart.clone(), folder })
    };
    charts().into_iter().flat_map(of_chart).collect()
}

impl Case {
    /// For people: the chart and the case.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.chart, name(&self.folder))
    }

    /// `helm template` with what the case is rendered with.
    #[must_use]
    pub fn template(&self, helm: &Helm) -> String {
        let output = process::output_of(&mut self.command(helm, &["template", RELEASE]));
        // Helm 4 leaves the newline at the end of each document, which Helm 3 takes away.
        output.replace("\n\n---\n", "\n---\n").trim_end().to_owned() + "\n"
    }

    /// A command of Helm on the chart, with the values and the namespace behind it.
    #[must_use]
    pub fn command(&self, helm: &Helm, words: &[&str]) -> Command {
        let mut command = helm.helm();
        command.current_dir(repo::root()).args(words).arg(Path::new("charts").join(&self.chart));
        command.args(["--namespace", NAMESPACE, "--values"]).arg(self.folder.join("values.yaml"));
        command
    }

    /// Where what it has to render is.
    #[must_use]
    pub fn output(&self) -> PathBuf {
        self.folder.join("output.yaml")
    }

    /// What it has to render.
    ///
    /// # Panics
    /// When that is no YAML.
    #[must_use]
    pub fn objects(&self) -> Vec<Value> {
        objects(&fs::read_to_string(self.output()).expect("output.yaml"))
    }
}

/// The objects of a stream.
///
/// # Panics
/// When it is no YAML.
#[must_use]
pub fn objects(stream: &str) -> Vec<Value> {
    let documents = serde_yaml::Deserializer::from_str(stream);
    let objects = documents.map(|document| Value::deserialize(document).expect("YAML"));
    objects.filter(|object| !object.is_null()).collect()
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).unwrap_or_else(|error| panic!("{}: {error}", of.display()));
    let mut folders: Vec<PathBuf> =
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(!folders.is_empty(), "no folder in {}", of.display());
    folders
}

fn name(folder: &Path) -> String {
    folder.file_name().expect("a name").to_string_lossy().into_owned()
}
