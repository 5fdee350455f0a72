//! Traefik's `IngressRoute`, edited in place: the object keeps its name and every field that we do
//! not know.
//!
//! Each rule R of priority p becomes `(R) && header` at p + 2, the same with the baggage member at
//! p + 1, and R on the preview host at p + 100000. So a copy beats the rule that it derives from and
//! no other application's on the same host, and the plain header beats baggage.

use crate::{
    copy::FeatureCopy,
    document::Document,
    error::RenderError,
    mapping::{self, indent_before},
    node::{Node, Style, Value},
    object::Object,
    report::{Action, Change},
    route::{
        Routed,
        generated::{self, PREVIEW_PRIORITY},
        matchers, preview, rule,
    },
    splice::{self, Edit},
};

/// The changes to one `IngressRoute`, and the middlewares that its rules name. None when they were
/// made before.
pub fn in_place(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    copy: &FeatureCopy,
) -> Result<Routed, RenderError> {
    refuse_unsupported(document, object)?;
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
    let names = generated::Middlewares::of(name);
    // What an earlier rendering made of a route names our middleware.
    let done = |route: &Node<'_>| {
        let middlewares = route.get("middlewares").map(Node::items).unwrap_or_default();
        middlewares.iter().any(|item| item.get("name").and_then(Node::scalar) == Some(&names.feature))
    };
    let (done, open): (Vec<&Node<'_>>, Vec<&Node<'_>>) = routes.items().iter().partition(|route| done(route));
    let mut changes = Routed::default();
    let mut previewed = false;
    for item in open {
        let rules = rules(document, item, copy, &names)?;
        previewed |= rules.len() > 2;
        changes.edits.extend(spread(document, routes, item, &rules)?);
        changes.changes.extend(rules.iter().map(|Rule { text, priority, middlewares: _ }| {
            let said = (text.as_str(), format!("priority {priority}"));
            Change::new("spec.routes", (said.0, &said.1), Action::Replaced, item.span.start)
        }));
    }
    if !changes.edits.is_empty() && done.is_empty() {
        changes.added = names.documents(object, copy, previewed);
    }
    Ok(changes)
}

/// One rule that a route of the chart becomes.
struct Rule<'a> {
    text: String,
    priority: usize,
    middlewares: Vec<&'a str>,
}

/// What the route `item` becomes: by header, by baggage, and by preview host where one can be said.
fn rules<'a>(
    document: &Document<'_>,
    item: &Node<'_>,
    copy: &FeatureCopy,
    names: &'a generated::Middlewares,
) -> Result<Vec<Rule<'a>>, RenderError> {
    let Some(node) = item.get("match") else {
        return Err(document.wrong(item, "a route has a match"));
    };
    let Some(text) = node.scalar() else {
        return Err(document.wrong(node, "the match of a route is a text"));
    };
    if item.get("syntax").and_then(Node::scalar).is_some_and(|syntax| syntax != "v3") {
        return Err(document.unsupported(item, "a route in the syntax of Traefik 2", ""));
    }
    let hosts = rule::hosts(text)
        .map_err(|cause| document.wrong(node, format!("this rule cannot be read: {cause}")))?;
    let own = own_priority(document, item, text)?;
    let with = |matcher: String| format!("({text}) && {matcher}");
    let mut rules = vec![
        Rule {
            text: with(matchers::header(&copy.header, &copy.feature)),
            priority: own + 2,
            middlewares: vec![&names.feature],
        },
        Rule {
            text: with(matchers::baggage(&copy.header, &copy.feature)),
            priority: own + 1,
            middlewares: vec![&names.feature],
        },
    ];
    // A rule that takes requests of other hosts too would take them all from base at this priority.
    if hosts.all {
        let mut edits = Vec::new();
        let mut priority = own + PREVIEW_PRIORITY;
        for literal in hosts.literals {
            let preview =
                preview::host(&literal.host, &copy.feature).map_err(|cause| document.wrong(node, cause))?;
            if !preview.unmistakable {
                priority = generated::MISTAKABLE_PRIORITY;
            }
            edits.push(Edit::replace(literal.span, matchers::go_quoted(&preview.host)));
        }
        let text = splice::apply(text, 0..text.len(), edits);
        // It needs what the header routes need too: when the preview host answers, they do.
        rules.push(Rule { text, priority, middlewares: vec![&names.feature, &names.preview] });
    }
    Ok(rules)
}

/// The rule's own priority: what is written, or its length in bytes, as Traefik counts.
fn own_priority(document: &Document<'_>, item: &Node<'_>, rule: &str) -> Result<usize, RenderError> {
    let Some(node) = item.get("priority").filter(|node| !node.is_null()) else { return Ok(rule.len()) };
    match node.scalar().and_then(|text| text.parse::<usize>().ok()) {
        Some(0) => Ok(rule.len()),
        // Traefik keeps the priorities above for itself.
        Some(priority) if i32::try_from(priority).is_ok() => Ok(priority),
        _ => Err(document.unsupported(node, "a priority below 0 or above 2147483647", "")),
    }
}

/// Turns the route `item` into the first of `rules`, and copies of its text behind it into the others.
fn spread(
    document: &Document<'_>,
    routes: &Node<'_>,
    item: &Node<'_>,
    rules: &[Rule<'_>],
) -> Result<Vec<Edit>, RenderError> {
    let [first, others @ ..] = rules else { return Ok(Vec::new()) };
    let stream = document.text;
    let mut edits = route_edits(document, item, first)?;
    if let Value::Seq { style: Style::Flow, .. } = routes.value {
        let mut copies = String::new();
        for rule in others {
            copies.push_str(", ");
            copies.push_str(&splice::apply(stream, item.span.clone(), route_edits(document, item, rule)?));
        }
        edits.push(Edit::insert(item.span.end, copies));
        return Ok(edits);
    }
    let dash = mapping::dash(document, item)?;
    let start = dash - indent_before(stream, dash).len();
    // The rest of the last line is a comment at most, which goes with the original.
    let line_end =
        stream[item.span.end..].find('\n').map_or(stream.len(), |newline| item.span.end + newline + 1);
    let mut copies = String::new();
    if !stream[..line_end].ends_with('\n') {
        copies.push_str(document.eol);
    }
    for rule in others {
        copies.push_str(&splice::apply(stream, start..item.span.end, route_edits(document, item, rule)?));
        copies.push_str(document.eol);
    }
    edits.push(Edit::insert(line_end, copies));
    Ok(edits)
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

fn refuse_unsupported(document: &Document<'_>, object: &Object<'_, '_>) -> Result<(), RenderError> {
    if object.api_version != generated::API_VERSION {
        let what = format!("an IngressRoute of {}", object.api_version);
        return Err(document.unsupported(object.root, what, ": only traefik.io/v1alpha1 is"));
    }
    match object.root.read_at(&["spec", "parentRefs"]) {
        Some(node) => Err(document.unsupported(node, "an IngressRoute with parentRefs", "")),
        None => Ok(()),
    }
}
