//! Base and twelve copies of two applications behind the real router: who answers any request is who
//! `devstack explain --request` said would.

mod backends;
mod streams;

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::Command,
    time::Duration,
};

use acceptance::{cluster, generate::Choices, lab::lab, place::Namespace, process, repo};
use serde::Deserialize;

use self::{
    backends::{Backends, Seen},
    streams::{COPIES, HOSTS, PATHS},
};
use super::{
    Numbers,
    words::{self, Asked},
};

const NAMESPACE: &str = "rules-real";
const REQUESTS: usize = 1_000;

/// What explain says.
#[derive(Debug, Deserialize)]
struct Foretold {
    candidates: Vec<Candidate>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    kind: String,
    name: String,
    priority: i64,
    services: Vec<Target>,
    request_headers: BTreeMap<String, String>,
    response_headers: BTreeMap<String, String>,
    tie: bool,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
}

/// What came.
#[derive(Debug)]
struct Answer {
    status: String,
    headers: String,
    /// Nothing where it was the router itself.
    seen: Option<Seen>,
}

#[test]
fn a_thousand_requests_are_answered_by_whom_explain_foretold() {
    let namespace = Namespace::new(NAMESPACE);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let all = folder.path().join("all.yaml");
    fs::write(&all, streams::all()).expect("the streams are written");
    let _backends = Backends::start(&namespace.0, &streams::services());
    let mut kubectl = lab().command("kubectl");
    kubectl.args(["apply", "--server-side", "--namespace", &namespace.0, "--filename"]).arg(&all);
    let _ = process::output_of(&mut kubectl);
    settle();
    let mut numbers = Numbers(5);
    let (mut right, mut counts, mut faults) = (0, BTreeMap::<String, usize>::new(), Vec::new());
    while right + faults.len() < REQUESTS {
        let bytes = numbers.bytes(200);
        let asked = request(&mut Choices::new(&bytes));
        let foretold = foretell(&all, folder.path(), &asked);
        let answer = ask(&asked).unwrap_or_else(|error| panic!("{asked:?}: {error}"));
        let tied = foretold.candidates.first().is_some_and(|first| first.tie);
        match (foretold.fault(&answer), tied) {
            // Two features in one request, of one rank: nobody can say which of them it is.
            (None, true) => *counts.entry("tie".to_owned()).or_default() += 1,
            (None, false) => {
                right += 1;
                let kind = foretold.candidates.first().map_or("nobody", |first| &first.kind);
                *counts.entry(kind.to_owned()).or_default() += 1;
            }
            (Some(fault), _) => faults.push(format!("{asked:?}\n  {fault}\n  {answer:?}\n  {foretold:?}")),
        }
    }
    assert!(
        faults.is_empty(),
        "{} of {REQUESTS}:\n{}",
        faults.len(),
        faults[..faults.len().min(8)].join("\n")
    );
    for kind in ["IngressRoute", "Ingress", "HTTPRoute", "nobody"] {
        assert!(counts.get(kind).is_some_and(|count| *count > 20), "{counts:?}");
    }
}

/// Any request for the applications: their hosts, preview hosts of copies that there are and are not, paths of
/// both, headers and baggage in every form.
fn request(choices: &mut Choices<'_>) -> Asked {
    let features: Vec<&str> =
        COPIES.iter().map(|copy| copy.feature).chain(["feat11", "pr-2", "pr"]).collect();
    let host = choices.of(&HOSTS);
    let feature = features[choices.below(features.len())];
    let host = match choices.below(10) {
        7..=8 => streams::preview(host, feature),
        9 => format!("{feature}.{host}"),
        _ => host.to_owned(),
    };
    let query = choices.of(&["", "", "", "?mode=full", "?mode=x&mode=full"]);
    let headers = if choices.one_in(4) { Vec::new() } else { words::headers(choices, &features) };
    Asked {
        method: choices.of(&["GET", "GET", "GET", "DELETE"]).to_owned(),
        host,
        path: format!("{}{query}", choices.of(&PATHS)),
        headers,
    }
}

/// Returns when the router has read every route of base and of each copy.
fn settle() {
    for (release, host, path) in streams::ways() {
        let asked = Asked { method: "GET".to_owned(), host, path: path.to_owned(), headers: Vec::new() };
        cluster::eventually(&format!("{asked:?} by {release}"), 60, || {
            let answer = ask(&asked)?;
            let by = |seen: &Seen| {
                seen.service == release
                    || seen.service == format!("{release}-deep")
                    || seen.service == format!("{release}-api")
            };
            if answer.seen.as_ref().is_some_and(by) { Ok(()) } else { Err(format!("{answer:?}")) }
        });
    }
}

fn foretell(all: &Path, folder: &Path, asked: &Asked) -> Foretold {
    let report = folder.join("report.json");
    let mut devstack = Command::new(repo::devstack());
    devstack.args(["explain", "--base", &format!("--request={}", asked.line())]);
    devstack.args(asked.headers.iter().flat_map(|line| ["-H", line.as_str()]));
    let _ = process::output_of(devstack.arg(format!("--report={}", report.display())).arg(all));
    serde_json::from_slice(&fs::read(&report).expect("there is a report")).expect("the report is JSON")
}

/// Byte for byte as the request is written, on a connection of its own.
fn ask(asked: &Asked) -> Result<Answer, String> {
    let router = lab().router.trim_start_matches("http://");
    let exchange = || {
        let mut stream = TcpStream::connect(router)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(asked.wire().as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = exchange().map_err(|error: std::io::Error| format!("ask {router}: {error}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| format!("no answer: {answer:?}"))?;
    let (status, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    let status = status.split(' ').nth(1).unwrap_or_default().to_owned();
    Ok(Answer { status, headers: headers.to_owned(), seen: serde_json::from_str(body).ok() })
}

impl Foretold {
    /// What is otherwise than it was foretold.
    fn fault(&self, answer: &Answer) -> Option<String> {
        let Some(first) = self.candidates.first() else {
            let nobody = answer.status == "404" && answer.seen.is_none();
            return (!nobody).then(|| "nobody was to answer".to_owned());
        };
        let Some(seen) = &answer.seen else { return Some(format!("nobody answers, and not {}", first.name)) };
        let best = self.candidates.iter().filter(|other| other.priority == first.priority);
        let by =
            best.filter(|candidate| candidate.services.iter().any(|service| service.name == seen.service));
        let faults: Vec<Option<String>> =
            by.map(|candidate| candidate.differs(seen, &answer.headers)).collect();
        match faults.iter().find(|fault| fault.is_none()).or(faults.first()) {
            Some(fault) => fault.clone(),
            None => Some(format!("{} answers", seen.service)),
        }
    }
}

impl Candidate {
    fn differs(&self, seen: &Seen, response: &str) -> Option<String> {
        let wrong = self.request_headers.iter().find(|(name, value)| {
            let values = seen.headers.get(&name.to_ascii_lowercase());
            values.is_none_or(|values| values != &[(*value).clone()])
        });
        if let Some((name, value)) = wrong {
            return Some(format!("the request came without {name}: {value}"));
        }
        let named = response.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(feature::words::RESPONSE_HEADER).then(|| value.trim())
        });
        let said = self
            .response_headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(feature::words::RESPONSE_HEADER));
        let said = said.map(|(_, value)| value.as_str());
        (named != said).then(|| format!("the answer names {named:?}, and not {said:?}"))
    }
}
