//! A server that is not there, not yet, or does not let the hook in: what is said meanwhile, and how it ends.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use acceptance::{
    hook::{Ended, Hook},
    postgres::{Gate, Then, Until},
};

use super::stage::{Stage, hook_of};

/// What a signal may take.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn whoever_waits_is_told_why_and_so_is_whoever_reads_the_last_line() {
    let stage = Stage::new("dbaway");
    let file = stage.file(&["name: orders"]);
    let address = stage.server.address();
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent_at = silent.local_addr().expect("an address");
    let refusing = nobody();
    let (admin, password) = (stage.admin(), stage.password());
    let cases = [
        (format!("{admin}:{password}@nobody.invalid:5432"), 4, "DNS: its name does not resolve"),
        (format!("{admin}:{password}@{refusing}"), 4, "refused: "),
        (format!("{admin}:{password}@{silent_at}"), 4, "no answer in "),
        (
            format!("{admin}:wrong-{password}@{address}"),
            5,
            "auth: password authentication failed for user \"admin_dbaway\"",
        ),
        (
            format!("nobody_dbaway:{password}@{address}"),
            5,
            "auth: password authentication failed for user \"nobody_dbaway\"",
        ),
        (format!("{admin}@{address}"), 5, "auth: "),
    ];
    for (who, code, cause) in cases {
        let hook = hook_of(&format!("postgresql://{who}/postgres?sslmode=disable"));
        let ended = hook.run("apply", &file, &["--timeout=6s"]).ends_with(code);
        let at = who.rsplit_once('@').map(|(_, at)| at.to_owned()).expect("an address");
        assert!(ended.last_line().starts_with(&format!("database: connect at {at}: ")), "{}", ended.said());
        assert!(ended.last_line().contains(cause), "{}", ended.said());
        assert!(ended.wall < Duration::from_secs(8), "{}", ended.said());
        assert!(!ended.said().contains(&password), "{}", ended.said());
        if code == 4 && !cause.starts_with("no answer") {
            assert!(ended.stderr.starts_with(&format!("waiting for {at}: ")), "{}", ended.said());
        }
        // Of a delete it is nobody's fault where the server is away.
        let ended = hook.run("delete", &file, &["--timeout=3s"]);
        assert_eq!(ended.code, Some(if code == 4 { 0 } else { 5 }), "{}", ended.said());
        let left = ended.last_line().starts_with("left: database/orders_dbaway (");
        assert_eq!(left, code == 4, "{}", ended.said());
    }
}

#[test]
fn a_database_of_the_url_that_is_not_there_is_refused_at_once() {
    let stage = Stage::new("dbwhere");
    let url = format!(
        "postgresql://{}:{}@{}/nowhere_dbwhere?sslmode=disable",
        stage.admin(),
        stage.password(),
        stage.server.address()
    );
    let ended = hook_of(&url).run("apply", &stage.file(&["name: orders"]), &[]).ends_with(5);
    assert!(ended.last_line().contains("database \"nowhere_dbwhere\" does not exist"), "{}", ended.said());
    assert!(ended.wall < SOON, "{}", ended.said());
}

#[test]
fn a_url_that_says_something_else_is_told_without_its_password_before_anybody_is_asked() {
    let stage = Stage::new("dburl");
    let file = stage.file(&["name: orders"]);
    let cases = [
        (Some("mysql://root:canary-of-dburl@db/x"), "MySQL"),
        (Some("canary-of-dburl"), "is no URL such as postgresql://"),
        (Some("postgresql://canary-of-dburl@"), "the URL of adminUrl"),
        (Some("postgresql://u:canary-of-dburl@a:1,b:2/x"), "names more than one host"),
        (Some("postgresql://u:canary-of-dburl@a:port/x"), "cannot be read"),
        (Some(""), "variable ADMIN_URL: it is empty"),
        (None, "variable ADMIN_URL: "),
    ];
    for (url, cause) in cases {
        let hook = url.map_or_else(Hook::database, hook_of);
        for verb in ["plan", "apply", "delete"] {
            let ended = hook.run(verb, &file, &[]).ends_with(2);
            assert!(ended.last_line().contains(cause), "{}", ended.said());
            assert!(!ended.said().contains("canary"), "{}", ended.said());
            assert!(ended.wall < SOON, "{}", ended.said());
        }
    }
    // From a file, with the end of line that an editor leaves.
    let url = format!(
        "postgresql://{}:{}@{}/postgres?sslmode=disable\n",
        stage.admin(),
        stage.password(),
        stage.server.address()
    );
    let path = stage.seed("url", &url);
    let of_file = file.replace("{env: ADMIN_URL}", &format!("{{file: '{}'}}", path.display()));
    let _ = Hook::database().does("apply", &of_file, &[]);
    assert!(stage.has("orders_dburl"));
}

#[test]
fn another_hook_at_work_is_waited_for() {
    let stage = Stage::new("dbwait");
    let (file, name) = (stage.file(&["name: orders"]), stage.named("orders"));
    let lock = locked(&stage, &name);
    let gate = Gate::before(&stage.server.address());
    let running = stage.hook_by(&gate).spawn("apply", &file, &[]);
    waits_for_the_lock(&gate);
    drop(lock);
    let _ = running.wait().ends_with(0);
    stage.keeps(&file);
}

#[test]
fn another_hook_at_work_for_too_long_is_the_reason() {
    let stage = Stage::new("dbtoolong");
    let (file, name) = (stage.file(&["name: orders"]), stage.named("orders"));
    let lock = locked(&stage, &name);
    let ended = stage.run("apply", &file, &["--timeout=5s"]).ends_with(4);
    assert!(ended.wall < Duration::from_secs(8), "{}", ended.said());
    assert!(ended.last_line().starts_with(&format!("database/{name}: create at ")), "{}", ended.said());
    assert!(
        ended.last_line().ends_with(": another hook is at work on it (out of time after 5s)"),
        "{}",
        ended.said()
    );
    assert!(!stage.has(&name));
    // Whoever gave up waits no longer: the next one has it at once.
    drop(lock);
    let ended = stage.apply(&file);
    assert!(ended.wall < SOON, "{}", ended.said());
}

#[test]
fn a_hook_that_waits_for_a_lock_stops_when_it_is_told_to() {
    let stage = Stage::new("dbstop");
    let (file, name) = (stage.file(&["name: orders", "name: stock"]), stage.named("orders"));
    for (verb, signal) in [("apply", "TERM"), ("apply", "INT"), ("delete", "TERM")] {
        let lock = locked(&stage, &name);
        if verb == "delete" {
            stage.sql(&format!("CREATE DATABASE {name}"));
            let mark = format!(
                "{{\"{}\": \"demo/dbstop\", \"{}\": \"dbstop\"}}",
                feature::words::OWNER,
                feature::words::FEATURE
            );
            stage.sql(&format!("COMMENT ON DATABASE {name} IS '{mark}'"));
        }
        let gate = Gate::before(&stage.server.address());
        let running = stage.hook_by(&gate).spawn(verb, &file, &[]);
        waits_for_the_lock(&gate);
        let told = Instant::now();
        running.signal(signal);
        let ended = running.wait().ends_with(1);
        assert!(told.elapsed() < SOON, "{}", ended.said());
        let says = format!("stopped by SIG{signal}; not done: ");
        assert!(ended.last_line().starts_with(&says), "{}", ended.said());
        assert!(ended.last_line().contains(&format!("database/{name}")), "{}", ended.said());
        drop(lock);
        let _ = stage.run(verb, &file, &[]).ends_with(0);
        let _ = stage.delete(&file);
    }
}

#[test]
fn a_delete_that_had_to_wait_looks_again_whose_it_is() {
    let stage = Stage::new("dbmeanwhile");
    let (file, name) = (stage.file(&["name: orders"]), stage.named("orders"));
    let _ = stage.apply(&file);
    let lock = locked(&stage, &name);
    let gate = Gate::before(&stage.server.address());
    let running = stage.hook_by(&gate).spawn("delete", &file, &[]);
    waits_for_the_lock(&gate);
    // Another release deletes it in the meantime, and makes one of the same name.
    let theirs = |mut mark: std::collections::BTreeMap<String, String>| {
        mark.insert(feature::words::OWNER.to_owned(), "demo/another".to_owned());
        serde_json::to_string(&mark).expect("texts")
    };
    let (mark, of_role) = (theirs(stage.mark(&name)), theirs(stage.mark_of_role(&name)));
    for statement in [
        format!("DROP DATABASE {name}"),
        format!("DROP ROLE {name}; CREATE ROLE {name} LOGIN; COMMENT ON ROLE {name} IS '{of_role}'"),
        format!("CREATE DATABASE {name} OWNER {name}"),
        format!("COMMENT ON DATABASE {name} IS '{mark}'"),
    ] {
        stage.sql(&statement);
    }
    let before = stage.state();
    drop(lock);
    let ended = running.wait().ends_with(5);
    assert!(ended.last_line().contains("it belongs to release demo/another"), "{}", ended.said());
    assert_eq!(stage.state(), before);
}

#[test]
fn a_server_that_restarts_connections_is_asked_again() {
    let stage = Stage::new("dbagain");
    let file = stage.file(&["name: orders\nschemas: [app]"]);
    let gate = Gate::before(&stage.server.address());
    for nth in [1, 2, 3, 5, 8] {
        gate.clear();
        gate.on(nth, Until::Done, Then::Cut);
        let ended: Ended = stage.hook_by(&gate).run("apply", &file, &[]).ends_with(0);
        assert!(ended.wall < SOON * 2, "{}", ended.said());
        let _ = stage.delete(&file);
    }
}

/// A lock of the database's, as another hook at work has it.
fn locked(stage: &Stage, name: &str) -> acceptance::postgres::Session {
    let session = stage.server.session("postgres").expect("a connection");
    let lock = format!("SELECT pg_advisory_lock(hashtextextended('devstack/{name}', 0))");
    let _ = session.run(&lock).expect("it is free");
    session
}

fn waits_for_the_lock(gate: &Gate) {
    let asked = || gate.requests().iter().any(|request| request.sql.contains("pg_advisory_lock("));
    acceptance::cluster::eventually("the question for the lock", 20, || {
        if asked() { Ok(()) } else { Err(String::new()) }
    });
}

fn nobody() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").to_string()
}
