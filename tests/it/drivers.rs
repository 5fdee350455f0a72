//! Who runs devstack, and what reaches it there: both Helms by one command line, helmfile, Argo CD, a pipe.
//! The chart in `tests/drivers` has one of each that a driver treats in a way of its own.

mod argo_cd;
mod errors;
mod plugins;
mod renders;

use std::{collections::BTreeMap, path::PathBuf, process::Command};

use acceptance::{helm::Helm, repo};
use serde::Deserialize;
use serde_yaml::Value;

const COPY: &str = "copy-feat1";

/// What a render injects alone, into whatever reaches it: so it shows what a driver hands over.
const EVERYTHING: [&str; 4] = ["--feature=feat1", "--isolate=off", "--router=none", "--cluster-scoped=keep"];

fn folder() -> PathBuf {
    repo::root().join("tests/drivers")
}

/// The command line that is the same for both Helms, after its verb.
fn rendered<'h>(helm: &'h mut Command, flags: &[&str]) -> &'h mut Command {
    helm.args([COPY, "chart", "--post-renderer", "devstack"])
        .args(flags.iter().map(|flag| format!("--post-renderer-args={flag}")))
        .current_dir(folder())
}

/// `helm template` without a post-renderer.
fn plain(helm: &Helm) -> Command {
    let mut command = helm.helm();
    command.args(["template", COPY, "chart", "--include-crds"]).current_dir(folder());
    command
}

/// A script for bash, which finds `helm` and `devstack`.
fn bash(helm: &Helm, script: &str) -> Command {
    let mut command = helm.shell();
    command.args(["-c", r#"exec bash -euc "$0""#, script]).current_dir(folder());
    command
}

/// The objects of a stream by kind, of which the chart has one each.
fn objects(stream: &str) -> BTreeMap<String, Value> {
    serde_yaml::Deserializer::from_str(stream)
        .map(|document| Value::deserialize(document).unwrap_or_else(|error| panic!("{error} in\n{stream}")))
        .filter_map(|object| Some((object.get("kind")?.as_str()?.to_owned(), object)))
        .collect()
}

fn label(object: &Value) -> Option<&str> {
    object["metadata"]["labels"].get(feature::words::FEATURE)?.as_str()
}

/// The kinds whose object is labelled with the feature.
fn labelled(objects: &BTreeMap<String, Value>) -> Vec<&str> {
    let labelled = objects.iter().filter(|(_, object)| label(object) == Some("feat1"));
    labelled.map(|(kind, _)| kind.as_str()).collect()
}

/// The kinds whose object has a ttl.
fn mortal(objects: &BTreeMap<String, Value>) -> Vec<&str> {
    let has_ttl = |object: &Value| {
        object["metadata"].get("annotations").is_some_and(|map| map.get(feature::words::TTL).is_some())
    };
    objects.iter().filter(|(_, object)| has_ttl(object)).map(|(kind, _)| kind.as_str()).collect()
}
