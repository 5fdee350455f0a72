//! `make demo`: base and copies on a real cluster, and a table of what answers what.

#![forbid(unsafe_code)]

use std::{
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
    thread,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use acceptance::{
    cluster,
    helm::{self, Helm, Version},
    http::Router,
    images,
    lab::{self, lab},
    process, repo,
    routing::{API_ONLY, BOTH, Scenario, WEB_ONLY},
    stores::{BASE, FEAT1, Orders, TEMPLATE, arrived, is_without, post},
    sweep,
};
use serde_json::Value;

fn main() -> ExitCode {
    match demo() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(wrong) => {
            let _ = say(format!("{wrong} answers were not as they should be"));
            ExitCode::FAILURE
        }
        // Whoever reads has gone away.
        Err(_) => ExitCode::FAILURE,
    }
}

/// Returns how many rows were wrong.
fn demo() -> io::Result<usize> {
    let start = Instant::now();
    lab::small();
    timed("build the binaries and images, load them", images::load)?;
    let mut wrong = 0;
    let helm = Helm::new(Version::Four);
    timed("deploy base (helmfile, Helm 4)", || cluster::deploy_base(&helm))?;
    // Until then what a destroy leaves is there to be seen.
    timed("deploy sweep, which runs by itself only later", || sweep::deploy(&helm, "0 0 1 1 *"))?;
    for (helm, scenarios) in
        [(Helm::new(Version::Three), [&API_ONLY, &WEB_ONLY, &BOTH]), (helm, [&WEB_ONLY, &BOTH, &API_ONLY])]
    {
        for scenario in scenarios {
            wrong += show(&helm, scenario)?;
            // The last one stays, for whoever wants to look at it.
            if helm.version == Version::Three || scenario.title != API_ONLY.title {
                let features: Vec<&str> = scenario.copies.iter().map(|(feature, _)| *feature).collect();
                timed(&format!("destroy {}", features.join(" and ")), || {
                    thread::scope(|scope| {
                        for (feature, copies) in scenario.copies {
                            let helm = &helm;
                            scope.spawn(move || cluster::destroy(helm, feature, *copies));
                        }
                    });
                })?;
                let left = sweep::says(&["list", "--output=json"]);
                if !left.is_empty() {
                    wrong += 1;
                    say(format!("  WRONG: something is left: {left}"))?;
                }
            }
        }
    }
    let short = Instant::now();
    let helm = Helm::new(Version::Four);
    timed("let sweep run each minute", || sweep::deploy(&helm, "* * * * *"))?;
    timed("deploy feat3, which lives for a minute", || {
        let words = ["--state-values-set", "ttl=1m", "sync"];
        let output = cluster::helmfile(&helm, SHORT_LIVED, API_ONLY.copies[0].1, &words);
        assert!(output.status.success(), "{}", cluster::text(&output));
    })?;
    wrong += listed()?;
    say("messages: POST /messages puts one into the queue of the api that answers, whose worker reads it")?;
    wrong += arrivals("/messages", |answer| format!("through {}", answer["queue"]))?;
    wrong += orders()?;
    say(
        "\nevents: POST /events puts one into the topic of the api that answers, which reads it as its group",
    )?;
    wrong += arrivals("/events", |answer| format!("through {} as {}", answer["topic"], answer["group"]))?;
    wrong += explained()?;
    wrong += swept(&helm, short)?;
    helm::install();
    say(format!("\nthe demo took {:.1} s\n", start.elapsed().as_secs_f64()))?;
    farewell()?;
    Ok(wrong)
}

/// Deploys the copies of a scenario and shows who answers its requests.
fn show(helm: &Helm, scenario: &Scenario) -> io::Result<usize> {
    say(format!("\n{}, with {}", scenario.title, helm.version))?;
    for (feature, copies) in scenario.copies {
        timed(&format!("deploy {feature} until its preview host answers"), || {
            cluster::deploy(helm, feature, *copies);
        })?;
    }
    let router = Router::default();
    say(format!("\n  {:<68} {:<20} {:<8} devstack-feature", "request", "web from", "api from"))?;
    let mut wrong = 0;
    for row in scenario.rows {
        let request = row.to_string();
        match row.settle(&router) {
            Ok(answer) => {
                let named = answer.feature_header.as_deref().unwrap_or("-");
                let (web, api) = (row.answered_from(&answer, "web"), row.answered_from(&answer, "api"));
                say(format!("  {request:<68} {web:<20} {api:<8} {named}"))?;
            }
            Err(fault) => {
                wrong += 1;
                say(format!("  WRONG: {fault}"))?;
            }
        }
    }
    say("")?;
    Ok(wrong)
}

/// The copy that nobody takes away.
const SHORT_LIVED: &str = "feat3";

/// Shows which copies there are, and what they hold: in each store a thing of feat1, which a copy of api is, and a
/// subscription to a topic.
fn listed() -> io::Result<usize> {
    say("\nwhich copies there are, as sweep lists them")?;
    say(sweep::says(&["list"]))?;
    let said = sweep::says(&["list", "--feature=feat1", "--output=json"]);
    let copy: Value = serde_json::from_str(&said).unwrap_or_default();
    let things = [
        ("secret", "demo-settings-feat1"),
        ("sqs", "messages-feat1"),
        ("sns", "announcements-feat1"),
        ("sns", "announcements-feat1->messages-feat1"),
        ("kafka", "events-feat1"),
        ("database", "orders_feat1"),
    ];
    let holds = |kind: &str, name: &str| {
        copy["holds"][kind].as_array().is_some_and(|names| names.contains(&name.into()))
    };
    let missing: Vec<&str> =
        things.into_iter().filter(|(kind, name)| !holds(kind, name)).map(|(_, name)| name).collect();
    if !missing.is_empty() {
        say(format!("  WRONG: feat1 does not hold {}: {said}", missing.join(", ")))?;
    }
    Ok(missing.len())
}

/// Waits until sweep has taken the copy away that nobody else does.
fn swept(helm: &Helm, since: Instant) -> io::Result<usize> {
    let gone = cluster::within(240, || {
        let mut list = helm.helm();
        let list = process::output_of(list.args(["list", "--short", "--namespace", cluster::NAMESPACE]));
        if list.contains(SHORT_LIVED) { Err(list) } else { Ok(()) }
    });
    let left = sweep::says(&["list", &format!("--feature={SHORT_LIVED}"), "--output=json"]);
    if gone.is_ok() && left.is_empty() {
        say(format!(
            "{SHORT_LIVED} is gone by sweep alone, {:.0} s after its deploy began, with all that it had",
            since.elapsed().as_secs_f64()
        ))?;
        return Ok(0);
    }
    say(format!("  WRONG: {SHORT_LIVED} is there still: {gone:?} {left}"))?;
    Ok(1)
}

/// Shows the orders of base and of the copy, and adds one to each.
fn orders() -> io::Result<usize> {
    let mut wrong = 0;
    say("\norders: GET /orders shows the database of the api that answers, POST /orders adds a row to it")?;
    let begins = [("base", BASE, "orders"), ("feat1", FEAT1, "orders_feat1")];
    for (name, headers, database) in begins {
        let (line, right) = match Orders::read(headers) {
            Ok(orders) => {
                let items = orders.items();
                // Base has been there for a while, and has what came in.
                let right = orders.database == database && (items == TEMPLATE || name == "base");
                (format!("{:<13} {}", orders.database, items.join(", ")), right)
            }
            Err(fault) => (fault, false),
        };
        say(format!("  {name:<6} has {line}{}", if right { "" } else { "  WRONG" }))?;
        wrong += usize::from(!right);
    }
    for ((name, headers, _), (other, elsewhere, _)) in [(begins[0], begins[1]), (begins[1], begins[0])] {
        let item = format!("{} for {name}", now());
        let both = post("/orders", headers, &item)
            .and_then(|_| Ok((Orders::read(headers)?, Orders::read(elsewhere)?)));
        let line = match both {
            Ok((mine, theirs)) if mine.items().contains(&&*item) && !theirs.items().contains(&&*item) => {
                format!("{} has it, {} does not", mine.database, theirs.database)
            }
            outcome => {
                wrong += 1;
                format!("WRONG: {outcome:?}, and {other} is to have nothing of it")
            }
        };
        say(format!("  added to {name:<6} {line}"))?;
    }
    Ok(wrong)
}

/// Posts something to base and to the copy, and shows who read which, and whence.
fn arrivals(path: &str, whence: impl Fn(&Value) -> String) -> io::Result<usize> {
    let mut wrong = 0;
    for (name, headers, elsewhere) in [("base", BASE, FEAT1), ("feat1", FEAT1, BASE)] {
        let body = format!("for {name}, {}", now());
        let got = post(path, headers, &body).and_then(|_| arrived(path, headers, &body));
        let line = match got {
            // An answer that does not come is as wrong as one that has it.
            Ok(_) if !is_without(path, elsewhere, &body) => "WRONG: and by the other".to_owned(),
            Ok(answer) => whence(&answer),
            Err(fault) => format!("WRONG: {fault}"),
        };
        say(format!("  sent to {name:<6} read by {name:<6} {line}"))?;
        wrong += usize::from(line.starts_with("WRONG"));
    }
    Ok(wrong)
}

/// The milliseconds since 1970, as a name that was not there before.
fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis())
}

/// Shows what devstack says of the copy feat1: what it injects, and who answers a request by the routes of
/// base and copy.
fn explained() -> io::Result<usize> {
    let helm = Helm::new(Version::Four);
    let said =
        |script: &str| process::output_of(helm.shell().args(["-euc", script]).current_dir(repo::root()));
    say("\nwhat the copy feat1 is made by, as devstack explains it (`+` added, `~` replaced)")?;
    say(said(
        "helm template demo-feat1 charts/demo --set=web.enabled=false,api.orders.enabled=true,api.events.enabled=true | \
         devstack explain --feature=feat1 --release=demo-feat1 --ttl=6h \
         --env=FEATURE=value:feat1 --env=api:GREETING=secret/demo-settings-feat1/GREETING \
         --env=api:QUEUE_URL=secret/demo-feat1-outputs/QUEUE_URL \
         --env=api:DATABASE_URL=secret/demo-feat1-outputs/DATABASE_URL \
         --env=api:EVENTS_TOPIC=secret/demo-feat1-outputs/EVENTS_TOPIC \
         --env=api:EVENTS_GROUP=secret/demo-feat1-outputs/EVENTS_GROUP \
         --entry=web.example.com=demo-web",
    ))?;
    say("who answers, by the routes of base and copy, the first of which has a ready pod")?;
    let answer = said(
        "for release in demo demo-feat1; do helm get manifest --namespace=demo $release; done | \
         devstack explain --base --request='GET http://api.example.com/' -H 'uber-ctx-key: feat1'",
    );
    say(&answer)?;
    let services: Vec<&str> =
        answer.lines().filter_map(|line| line.split_once(": Service ")).map(|(_, rest)| rest).collect();
    let right = matches!(services.as_slice(), [copy, base] if copy.starts_with("demo-feat1-api:") && base.starts_with("demo-api:"));
    if !right {
        say("  WRONG: the copy's route is to be the first, and base's the second")?;
    }
    Ok(usize::from(!right))
}

fn farewell() -> io::Result<()> {
    let router = &lab().router;
    say(format!(
        "The cluster, base, sweep and the copies feat1 and feat2 go on. Try\n\n  \
         curl -H 'Host: web.example.com' -H 'uber-ctx-key: feat1' {router}/\n  \
         curl -H 'Host: api--feat2.example.com' {router}/"
    ))?;
    if lab().own {
        say(
            "\nTo use kubectl, helm and helmfile on it:  eval \"$(tests/lab/lab env)\"\nTo stop it:  make lab-down",
        )?;
    }
    Ok(())
}

fn timed<T>(what: &str, act: impl FnOnce() -> T) -> io::Result<T> {
    let start = Instant::now();
    let result = act();
    say(format!("{what}: {:.1} s", start.elapsed().as_secs_f64()))?;
    Ok(result)
}

fn say(line: impl Display) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}
