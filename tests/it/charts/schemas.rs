//! kubeconform takes every object of every case by the schemas that the API server itself publishes, CRDs included; a
//! key that those do not know is refused.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Output},
};

use acceptance::{charts, lab::lab, process};
use serde_json::{Map, Value, json};

const REF: &str = "#/definitions/";

#[test]
fn kubeconform_takes_every_case_by_the_schemas_of_the_api_server() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let kinds = write_schemas(folder.path());
    assert!(kinds > 100, "{kinds} kinds");
    for case in charts::cases() {
        let (command, output) = kubeconform(folder.path(), &case.output());
        assert!(output.status.success(), "{}: {}", case.name(), process::said(&command, &output));
        let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(said["summary"]["valid"], case.objects().len(), "{}: {said}", case.name());
    }
    // And what it does not take.
    let case =
        charts::cases().into_iter().find(|case| case.name() == "devstack-hooks/copy").expect("the case");
    let text = fs::read_to_string(case.output()).expect("output.yaml");
    let wrongs = [
        ("backoffLimit: 0", "backOffLimit: 0", "backOffLimit"),
        ("backoffLimit: 0", "backoffLimit: none", "/spec/backoffLimit"),
        ("memory: 64Mi", "memory: [64Mi]", "/limits/memory"),
        ("apiVersion: batch/v1\n", "apiVersion: batch/v0\n", "could not find schema for Job"),
        (
            "      restartPolicy: Never\n",
            "      restartPolicy: Never\n      restartPolicy: Never\n",
            "already set in map",
        ),
    ];
    for (right, wrong, reason) in wrongs {
        assert!(text.contains(right), "{right}");
        let path = folder.path().join("wrong.yaml");
        fs::write(&path, text.replacen(right, wrong, 1)).expect("the stream is written");
        let (command, output) = kubeconform(folder.path(), &path);
        let said = process::said(&command, &output);
        assert!(!output.status.success() && said.contains(reason), "{reason} is not said: {said}");
    }
}

fn kubeconform(schemas: &Path, stream: &Path) -> (Command, Output) {
    let mut command = lab().command("kubeconform");
    let location = schemas.join("{{.Group}}_{{.ResourceAPIVersion}}_{{.ResourceKind}}.json");
    command.args(["-strict", "-summary", "-output=json", "-schema-location"]).arg(location).arg(stream);
    let output = process::run(&mut command);
    (command, output)
}

/// A schema for each kind, by what kubeconform knows of it; how many.
fn write_schemas(folder: &Path) -> usize {
    let api = process::output_of(lab().command("kubectl").args(["get", "--raw", "/openapi/v2"]));
    let mut api: Value = serde_json::from_str(&api).expect("JSON");
    let definitions = api["definitions"].as_object_mut().expect("definitions");
    definitions.values_mut().for_each(strict);
    let mut kinds = 0;
    for (name, definition) in &*definitions {
        for of in definition["x-kubernetes-group-version-kind"].as_array().into_iter().flatten() {
            let word = |key: &str| of[key].as_str().expect("a text").to_owned();
            let (group, version, kind) = (word("group"), word("version"), word("kind").to_lowercase());
            let group = if group.is_empty() { version.clone() } else { group };
            let mut needed = BTreeSet::new();
            collect(definitions, name, &mut needed);
            let needed: Map<String, Value> =
                needed.into_iter().map(|name| (name.to_owned(), definitions[name].clone())).collect();
            let schema = json!({"allOf": [{"$ref": format!("{REF}{name}")}], "definitions": needed});
            let path = folder.join(format!("{group}_{version}_{kind}.json"));
            fs::write(path, schema.to_string()).expect("the schema is written");
            kinds += 1;
        }
    }
    kinds
}

/// Says of a schema what the API server leaves to its readers: what it does not name is not there, and a number may
/// stand where it is written as a text.
fn strict(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.values_mut().for_each(strict);
            let described = map.get("description").and_then(Value::as_str).unwrap_or_default();
            let quantity = described.starts_with("Quantity is a fixed-point representation of a number");
            if map.get("format").is_some_and(|format| format == "int-or-string") || quantity {
                map.insert("type".to_owned(), json!(["string", "number"]));
            }
            // Of a map of schemas that has a property of this name it is not said.
            let named = map
                .get("properties")
                .is_some_and(|of| of.as_object().is_some_and(|of| of.values().all(Value::is_object)));
            if named
                && !map.contains_key("additionalProperties")
                && !map.contains_key("x-kubernetes-preserve-unknown-fields")
            {
                map.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(strict),
        _ => {}
    }
}

/// The definition and all that it refers to.
fn collect<'d>(definitions: &'d Map<String, Value>, name: &'d str, needed: &mut BTreeSet<&'d str>) {
    if !needed.insert(name) {
        return;
    }
    let mut rest = vec![&definitions[name]];
    while let Some(value) = rest.pop() {
        match value {
            Value::Object(map) => {
                if let Some(other) = map.get("$ref").and_then(Value::as_str) {
                    collect(definitions, other.trim_start_matches(REF), needed);
                }
                rest.extend(map.values());
            }
            Value::Array(items) => rest.extend(items),
            _ => {}
        }
    }
}
