//! Charts with routes of every kind, some of which pretend to be a copy's already.

use acceptance::generate::Choices;
use serde_json::{Value, json};

use super::{COPIES, PREVIEWS, words};

/// A stream of one to three routes.
pub fn any(choices: &mut Choices<'_>) -> String {
    let route = |number: usize, choices: &mut Choices<'_>| {
        // The last is the name of an entry.
        let name = match choices.below(8) {
            7 => format!("{}-entry-shop-example-com", choices.of(&COPIES)),
            _ => format!("route-{number}"),
        };
        let route = match choices.below(5) {
            0..=1 => ingress_route(choices, &name),
            2 => ingress(choices, &name),
            _ => http_route(choices, &name),
        };
        format!("---\n{route}\n")
    };
    (0..=choices.below(3)).map(|number| route(number, choices)).collect()
}

fn ingress_route(choices: &mut Choices<'_>, name: &str) -> Value {
    let v2 = choices.one_in(4);
    let routes: Vec<Value> = (0..=choices.below(2))
        .map(|_| {
            let feature = choices.of(&COPIES);
            let own = if v2 { "Headers" } else { "Header" };
            let rule = match choices.below(6) {
                0 => format!("({}) && {own}(`uber-ctx-key`, `{feature}`)", words::rule(choices, v2, 1)),
                1 => format!("{} || {own}(`uber-ctx-key`, `{feature}`)", words::rule(choices, v2, 1)),
                2 => format!("Host(`{}`)", choices.of(&PREVIEWS)),
                3 => format!("Host(`{}`) || Host(`{}`)", choices.of(&PREVIEWS), choices.of(&words::HOSTS)),
                _ => words::rule(choices, v2, 2),
            };
            let mut route = json!({"kind": "Rule", "match": rule, "services": [{"name": "web", "port": 80}]});
            match choices.below(4) {
                0 => route["priority"] = choices.of(&[1, 2, 50, 200_000]).into(),
                1 => {
                    let names = ["feature", "preview"].map(|end| json!({"name": format!("{name}-{end}")}));
                    route["middlewares"] = names.into_iter().collect();
                }
                _ => {}
            }
            route
        })
        .collect();
    let group = if v2 { "traefik.containo.us" } else { "traefik.io" };
    json!({
        "apiVersion": format!("{group}/v1alpha1"),
        "kind": "IngressRoute",
        "metadata": {"name": name},
        "spec": {"routes": routes},
    })
}

fn ingress(choices: &mut Choices<'_>, name: &str) -> Value {
    let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
    let mut rule = json!({"http": {"paths": [
        {"path": choices.of(&words::PATHS), "pathType": choices.of(&["Prefix", "Exact"]), "backend": backend},
    ]}});
    let host = choices.of(&["", "*.example.com", words::HOSTS[0], words::HOSTS[2], PREVIEWS[0], PREVIEWS[1]]);
    if !host.is_empty() {
        rule["host"] = host.into();
    }
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name},
        "spec": {"rules": [rule]},
    })
}

fn http_route(choices: &mut Choices<'_>, name: &str) -> Value {
    let hosts: Vec<&str> = (0..choices.below(3))
        .map(|_| match choices.below(4) {
            0 => "*.example.com",
            1 => choices.of(&PREVIEWS),
            _ => choices.of(&words::HOSTS),
        })
        .collect();
    let rules: Vec<Value> = (0..=choices.below(2))
        .map(|_| {
            let mut rule = json!({"backendRefs": [{"name": "web", "port": 80}]});
            let matches: Vec<Value> = (0..choices.below(3)).map(|_| of_request(choices)).collect();
            if !matches.is_empty() {
                rule["matches"] = matches.into();
            }
            rule
        })
        .collect();
    let mut spec = json!({"parentRefs": [{"name": "web"}], "rules": rules});
    if !hosts.is_empty() {
        spec["hostnames"] = hosts.into();
    }
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name},
        "spec": spec,
    })
}

/// A match, which asks at times for a feature, or twice for one header.
fn of_request(choices: &mut Choices<'_>) -> Value {
    let mut item = json!({});
    if choices.one_in(2) {
        let kind = choices.of(&["PathPrefix", "Exact"]);
        item["path"] = json!({"type": kind, "value": choices.of(&words::PATHS)});
    }
    let names = ["uber-ctx-key", "Uber-Ctx-Key", "x-kind"];
    let mut headers = Vec::new();
    for name in names {
        if choices.one_in(4) {
            headers.push(json!({"name": name, "value": choices.of(&COPIES)}));
        }
    }
    if !headers.is_empty() {
        item["headers"] = headers.into();
    }
    item
}
