//! Where a string of somebody's gets into a rule: flags of the renderer, and fields of a chart.

use acceptance::rules::Route;
use post_renderer::FeatureCopy;
use serde_json::{Value, json};

use super::super::meant::Copy;

/// One place.
pub struct Place {
    pub name: &'static str,
    /// None where the flag's grammar refuses the string.
    pub put: fn(&FeatureCopy, &str) -> Option<Put>,
}

/// A rendering that is asked for with the string in its place.
pub struct Put {
    pub copy: FeatureCopy,
    pub stream: String,
    /// The rule that base has, and which the rules of the copy must come from.
    pub base: Base,
    /// Of preview hosts, where the flag is given.
    pub template: Option<String>,
}

pub enum Base {
    /// A rule that becomes three, or two.
    Rule(Route),
    /// A service that is found by the preview host of this host alone.
    Entry(String),
    /// A match of an `HTTPRoute`.
    Match(Value),
}

/// How many of them are flags.
pub const FLAGS: usize = 6;

/// Flags, and behind them fields of charts.
pub const PLACES: [Place; 13] = [
    Place {
        name: "the feature",
        put: |copy, text| {
            let copy = FeatureCopy { feature: text.parse().ok()?, ..copy.clone() };
            Some(with_rule(copy, PLAIN, "v3"))
        },
    },
    Place {
        name: "the header",
        put: |copy, text| {
            let copy = FeatureCopy { header: text.parse().ok()?, ..copy.clone() };
            Some(with_rule(copy, PLAIN_V2, "v2"))
        },
    },
    Place {
        name: "the place of --route",
        put: |copy, text| {
            let mut copy = copy.clone();
            let route: post_renderer::ServiceRoute = format!("web={text}").parse().ok()?;
            let rule = of_host_and_path(Some(&route.host), "PathPrefix", &route.path);
            copy.routing.routes.push(route);
            let stream = json!({
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": "web"},
                "spec": {"ports": [{"port": 80}]},
            });
            Some(put(copy, &stream, Base::Rule(v3(rule))))
        },
    },
    Place {
        name: "the path of --route",
        put: |copy, text| (PLACES[2].put)(copy, &format!("web.example.com/{text}")),
    },
    Place {
        name: "the host of --entry",
        put: |copy, text| {
            let mut copy = copy.clone();
            let entry: post_renderer::Entry = format!("{text}=web").parse().ok()?;
            let base = Base::Entry(entry.host.clone());
            copy.routing.entries.push(entry);
            Some(put(copy, &json!({}), base))
        },
    },
    Place {
        name: "--preview-host",
        put: |copy, text| {
            let mut copy = copy.clone();
            // The whole of it, or what stands behind the feature.
            let template =
                if text.contains("{feature}") { text.to_owned() } else { format!("{{feature}}.{text}") };
            copy.routing.preview_host = Some(template.parse().ok()?);
            Some(Put { template: Some(template), ..with_rule(copy, PLAIN, "v3") })
        },
    },
    Place {
        name: "the host of an Ingress",
        put: |copy, text| {
            let rule = of_host_and_path(Some(text).filter(|text| !text.is_empty()), "PathPrefix", "/");
            Some(put(copy.clone(), &ingress(text, "/", "Prefix"), Base::Rule(v3(rule))))
        },
    },
    Place {
        name: "the path of an Ingress",
        put: |copy, text| {
            let path = format!("/{text}");
            let rule = of_host_and_path(Some("web.example.com"), "Path", &path);
            Some(put(copy.clone(), &ingress("web.example.com", &path, "Exact"), Base::Rule(v3(rule))))
        },
    },
    Place {
        name: "a host that a chart puts into a match as it is",
        put: |copy, text| Some(with_rule(copy.clone(), &format!("Host(`{text}`) && PathPrefix(`/`)"), "v3")),
    },
    Place {
        name: "a host and a pattern that a chart quotes",
        put: |copy, text| {
            let text = quoted(text);
            let rule = format!("Host({text}) || HostRegexp({text}) && PathRegexp({text})");
            Some(with_rule(copy.clone(), &rule, "v3"))
        },
    },
    Place { name: "the match of a route", put: |copy, text| Some(with_rule(copy.clone(), text, "v3")) },
    Place {
        name: "the match of a route in the older syntax",
        put: |copy, text| Some(with_rule(copy.clone(), &format!("Host(`a.example.com`, `{text}`)"), "v2")),
    },
    Place {
        name: "what an HTTPRoute asks for",
        put: |copy, text| {
            let item = json!({
                "path": {"type": "PathPrefix", "value": format!("/{text}")},
                "headers": [{"name": "x-kind", "value": text}],
                "queryParams": [{"name": text, "value": text}],
            });
            let stream = json!({
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "HTTPRoute",
                "metadata": {"name": "web"},
                "spec": {
                    "hostnames": [HOST],
                    "rules": [{"matches": [item], "backendRefs": [{"name": "web", "port": 80}]}],
                },
            });
            Some(put(copy.clone(), &stream, Base::Match(item)))
        },
    },
];

/// A host of base's.
pub const HOST: &str = "web.example.com";
const PLAIN: &str = "Host(`web.example.com`) && PathPrefix(`/`)";
const PLAIN_V2: &str = "Host(`web.example.com`, `api.example.com`) && PathPrefix(`/`)";

impl Put {
    pub fn meant(&self) -> Copy<'_> {
        Copy {
            feature: self.copy.feature.as_str(),
            header: self.copy.header.as_str(),
            template: self.template.as_deref(),
        }
    }
}

fn put(copy: FeatureCopy, document: &Value, base: Base) -> Put {
    // Raw, some characters would end a line.
    let escaped =
        |c: char| if (' '..='~').contains(&c) { c.to_string() } else { format!("\\U{:08x}", u32::from(c)) };
    let stream = document.to_string().chars().map(escaped).collect();
    Put { copy, stream, base, template: None }
}

/// A chart whose route has this rule.
fn with_rule(copy: FeatureCopy, rule: &str, syntax: &'static str) -> Put {
    let document = json!({
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": {"name": "web"},
        "spec": {"routes": [
            {"kind": "Rule", "match": rule, "syntax": syntax, "services": [{"name": "web", "port": 80}]},
        ]},
    });
    put(copy, &document, Base::Rule(Route { rule: rule.to_owned(), syntax, priority: 0 }))
}

fn ingress(host: &str, path: &str, kind: &str) -> Value {
    let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web"},
        "spec": {"rules": [
            {"host": host, "http": {"paths": [{"path": path, "pathType": kind, "backend": backend}]}},
        ]},
    })
}

fn v3(rule: String) -> Route {
    Route { rule, syntax: "v3", priority: 0 }
}

/// As Traefik's provider of Ingresses puts it.
fn of_host_and_path(host: Option<&str>, matcher: &str, path: &str) -> String {
    let host = host.map(|host| format!("Host({}) && ", quoted(host))).unwrap_or_default();
    format!("{host}{matcher}({})", quoted(path))
}

/// What JSON escapes, Go reads.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
