//! Traefik's annotations of Ingresses and of their Services, as fields of the routes that replace them.
//! Keys that are not known are refused by name, never dropped.

use std::collections::BTreeMap;

use super::{block::Block, ingress::PathMatcher};

const ALL: &str = "traefik.ingress.kubernetes.io/";
const ROUTER: &str = "traefik.ingress.kubernetes.io/router.";
const SERVICE: &str = "traefik.ingress.kubernetes.io/service.";

/// What the annotations of an Ingress ask of its routers.
#[derive(Debug)]
pub struct RouterOptions {
    pub matcher: PathMatcher,
    pub entry_points: Vec<String>,
    pub priority: Option<i64>,
    pub middlewares: Vec<Block>,
    pub tls: Option<Block>,
    pub syntax: Option<String>,
    pub observability: Vec<(String, Block)>,
}

impl RouterOptions {
    /// What an `HTTPRoute` has no place for.
    pub fn beyond_gateway_api(&self) -> Option<String> {
        let Self { matcher: _, entry_points, priority, middlewares, tls, syntax, observability } = self;
        let there = [
            ("entrypoints", !entry_points.is_empty()),
            ("priority", priority.is_some()),
            ("middlewares", !middlewares.is_empty()),
            ("tls", tls.is_some()),
            ("rulesyntax", syntax.is_some()),
            ("observability", !observability.is_empty()),
        ];
        there.iter().find(|(_, there)| *there).map(|(key, _)| format!("{ROUTER}{key}"))
    }
}

/// Whether an annotation of an Ingress is Traefik's and none that is known. Those of Services are nothing to it.
pub fn is_unknown(key: &str) -> bool {
    key.starts_with(ALL) && !key.starts_with(ROUTER) && !key.starts_with(SERVICE)
}

/// Reads the annotations of an Ingress in the release's `namespace`.
pub fn router(annotations: &BTreeMap<&str, &str>, namespace: Option<&str>) -> Result<RouterOptions, String> {
    let mut options = RouterOptions {
        matcher: PathMatcher::PathPrefix,
        entry_points: Vec::new(),
        priority: None,
        middlewares: Vec::new(),
        tls: None,
        syntax: None,
        observability: Vec::new(),
    };
    let mut tls: Option<Vec<(String, Block)>> = None;
    let mut domains: BTreeMap<String, Vec<(String, Block)>> = BTreeMap::new();
    for (key, value) in annotations {
        let unknown = || format!("the annotation {key}: {value} of an Ingress");
        let Some(word) = key.strip_prefix(ROUTER) else { continue };
        match word.to_ascii_lowercase().as_str() {
            "entrypoints" => options.entry_points = list(value),
            "priority" => options.priority = Some(value.parse().map_err(|_| unknown())?),
            "pathmatcher" => {
                options.matcher = match *value {
                    "Path" => PathMatcher::Path,
                    "PathPrefix" => PathMatcher::PathPrefix,
                    "PathRegexp" => PathMatcher::PathRegexp,
                    _ => return Err(unknown()),
                };
            }
            "middlewares" => {
                let unknown = || match namespace {
                    None => format!("{}, whose namespace only --namespace tells from its name,", unknown()),
                    Some(_) => unknown(),
                };
                let names =
                    list(value).into_iter().map(|name| reference(&name, namespace).ok_or_else(unknown));
                options.middlewares = names.collect::<Result<_, _>>()?;
            }
            "rulesyntax" => options.syntax = Some((*value).to_owned()),
            "tls" => match switch(value) {
                Some(true) => drop(tls.get_or_insert_default()),
                Some(false) => {}
                None => return Err(unknown()),
            },
            "tls.certresolver" => {
                tls.get_or_insert_default().push(("certResolver".to_owned(), Block::text(*value)));
            }
            "tls.options" => {
                let options = reference(value, namespace).ok_or_else(unknown)?;
                tls.get_or_insert_default().push(("options".to_owned(), options));
            }
            other => {
                if let Some((index, field)) =
                    other.strip_prefix("tls.domains.").and_then(|rest| rest.split_once('.'))
                {
                    let value = match field {
                        "main" => Block::text(*value),
                        "sans" => Block::List(list(value).into_iter().map(Block::Text).collect()),
                        _ => return Err(unknown()),
                    };
                    domains.entry(index.to_owned()).or_default().push((field.to_owned(), value));
                } else if let Some(field) = other.strip_prefix("observability.") {
                    let (name, value) = match field {
                        "accesslogs" => ("accessLogs", Block::Switch(switch(value).ok_or_else(unknown)?)),
                        "metrics" => ("metrics", Block::Switch(switch(value).ok_or_else(unknown)?)),
                        "tracing" => ("tracing", Block::Switch(switch(value).ok_or_else(unknown)?)),
                        "traceverbosity" => ("traceVerbosity", Block::text(*value)),
                        _ => return Err(unknown()),
                    };
                    options.observability.push((name.to_owned(), value));
                } else {
                    return Err(unknown());
                }
            }
        }
    }
    if !domains.is_empty() {
        let domains = Block::List(domains.into_values().map(Block::Map).collect());
        tls.get_or_insert_default().push(("domains".to_owned(), domains));
    }
    options.tls = tls.map(Block::Map);
    Ok(options)
}

/// The fields of a route's service that the annotations of a Service ask for.
pub fn service(
    annotations: &[(String, String)],
    namespace: Option<&str>,
) -> Result<Vec<(String, Block)>, String> {
    let mut fields = Vec::new();
    let mut cookie: Option<Vec<(String, Block)>> = None;
    for (key, value) in annotations {
        let unknown = || format!("the annotation {key}: {value} of a Service");
        let on = || switch(value).map(Block::Switch).ok_or_else(unknown);
        let Some(word) = key.strip_prefix(SERVICE) else { continue };
        let field = match word.to_ascii_lowercase().as_str() {
            "serversscheme" => ("scheme", Block::text(value)),
            "serverstransport" => {
                let name = match value.strip_suffix("@kubernetescrd") {
                    Some(name) => name
                        .strip_prefix(&format!("{}-", namespace.unwrap_or_default()))
                        .ok_or_else(unknown)?,
                    None => value,
                };
                ("serversTransport", Block::text(name))
            }
            "passhostheader" => ("passHostHeader", on()?),
            "nativelb" => ("nativeLB", on()?),
            "nodeportlb" => ("nodePortLB", on()?),
            "sticky.cookie" => {
                if switch(value).ok_or_else(unknown)? {
                    cookie.get_or_insert_default();
                }
                continue;
            }
            other => {
                let field = match other.strip_prefix("sticky.cookie.") {
                    Some("name") => ("name", Block::text(value)),
                    Some("samesite") => ("sameSite", Block::text(value)),
                    Some("path") => ("path", Block::text(value)),
                    Some("domain") => ("domain", Block::text(value)),
                    Some("secure") => ("secure", on()?),
                    Some("httponly") => ("httpOnly", on()?),
                    Some("maxage") => ("maxAge", Block::Number(value.parse().map_err(|_| unknown())?)),
                    _ => return Err(unknown()),
                };
                cookie.get_or_insert_default().push((field.0.to_owned(), field.1));
                continue;
            }
        };
        fields.push((field.0.to_owned(), field.1));
    }
    fields.extend(cookie.map(|cookie| ("sticky".to_owned(), Block::map([("cookie", Block::Map(cookie))]))));
    Ok(fields)
}

/// Whether an annotation of a Service says something to Traefik.
pub fn is_of_service(key: &str) -> bool {
    key.starts_with(SERVICE)
}

/// `namespace-name@kubernetescrd` as name and namespace, which tells where the one ends and the other
/// begins; `name@provider` of any other provider as it is.
fn reference(text: &str, namespace: Option<&str>) -> Option<Block> {
    let Some(name) = text.strip_suffix("@kubernetescrd") else {
        return Some(Block::map([("name", Block::text(text))]));
    };
    let namespace = namespace?;
    let name = name.strip_prefix(namespace)?.strip_prefix('-')?;
    Some(Block::map([("name", Block::text(name)), ("namespace", Block::text(namespace))]))
}

fn list(value: &str) -> Vec<String> {
    value.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
}

fn switch(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}
