//! The laws of `provision::conformance`, checked for each hook against each real back end.

use std::{fmt::Display, fs, future::Future};

use acceptance::{hook, lab::lab, postgres::Server, proxy::Proxy};
use provision::{
    config::{self, FeatureResources},
    conformance::{self, Subject, Variant},
};
use tempfile::TempDir;

mod databases;
mod kafka;
mod queues;
mod secrets;
mod topics;

use databases::Databases;
use kafka::Events;
use queues::Queues;
use secrets::Secrets;
use topics::Topics;

#[test]
fn sqs_hook_keeps_the_laws_at_localstack() {
    keeps(&Queues::at(&Place::new("LOCALSTACK_URL")));
}

#[test]
fn sqs_hook_keeps_the_laws_at_moto() {
    keeps(&Queues::at(&Place::new("MOTO_URL")));
}

#[test]
fn sns_hook_keeps_the_laws_at_localstack() {
    keeps(&Topics::at(&Place::new("LOCALSTACK_URL")));
}

#[test]
fn sns_hook_keeps_the_laws_at_moto() {
    keeps(&Topics::at(&Place::new("MOTO_URL")));
}

#[test]
fn kafka_hook_keeps_the_laws_at_kafka() {
    keeps(&Events::new());
}

#[test]
fn database_hook_keeps_the_laws_at_postgres() {
    let server = Server::lab();
    keeps(&Databases::at(&server));
}

#[test]
fn secret_hook_keeps_the_laws_at_kubernetes() {
    keeps(&Secrets::new());
}

fn keeps<S: Subject>(subject: &S) {
    let broken = now(conformance::broken(subject));
    assert!(broken.is_empty(), "{broken:#?}");
}

fn now<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(future)
}

/// A back end, seen through a proxy by the hook and straight by the test.
struct Place {
    url: &'static str,
    proxy: Proxy,
    keys: TempDir,
}

/// What the hook is given as a key, and nobody must ever read.
const SECRET: &str = "canary-of-the-laws";

impl Place {
    fn new(variable: &str) -> Self {
        let url = lab().var(variable);
        let keys = tempfile::tempdir().expect("a folder");
        fs::write(keys.path().join("id"), "test\n").expect("written");
        fs::write(keys.path().join("key"), SECRET).expect("written");
        Self { url, proxy: Proxy::before(url), keys }
    }

    /// The access of a section.
    fn access(&self, variant: Variant) -> String {
        let url = if variant == Variant::Down { "http://127.0.0.1:1" } else { self.proxy.url() };
        let file = |name: &str| self.keys.path().join(name).display().to_string();
        format!(
            "endpointUrl: {url}\n  region: eu-west-3\n  credentials: {{accessKeyId: {{file: {}}}, secretAccessKey: {{file: {}}}}}",
            file("id"),
            file("key")
        )
    }
}

fn read(feature: Option<&str>, rest: &str) -> FeatureResources {
    let text = match feature {
        Some(feature) => hook::file(feature, rest),
        None => hook::base_file("laws", rest),
    };
    config::read("f", &text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// What a thing called so at base is called for a feature.
fn named(stem: &str, feature: Option<&str>) -> String {
    feature.map_or_else(|| stem.to_owned(), |feature| format!("{stem}-{feature}"))
}

/// The answer of a call that must work, or none where the thing is not there.
fn there<T, E: Display>(answer: Result<T, E>, absent: impl FnOnce(&E) -> bool) -> Option<T> {
    match answer {
        Ok(answer) => Some(answer),
        Err(error) if absent(&error) => None,
        Err(error) => panic!("{error}"),
    }
}

/// Whose things a test looks after, so that nothing of it is left.
const WHO: [Option<&str>; 3] = [None, Some("law1"), Some("law2")];
