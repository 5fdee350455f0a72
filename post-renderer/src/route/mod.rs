//! How requests reach a copy: the chart's own routes edited in place, routes in the place of an Ingress,
//! preview hosts, entries; and which route of a stream would take a request.
//!
//! Base's objects are never touched: a copy's route lies beside them and wins by its priority.

mod annotations;
mod answer;
mod block;
mod converted;
mod generated;
mod httproute;
mod ingress;
mod ingressroute;
mod matchers;
mod request;
mod rule;

pub use answer::{Answer, Candidate, Target, answer};
pub use converted::ServiceFacts;
pub use ingress::Ingress;
pub use request::Request;

use crate::{
    copy::{FeatureCopy, HostTemplate, Router},
    document::Document,
    error::RenderError,
    fields,
    node::Node,
    object::Object,
    report::Change,
    splice::Edit,
    stream::Place,
};

/// The changes that one route asks for.
#[derive(Debug, Default)]
pub struct Routed {
    pub edits: Vec<Edit>,
    pub changes: Vec<Change>,
    /// Documents beside it: what its rules name, and what they cannot say.
    pub added: Vec<String>,
    /// What no preview host leads to, and why.
    pub notes: Vec<String>,
}

/// What a stream has that concerns routes.
#[derive(Debug, Default)]
pub struct Present {
    /// Names of its routes.
    pub routes: Vec<String>,
    pub services: Vec<ServiceFacts>,
    pub ingresses: Vec<Ingress>,
}

/// Whether a kind is a route that is edited or replaced, of which all must be read.
pub fn is_route(kind: &str) -> bool {
    matches!(kind, "IngressRoute" | "HTTPRoute" | "Ingress")
}

/// Whether a kind is one of what is added to a stream.
pub fn is_added(kind: &str) -> bool {
    matches!(kind, "IngressRoute" | "HTTPRoute" | "Middleware")
}

/// The changes to a route of the chart; none to an entry that an earlier rendering added.
pub fn in_place(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    copy: &FeatureCopy,
) -> Result<Routed, RenderError> {
    let names = |entry| object.name() == Some(&generated::entry_name(entry, copy));
    let entry = copy.routing.entries.iter().any(names);
    match (object.kind, fields::group(object.api_version)) {
        ("IngressRoute", _) if entry && ingressroute::is_entry(document, object, copy)? => {
            Ok(Routed::default())
        }
        ("IngressRoute", _) => ingressroute::in_place(document, object, copy),
        ("HTTPRoute", "gateway.networking.k8s.io") => httproute::in_place(document, object, copy),
        _ => Ok(Routed::default()),
    }
}

/// Takes down what a document has that concerns routes.
pub fn take_down(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    copy: &FeatureCopy,
    present: &mut Present,
) -> Result<(), RenderError> {
    match object.kind {
        "IngressRoute" | "HTTPRoute" => present.routes.extend(object.name().map(str::to_owned)),
        "Ingress" => {
            let read = ingress::read(document, object, &copy.routing)?;
            ingress::refuse_lost(document, object, &copy.routing, &read.options)?;
            present.ingresses.push(read);
        }
        "Service" if object.api_version == "v1" => present.services.extend(service(object)),
        _ => {}
    }
    Ok(())
}

fn service(object: &Object<'_, '_>) -> Option<ServiceFacts> {
    let annotations = object.metadata.read("annotations").map(Node::pairs).unwrap_or_default();
    let annotations = annotations.into_iter().filter(|(key, _)| annotations::is_of_service(key));
    let ports = object.root.read_at(&["spec", "ports"]).map(Node::items).unwrap_or_default();
    let port = |port: &Node<'_>| {
        Some((port.read_text("name").map(str::to_owned), port.read_text("port")?.parse().ok()?))
    };
    Some(ServiceFacts {
        name: object.name()?.to_owned(),
        namespace: object.namespace().map(str::to_owned),
        annotations: annotations
            .filter_map(|(key, value)| Some((key.to_owned(), value.scalar()?.to_owned())))
            .collect(),
        ports: ports.iter().filter_map(port).collect(),
    })
}

/// A route as a chart would have it, which is still to be made the copy's.
pub struct Unedited {
    pub text: String,
    /// The Ingress that it is in the place of.
    pub place: Option<Place>,
}

/// Routes in the place of Ingresses, and for services without one.
pub fn unedited(present: &Present, copy: &FeatureCopy) -> Result<Vec<Unedited>, RenderError> {
    let mut texts = Vec::new();
    if copy.routing.router == Router::None {
        return Ok(texts);
    }
    for ingress in &present.ingresses {
        let wrong = |what: String| RenderError::Wrong { place: ingress.place.clone(), what };
        // A rule without paths leads nowhere.
        if !ingress.paths.is_empty() {
            let documents = converted::documents(ingress, &present.services, copy).map_err(wrong)?;
            let place = || Some(ingress.place.clone());
            texts.extend(documents.into_iter().map(|text| Unedited { text, place: place() }));
        }
    }
    let mut names = Vec::new();
    for route in &copy.routing.routes {
        let wrong = |what: String| RenderError::Copy { what: format!("--route={}: {what}", route.service) };
        // A route leads to what is in its own namespace.
        let apart = |service: &&ServiceFacts| matches!((&service.namespace, &copy.routing.namespace), (Some(one), Some(two)) if one != two);
        let services =
            present.services.iter().filter(|service| service.name == route.service && !apart(service));
        let services: Vec<&ServiceFacts> = services.collect();
        let Some(service) = services.first() else {
            let present: Vec<&str> = present.services.iter().map(|service| service.name.as_str()).collect();
            let present = if present.is_empty() { "none".to_owned() } else { present.join(", ") };
            return Err(wrong(format!("the stream has no such Service, but {present}")));
        };
        if !services.iter().any(|service| service.has_port(&route.port)) {
            return Err(wrong(format!(
                "the Service has no port {}, but {}",
                route.port,
                service.said_ports()
            )));
        }
        let name = generated::route_name(route, copy);
        if names.contains(&name) {
            return Err(wrong(format!("another --route has the same place, {}{}", route.host, route.path)));
        }
        // What an earlier rendering added is there already.
        if !present.routes.contains(&name) {
            let by_name = route.port.parse::<u16>().is_err();
            if copy.routing.router == Router::GatewayApi && by_name {
                return Err(wrong(format!("an HTTPRoute has ports by number, and {} is none", route.port)));
            }
            texts.push(Unedited { text: generated::base_route(&name, route, copy), place: None });
        }
        names.push(name);
    }
    Ok(texts)
}

/// The preview hosts of services that have no copy, as documents of their own.
pub fn entries(present: &Present, copy: &FeatureCopy) -> Result<Vec<String>, RenderError> {
    let mut added = Vec::new();
    if copy.routing.router == Router::None {
        return Ok(added);
    }
    let mut names = Vec::new();
    for entry in &copy.routing.entries {
        let wrong = |what: String| RenderError::Copy { what: format!("--entry={}: {what}", entry.host) };
        let name = generated::entry_name(entry, copy);
        if names.contains(&name) {
            return Err(wrong(format!("another entry has the same name, {name}")));
        }
        // What an earlier rendering added is there already.
        if !present.routes.contains(&name) {
            let template = copy.routing.preview_host.as_ref();
            let preview = HostTemplate::preview(template, &entry.host, &copy.feature).map_err(wrong)?;
            let by_name = entry.port.parse::<u16>().is_err();
            if copy.routing.router == Router::GatewayApi && by_name {
                return Err(wrong(format!("an HTTPRoute has ports by number, and {} is none", entry.port)));
            }
            if copy.routing.router == Router::GatewayApi && !preview.unmistakable {
                return Err(wrong(format!(
                    "{} could be a host of base's: choose --preview-host",
                    preview.host
                )));
            }
            added.extend(generated::entry(&name, entry, copy, &preview));
        }
        names.push(name);
    }
    Ok(added)
}
