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
        priority: route["priority"].as_i64().unwrap_or(0),
    };
    routes.map(route).collect()
}

/// A text, or none.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The matches of an `HTTPRoute` in words of Traefik's rules, without what decides between them. A header that is
/// asked for twice counts as Traefik has it, and again as the Gateway API has it: only the first time.
pub fn of_http_route(document: &Value) -> Vec<Route> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let quoted = |value: &Value| Value::from(text(value)).to_string();
    let host = |host: &Value| match text(host).strip_prefix("*.") {
        Some(domain) => format!("HostRegexp(`^[a-z0-9-\\.]+\\.{}$`)", domain.replace('.', "\\.")),
        None => format!("Host({})", quoted(host)),
    };
    let hosts: Vec<String> = list(&document["spec"]["hostnames"]).iter().map(host).collect();
    let mut rows = Vec::new();
    for rule in list(&document["spec"]["rules"]) {
        let matches = list(&rule["matches"]);
        let all = matches.is_empty().then_some(Value::Null);
        for item in matches.iter().chain(&all) {
            let (path, value) = (text(&item["path"]["type"]), text(&item["path"]["value"]));
            let path = match (path, value.trim_end_matches('/')) {
                ("Exact", _) => format!("Path({})", quoted(&item["path"]["value"])),
                (_, "") => "PathPrefix(`/`)".to_owned(),
                (_, prefix) => format!("(Path(`{prefix}`) || PathPrefix(`{prefix}/`))"),
            };
            let headers = list(&item["headers"]);
            let name = |header: &Value| text(&header["name"]).to_ascii_lowercase();
            let first = |at: usize| headers[..at].iter().all(|other| name(other) != name(&headers[at]));
            for once in [false, true] {
                let counted = (0..headers.len()).filter(|at| !once || first(*at)).map(|at| &headers[at]);
                let header = |header: &Value| {
                    let word = match text(&header["type"]) {
                        "RegularExpression" => "HeaderRegexp",
                        _ => "Header",
                    };
                    format!("{word}({}, {})", quoted(&header["name"]), quoted(&header["value"]))
                };
                let hosts = (!hosts.is_empty()).then(|| format!("({})", hosts.join(" || ")));
                let parts: Vec<String> =
                    hosts.into_iter().chain([path.clone()]).chain(counted.map(header)).collect();
                rows.push(Route { rule: parts.join(" && "), syntax: "v3", priority: 1 });
            }
        }
    }
    rows
}
