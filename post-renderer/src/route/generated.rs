//! Documents that a chart does not have: the middlewares of a copy's rules, and entries.

use feature::words;

use crate::{
    copy::{Entry, FeatureCopy, Isolate},
    error::RenderError,
    mapping::quoted,
    object::Object,
    route::{matchers::go_quoted, preview},
};

pub const API_VERSION: &str = "traefik.io/v1alpha1";

/// What a preview host's priority has on top of its rule's own, so that no pattern of base takes it.
pub const PREVIEW_PRIORITY: usize = 100_000;

/// The priority of a preview host that base may have too: base's own rules come first.
pub const MISTAKABLE_PRIORITY: usize = 2;

/// An entry gives way to the preview host of a real copy.
const ENTRY_PRIORITY: usize = 50_000;

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

    pub fn documents(&self, route: &Object<'_, '_>, copy: &FeatureCopy, previewed: bool) -> Vec<String> {
        let namespace = route.namespace();
        let mut documents = vec![middleware(&self.feature, namespace, copy, &response_headers(copy))];
        if previewed {
            documents.push(middleware(&self.preview, namespace, copy, &request_headers(copy)));
        }
        documents
    }
}

/// `{release}-entry-{host}`, or without a release `{feature}-entry-{host}`.
pub fn entry_name(entry: &Entry, copy: &FeatureCopy) -> String {
    let head = match &copy.isolate {
        Isolate::Check { release } => release.as_str(),
        Isolate::Off => copy.feature.as_str(),
    };
    format!("{head}-entry-{}", entry.host.replace('.', "-"))
}

/// The preview host of a service without a copy: base's Service, with the header set for what it
/// calls. No response header, since base answers.
pub fn entry(name: &str, entry: &Entry, copy: &FeatureCopy) -> Result<Vec<String>, RenderError> {
    let preview = preview::host(&entry.host, &copy.feature)
        .map_err(|cause| RenderError::Copy { what: format!("--entry={}: {cause}", entry.host) })?;
    let rule = format!("Host({})", go_quoted(&preview.host));
    let priority = if preview.unmistakable { rule.len() + ENTRY_PRIORITY } else { MISTAKABLE_PRIORITY - 1 };
    let port = entry.port.parse::<u16>().map_or_else(|_| quoted(&entry.port), |port| port.to_string());
    let route = format!(
        "{head}spec:\n  routes:\n    - kind: Rule\n      match: {rule}\n      priority: {priority}\n      \
         middlewares:\n        - name: {name}\n      services:\n        - name: {service}\n          port: {port}\n",
        head = head("IngressRoute", name, None, copy),
        rule = quoted(&rule),
        name = quoted(name),
        service = quoted(&entry.service),
    );
    Ok(vec![middleware(name, None, copy, &request_headers(copy)), route])
}

fn middleware(name: &str, namespace: Option<&str>, copy: &FeatureCopy, headers: &str) -> String {
    format!("{}spec:\n  headers:\n{headers}", head("Middleware", name, namespace, copy))
}

fn request_headers(copy: &FeatureCopy) -> String {
    let (key, feature) = (copy.header.as_str(), copy.feature.as_str());
    format!(
        "    customRequestHeaders:\n      {}: {}\n      baggage: {}\n",
        quoted(key),
        quoted(feature),
        quoted(&format!("{key}={feature}"))
    )
}

fn response_headers(copy: &FeatureCopy) -> String {
    format!(
        "    customResponseHeaders:\n      {}: {}\n",
        words::RESPONSE_HEADER,
        quoted(copy.feature.as_str())
    )
}

fn head(kind: &str, name: &str, namespace: Option<&str>, copy: &FeatureCopy) -> String {
    let mut head = format!("apiVersion: {API_VERSION}\nkind: {kind}\nmetadata:\n  name: {}\n", quoted(name));
    if let Some(namespace) = namespace {
        head.push_str(&format!("  namespace: {}\n", quoted(namespace)));
    }
    head.push_str("  labels:\n");
    let mut line = |key: &str, value: &str| head.push_str(&format!("    {key}: {}\n", quoted(value)));
    line(words::FEATURE, copy.feature.as_str());
    head.push_str("  annotations:\n");
    let mut line = |key: &str, value: &str| head.push_str(&format!("    {key}: {}\n", quoted(value)));
    line(words::TTL, copy.ttl.as_str());
    if copy.janitor {
        line(words::JANITOR_TTL, copy.ttl.as_str());
    }
    copy.by.iter().for_each(|by| line(words::BY, by));
    copy.source.iter().for_each(|source| line(words::SOURCE, source));
    head
}
