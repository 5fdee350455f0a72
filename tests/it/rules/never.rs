//! Whatever a chart says, the routes of a copy take no request that is not the copy's: by Traefik's muxer, by what
//! explain foretells, and by either reading of a header that is asked for twice. So base is never robbed of a
//! request, nor is another copy of its preview host.

mod charts;

use std::collections::BTreeMap;

use acceptance::{
    generate::Choices,
    rules::{Route, Rules},
};
use post_renderer::{FeatureCopy, Request};

use super::{
    Numbers, THREADS, parts, table,
    words::{self, Asked},
};

const CHARTS: usize = 1_200;
const REQUESTS: usize = 8;
const COPIES: [&str; 2] = ["feat1", "feat2"];

/// Hosts that are, or look as if they were, preview hosts of one or of both.
const PREVIEWS: [&str; 6] = [
    "shop--feat1.example.com",
    "shop--feat2.example.com",
    "feat1.example.com",
    "feat2.example.com",
    "shop--feat2.x--feat1.example.com",
    "shop--feat1--feat2.example.com",
];

/// What became of requests, and how often.
type Counts = BTreeMap<&'static str, usize>;

/// A request, as the test, the router and explain have it.
struct Put {
    asked: Asked,
    wire: String,
    line: Request,
}

#[test]
fn no_chart_claims_what_is_bases_or_another_copys() {
    let (mut counts, mut faults) = (Counts::new(), Vec::new());
    for (part, more) in parts(part) {
        for (what, count) in part {
            *counts.entry(what).or_default() += count;
        }
        faults.extend(more);
    }
    assert!(faults.is_empty(), "{counts:?}; {}:\n{}", faults.len(), faults[..faults.len().min(3)].join("\n"));
    let requests = counts["nobody's"] + counts["its own"];
    assert!(requests > 10_000 && counts["its own"] > 1_000, "{counts:?}");
}

fn part(seed: u64) -> (Counts, Vec<String>) {
    let (mut traefik, mut numbers) = (Rules::start(), Numbers(seed));
    let (mut counts, mut faults) = (Counts::new(), Vec::new());
    let copies = COPIES.map(|feature| (feature, copies(feature)));
    for _ in 0..CHARTS / THREADS {
        let bytes = numbers.bytes(600);
        let mut choices = Choices::new(&bytes);
        let chart = charts::any(&mut choices);
        let asked: Vec<Put> = (0..REQUESTS).map(|_| request(&mut choices)).collect();
        for (feature, copies) in &copies {
            let copy = &copies[choices.below(copies.len())];
            let Ok(rendering) = post_renderer::render(chart.as_bytes(), copy) else {
                *counts.entry("a chart that is refused").or_default() += 1;
                continue;
            };
            let stream = rendering.to_vec();
            for (put, taken) in asked.iter().zip(takes(&mut traefik, &stream, &asked, copy)) {
                let owned = put.asked.is_of(feature) || is_preview(&put.asked.host, feature);
                let what = match (taken.is_empty(), owned) {
                    (true, _) => "nobody's",
                    (false, true) => "its own",
                    (false, false) => {
                        let text = String::from_utf8_lossy(&stream);
                        faults.push(format!("{feature} takes {:?} by {taken:?}\n{chart}\n{text}", put.asked));
                        "another's"
                    }
                };
                *counts.entry(what).or_default() += 1;
            }
        }
    }
    (counts, faults)
}

/// Copies of a feature, for each router.
fn copies(feature: &str) -> Vec<FeatureCopy> {
    let feature = format!("--feature={feature}");
    let routers: [&[&str]; 4] = [
        &[],
        &["--router=gateway-api", "--gateway=web"],
        &["--router=traefik-v2"],
        &["--entry=shop.example.com=web:80"],
    ];
    let copy = |more: &[&str]| {
        let flags = [feature.as_str(), "--isolate=off"].into_iter().chain(more.iter().copied());
        FeatureCopy::from_flags(flags).expect("legal")
    };
    routers.map(copy).into()
}

/// What says that it takes each request.
fn takes(traefik: &mut Rules, stream: &[u8], asked: &[Put], copy: &FeatureCopy) -> Vec<Vec<String>> {
    let mut rows: Vec<Route> = Vec::new();
    for document in table::documents(stream) {
        match table::text(&document["kind"]) {
            "IngressRoute" => rows.extend(table::of_ingress_route(&document)),
            "HTTPRoute" => rows.extend(table::of_http_route(&document)),
            "Ingress" => panic!("an Ingress in a copy: {document}"),
            _ => {}
        }
    }
    let wires: Vec<String> = asked.iter().map(|put| put.wire.clone()).collect();
    let (_, outcomes) = traefik.lead(&rows, &wires);
    let ways = asked.iter().zip(outcomes).map(|(put, outcome)| {
        assert_eq!(outcome.error, None, "{:?}", put.asked);
        let router = outcome.takes.iter().map(|row| rows[*row].rule.clone());
        // Not all can be told; what is told must be right.
        let answer = post_renderer::answer(stream, &put.line, &copy.routing);
        let foretold = answer.into_iter().flat_map(|answer| answer.candidates);
        router.chain(foretold.map(|candidate| format!("{candidate:?}"))).collect()
    });
    ways.collect()
}

fn request(choices: &mut Choices<'_>) -> Put {
    let mut asked = Asked::any(choices);
    if choices.one_in(3) {
        choices.of(&PREVIEWS).clone_into(&mut asked.host);
    }
    if choices.one_in(3) {
        asked.headers.clear();
    }
    let mut line: Request = asked.line().parse().expect("a request");
    for header in &asked.headers {
        line.header(header).expect("a header");
    }
    Put { wire: asked.wire(), asked, line }
}

/// As the documentation has it: the feature behind two dashes in the first label, or for a host of two labels as
/// a label of its own.
fn is_preview(host: &str, feature: &str) -> bool {
    let label = host.split('.').next().unwrap_or_default();
    label == feature || label.strip_suffix(feature).is_some_and(|base| base.ends_with("--"))
}
