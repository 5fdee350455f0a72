//! What answers for a copy in each of its states, as the page of the routers has it. `ROUTERS=write` writes what
//! is seen, for review.

use std::{collections::BTreeSet, fs, thread};

use acceptance::{
    cluster,
    helm::Version,
    process, repo,
    witness::{Application, By, Route, release},
};
use feature::words::DEFAULT_HEADER;
use serde_json::Value;

use super::behind_every_route;

const PAGE: &str = "docs/routers.md";

/// Between these the page is written by the test, and by nobody else.
const BEGIN: &str = "<!-- with `ROUTERS=write`, the test `routers::states` writes what follows -->\n";
const END: &str = "<!-- with `ROUTERS=write`, the test `routers::states` wrote this -->\n";

/// One state, in which the copy of a feature of its own is held while it is looked at.
struct State {
    title: &'static str,
    feature: &'static str,
    bring: fn(&Application, &str),
}

const STATES: [State; 6] = [
    State { title: "no copy", feature: "none", bring: |_, _| {} },
    State { title: "starting", feature: "starting", bring: bring_starting },
    State { title: "crashed", feature: "crashed", bring: bring_crashed },
    State { title: "ready", feature: "ready", bring: |application, feature| application.copy(feature, &[]) },
    State { title: "going", feature: "going", bring: bring_going },
    State { title: "no pods", feature: "stopped", bring: bring_stopped },
];

/// What answers: by the header, and at the preview host.
type Cell = (String, String);

#[test]
fn what_answers_in_each_state_of_a_copy_is_what_the_page_of_the_routers_says() {
    let seen = behind_every_route(Version::Four, "states", |application| {
        // All at the same time: each has a host of its own.
        thread::scope(|scope| {
            for state in &STATES {
                scope.spawn(|| (state.bring)(application, state.feature));
            }
        });
        application.settle("brought");
        let cells = STATES.each_ref().map(|state| look(application, state.feature));
        thread::scope(|scope| {
            for state in STATES.iter().filter(|state| state.title != "no copy") {
                scope.spawn(|| application.uninstall(state.feature));
            }
        });
        application.settle("uninstalled");
        for state in &STATES {
            let gone = look(application, state.feature);
            assert_eq!(gone, cells[0], "{}: {}, uninstalled", application.route, state.title);
        }
        cells
    });
    compare(&table(&seen));
}

fn bring_starting(application: &Application, feature: &str) {
    application.copy_unawaited(feature, &["state=starting"]);
    cluster::eventually("pods that are not ready", 60, || {
        let found = endpoints(application, feature);
        let starting = found.iter().all(|conditions| conditions["serving"] == false);
        if starting && !found.is_empty() { Ok(()) } else { Err(format!("{found:?}")) }
    });
}

fn bring_crashed(application: &Application, feature: &str) {
    application.copy_unawaited(feature, &["state=crashed"]);
    cluster::eventually("pods that have crashed", 60, || {
        let pods = list(application, "pods", &format!("app.kubernetes.io/instance={}", release(feature)));
        let crashed = |pod: &Value| {
            let container = &pod["status"]["containerStatuses"][0];
            container["restartCount"].as_u64().is_some_and(|restarts| restarts > 0)
                && container["state"]["waiting"]["reason"] == "CrashLoopBackOff"
        };
        if pods.iter().any(crashed) { Ok(()) } else { Err(format!("{pods:?}")) }
    });
}

/// Its pods go on answering for as long as they are looked at, and end by force.
fn bring_going(application: &Application, feature: &str) {
    application.copy(feature, &["drain=600"]);
    let deployment = format!("deployment/{}", release(feature));
    let _ = process::output_of(application.kubectl().args(["scale", &deployment, "--replicas=0"]));
    cluster::eventually("pods that are told to end", 60, || {
        let found = endpoints(application, feature);
        let going = found.iter().all(|conditions| conditions["terminating"] == true);
        if going && !found.is_empty() { Ok(()) } else { Err(format!("{found:?}")) }
    });
}

fn bring_stopped(application: &Application, feature: &str) {
    application.copy_unawaited(feature, &["replicas=0"]);
    let found = endpoints(application, feature);
    assert!(found.is_empty(), "{found:?}");
}

/// The conditions of the endpoints of a copy's Service.
fn endpoints(application: &Application, feature: &str) -> Vec<Value> {
    let of_service = format!("kubernetes.io/service-name={}", release(feature));
    let slices = list(application, "endpointslices", &of_service);
    let endpoints = slices.iter().filter_map(|slice| slice["endpoints"].as_array()).flatten();
    endpoints.map(|endpoint| endpoint["conditions"].clone()).collect()
}

fn list(application: &Application, kind: &str, selector: &str) -> Vec<Value> {
    let mut kubectl = application.kubectl();
    let list = process::output_of(kubectl.args(["get", kind, "--output=json", "--selector", selector]));
    let list: Value = serde_json::from_str(&list).expect("kubectl prints JSON");
    list["items"].as_array().expect("a list").clone()
}

fn look(application: &Application, feature: &str) -> Cell {
    let header = [(DEFAULT_HEADER, feature)];
    let by_header = look_at(application, feature, &application.host, &header);
    (by_header, look_at(application, feature, &application.preview(feature), &[]))
}

/// What answers, every time that it is asked.
fn look_at(application: &Application, feature: &str, host: &str, headers: &[(&str, &str)]) -> String {
    let word = || {
        let answer = application.client.get(host, headers);
        let named = answer.named.as_deref() == Some(feature);
        match answer.by {
            By::Copy(other) if other == feature && named => "the copy".to_owned(),
            By::Base if !named => "base".to_owned(),
            By::Status(status) if named => format!("{status}, named"),
            By::Status(status) => status.to_string(),
            by => format!("{by}, which names {:?}", answer.named),
        }
    };
    let words: BTreeSet<String> = (0..20).map(|_| word()).collect();
    words.into_iter().collect::<Vec<_>>().join(" or ")
}

fn table(seen: &[(Route, [Cell; STATES.len()])]) -> String {
    let titles: String = STATES.iter().map(|state| format!(" {} |", state.title)).collect();
    let mut table =
        format!("| the chart's route | asked by |{titles}\n| --- | --- |{}\n", " --- |".repeat(STATES.len()));
    for (route, cells) in seen {
        let words = |of: fn(&Cell) -> &String| {
            cells.iter().map(|cell| format!(" {} |", of(cell))).collect::<String>()
        };
        table += &format!("| {route} | the header |{}\n", words(|cell| &cell.0));
        table += &format!("| | the preview host |{}\n", words(|cell| &cell.1));
    }
    table
}

fn compare(table: &str) {
    let page = repo::root().join(PAGE);
    let text = fs::read_to_string(&page).expect(PAGE);
    let parts = text.split_once(BEGIN).and_then(|(head, rest)| Some((head, rest.split_once(END)?)));
    let (head, (written, tail)) = parts.unwrap_or_else(|| panic!("{PAGE} lacks {BEGIN} or {END}"));
    let seen = format!("\n{table}\n");
    if std::env::var_os("ROUTERS").is_some_and(|word| word == "write") {
        fs::write(&page, format!("{head}{BEGIN}{seen}{END}{tail}")).expect("the page is written");
    } else {
        assert_eq!(written, seen, "{PAGE} (ROUTERS=write writes what is seen)");
    }
}
