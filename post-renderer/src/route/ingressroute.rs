//! Traefik's `IngressRoute`, edited in place: the object keeps its name and every field that we do
//! not know.
//!
//! Each rule R of priority p becomes `(R) && header` at p + 2, the same with the baggage member at
//! p + 1, and R on the preview host at p + 100000. So a copy beats the rule that it derives from and
//! no other application's on the same host, and the plain header beats baggage.

use super::{
    Routed,
    generated::{self, Head, MISTAKABLE_PRIORITY, MOST_PRIORITY, Middlewares, PREVIEW_PRIORITY},
    matchers::{self, Syntax, go_quoted},
    rule,
};
use crate::{
    copy::{FeatureCopy, HostTemplate, Router},
    document::Document,
    error::RenderError,
    mapping,
    node::{Node, Value},
    object::Object,
    report::{Action, Change},
    splice::{self, Edit},
};

/// The changes to one `IngressRoute`, and the middlewares that its rules name. None when they were
/// made before.
pub fn in_place(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    copy: &FeatureCopy,
) -> Result<Routed, RenderError> {
    let (api_version, group) = group(document, object)?;
    let name = object
        .metadata
        .read("name")
        .ok_or_else(|| document.unsupported(object.metadata, "an IngressRoute without a name", ""))?;
    let name = name.scalar().ok_or_else(|| document.wrong(name, "the name of an IngressRoute is a text"))?;
    let Some(routes) = object.root.read_at(&["spec", "routes"]) else {
        return Err(document.wrong(object.root, "an IngressRoute has spec.routes"));
    };
    if !matches!(routes.value, Value::Seq { .. }) {
        return Err(document.unsupported(routes, "a list of routes that is no list as it stands", ""));
    }
    let names = Middlewares::of(name);
    let mut asked = Routed::default();
    let (mut done, mut previewed, mut unnamed) = (false, false, Vec::new());
    for (index, item) in routes.items().iter().enumerate() {
        let route = Route::read(document, item, group, copy)?;
        if route.is_done(&names, copy) {
            done = true;
            continue;
        }
        let rules = route.rules(document, copy, &names)?;
        if rules.len() > 2 {
            previewed = true;
        } else {
            unnamed.push((index + 1).to_string());
        }
        let variants =
            rules.iter().map(|rule| route_edits(document, item, rule)).collect::<Result<_, _>>()?;
        asked.edits.extend(mapping::multiply(document, routes, item, variants)?);
        asked.changes.extend(rules.iter().map(|Rule { text, priority, middlewares: _ }| {
            let said = (text.as_str(), format!("priority {priority}"));
            Change::new("spec.routes", (said.0, &said.1), Action::Replaced, item.span.start)
        }));
    }
    if !unnamed.is_empty() {
        let rules = unnamed.join(", ");
        asked
            .notes
            .push(format!("no preview host for rule {rules}: not every request of it is for a named host"));
    }
    if !asked.edits.is_empty() && !done {
        let head = Head { api_version, namespace: object.namespace() };
        asked.added = names.documents(&head, copy, previewed);
    }
    Ok(asked)
}

/// Whether an `IngressRoute` is one that we made for an entry: it takes nothing but preview hosts.
pub fn is_entry(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    copy: &FeatureCopy,
) -> Result<bool, RenderError> {
    let Some(routes) = object.root.read_at(&["spec", "routes"]) else { return Ok(false) };
    let (_, group) = group(document, object)?;
    for item in routes.items() {
        if !Route::read(document, item, group, copy)?.is_of_preview_hosts(copy) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// One route of the chart, read.
struct Route<'n, 'a> {
    item: &'n Node<'a>,
    /// Where the rule stands.
    node: &'n Node<'a>,
    text: &'n str,
    rule: rule::Rule,
    syntax: Syntax,
    /// What is written, or the rule's length in bytes, as Traefik counts.
    priority: i64,
}

/// One rule that a route of the chart becomes.
struct Rule<'a> {
    text: String,
    priority: i64,
    middlewares: Vec<&'a str>,
}

impl<'n, 'a> Route<'n, 'a> {
    fn read(
        document: &Document<'_>,
        item: &'n Node<'a>,
        group: Syntax,
        copy: &FeatureCopy,
    ) -> Result<Self, RenderError> {
        let Some(node) = item.get("match") else {
            return Err(document.wrong(item, "a route has a match"));
        };
        let Some(text) = node.scalar() else {
            return Err(document.wrong(node, "the match of a route is a text"));
        };
        let syntax =
            match item.read("syntax").filter(|syntax| !syntax.is_null()).map(|node| (node, node.scalar())) {
                None | Some((_, Some(""))) if copy.routing.router == Router::TraefikV2 => Syntax::V2,
                None | Some((_, Some(""))) => group,
                Some((_, Some("v2"))) => Syntax::V2,
                Some((_, Some("v3"))) => Syntax::V3,
                Some((node, _)) => {
                    return Err(document.unsupported(node, "a syntax that is neither v2 nor v3", ""));
                }
            };
        let rule = rule::parse(text)
            .map_err(|cause| document.wrong(node, format!("this rule cannot be read: {cause}")))?;
        let priority = priority(document, item, text)?;
        Ok(Self { item, node, text, rule, syntax, priority })
    }

    /// Whether it is what an earlier rendering made of a route: it names our middleware, and takes only
    /// requests of the feature.
    fn is_done(&self, names: &Middlewares, copy: &FeatureCopy) -> bool {
        let middlewares = self.item.get("middlewares").map(Node::items).unwrap_or_default();
        let has =
            |name: &str| middlewares.iter().any(|item| item.get("name").and_then(Node::scalar) == Some(name));
        let demands =
            |matcher: String| rule::parse(&matcher).is_ok_and(|matcher| self.rule.demands(&matcher));
        has(&names.feature)
            && (demands(matchers::header(self.syntax, &copy.header, &copy.feature))
                || demands(matchers::baggage(self.syntax, &copy.header, &copy.feature))
                || has(&names.preview) && self.is_of_preview_hosts(copy))
    }

    fn is_of_preview_hosts(&self, copy: &FeatureCopy) -> bool {
        let made = |rule: &rule::Rule| {
            let hosts = rule.hosts();
            hosts.all
                && hosts.literals.iter().all(|literal| {
                    let template = copy.routing.preview_host.as_ref();
                    let made = HostTemplate::made(template, &literal.text, &copy.feature);
                    made.is_some_and(|unmistakable| unmistakable || self.priority < 0)
                })
        };
        match &self.rule {
            // The last part may leave but the unmistakable of them.
            rule::Rule::All(parts) => made(&self.rule) || parts.iter().any(made),
            rule => made(rule),
        }
    }

    /// What it becomes: by header, by baggage, and by preview host where one can be said.
    fn rules<'m>(
        &self,
        document: &Document<'_>,
        copy: &FeatureCopy,
        names: &'m Middlewares,
    ) -> Result<Vec<Rule<'m>>, RenderError> {
        let Self { node, text, rule, syntax, priority, item } = self;
        if *priority < 0 {
            let node = item.get("priority").unwrap_or(item);
            return Err(document.unsupported(node, "a priority below 0", ""));
        }
        // Before a bracket a line end would be one of the rule.
        let text = text.trim_end();
        let with = |matcher: String| format!("({text}) && {matcher}");
        let mut rules = vec![
            Rule {
                text: with(matchers::header(*syntax, &copy.header, &copy.feature)),
                priority: priority + 2,
                middlewares: vec![&names.feature],
            },
            Rule {
                text: with(matchers::baggage(*syntax, &copy.header, &copy.feature)),
                priority: priority + 1,
                middlewares: vec![&names.feature],
            },
        ];
        // A rule that takes requests of other hosts too would take them all from base at this priority.
        let hosts = rule.hosts();
        if !hosts.all {
            return Ok(rules);
        }
        let mut edits = Vec::new();
        let (mut unmistakable, mut mistakable) = (Vec::new(), false);
        for literal in hosts.literals {
            let template = copy.routing.preview_host.as_ref();
            let preview = HostTemplate::preview(template, &literal.text, &copy.feature)
                .map_err(|cause| document.wrong(node, cause))?;
            let host = go_quoted(&preview.host);
            edits.push(Edit::replace(literal.span.clone(), host.clone()));
            if preview.unmistakable {
                unmistakable.push(format!("Host({host})"));
            } else {
                mistakable = true;
            }
        }
        let text = splice::apply(text, 0..text.len(), edits);
        // They need what the header routes need too: when the preview host answers, they do.
        let middlewares = || vec![names.feature.as_str(), names.preview.as_str()];
        if mistakable {
            let priority = priority + MISTAKABLE_PRIORITY;
            rules.push(Rule { text: text.clone(), priority, middlewares: middlewares() });
        }
        if !unmistakable.is_empty() {
            let text = if mistakable { format!("({text}) && ({})", unmistakable.join(" || ")) } else { text };
            rules.push(Rule { text, priority: priority + PREVIEW_PRIORITY, middlewares: middlewares() });
        }
        Ok(rules)
    }
}

/// The rule's own priority. Below 0 are those of ours.
fn priority(document: &Document<'_>, item: &Node<'_>, rule: &str) -> Result<i64, RenderError> {
    let Some(node) = item.get("priority").filter(|node| !node.is_null()) else {
        return Ok(matchers::length(rule));
    };
    match node.scalar().and_then(|text| text.parse::<i64>().ok()) {
        Some(0) => Ok(matchers::length(rule)),
        Some(priority) if priority <= MOST_PRIORITY => Ok(priority),
        _ => {
            let what = format!("a priority that is no number up to {MOST_PRIORITY}");
            Err(document.unsupported(node, what, ""))
        }
    }
}

/// The edits that make the text of one route say `rule`.
fn route_edits(document: &Document<'_>, item: &Node<'_>, rule: &Rule<'_>) -> Result<Vec<Edit>, RenderError> {
    let mut edits = Vec::new();
    let mut missing = Vec::new();
    let middlewares: Vec<String> =
        rule.middlewares.iter().map(|name| format!("{{\"name\": {}}}", mapping::quoted(name))).collect();
    if let Some(node) = item.get("match") {
        edits.push(mapping::replace(document, node, &mapping::quoted(&rule.text))?);
    }
    match item.get("priority") {
        Some(node) => edits.push(mapping::replace(document, node, &rule.priority.to_string())?),
        None => missing.push(("priority", rule.priority.to_string())),
    }
    match item.get("middlewares") {
        Some(list) => edits.push(mapping::put_items_first(document, list, &middlewares)?),
        None => missing.push(("middlewares", format!("[{}]", middlewares.join(", ")))),
    }
    if !missing.is_empty() {
        edits.push(mapping::put_first(document, item, &missing)?);
    }
    Ok(edits)
}

/// The group of an `IngressRoute`, and its syntax where its routes say nothing else.
fn group(document: &Document<'_>, object: &Object<'_, '_>) -> Result<(&'static str, Syntax), RenderError> {
    if let Some(node) = object.root.read_at(&["spec", "parentRefs"]) {
        return Err(document.unsupported(node, "an IngressRoute with parentRefs", ""));
    }
    match object.api_version {
        generated::API_VERSION => Ok((generated::API_VERSION, Syntax::V3)),
        generated::OLD_API_VERSION => Ok((generated::OLD_API_VERSION, Syntax::V2)),
        other => {
            let what = format!("an IngressRoute of {other}");
            let remedy = ": only traefik.io/v1alpha1 and traefik.containo.us/v1alpha1 are";
            Err(document.unsupported(object.root, what, remedy))
        }
    }
}
