//! The rules of a stream as the router has them, read from the stream as any YAML parser reads it.

use acceptance::rules::Route;
use serde::Deserialize;
use serde_json::Value;

/// The documents of a stream that have something in them.
pub fn documents(stream: &[u8]) -> Vec<Value> {
    let documents = serde_yaml::Deserializer::from_slice(stream);
    let documents =
        documents.map(|document| Value::deserialize(document).expect("a document of a rendering"));
    documents.filter(|document| !document.is_null()).collect()
}

/// The rules of an `IngressRoute`.
pub fn of_ingress_route(document: &Value) -> Vec<Route> {
    let old = document["apiVersion"] == "traefik.containo.us/v1alpha1";
    let routes = document["spec"]["routes"].as_array().into_iter().flatten();
    let route = |route: &Value| Route {
        rule: text(&route["match"]).to_owned(),
        syntax: match text(&route["syntax"]) {
            "v2" => "v2",
            "v3" => "v3",
            _ if old => "v2",
            _ => "v3",
        },
        priority: route["priority"].as_u64().map_or(0, |priority| priority.try_into().expect("a priority")),
    };
    routes.map(route).collect()
}

/// A text, or none.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
