//! An `Ingress` said as the routes that base's router makes of it, as text, to be edited like routes of
//! the chart's. Never adds what makes them a copy's.

use super::{
    annotations,
    block::Block,
    generated::{self, Head},
    ingress::{Ingress, IngressPath, PathMatcher},
    matchers::Syntax,
};
use crate::copy::FeatureCopy;

/// What a Service of the stream says of itself to a router.
#[derive(Debug)]
pub struct ServiceFacts {
    pub name: String,
    pub namespace: Option<String>,
    /// Those that are Traefik's.
    pub annotations: Vec<(String, String)>,
    /// Names, where they have one, and numbers.
    pub ports: Vec<(Option<String>, i64)>,
}

/// How many rules an `HTTPRoute` may have, by the schema of the Gateway API.
const MOST_RULES: usize = 16;

impl ServiceFacts {
    /// By its number or its name; where it has none, that is nobody's but its own to know.
    pub fn has_port(&self, port: &str) -> bool {
        self.ports.is_empty()
            || self
                .ports
                .iter()
                .any(|(name, number)| name.as_deref() == Some(port) || number.to_string() == port)
    }

    pub fn said_ports(&self) -> String {
        let said = |(name, number): &(Option<String>, i64)| match name {
            Some(name) => format!("{number} ({name})"),
            None => number.to_string(),
        };
        self.ports.iter().map(said).collect::<Vec<_>>().join(", ")
    }
}

/// The documents, and their kind; the first has the name of the Ingress.
pub fn documents(
    ingress: &Ingress,
    services: &[ServiceFacts],
    copy: &FeatureCopy,
) -> Result<Vec<String>, String> {
    match generated::traefik(copy.routing.router) {
        Some((api_version, syntax)) => {
            ingress_route(ingress, services, copy, api_version, syntax).map(|text| vec![text])
        }
        None => http_routes(ingress, services, copy),
    }
}

fn ingress_route(
    ingress: &Ingress,
    services: &[ServiceFacts],
    copy: &FeatureCopy,
    api_version: &'static str,
    syntax: Syntax,
) -> Result<String, String> {
    let Ingress { name, namespace, class, options, paths, place: _ } = ingress;
    let v2 = options.syntax.as_deref().map_or(syntax == Syntax::V2, |syntax| syntax == "v2");
    let mut routes = Vec::new();
    for path in paths {
        let rule = path.rule(v2, copy.routing.strict_prefix_matching);
        if rule.is_empty() {
            return Err(format!(
                "{name} has a backend with neither host nor path, to which the router leads nothing"
            ));
        }
        let mut route = vec![("kind", Block::Word("Rule")), ("match", Block::Text(rule))];
        route.extend(options.priority.map(|priority| ("priority", Block::Number(priority))));
        route.extend(options.syntax.as_deref().map(|syntax| ("syntax", Block::text(syntax))));
        if !options.middlewares.is_empty() {
            route.push(("middlewares", Block::List(options.middlewares.clone())));
        }
        if !options.observability.is_empty() {
            route.push(("observability", Block::Map(options.observability.clone())));
        }
        let mut service = vec![("name".to_owned(), Block::text(&*path.service))];
        service.push(("port".to_owned(), generated::port(&path.port)));
        if let Some(facts) = facts(ingress, path, services) {
            service.extend(annotations::service(&facts.annotations, copy.routing.namespace.as_deref())?);
        }
        route.push(("services", Block::List(vec![Block::Map(service)])));
        routes.push(Block::map(route));
    }
    let mut spec = Vec::new();
    if !options.entry_points.is_empty() {
        let points = options.entry_points.iter().map(Block::text);
        spec.push(("entryPoints", Block::List(points.collect())));
    }
    spec.push(("routes", Block::List(routes)));
    spec.extend(options.tls.clone().map(|tls| ("tls", tls)));
    let head = Head { api_version, namespace: namespace.as_deref() };
    let mut metadata = Vec::new();
    // Traefik 3.7 has a field for it, before that there is only this; with both versions it is read.
    metadata.extend(class.as_ref().map(|class| ("kubernetes.io/ingress.class", class.as_str())));
    Ok(generated::bare(&head, "IngressRoute", name, &metadata, Block::map(spec)))
}

fn http_routes(
    ingress: &Ingress,
    services: &[ServiceFacts],
    copy: &FeatureCopy,
) -> Result<Vec<String>, String> {
    if copy.routing.gateway.is_none() {
        return Err("an Ingress becomes an HTTPRoute, which is attached to a Gateway: name it by \
                    --gateway=[NAMESPACE/]NAME"
            .to_owned());
    }
    let mut hosts: Vec<&Option<String>> = Vec::new();
    for path in &ingress.paths {
        if !hosts.contains(&&path.host) {
            hosts.push(&path.host);
        }
    }
    let head = Head { api_version: generated::GATEWAY_API_VERSION, namespace: ingress.namespace.as_deref() };
    let mut documents = Vec::new();
    for host in hosts {
        let rules = ingress.paths.iter().filter(|path| path.host == *host);
        let rules: Vec<Block> =
            rules.map(|path| http_rule(ingress, path, services)).collect::<Result<_, _>>()?;
        for rules in rules.chunks(MOST_RULES) {
            let name = match documents.len() {
                0 => ingress.name.clone(),
                others => format!("{}-{}", ingress.name, others + 1),
            };
            let mut spec = vec![("parentRefs", generated::parent_refs(copy))];
            spec.extend(host.iter().map(|host| ("hostnames", Block::List(vec![Block::text(host)]))));
            spec.push(("rules", Block::List(rules.to_vec())));
            documents.push(generated::bare(&head, "HTTPRoute", &name, &[], Block::map(spec)));
        }
    }
    Ok(documents)
}

fn http_rule(ingress: &Ingress, path: &IngressPath, services: &[ServiceFacts]) -> Result<Block, String> {
    let IngressPath { host: _, path: text, matcher, service, port } = path;
    let facts = facts(ingress, path, services);
    if let Some((key, _)) = facts.and_then(|facts| facts.annotations.first()) {
        return Err(format!("the annotation {key} of the Service {service} has no place in an HTTPRoute"));
    }
    let number = port.parse().ok().or_else(|| {
        facts?.ports.iter().find(|(name, _)| name.as_ref() == Some(port)).map(|(_, number)| *number)
    });
    let Some(number) = number else {
        return Err(format!(
            "an HTTPRoute has ports by number, and no Service {service} of the stream has one {port}"
        ));
    };
    let kind = match matcher {
        PathMatcher::Path => "Exact",
        PathMatcher::PathPrefix => "PathPrefix",
        PathMatcher::PathRegexp => "RegularExpression",
    };
    let path =
        Block::map([("type", Block::Word(kind)), ("value", Block::text(text.as_deref().unwrap_or("/")))]);
    let backend = Block::map([("name", Block::text(service)), ("port", Block::Number(number))]);
    Ok(Block::map([
        ("matches", Block::List(vec![Block::map([("path", path)])])),
        ("backendRefs", Block::List(vec![backend])),
    ]))
}

fn facts<'s>(
    ingress: &Ingress,
    path: &IngressPath,
    services: &'s [ServiceFacts],
) -> Option<&'s ServiceFacts> {
    // What has no namespace goes to the release's, which may be the one that the other names.
    let apart = |facts: &ServiceFacts| matches!((&facts.namespace, &ingress.namespace), (Some(one), Some(two)) if one != two);
    services.iter().find(|facts| facts.name == path.service && !apart(facts))
}
