//! Who would answer a request, by the routes of a stream: base's and copies', as Traefik reads all of
//! them into one table. It knows nothing of pods that are ready, of entry points, or of routes that are not
//! in the stream.

use std::{cmp::Reverse, collections::BTreeMap};

use serde::Serialize;

use super::{
    generated, ingress,
    matchers::{self, Syntax},
    request::Request,
    rule::{self, Call, Literal, Rule},
};
use crate::{
    copy::{Router, Routing},
    document::{Document, Part},
    error::RenderError,
    node::Node,
    object::{self, Object},
    stream,
};

/// What a request would get.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    pub request: String,
    /// The first answers; each next one where those before it have no ready pod.
    pub candidates: Vec<Candidate>,
}

/// A route that takes the request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    pub kind: String,
    pub namespace: Option<String>,
    pub name: String,
    /// Which rule of it, from 1.
    pub rule: usize,
    pub priority: i64,
    pub services: Vec<Target>,
    pub request_headers: BTreeMap<String, String>,
    pub response_headers: BTreeMap<String, String>,
    /// Whether another has the same priority, so that nobody can say which of them answers.
    pub tie: bool,
}

/// A service that requests are led to.
#[derive(Clone, Debug, Serialize)]
pub struct Target {
    pub name: String,
    pub port: Option<String>,
    pub weight: Option<String>,
}

/// Reads the routes of `stream` and asks each.
pub fn answer(stream: &[u8], request: &Request, routing: &Routing) -> Result<Answer, RenderError> {
    let mut table = Table { routing, routes: Vec::new() };
    let mut headers: BTreeMap<(Option<String>, String), Set> = BTreeMap::new();
    for (index, span) in stream::parts(stream).into_iter().enumerate() {
        // What leads nowhere is not looked into.
        let nothing = Some(vec!["metadata".to_owned()]);
        let wanted = |_: &str, kind: &str| {
            if super::is_route(kind) || kind == "Middleware" { None } else { nothing.clone() }
        };
        let document = Document::read(stream, &Part { span, index }, wanted)?;
        for object in object::objects(&document).into_iter().flatten() {
            match object.kind {
                "IngressRoute" => table.ingress_route(&document, &object)?,
                "HTTPRoute" => table.http_route(&document, &object)?,
                "Ingress" => table.ingress(&document, &object)?,
                "Middleware" => {
                    let name =
                        (object.namespace().map(str::to_owned), object.name().unwrap_or_default().to_owned());
                    headers.insert(name, Set::of_middleware(&object));
                }
                _ => {}
            }
        }
    }
    let mut candidates = Vec::new();
    for route in table.routes {
        let fits = request.fits(&route.rule, route.syntax).map_err(|cause| RenderError::Copy {
            what: format!("{} {}, rule {}: {cause}", route.kind, route.name, route.number),
        })?;
        if fits {
            candidates.push(route.candidate(&headers));
        }
    }
    candidates.sort_by_key(|candidate| Reverse(candidate.priority));
    let priorities: Vec<i64> = candidates.iter().map(|candidate| candidate.priority).collect();
    for candidate in &mut candidates {
        candidate.tie = priorities.iter().filter(|other| **other == candidate.priority).count() > 1;
    }
    let request = format!("{} http://{}{}", request.method, request.host, request.path);
    Ok(Answer { request, candidates })
}

/// One row of the router's table.
struct Route {
    kind: &'static str,
    namespace: Option<String>,
    name: String,
    number: usize,
    rule: Rule,
    syntax: Syntax,
    priority: i64,
    services: Vec<Target>,
    middlewares: Vec<(Option<String>, String)>,
    set: Set,
}

/// The headers that are set on requests and on answers.
#[derive(Clone, Debug, Default)]
struct Set {
    request: BTreeMap<String, String>,
    response: BTreeMap<String, String>,
}

struct Table<'r> {
    routing: &'r Routing,
    routes: Vec<Route>,
}

impl Route {
    fn candidate(self, headers: &BTreeMap<(Option<String>, String), Set>) -> Candidate {
        let mut set = self.set;
        for name in &self.middlewares {
            if let Some(more) = headers.get(name) {
                set.request.extend(more.request.clone());
                set.response.extend(more.response.clone());
            }
        }
        Candidate {
            kind: self.kind.to_owned(),
            namespace: self.namespace,
            name: self.name,
            rule: self.number,
            priority: self.priority,
            services: self.services,
            request_headers: set.request,
            response_headers: set.response,
            tie: false,
        }
    }
}

impl Set {
    fn of_middleware(object: &Object<'_, '_>) -> Self {
        let texts = |key| {
            let map = object.root.read_at(&["spec", "headers", key]).map(Node::pairs).unwrap_or_default();
            map.into_iter()
                .filter_map(|(key, value)| Some((key.to_owned(), value.scalar()?.to_owned())))
                .collect()
        };
        Self { request: texts("customRequestHeaders"), response: texts("customResponseHeaders") }
    }

    fn of_filters(rule: &Node<'_>) -> Self {
        let texts = |key| {
            let filters = rule.read("filters").map(Node::items).unwrap_or_default();
            let set = filters.iter().filter_map(|filter| filter.read(key)?.read("set"));
            set.flat_map(Node::items)
                .filter_map(|header| {
                    Some((header.read_text("name")?.to_owned(), header.read_text("value")?.to_owned()))
                })
                .collect()
        };
        Self { request: texts("requestHeaderModifier"), response: texts("responseHeaderModifier") }
    }
}

impl Table<'_> {
    fn ingress_route(&mut self, document: &Document<'_>, object: &Object<'_, '_>) -> Result<(), RenderError> {
        let old =
            object.api_version == generated::OLD_API_VERSION || self.routing.router == Router::TraefikV2;
        let routes = object.root.read_at(&["spec", "routes"]).map(Node::items).unwrap_or_default();
        for (index, route) in routes.iter().enumerate() {
            let Some(text) = route.read_text("match") else { continue };
            let rule = rule::parse(text)
                .map_err(|cause| document.wrong(route, format!("this rule cannot be read: {cause}")))?;
            let priority = route.read_text("priority").and_then(|text| text.parse().ok());
            let middlewares = route.read("middlewares").map(Node::items).unwrap_or_default();
            let namespace = object.namespace().map(str::to_owned);
            let name = |item: &Node<'_>| {
                let own = item.read_text("namespace").map(str::to_owned).or(namespace.clone());
                Some((own, item.read_text("name")?.to_owned()))
            };
            self.routes.push(Route {
                kind: "IngressRoute",
                namespace: namespace.clone(),
                name: object.name().unwrap_or_default().to_owned(),
                number: index + 1,
                rule,
                syntax: match route.read_text("syntax") {
                    Some("v2") => Syntax::V2,
                    Some("v3") => Syntax::V3,
                    _ if old => Syntax::V2,
                    _ => Syntax::V3,
                },
                priority: priority
                    .filter(|priority| *priority != 0)
                    .unwrap_or_else(|| matchers::length(text)),
                services: targets(route.read("services")),
                middlewares: middlewares.iter().filter_map(name).collect(),
                set: Set::default(),
            });
        }
        Ok(())
    }

    fn ingress(&mut self, document: &Document<'_>, object: &Object<'_, '_>) -> Result<(), RenderError> {
        // Another router's.
        if ingress::class(object).is_some_and(|class| class != self.routing.ingress_class) {
            return Ok(());
        }
        let read = ingress::read(document, object, self.routing)?;
        let v2 = read.options.syntax.as_deref() == Some("v2") || self.routing.router == Router::TraefikV2;
        for (index, path) in read.paths.iter().enumerate() {
            let text = path.rule(v2, self.routing.strict_prefix_matching);
            if text.is_empty() {
                continue;
            }
            let rule = rule::parse(&text)
                .map_err(|cause| document.wrong(object.root, format!("this rule cannot be read: {cause}")))?;
            self.routes.push(Route {
                kind: "Ingress",
                namespace: read.namespace.clone(),
                name: read.name.clone(),
                number: index + 1,
                rule,
                syntax: if v2 { Syntax::V2 } else { Syntax::V3 },
                priority: read
                    .options
                    .priority
                    .filter(|priority| *priority != 0)
                    .unwrap_or_else(|| matchers::length(&text)),
                services: vec![Target {
                    name: path.service.clone(),
                    port: Some(path.port.clone()),
                    weight: None,
                }],
                middlewares: Vec::new(),
                set: Set::default(),
            });
        }
        Ok(())
    }

    /// A row for each match. The numbers are Traefik's, which keep the order that the Gateway API
    /// demands: path, method, headers, query.
    fn http_route(&mut self, document: &Document<'_>, object: &Object<'_, '_>) -> Result<(), RenderError> {
        let hosts = object.root.read_at(&["spec", "hostnames"]).map(Node::items).unwrap_or_default();
        let hosts: Vec<&str> = hosts.iter().filter_map(|host| host.resolved().scalar()).collect();
        let rules = object.root.read_at(&["spec", "rules"]).map(Node::items).unwrap_or_default();
        for (index, rule) in rules.iter().enumerate() {
            let matches = rule.read("matches").map(Node::items).unwrap_or_default();
            let all = std::iter::once(None).filter(|_| matches.is_empty());
            for one in all.chain(matches.iter().map(Some)) {
                let (rule_of_match, priority) =
                    of_match(&hosts, one).map_err(|cause| document.wrong(one.unwrap_or(rule), cause))?;
                self.routes.push(Route {
                    kind: "HTTPRoute",
                    namespace: object.namespace().map(str::to_owned),
                    name: object.name().unwrap_or_default().to_owned(),
                    number: index + 1,
                    rule: rule_of_match,
                    syntax: Syntax::V3,
                    priority,
                    services: targets(rule.read("backendRefs")),
                    middlewares: Vec::new(),
                    set: Set::of_filters(rule),
                });
            }
        }
        Ok(())
    }
}

fn targets(services: Option<&Node<'_>>) -> Vec<Target> {
    let text = |item: &Node<'_>, key| item.read_text(key).map(str::to_owned);
    let target = |item: &Node<'_>| {
        Some(Target { name: text(item, "name")?, port: text(item, "port"), weight: text(item, "weight") })
    };
    services.map(Node::items).unwrap_or_default().iter().filter_map(target).collect()
}

/// A match of an `HTTPRoute` in the words of Traefik's rules, and its priority.
fn of_match(hosts: &[&str], one: Option<&Node<'_>>) -> Result<(Rule, i64), String> {
    let call = |name: &str, texts: &[&str]| {
        let literal = |text: &&str| Literal { text: (*text).to_owned(), span: 0..0 };
        Rule::Call(Call { name: name.to_owned(), arguments: texts.iter().map(literal).collect() })
    };
    let mut parts = Vec::new();
    let mut priority = hosts.iter().map(|host| matchers::length(host)).max().unwrap_or(0);
    if !hosts.is_empty() {
        let host = |host: &&str| match host.strip_prefix("*.") {
            // Any number of labels here, unlike in a rule.
            Some(domain) => {
                call("hostregexp", &[&format!(r"^[a-z0-9-\.]+\.{}$", domain.replace('.', r"\."))])
            }
            None => call("host", &[host]),
        };
        parts.push(Rule::Any(hosts.iter().map(host).collect()));
    }
    let path = one.and_then(|one| one.read("path"));
    let kind = path.and_then(|path| path.read_text("type")).unwrap_or("PathPrefix");
    let value = path.and_then(|path| path.read_text("value")).unwrap_or("/");
    match kind {
        "Exact" => {
            parts.push(call("path", &[value]));
            priority += 100_000;
        }
        "PathPrefix" if value == "/" => {
            parts.push(call("pathprefix", &["/"]));
            priority += 1;
        }
        "PathPrefix" => {
            let prefix = value.strip_suffix('/').unwrap_or(value);
            parts
                .push(Rule::Any(vec![call("path", &[prefix]), call("pathprefix", &[&format!("{prefix}/")])]));
            priority += 10_000 + matchers::length(value) * 100;
        }
        "RegularExpression" => {
            parts.push(call("pathregexp", &[value]));
            priority += 10_000 + matchers::length(value) * 100;
        }
        other => return Err(format!("{other} is no type of a path")),
    }
    if let Some(method) = one.and_then(|one| one.read_text("method")) {
        parts.push(call("method", &[method]));
        priority += 1000;
    }
    for (key, exact, pattern, weight) in
        [("headers", "header", "headerregexp", 100), ("queryParams", "query", "queryregexp", 10)]
    {
        for item in one.and_then(|one| one.read(key)).map(Node::items).unwrap_or_default() {
            let (Some(name), Some(value)) = (item.read_text("name"), item.read_text("value")) else {
                return Err(format!("an item of {key} has name and value"));
            };
            let matcher = match item.read_text("type").unwrap_or("Exact") {
                "Exact" => exact,
                _ => pattern,
            };
            parts.push(call(matcher, &[name, value]));
            priority += weight;
        }
    }
    Ok((Rule::All(parts), priority))
}

impl Answer {
    /// The same for people: a line for each candidate.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.request);
        if self.candidates.is_empty() {
            text.push_str("no route of the stream takes it\n");
        }
        for (index, candidate) in self.candidates.iter().enumerate() {
            let Candidate {
                kind,
                namespace,
                name,
                rule,
                priority,
                services,
                request_headers,
                response_headers,
                tie,
            } = candidate;
            let namespace = namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
            let service = |target: &Target| {
                let port = target.port.as_ref().map(|port| format!(":{port}")).unwrap_or_default();
                let weight =
                    target.weight.as_ref().map(|weight| format!(" (weight {weight})")).unwrap_or_default();
                format!("{}{port}{weight}", target.name)
            };
            let services: Vec<String> = services.iter().map(service).collect();
            let mut line = format!(
                "{}. {kind} {namespace}{name}, rule {rule}, priority {priority}: Service {}",
                index + 1,
                services.join(", ")
            );
            for (what, headers) in [("with", request_headers), ("answering", response_headers)] {
                for (key, value) in headers {
                    line.push_str(&format!(", {what} {key}: {value}"));
                }
            }
            if *tie {
                line.push_str(", a tie: another rule has the same priority");
            }
            text.push_str(&crate::error::shown(&line));
            text.push('\n');
        }
        text
    }
}
