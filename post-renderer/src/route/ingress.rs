//! An `Ingress`, which cannot say what a copy's routes must, read to what base's router makes of it. What
//! it becomes is edited like a route of the chart's; what it would lose on the way is refused by name.

use std::collections::BTreeMap;

use super::{
    annotations::{self, RouterOptions},
    generated::MOST_PRIORITY,
};
use crate::{
    copy::{Router, Routing},
    document::Document,
    error::RenderError,
    node::Node,
    object::Object,
    stream::Place,
};

/// The rules of an `Ingress`.
#[derive(Debug)]
pub struct Ingress {
    pub name: String,
    pub namespace: Option<String>,
    pub class: Option<String>,
    pub options: RouterOptions,
    pub paths: Vec<IngressPath>,
    pub place: Place,
}

/// One path of a rule.
#[derive(Clone, Debug)]
pub struct IngressPath {
    pub host: Option<String>,
    /// Begins with a slash.
    pub path: Option<String>,
    pub matcher: PathMatcher,
    pub service: String,
    /// A number, or the name of a port.
    pub port: String,
}

/// How a path is compared, in the words of Traefik's matchers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathMatcher {
    Path,
    PathPrefix,
    PathRegexp,
}

const REMEDY: &str = ": turn the Ingress off by the chart's values, and name its place by \
                      --route=SERVICE[:PORT]=HOST[/PATH]";

/// The annotation that names a class, as it was before there was a field for it.
const OLD_CLASS: &str = "kubernetes.io/ingress.class";

/// Refuses what an `Ingress` says, and a route of a copy cannot.
pub fn refuse_lost(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    routing: &Routing,
    options: &RouterOptions,
) -> Result<(), RenderError> {
    if let Some(class) = class(object).filter(|class| *class != routing.ingress_class) {
        let ours = &routing.ingress_class;
        let what = format!("an Ingress of the class {class}, and not of {ours} (--ingress-class),");
        return Err(lost(document, object.root, &what));
    }
    if let Some(key) =
        annotations_of(object).into_keys().find(|key| is_foreign(key) || annotations::is_unknown(key))
    {
        return Err(lost(document, object.metadata, &format!("the annotation {key} of an Ingress")));
    }
    if let Some(priority) = options.priority.filter(|priority| !(0..=MOST_PRIORITY).contains(priority)) {
        let what = format!("the priority {priority} of an Ingress, which is not from 0 to {MOST_PRIORITY},");
        return Err(lost(document, object.metadata, &what));
    }
    match options.beyond_gateway_api().filter(|_| routing.router == Router::GatewayApi) {
        Some(key) => Err(lost(document, object.metadata, &format!("{key} of an Ingress as an HTTPRoute"))),
        None => Ok(()),
    }
}

/// The class by which its router knows an `Ingress`.
pub fn class<'n>(object: &'n Object<'_, '_>) -> Option<&'n str> {
    let class = object.root.read_at(&["spec", "ingressClassName"]).and_then(Node::scalar);
    class.or_else(|| annotations_of(object).get(OLD_CLASS).copied()).filter(|class| !class.is_empty())
}

/// Reads an `Ingress`.
pub fn read(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    routing: &Routing,
) -> Result<Ingress, RenderError> {
    let wrong = |node: &Node<'_>, what: &str| document.wrong(node, what.to_owned());
    let lost = |node: &Node<'_>, what: String| lost(document, node, &what);
    if object.api_version != "networking.k8s.io/v1" {
        return Err(lost(object.root, format!("an Ingress of {}", object.api_version)));
    }
    let name = object.name().ok_or_else(|| wrong(object.metadata, "an Ingress has a name"))?;
    let annotations = annotations_of(object);
    let class = class(object);
    if let Some(node) = object.root.read_at(&["spec", "defaultBackend"]) {
        return Err(lost(
            node,
            "the defaultBackend of an Ingress, which takes requests of any host,".to_owned(),
        ));
    }
    let options = annotations::router(&annotations, routing.namespace.as_deref())
        .map_err(|what| lost(object.metadata, what))?;
    let mut paths = Vec::new();
    for rule in object.root.read_at(&["spec", "rules"]).map(Node::items).unwrap_or_default() {
        let host = match rule.read("host").filter(|node| !node.is_null()) {
            None => None,
            Some(node) => match node.scalar() {
                Some("") => None,
                Some(text) if is_host(text) => Some(text.to_owned()),
                _ => {
                    return Err(wrong(
                        node,
                        "the host of an Ingress is a name in lower case, or one behind `*.`",
                    ));
                }
            },
        };
        for path in rule.read_at(&["http", "paths"]).map(Node::items).unwrap_or_default() {
            let path = path.resolved();
            let Some(service) = path.read_at(&["backend", "service"]) else {
                return Err(lost(path, "a backend of an Ingress that is no Service".to_owned()));
            };
            let text = match path.read("path").and_then(Node::scalar).filter(|text| !text.is_empty()) {
                Some(text) if is_path(text) => Some(text.to_owned()),
                None => None,
                Some(_) => {
                    return Err(wrong(
                        path,
                        "the path of an Ingress begins with a slash, in printable ASCII",
                    ));
                }
            };
            let matcher = match path.read_text("pathType") {
                Some("Exact") => PathMatcher::Path,
                Some("Prefix") => PathMatcher::PathPrefix,
                None | Some("ImplementationSpecific") => options.matcher,
                Some(other) => return Err(wrong(path, &format!("{other} is no pathType of an Ingress"))),
            };
            let port = ["number", "name"].iter().find_map(|key| service.read_at(&["port", key])?.scalar());
            let (Some(service), Some(port)) = (service.read_text("name"), port) else {
                return Err(wrong(path, "a backend of an Ingress has a Service and its port"));
            };
            let (service, port) = (service.to_owned(), port.to_owned());
            paths.push(IngressPath { host: host.clone(), path: text, matcher, service, port });
        }
    }
    Ok(Ingress {
        name: name.to_owned(),
        namespace: object.namespace().map(str::to_owned),
        class: class.map(str::to_owned),
        options,
        paths,
        place: document.place(object.root),
    })
}

impl IngressPath {
    /// The rule that Traefik's provider of Ingresses makes of it, letter by letter: its length is what
    /// decides between it and others.
    pub fn rule(&self, v2: bool, strict: bool) -> String {
        let mut parts = Vec::new();
        if let Some(host) = &self.host {
            parts.push(match host.strip_prefix("*.") {
                Some(domain) if v2 => format!("HostRegexp(\"{{subdomain:[a-zA-Z0-9-]+}}.{domain}\")"),
                _ => format!("Host(\"{host}\")"),
            });
        }
        let quoted = crate::mapping::quoted;
        if let Some(path) = &self.path {
            parts.push(match self.matcher {
                PathMatcher::Path => format!("Path({})", quoted(path)),
                PathMatcher::PathRegexp => format!("PathRegexp({})", quoted(path)),
                PathMatcher::PathPrefix if strict && path != "/" => {
                    let path = path.strip_suffix('/').unwrap_or(path);
                    format!("(Path({}) || PathPrefix({}))", quoted(path), quoted(&format!("{path}/")))
                }
                PathMatcher::PathPrefix => format!("PathPrefix({})", quoted(path)),
            });
        }
        parts.join(" && ")
    }
}

fn lost(document: &Document<'_>, node: &Node<'_>, what: &str) -> RenderError {
    document.wrong(node, format!("{what} cannot be carried over to a route of a copy{REMEDY}"))
}

fn annotations_of<'n>(object: &'n Object<'_, '_>) -> BTreeMap<&'n str, &'n str> {
    let annotations = object.metadata.read("annotations").map(Node::pairs).unwrap_or_default();
    annotations.into_iter().filter_map(|(key, value)| Some((key, value.scalar()?))).collect()
}

/// Annotations by which other controllers are told what Traefik would not do.
fn is_foreign(key: &str) -> bool {
    let domain = key.split_once('/').map_or("", |(domain, _)| domain);
    let other = domain.ends_with("ingress.kubernetes.io") && domain != "traefik.ingress.kubernetes.io";
    other || matches!(domain, "nginx.org" | "nginx.com" | "haproxy.org" | "haproxy-ingress.github.io")
}

fn is_host(text: &str) -> bool {
    let name = text.strip_prefix("*.").unwrap_or(text);
    crate::copy::name_of_object(name).is_ok()
}

fn is_path(text: &str) -> bool {
    text.starts_with('/') && text.len() <= 4096 && text.bytes().all(|b| (b' '..=b'~').contains(&b))
}
