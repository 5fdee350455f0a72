//! Strings in every place from which they could get into a rule: whatever devstack does not refuse has exactly
//! the rules that are meant, as Traefik's own parser reads them.

mod places;
mod strings;

use std::collections::{BTreeMap, BTreeSet};

use acceptance::{
    generate::Choices,
    rules::{Route, Rules, Tree},
};
use post_renderer::FeatureCopy;
use serde_json::{Value, json};

use self::places::{Base, FLAGS, HOST, PLACES, Put};
use super::{Numbers, THREADS, parts, table};

const STRINGS: usize = 100_000;

/// How many renderings go to the parser at once.
const BATCH: usize = 64;

/// Names of places, and how many strings came through there.
type Counts = BTreeMap<&'static str, usize>;

/// A rendering, and the rules that came of it.
struct Rendered {
    place: &'static str,
    text: String,
    put: Put,
    rules: Vec<Route>,
}

#[test]
fn no_string_widens_a_rule() {
    let (mut passed, mut faults) = (Counts::new(), Vec::new());
    for (counts, more) in parts(part) {
        for (place, count) in counts {
            *passed.entry(place).or_default() += count;
        }
        faults.extend(more);
    }
    assert!(faults.is_empty(), "{}:\n{}", faults.len(), faults[..faults.len().min(20)].join("\n"));
    // Each place refuses much, and takes enough for the test to say something.
    for place in &PLACES {
        let count = passed.get(place.name).copied().unwrap_or_default();
        assert!((50..STRINGS).contains(&count), "{}: {count} of {STRINGS} passed", place.name);
    }
}

#[test]
fn what_the_advisories_name_is_refused_or_stays_a_text() {
    let mut traefik = Rules::start();
    let copy = plain();
    let mut rendered = Vec::new();
    for (name, text) in strings::PAYLOADS {
        for place in &PLACES {
            let outcome = render(&copy, place.name, place.put, text)
                .unwrap_or_else(|fault| panic!("{name}, in {}: {fault}", place.name));
            rendered.extend(outcome);
        }
    }
    let taken: Vec<&str> = rendered.iter().map(|rendered| rendered.place).collect();
    for flag in &PLACES[..8] {
        // The quote of an Ingress's path is the only legal character among them.
        let legal = flag.name == "the path of an Ingress";
        assert_eq!(taken.contains(&flag.name), legal, "{}", flag.name);
    }
    assert_eq!(compare(&mut traefik, &rendered), Vec::<String>::new());
}

fn part(seed: u64) -> (Counts, Vec<String>) {
    let (mut traefik, mut numbers, copy) = (Rules::start(), Numbers(seed), plain());
    let (mut passed, mut faults, mut batch) = (Counts::new(), Vec::new(), Vec::new());
    let (flags, fields) = PLACES.split_at(FLAGS);
    let mut texts = BTreeSet::new();
    while texts.len() < STRINGS / THREADS {
        let (number, bytes) = (texts.len(), numbers.bytes(64));
        let text = strings::any(&mut Choices::new(&bytes));
        if !texts.insert(text.clone()) {
            continue;
        }
        // Each string at each flag; at the fields in turn, where it takes a chart to be rendered.
        for place in flags.iter().chain([&fields[number % fields.len()]]) {
            match render(&copy, place.name, place.put, &text) {
                Ok(rendered) => {
                    *passed.entry(place.name).or_default() += usize::from(rendered.is_some());
                    batch.extend(rendered);
                }
                Err(fault) => faults.push(format!("{text:?} in {}: {fault}", place.name)),
            }
        }
        if batch.len() > BATCH {
            faults.extend(compare(&mut traefik, &batch));
            batch.clear();
        }
    }
    faults.extend(compare(&mut traefik, &batch));
    (passed, faults)
}

fn plain() -> FeatureCopy {
    FeatureCopy::from_flags(["--feature=feat1", "--isolate=off"]).expect("legal")
}

/// Nothing where the string is refused.
fn render(
    copy: &FeatureCopy,
    place: &'static str,
    put: fn(&FeatureCopy, &str) -> Option<Put>,
    text: &str,
) -> Result<Option<Rendered>, String> {
    let Some(put) = put(copy, text) else { return Ok(None) };
    let Ok(rendering) = post_renderer::render(put.stream.as_bytes(), &put.copy) else { return Ok(None) };
    let documents = table::documents(&rendering.to_vec());
    let mut rules = Vec::new();
    for document in &documents {
        match (table::text(&document["kind"]), &put.base) {
            ("IngressRoute", _) => rules.extend(table::of_ingress_route(document)),
            ("HTTPRoute", Base::Match(item)) => check(document, item, &put)?,
            ("HTTPRoute" | "Ingress", _) => return Err(format!("a route that is not meant: {document}")),
            _ => {}
        }
    }
    Ok(Some(Rendered { place, text: text.to_owned(), put, rules }))
}

/// An `HTTPRoute` has what it had, and beside it the header, the baggage, or the preview host.
fn check(document: &Value, item: &Value, put: &Put) -> Result<(), String> {
    let meant = put.meant();
    let rules = document["spec"]["rules"].as_array().map(Vec::as_slice).unwrap_or_default();
    let [rule] = rules else { return Err(format!("{} rules", rules.len())) };
    let (hosts, matches) = if document["metadata"]["name"] == "web" {
        let with = |header: Value| {
            let mut item = item.clone();
            item["headers"].as_array_mut().expect("a list").insert(0, header);
            item
        };
        let by_header = json!({"type": "Exact", "name": meant.header, "value": meant.feature});
        let pattern = &meant.baggage();
        let by_baggage = json!({"type": "RegularExpression", "name": "baggage", "value": pattern});
        (json!([HOST]), json!([with(by_header), with(by_baggage)]))
    } else {
        (json!([meant.preview(HOST)]), json!([item]))
    };
    if document["spec"]["hostnames"] == hosts && rule["matches"] == matches {
        Ok(())
    } else {
        Err(format!("{document}, and meant are {hosts} and {matches}"))
    }
}

/// What is otherwise than it is meant.
fn compare(traefik: &mut Rules, batch: &[Rendered]) -> Vec<String> {
    let routes = batch.iter().flat_map(|Rendered { put, rules, .. }| {
        let base = match &put.base {
            Base::Rule(route) => Some(route.clone()),
            Base::Entry(_) | Base::Match(_) => None,
        };
        base.into_iter().chain(rules.iter().cloned())
    });
    let mut trees = traefik.trees(&routes.collect::<Vec<Route>>()).into_iter();
    let mut faults = Vec::new();
    for Rendered { place, text, put, rules } in batch {
        let base = matches!(put.base, Base::Rule(_)).then(|| trees.next().expect("a tree of base's"));
        let trees: Vec<_> = trees.by_ref().take(rules.len()).collect();
        let right = match (&put.base, &base) {
            (Base::Rule(route), Some(base)) => is_meant(put, route, base, &trees),
            (Base::Entry(host), _) => trees == [Ok(Tree::leaf("Host", &[&put.meant().preview(host)]))],
            _ => trees.is_empty(),
        };
        if !right {
            let said: Vec<&str> = rules.iter().map(|route| route.rule.as_str()).collect();
            let failed: Vec<&String> = trees.iter().filter_map(|tree| tree.as_ref().err()).collect();
            faults.push(format!("{text:?} in {place}: {said:?}, of which cannot be read {failed:?}"));
        }
    }
    faults
}

fn is_meant(put: &Put, route: &Route, base: &Result<Tree, String>, trees: &[Result<Tree, String>]) -> bool {
    let meant = put.meant();
    let owned = |tree: &Tree| meant.owns(tree, route.syntax);
    let Ok(base) = base else {
        // What base's router leaves out has no meaning; the copy's takes nothing that is not the copy's.
        return trees.iter().flatten().all(owned);
    };
    let want = meant.rules(base, route.syntax);
    // A host behind two negations is a host, and has no preview host all the same.
    let fewer = route.rule.contains('!') && trees.len() + 1 == want.len();
    (trees.len() == want.len() || fewer)
        && trees.iter().zip(&want).all(|(tree, want)| tree.as_ref() == Ok(want) && owned(want))
}
