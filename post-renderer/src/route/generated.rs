//! Documents that a chart does not have: the middlewares of a copy's rules, entries, and routes for what
//! has none. Never edits anything.

use feature::words;

use super::{
    block::Block,
    matchers::{self, Syntax, go_quoted},
};
use crate::copy::{Entry, FeatureCopy, Isolate, Preview, Router, ServiceRoute};

pub const API_VERSION: &str = "traefik.io/v1alpha1";
pub const OLD_API_VERSION: &str = "traefik.containo.us/v1alpha1";
pub const GATEWAY_API_VERSION: &str = "gateway.networking.k8s.io/v1";

/// What a preview host's priority has on top of its rule's own, so that no pattern of base takes it.
pub const PREVIEW_PRIORITY: i64 = 100_000;

/// What that is on a host that base may have too: below every rule of base's, and in the same order among
/// themselves.
pub const MISTAKABLE_PRIORITY: i64 = -2_000_000_000;

/// What base may write, so that none of ours needs more than 32 bits, and those of a host that base may have too
/// are below 0.
pub const MOST_PRIORITY: i64 = 1_999_999_999;

/// An entry gives way to the preview host of a real copy.
const ENTRY_PRIORITY: i64 = 50_000;
const MISTAKABLE_ENTRY_PRIORITY: i64 = -2_100_000_000;

/// The names of the middlewares beside one route.
pub struct Middlewares {
    /// Says in the answer which feature it comes from.
    pub feature: String,
    /// Sets the header and the baggage of the request.
    pub preview: String,
}

impl Middlewares {
    pub fn of(route: &str) -> Self {
        Self { feature: format!("{route}-feature"), preview: format!("{route}-preview") }
    }

    pub fn documents(&self, head: &Head<'_>, copy: &FeatureCopy, previewed: bool) -> Vec<String> {
        let mut documents =
            vec![middleware(head, &self.feature, copy, "customResponseHeaders", response(copy))];
        if previewed {
            documents.push(middleware(head, &self.preview, copy, "customRequestHeaders", request(copy)));
        }
        documents
    }
}

/// Where a document of ours belongs.
pub struct Head<'a> {
    pub api_version: &'static str,
    pub namespace: Option<&'a str>,
}

/// The group and the syntax that a router wants its own routes in; `None` is the Gateway API.
pub fn traefik(router: Router) -> Option<(&'static str, Syntax)> {
    match router {
        Router::Traefik => Some((API_VERSION, Syntax::V3)),
        Router::TraefikV2 => Some((OLD_API_VERSION, Syntax::V2)),
        Router::GatewayApi | Router::None => None,
    }
}

/// What names of documents without a route of the chart's begin with.
fn prefix(copy: &FeatureCopy) -> &str {
    match &copy.isolate {
        Isolate::Check { release } => release,
        Isolate::Off { .. } => copy.feature.as_str(),
    }
}

/// `{release}-entry-{host}`, or without a release `{feature}-entry-{host}`.
pub fn entry_name(entry: &Entry, copy: &FeatureCopy) -> String {
    format!("{}-entry-{}", prefix(copy), entry.host.replace('.', "-"))
}

/// `{release}-route-{service}-{host}`, and the path where there is one.
pub fn route_name(route: &ServiceRoute, copy: &FeatureCopy) -> String {
    let letter = |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' };
    let place: String =
        format!("{}{}", route.host, route.path.to_ascii_lowercase()).chars().map(letter).collect();
    let name = format!("{}-route-{}-{}", prefix(copy), route.service, place.trim_end_matches('-'));
    feature::shortened(&name, 240)
}

/// The preview host of a service without a copy: base's Service, with the header set for what it
/// calls. No response header, since base answers.
pub fn entry(name: &str, entry: &Entry, copy: &FeatureCopy, preview: &Preview) -> Vec<String> {
    let port = port(&entry.port);
    let service = Block::map([("name", Block::text(&*entry.service)), ("port", port)]);
    let Some((api_version, _)) = traefik(copy.routing.router) else {
        let filters = Block::List(vec![header_filter("Request", &request(copy))]);
        let rule = Block::map([("filters", filters), ("backendRefs", Block::List(vec![service]))]);
        return vec![http_route(name, copy, Some(copy), &preview.host, rule)];
    };
    let rule = format!("Host({})", go_quoted(&preview.host));
    let above = if preview.unmistakable { ENTRY_PRIORITY } else { MISTAKABLE_ENTRY_PRIORITY };
    let priority = matchers::length(&rule) + above;
    let head = Head { api_version, namespace: None };
    let route = Block::map([
        ("kind", Block::Word("Rule")),
        ("match", Block::Text(rule)),
        ("priority", Block::Number(priority)),
        ("middlewares", Block::List(vec![Block::map([("name", Block::text(name))])])),
        ("services", Block::List(vec![service])),
    ]);
    let mut spec = vec![("routes".to_owned(), Block::List(vec![route]))];
    if copy.routing.tls {
        spec.push(("tls".to_owned(), Block::Map(vec![])));
    }
    let route = document(&head, "IngressRoute", name, copy, Block::Map(spec));
    vec![middleware(&head, name, copy, "customRequestHeaders", request(copy)), route]
}

/// What base would have as the route of a service, to be edited like one of the chart's.
pub fn base_route(name: &str, route: &ServiceRoute, copy: &FeatureCopy) -> String {
    let port = port(&route.port);
    let service = Block::map([("name", Block::text(&*route.service)), ("port", port)]);
    let Some((api_version, _)) = traefik(copy.routing.router) else {
        let path = Block::map([("type", Block::Word("PathPrefix")), ("value", Block::text(&*route.path))]);
        let matches = Block::List(vec![Block::map([("path", path)])]);
        let rule = Block::map([("matches", matches), ("backendRefs", Block::List(vec![service]))]);
        return http_route(name, copy, None, &route.host, rule);
    };
    // As Traefik itself says an Ingress, whose length decides between it and others.
    let rule = format!("Host({}) && PathPrefix({})", go_quoted(&route.host), go_quoted(&route.path));
    let route = Block::map([
        ("kind", Block::Word("Rule")),
        ("match", Block::Text(rule)),
        ("services", Block::List(vec![service])),
    ]);
    let mut spec = vec![("routes".to_owned(), Block::List(vec![route]))];
    if copy.routing.tls {
        spec.push(("tls".to_owned(), Block::Map(vec![])));
    }
    bare(&Head { api_version, namespace: None }, "IngressRoute", name, &[], Block::Map(spec))
}

/// An `HTTPRoute` of one rule; with `marked` it has the labels and annotations of a copy's objects.
fn http_route(
    name: &str,
    copy: &FeatureCopy,
    marked: Option<&FeatureCopy>,
    host: &str,
    rule: Block,
) -> String {
    let spec = Block::map([
        ("parentRefs", parent_refs(copy)),
        ("hostnames", Block::List(vec![Block::text(host)])),
        ("rules", Block::List(vec![rule])),
    ]);
    let head = Head { api_version: GATEWAY_API_VERSION, namespace: None };
    match marked {
        Some(copy) => document(&head, "HTTPRoute", name, copy, spec),
        None => bare(&head, "HTTPRoute", name, &[], spec),
    }
}

/// The Gateway that generated routes are attached to.
pub fn parent_refs(copy: &FeatureCopy) -> Block {
    let parent = copy.routing.gateway.iter().map(|gateway| {
        let namespace = gateway.namespace.iter().map(|namespace| ("namespace", Block::text(&**namespace)));
        Block::map(std::iter::once(("name", Block::text(&*gateway.name))).chain(namespace))
    });
    Block::List(parent.collect())
}

/// A filter of the Gateway API that sets headers; `way` is Request or Response.
pub fn header_filter(way: &'static str, headers: &[(String, String)]) -> Block {
    let (kind, key) = match way {
        "Request" => ("RequestHeaderModifier", "requestHeaderModifier"),
        _ => ("ResponseHeaderModifier", "responseHeaderModifier"),
    };
    let set = headers
        .iter()
        .map(|(name, value)| Block::map([("name", Block::text(&**name)), ("value", Block::text(&**value))]));
    Block::map([("type", Block::Word(kind)), (key, Block::map([("set", Block::List(set.collect()))]))])
}

/// A port by number, or by name.
pub fn port(port: &str) -> Block {
    port.parse().map_or_else(|_| Block::text(port), Block::Number)
}

/// The headers that make a request the feature's.
pub fn request(copy: &FeatureCopy) -> Vec<(String, String)> {
    let (key, feature) = (copy.header.as_str(), copy.feature.as_str());
    vec![(key.to_owned(), feature.to_owned()), ("baggage".to_owned(), format!("{key}={feature}"))]
}

/// The header by which an answer says that it is the feature's.
pub fn response(copy: &FeatureCopy) -> Vec<(String, String)> {
    vec![(words::RESPONSE_HEADER.to_owned(), copy.feature.to_string())]
}

fn middleware(
    head: &Head<'_>,
    name: &str,
    copy: &FeatureCopy,
    way: &str,
    headers: Vec<(String, String)>,
) -> String {
    let headers = Block::map(headers.into_iter().map(|(name, value)| (name, Block::Text(value))));
    let spec = Block::map([("headers", Block::map([(way, headers)]))]);
    document(head, "Middleware", name, copy, spec)
}

/// A document with the labels and annotations that a copy's objects have.
fn document(head: &Head<'_>, kind: &'static str, name: &str, copy: &FeatureCopy, spec: Block) -> String {
    let [labels, annotations] = crate::metadata::of_ours(copy);
    written(head, kind, name, &[("labels", &labels), ("annotations", &annotations)], spec)
}

/// A document as a chart would have it, which is still to be made the copy's.
pub fn bare(
    head: &Head<'_>,
    kind: &'static str,
    name: &str,
    annotations: &[(&str, &str)],
    spec: Block,
) -> String {
    written(head, kind, name, &[("annotations", annotations)], spec)
}

fn written(
    head: &Head<'_>,
    kind: &'static str,
    name: &str,
    maps: &[(&str, &[(&str, &str)])],
    spec: Block,
) -> String {
    let mut metadata = vec![("name", Block::text(name))];
    metadata.extend(head.namespace.map(|namespace| ("namespace", Block::text(namespace))));
    for (key, pairs) in maps.iter().filter(|(_, pairs)| !pairs.is_empty()) {
        metadata.push((key, Block::map(pairs.iter().map(|(key, value)| (*key, Block::text(*value))))));
    }
    let kind = [("apiVersion", Block::Word(head.api_version)), ("kind", Block::Word(kind))];
    let rest = [("metadata", Block::map(metadata)), ("spec", spec)];
    Block::map(kind.into_iter().chain(rest)).document()
}
