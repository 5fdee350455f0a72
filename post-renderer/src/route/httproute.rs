//! An `HTTPRoute` of the Gateway API, edited in place: the object keeps its name and every field that we
//! do not know. A second one beside it has the preview hosts, since hostnames are a route's and not a
//! rule's.
//!
//! Path and method come before headers there, so each match of base is repeated with the header: it beats
//! the match that it derives from and no longer path of anybody's.

use super::{Routed, generated, matchers};
use crate::{
    copy::{FeatureCopy, HostTemplate},
    document::Document,
    error::RenderError,
    mapping::{self, quoted},
    metadata,
    node::{Node, Value},
    object::Object,
    report::{Action, Change},
    splice::{self, Edit},
};

/// How many matches a rule may have, by the schema of the Gateway API.
const MOST_MATCHES: usize = 64;

/// How many all of its rules may have together.
const MOST_OF_ROUTE: usize = 128;

/// The changes to one `HTTPRoute`, and its second for the preview hosts. None when they were made before.
pub fn in_place(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    copy: &FeatureCopy,
) -> Result<Routed, RenderError> {
    if is_of_preview_hosts(object, copy) {
        return Ok(Routed::default());
    }
    let Some(rules) = object.root.read_at(&["spec", "rules"]) else {
        return Err(document.unsupported(object.root, "an HTTPRoute without rules", ": write them out"));
    };
    if !matches!(rules.value, Value::Seq { .. }) {
        return Err(document.unsupported(rules, "a list of rules that is no list as it stands", ""));
    }
    let matches = |rule: &Node<'_>| rule.read("matches").map_or(1, |list| list.items().len().max(1));
    let many: usize = rules.items().iter().filter(|rule| !is_done(rule, copy)).map(matches).sum();
    if many * 2 > MOST_OF_ROUTE {
        let what = format!(
            "an HTTPRoute of more than {} matches, each of which a copy has twice,",
            MOST_OF_ROUTE / 2
        );
        return Err(document.unsupported(rules, what, ": write two of them"));
    }
    let mut routed = Routed::default();
    let mut done = false;
    for rule in rules.items() {
        if is_done(rule, copy) {
            done = true;
            continue;
        }
        routed.edits.extend(by_header(document, rule, copy)?);
        routed.edits.extend(filters(document, rule, &[("Response", generated::response(copy))])?);
        let said = format!("or baggage {}", copy.header);
        let header = format!("header {}: {}", copy.header, copy.feature);
        routed.changes.push(Change::new(
            "spec.rules.matches",
            (&header, &said),
            Action::Added,
            rule.span.start,
        ));
    }
    if !routed.edits.is_empty() && !done {
        let second = preview(document, object, rules, copy, &mut routed)?;
        routed.added.extend(second);
    }
    Ok(routed)
}

/// Whether a route takes nothing but preview hosts of the feature, as we make them.
pub fn is_of_preview_hosts(object: &Object<'_, '_>, copy: &FeatureCopy) -> bool {
    let hosts = object.root.read_at(&["spec", "hostnames"]).map(Node::items).unwrap_or_default();
    let template = copy.routing.preview_host.as_ref();
    let made = |host: &Node<'_>| {
        let made =
            host.resolved().scalar().and_then(|host| HostTemplate::made(template, host, &copy.feature));
        made == Some(true)
    };
    !hosts.is_empty() && hosts.iter().all(made)
}

/// The two ways in which a match can ask for the feature.
fn asked(copy: &FeatureCopy) -> [(&str, &'static str, String); 2] {
    [
        (copy.header.as_str(), "Exact", copy.feature.to_string()),
        ("baggage", "RegularExpression", matchers::baggage_pattern(&copy.header, &copy.feature)),
    ]
}

/// Whether every match of a rule asks for the feature.
fn is_done(rule: &Node<'_>, copy: &FeatureCopy) -> bool {
    let matches = rule.read("matches").map(Node::items).unwrap_or_default();
    let asks = |item: &Node<'_>| {
        let headers = item.read("headers").map(Node::items).unwrap_or_default();
        asked(copy).iter().any(|(name, kind, value)| {
            let named = |header: &&Node<'_>| {
                header.read_text("name").is_some_and(|own| own.eq_ignore_ascii_case(name))
            };
            // Of two with one name only the first counts.
            headers.iter().find(named).is_some_and(|header| {
                header.read_text("type").unwrap_or("Exact") == *kind
                    && header.read_text("value") == Some(value)
            })
        })
    };
    !matches.is_empty() && matches.iter().all(asks)
}

/// Each match of a rule with the header, and again with the baggage member.
fn by_header(document: &Document<'_>, rule: &Node<'_>, copy: &FeatureCopy) -> Result<Vec<Edit>, RenderError> {
    let headers = asked(copy).map(|(name, kind, value)| {
        format!("{{\"type\": \"{kind}\", \"name\": {}, \"value\": {}}}", quoted(name), quoted(&value))
    });
    let matches = mapping::own(document, rule, "matches")?;
    let items = matches.map(Node::items).unwrap_or_default();
    let Some(matches) = matches.filter(|_| !items.is_empty()) else {
        // Without a match a rule takes every path.
        let path = "\"path\": {\"type\": \"PathPrefix\", \"value\": \"/\"}";
        let all = headers.map(|header| format!("{{{path}, \"headers\": [{header}]}}")).join(", ");
        return match matches {
            Some(matches) => mapping::replace(document, matches, &format!("[{all}]")),
            None => mapping::put_first(document, rule, &[("matches", format!("[{all}]"))]),
        }
        .map(|edit| vec![edit]);
    };
    if items.len() * 2 > MOST_MATCHES {
        let what =
            format!("a rule of more than {} matches, each of which a copy has twice,", MOST_MATCHES / 2);
        return Err(document.unsupported(matches, what, ": write two rules"));
    }
    let mut edits = Vec::new();
    for item in items {
        let present = mapping::own(document, item, "headers")?;
        for header in present.map(Node::items).unwrap_or_default() {
            let name = header.read_text("name").unwrap_or_default();
            if asked(copy).iter().any(|(ours, _, _)| name.eq_ignore_ascii_case(ours)) {
                return Err(document.unsupported(header, format!("a match of the header {name}"), ""));
            }
        }
        let variant = |header: &String| match present {
            Some(list) => mapping::put_items_first(document, list, std::slice::from_ref(header)),
            None => mapping::put_first(document, item, &[("headers", format!("[{header}]"))]),
        };
        let variants = headers.iter().map(|header| variant(header).map(|edit| vec![edit]));
        edits.extend(mapping::multiply(document, matches, item, variants.collect::<Result<_, _>>()?)?);
    }
    Ok(edits)
}

/// The headers that requests or answers of a rule have set: in the filter that does so already, of which a
/// rule may have one, or in one more.
fn filters(
    document: &Document<'_>,
    rule: &Node<'_>,
    ways: &[(&'static str, Vec<(String, String)>)],
) -> Result<Vec<Edit>, RenderError> {
    let present = mapping::own(document, rule, "filters")?;
    let items = present.map(Node::items).unwrap_or_default();
    let mut edits = Vec::new();
    let mut missing = Vec::new();
    for (way, headers) in ways {
        let kind = format!("{way}HeaderModifier");
        let key = format!("{}HeaderModifier", way.to_ascii_lowercase());
        let flow = |(name, value): &(String, String)| {
            format!("{{\"name\": {}, \"value\": {}}}", quoted(name), quoted(value))
        };
        let Some(filter) = items.iter().find(|item| item.read_text("type") == Some(&kind)) else {
            let set: Vec<String> = headers.iter().map(flow).collect();
            missing.push(format!("{{\"type\": \"{kind}\", \"{key}\": {{\"set\": [{}]}}}}", set.join(", ")));
            continue;
        };
        let Some(modifier) = mapping::own(document, filter, &key)? else {
            return Err(document.wrong(filter, format!("a filter of the type {kind} has {key}")));
        };
        let set = mapping::own(document, modifier, "set")?;
        let mut open = Vec::new();
        for header in headers {
            let named = |item: &&Node<'_>| {
                item.read_text("name").is_some_and(|name| name.eq_ignore_ascii_case(&header.0))
            };
            match set.map(Node::items).unwrap_or_default().iter().find(named) {
                Some(own) => edits.push(mapping::replace(document, own, &flow(header))?),
                None => open.push(flow(header)),
            }
        }
        match set {
            _ if open.is_empty() => {}
            Some(set) => edits.push(mapping::put_items_first(document, set, &open)?),
            None => {
                edits.push(mapping::put_first(
                    document,
                    modifier,
                    &[("set", format!("[{}]", open.join(", ")))],
                )?);
            }
        }
    }
    if !missing.is_empty() {
        edits.push(match present {
            Some(list) => mapping::put_items_first(document, list, &missing)?,
            None => mapping::put_first(document, rule, &[("filters", format!("[{}]", missing.join(", ")))])?,
        });
    }
    Ok(edits)
}

/// The second route: the text of the first with preview hosts instead of its own, and the header set. None
/// for a hostname that is a pattern or missing, or of which base could have the preview host: no priority
/// would let base win.
fn preview(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    rules: &Node<'_>,
    copy: &FeatureCopy,
    routed: &mut Routed,
) -> Result<Option<String>, RenderError> {
    let Some(list) = object.root.read_at(&["spec", "hostnames"]).filter(|list| !list.items().is_empty())
    else {
        routed.notes.push("no preview host: it has no hostnames".to_owned());
        return Ok(None);
    };
    let mut previews = Vec::new();
    for host in list.items() {
        match preview_host(document, host, copy)? {
            PreviewHost::At(preview) => previews.push((host, preview)),
            PreviewHost::Nowhere { why } => routed.notes.push(why),
        }
    }
    routed.changes.extend(previews.iter().map(|(host, preview)| {
        Change::new("spec.hostnames", ("preview host", preview), Action::Added, host.span.start)
    }));
    let hosts = || previews.iter().map(|(_, preview)| quoted(preview));
    let mut edits = Vec::new();
    if previews.len() == list.items().len() {
        for ((host, _), preview) in previews.iter().zip(hosts()) {
            edits.push(mapping::replace(document, host, &preview)?);
        }
    } else if !previews.is_empty() {
        let hosts = hosts().collect::<Vec<_>>().join(", ");
        edits.push(mapping::replace(document, list, &format!("[{hosts}]"))?);
    }
    let Some(name) = object.metadata.get("name").filter(|_| !edits.is_empty()) else { return Ok(None) };
    if object.listed && document.has_shared() {
        return Err(document.unsupported(object.root, "an HTTPRoute in a list with anchors", ""));
    }
    let first = name.scalar().unwrap_or_default();
    edits.push(mapping::replace(document, name, &quoted(&format!("{first}-preview")))?);
    edits.extend(metadata::of_object(document, object, copy, &mut Vec::new())?);
    let ways = [("Request", generated::request(copy)), ("Response", generated::response(copy))];
    for rule in rules.items() {
        edits.extend(filters(document, rule, &ways)?);
    }
    let root = object.root;
    // Its first line has lost the indentation that the others have.
    let text = splice::apply(document.text, root.start..root.span.end, edits);
    Ok(Some(format!("{}{}\n", " ".repeat(root.column), text.trim_end_matches(['\n', '\r']))))
}

/// Where a hostname has its preview.
enum PreviewHost {
    At(String),
    Nowhere { why: String },
}

fn preview_host(
    document: &Document<'_>,
    host: &Node<'_>,
    copy: &FeatureCopy,
) -> Result<PreviewHost, RenderError> {
    let text = host.resolved().scalar().unwrap_or_default();
    if text.contains('*') {
        return Ok(PreviewHost::Nowhere { why: format!("no preview host for {text}, which is a pattern") });
    }
    let preview = HostTemplate::preview(copy.routing.preview_host.as_ref(), text, &copy.feature);
    let preview = preview.map_err(|cause| document.wrong(host, cause))?;
    if !preview.unmistakable {
        let why = format!(
            "no preview host for {text}, since {} could be a host of base's: choose --preview-host",
            preview.host
        );
        return Ok(PreviewHost::Nowhere { why });
    }
    Ok(PreviewHost::At(preview.host))
}
