//! The `--config` file, kind `FeatureCopy`: the same settings as the flags'.

use std::fmt;

use schemars::{Schema, generate::SchemaSettings, transform::RecursiveTransform};
use serde_json::Value;

use crate::{error::shown, node::SyntaxError, settings::Settings, stream::Place};

/// The most that such a file may have: more is not meant to be one.
const MOST_BYTES: usize = 1 << 20;

/// Why a file is no configuration.
#[derive(Debug)]
pub enum ConfigError {
    Wrong { place: Place, cause: String },
    NoFile { file: String, cause: String },
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong { place, cause } => f.write_str(&shown(&format!("{place}: {cause}"))),
            Self::NoFile { file, cause } => f.write_str(&shown(&format!("{file}: {cause}"))),
        }
    }
}

/// Reads the text of a configuration; `file` is what errors call it.
pub fn read(file: &str, text: &str) -> Result<Settings, ConfigError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let no_file = |cause: &str| ConfigError::NoFile { file: file.to_owned(), cause: cause.to_owned() };
    if text.len() > MOST_BYTES {
        return Err(no_file("more than 1 MiB is no configuration"));
    }
    let wrong = |offset: usize, cause: String| ConfigError::Wrong {
        place: Place::of_file(file.to_owned(), text.as_bytes(), offset),
        cause,
    };
    // The typed reader's time grows with the square of the depth; this one has a limit.
    crate::node::parse(text, 0).map_err(|SyntaxError { offset, cause }| wrong(offset, cause))?;
    let settings: Settings = serde_yaml::from_str(text).map_err(|error| {
        let offset = error.location().map_or(0, |location| location.index());
        let cause = error.to_string();
        // The place is said once, in our way.
        let cause = cause.split_once(" at line ").map_or(cause.as_str(), |(cause, _)| cause).to_owned();
        wrong(offset, cause)
    })?;
    match (&settings.api_version, &settings.kind) {
        (Some(_), Some(_)) => Ok(settings),
        _ => Err(no_file(&format!(
            "the file must begin with `apiVersion: {}` and `kind: {}`",
            feature::words::API_VERSION,
            feature::words::FEATURE_COPY
        ))),
    }
}

/// The JSON Schema of the file, draft 7, as editors read it.
#[must_use]
pub fn schema() -> String {
    let generator =
        SchemaSettings::draft07().with_transform(RecursiveTransform(without_null)).into_generator();
    let schema = generator.into_root_schema_for::<Settings>();
    serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n"
}

/// A key that may be left out has no value then, and null is none that the reader takes.
fn without_null(schema: &mut Schema) {
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_has_the_keys_that_the_file_may_have_and_no_others() {
        let schema: Value = serde_json::from_str(&schema()).expect("a schema is JSON");
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["required"], serde_json::json!(["apiVersion", "kind"]));
        // What the reader says to an unknown key names all that it knows.
        let error = read("f", "nothing: at all\n").expect_err("no such key").to_string();
        let keys = error.split_once("expected one of ").expect("the keys").1;
        let mut keys: Vec<&str> = keys.split(", ").map(|key| key.trim_matches('`')).collect();
        keys.sort_unstable();
        let known: Vec<&String> = schema["properties"].as_object().expect("keys").keys().collect();
        assert_eq!(known, keys);
    }

    #[test]
    fn every_key_is_read() {
        let head =
            format!("apiVersion: {}\nkind: {}\n", feature::words::API_VERSION, feature::words::FEATURE_COPY);
        let body = "feature: feat1\nbase: false\nttl: 1h\njanitor: true\nby: alice\nsource: x\nheader: x-feature\n\
            router: gateway-api\nrelease: demo-feat1\nisolate: check\nclusterScoped: keep\nonError: fail\n\
            report: out.json\nenv: [\"A=value:b\"]\nentries: [web.example.com=web]\nlabels: {a: b}\n\
            annotations: {a: b}\npodPaths: [RayCluster=spec.a.metadata]\npreviewHost: \"{feature}--{host}\"\n\
            routes: [web=web.example.com/a]\ngateway: infra/web\ntls: false\ningressClass: other\nnamespace: demo\n\
            strictPrefixMatching: true\nswaps: [secret/a=b]\nlean: true\nkeep: [claims]\n";
        let settings = read("f", &format!("{head}{body}")).expect("all of them are legal");
        // And none of them has an example for a value that is not told.
        assert!(!schema().contains("null"));
        assert_eq!(settings.report.as_deref(), Some(std::path::Path::new("out.json")));
        let copy = settings.copy().expect("a copy").expect("no base");
        let lists = [
            copy.env.len(),
            copy.swaps.len(),
            copy.keep.len(),
            copy.routing.entries.len(),
            copy.routing.routes.len(),
            copy.labels.len(),
            copy.annotations.len(),
            copy.pod_paths.len(),
        ];
        assert_eq!(lists, [1; 8]);
        assert!(copy.lean && copy.routing.strict_prefix_matching && copy.routing.gateway.is_some());
        assert_eq!(copy.routing.ingress_class, "other");
        assert!(copy.routing.preview_host.is_some() && copy.routing.namespace.is_some());
        assert!(copy.janitor && copy.by.is_some() && copy.source.is_some());
        assert_eq!((copy.ttl.as_str(), copy.header.as_str()), ("1h", "x-feature"));
    }
}
