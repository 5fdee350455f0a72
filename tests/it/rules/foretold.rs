//! What `devstack explain --request` foretells of rules of every kind, and what Traefik's muxer does with them.

use std::collections::BTreeMap;

use acceptance::{
    generate::Choices,
    rules::{Route, Rules},
};
use post_renderer::{FeatureCopy, Request, Routing};
use serde_json::{Value, json};

use super::{
    Numbers, THREADS, parts,
    words::{self, Asked},
};

const TABLES: usize = 5_000;
const REQUESTS: usize = 4;

/// Kinds of answers, and how often each came.
type Counts = BTreeMap<&'static str, usize>;

/// A stream, and each of its rules as a router has it.
struct Table {
    stream: String,
    rows: Vec<Row>,
}

struct Row {
    kind: &'static str,
    name: String,
    /// From 1.
    number: usize,
    route: Route,
}

#[test]
fn what_is_foretold_of_a_request_is_what_traefiks_muxer_does() {
    let (mut counts, mut faults) = (Counts::new(), Vec::new());
    for (part, more) in parts(part) {
        for (what, count) in part {
            *counts.entry(what).or_default() += count;
        }
        faults.extend(more);
    }
    assert!(
        faults.is_empty(),
        "{} of {}:\n{}",
        faults.len(),
        TABLES * REQUESTS,
        faults[..faults.len().min(3)].join("\n")
    );
    assert_eq!(counts.values().sum::<usize>(), TABLES * REQUESTS);
    for what in ["nobody", "one", "a tie"] {
        assert!(counts.get(what).is_some_and(|count| *count > 500), "{counts:?}");
    }
}

fn part(seed: u64) -> (Counts, Vec<String>) {
    let (mut traefik, mut numbers) = (Rules::start(), Numbers(seed));
    let flags = ["--feature=feat1", "--isolate=off"];
    let routing = FeatureCopy::from_flags(flags).expect("legal").routing;
    let (mut counts, mut faults) = (Counts::new(), Vec::new());
    for _ in 0..TABLES / THREADS {
        let bytes = numbers.bytes(400);
        let mut choices = Choices::new(&bytes);
        let table = Table::any(&mut choices);
        let asked: Vec<Asked> = (0..REQUESTS).map(|_| Asked::any(&mut choices)).collect();
        let routes: Vec<Route> = table.rows.iter().map(|row| row.route.clone()).collect();
        let wires: Vec<String> = asked.iter().map(Asked::wire).collect();
        let (errors, outcomes) = traefik.lead(&routes, &wires);
        assert!(errors.iter().all(Option::is_none), "{errors:?}\n{}", table.stream);
        for (asked, outcome) in asked.iter().zip(outcomes) {
            assert_eq!(outcome.error, None, "{asked:?}");
            match table.compare(asked, &outcome.takes, outcome.winner(), &routing) {
                Ok(what) => *counts.entry(what).or_default() += 1,
                Err(fault) => faults.push(format!("{asked:?}: {fault}\n{}", table.stream)),
            }
        }
    }
    (counts, faults)
}

impl Table {
    fn any(choices: &mut Choices<'_>) -> Self {
        let (mut documents, mut rows) = (Vec::new(), Vec::new());
        for number in 0..=choices.below(4) {
            let name = format!("route-{number}");
            let (document, more) = match choices.below(4) {
                0..=1 => ingress_route(choices, &name, false),
                2 => ingress_route(choices, &name, true),
                _ => ingress(choices, &name),
            };
            documents.push(document);
            rows.extend(more);
        }
        Self { stream: documents.iter().map(|document| format!("---\n{document}\n")).collect(), rows }
    }

    /// Says what kind of an answer it was, where both say the same.
    fn compare(
        &self,
        asked: &Asked,
        takes: &[usize],
        winner: Option<usize>,
        routing: &Routing,
    ) -> Result<&'static str, String> {
        let mut request: Request = asked.line().parse()?;
        for line in &asked.headers {
            request.header(line)?;
        }
        let answer = post_renderer::answer(self.stream.as_bytes(), &request, routing);
        let answer = answer.map_err(|error| error.to_string())?;
        let place = |kind: &str, name: &str, number: usize| {
            let mut rows = self.rows.iter();
            rows.position(|row| row.kind == kind && row.name == name && row.number == number)
                .ok_or_else(|| format!("foretold is {kind} {name}, rule {number}, which there is not"))
        };
        let mut foretold = Vec::new();
        for candidate in &answer.candidates {
            let place = place(&candidate.kind, &candidate.name, candidate.rule)?;
            if candidate.priority != self.rows[place].priority() {
                return Err(format!("{candidate:?} has the priority {}", self.rows[place].priority()));
            }
            foretold.push(place);
        }
        let mut sorted = foretold.clone();
        sorted.sort_unstable();
        if sorted != takes {
            return Err(format!("{takes:?} take it, and foretold are {sorted:?}"));
        }
        let Some((first, winner)) = foretold.first().zip(winner) else {
            return if foretold.is_empty() && winner.is_none() {
                Ok("nobody")
            } else {
                Err(format!("{winner:?} wins, and foretold is {foretold:?}"))
            };
        };
        let best = self.rows[*first].priority();
        let tied: Vec<&usize> =
            foretold.iter().filter(|place| self.rows[**place].priority() == best).collect();
        match (answer.candidates[0].tie, tied.len()) {
            (true, 2..) if tied.contains(&&winner) => Ok("a tie"),
            (false, 1) if *first == winner => Ok("one"),
            _ => Err(format!("{winner} wins, and foretold is {:?}", answer.candidates)),
        }
    }
}

impl Row {
    fn priority(&self) -> i64 {
        match self.route.priority {
            0 => i64::try_from(self.route.rule.len()).expect("a rule"),
            priority => priority,
        }
    }
}

fn ingress_route(choices: &mut Choices<'_>, name: &str, old: bool) -> (Value, Vec<Row>) {
    let (mut routes, mut rows) = (Vec::new(), Vec::new());
    for number in 1..=1 + choices.below(3) {
        // Of Traefik 3, a route may be in the older syntax, and the other way round.
        let (syntax, written) = match (old, choices.below(4)) {
            (false, 2) => ("v2", Some("v2")),
            (_, 3) => ("v3", Some("v3")),
            (false, _) => ("v3", None),
            (true, _) => ("v2", None),
        };
        let rule = words::rule(choices, syntax == "v2", 2);
        let priority = choices.of(&[0, 0, 1, 20, 40, 1_000]);
        let mut route = json!({"kind": "Rule", "match": rule, "services": [{"name": "web", "port": 80}]});
        if priority > 0 || choices.one_in(4) {
            route["priority"] = priority.into();
        }
        if let Some(word) = written {
            route["syntax"] = word.into();
        }
        routes.push(route);
        rows.push(Row {
            kind: "IngressRoute",
            name: name.to_owned(),
            number,
            route: Route { rule, syntax, priority },
        });
    }
    let group = if old { "traefik.containo.us" } else { "traefik.io" };
    let document = json!({
        "apiVersion": format!("{group}/v1alpha1"),
        "kind": "IngressRoute",
        "metadata": {"name": name},
        "spec": {"routes": routes},
    });
    (document, rows)
}

/// The rules are those that Traefik's provider makes, written out.
fn ingress(choices: &mut Choices<'_>, name: &str) -> (Value, Vec<Row>) {
    let (mut rules, mut rows) = (Vec::new(), Vec::new());
    let mut annotations = json!({});
    let (matcher, priority) = (choices.of(&["PathPrefix", "PathPrefix", "Path"]), choices.of(&[0, 0, 30]));
    let v2 = choices.one_in(4);
    let mut note = |key: &str, value: &str| {
        annotations[format!("traefik.ingress.kubernetes.io/router.{key}")] = value.into();
    };
    if matcher == "Path" {
        note("pathmatcher", matcher);
    }
    if priority > 0 {
        note("priority", &priority.to_string());
    }
    if v2 {
        note("rulesyntax", "v2");
    }
    for _ in 0..=choices.below(2) {
        // A pattern of hosts in the older syntax is one of those that are not foretold.
        let any = if v2 { "" } else { "*.example.com" };
        let host = choices.of(&["", any, words::HOSTS[0], words::HOSTS[1], words::HOSTS[2]]);
        let mut paths = Vec::new();
        for _ in 0..=choices.below(2) {
            let path = choices.of(&words::PATHS);
            let kind = choices.of(&["Prefix", "Exact", "ImplementationSpecific"]);
            let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
            paths.push(json!({"path": path, "pathType": kind, "backend": backend}));
            let matcher = match kind {
                "Prefix" => "PathPrefix",
                "Exact" => "Path",
                _ => matcher,
            };
            let of_host = if host.is_empty() { String::new() } else { format!("Host(\"{host}\") && ") };
            let rule = format!("{of_host}{matcher}(\"{path}\")");
            let route = Route { rule, syntax: if v2 { "v2" } else { "v3" }, priority };
            rows.push(Row { kind: "Ingress", name: name.to_owned(), number: rows.len() + 1, route });
        }
        let mut rule = json!({"http": {"paths": paths}});
        if !host.is_empty() {
            rule["host"] = host.into();
        }
        rules.push(rule);
    }
    let document = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"ingressClassName": "traefik", "rules": rules},
    });
    (document, rows)
}
