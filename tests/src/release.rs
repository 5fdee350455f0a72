//! Charts of strangers, as `tests/charts` has them, deployed by one of the Helms into a namespace of a test's own.

use std::process::{Command, Output};

use crate::{helm::Helm, images, process, repo};

/// A chart of `tests/charts` by the name that it is deployed under, as base or, with flags, as a copy.
#[derive(Clone, Debug)]
pub struct Release<'t> {
    pub helm: &'t Helm,
    pub chart: &'static str,
    pub name: String,
    pub namespace: &'t str,
    /// For Helm's `--set`.
    pub values: Vec<String>,
    /// For the renderer; none, and there is no renderer.
    pub flags: Vec<String>,
}

impl Release<'_> {
    /// `helm upgrade --install`, to whatever end, without waiting for pods.
    #[must_use]
    pub fn upgrade(&self) -> Output {
        process::run(self.command("upgrade").args(["--install", "--namespace", self.namespace]))
    }

    /// The same to success, with more words for Helm.
    ///
    /// # Panics
    /// With all that Helm said, when it fails.
    pub fn deploy(&self, words: &[&str]) {
        images::load();
        let mut command = self.command("upgrade");
        command.args(["--install", "--namespace", self.namespace]).args(words);
        let output = process::run(&mut command);
        assert!(output.status.success(), "{}", process::said(&command, &output));
    }

    /// What Helm would deploy, without the renderer.
    #[must_use]
    pub fn template(&self) -> String {
        let plain = Self { flags: Vec::new(), ..self.clone() };
        process::output_of(plain.command("template").args(["--namespace", self.namespace]))
    }

    /// `helm uninstall`.
    ///
    /// # Panics
    /// With all that Helm said, when it fails.
    pub fn uninstall(&self) {
        let mut helm = self.helm.helm();
        let _ = process::output_of(helm.args(["uninstall", &self.name, "--namespace", self.namespace]));
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = self.helm.helm();
        command.arg(verb).arg(&self.name).arg(repo::root().join("tests/charts").join(self.chart));
        command.args(self.values.iter().map(|value| format!("--set={value}")));
        if !self.flags.is_empty() {
            command.arg("--post-renderer=devstack");
            command.args(self.flags.iter().map(|flag| format!("--post-renderer-args={flag}")));
        }
        command
    }
}
