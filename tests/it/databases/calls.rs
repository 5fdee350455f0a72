//! What a run costs the server and the machine.

use std::{fs, thread, time::Duration};

use acceptance::{
    hook::{Ended, Running},
    postgres::Gate,
};

use super::stage::Stage;

const MIB: u64 = 1024 * 1024;

/// A database with everything that a file can ask for.
fn full(stage: &Stage) -> String {
    let (golden, reader) = (stage.named("golden"), stage.named("reader"));
    stage.sql(&format!("CREATE ROLE {reader}"));
    stage.sql(&format!("CREATE DATABASE {golden}"));
    stage.server.run(&golden, "CREATE SCHEMA app; CREATE TABLE app.t AS SELECT 1 AS a");
    stage.sql(&format!("ALTER DATABASE {golden} IS_TEMPLATE true"));
    let seed = stage.seed("1.sql", "CREATE TABLE app.seeded (a int)");
    let reads = format!("role: {reader}, ");
    stage.file(&[
        &format!(
            "name: orders\ntemplate: {golden}\nconnectionLimit: 9\nrevokePublicConnect: true\nschemas: [app, more]\n\
             extensions: [{{name: hstore, version: '1.8', schema: app}}]\ngrants: [{{{reads}privileges: [CONNECT]}}, \
             {{{reads}schema: app, privileges: [USAGE]}}, {{{reads}tablesIn: app, privileges: [SELECT]}}]\nseed: ['{}']",
            seed.display()
        ),
        "name: stock\nencoding: UTF8\nlocale: C",
    ])
}

#[test]
fn a_run_that_has_nothing_to_do_writes_nothing() {
    let stage = Stage::new("dbcalls");
    let file = full(&stage);
    let gate = Gate::before(&stage.server.address());
    let hook = stage.hook_by(&gate);
    let _ = hook.does("plan", &file, &[]);
    assert_eq!(gate.writes(), Vec::<String>::new());
    assert!(!stage.has(&stage.named("orders")));
    let _ = hook.does("apply", &file, &[]);
    assert!(!gate.writes().is_empty());
    let before = stage.server.log().len();
    for verb in ["apply", "plan"] {
        gate.clear();
        let _ = hook.does(verb, &file, &[]);
        assert_eq!(gate.writes(), Vec::<String>::new());
        // Neither does it keep anybody out.
        let locks: Vec<_> =
            gate.requests().into_iter().filter(|request| request.sql.contains("_lock(")).collect();
        assert_eq!(locks, []);
    }
    // The server says the same.
    let log = stage.logged(before);
    let statements: Vec<&str> = log
        .lines()
        .filter_map(|line| line.split_once(": ")?.1.split_once(": ").map(|(_, sql)| sql).or(Some(line)))
        .collect();
    assert!(!statements.is_empty());
    for word in [
        "CREATE ", "ALTER ", "DROP ", "GRANT ", "REVOKE ", "COMMENT ", "INSERT ", "UPDATE ", "DELETE ", "DO ",
    ] {
        let found: Vec<_> = log.lines().filter(|line| line.contains(&format!(": {word}"))).collect();
        assert!(found.is_empty(), "{found:#?}");
    }
    // A delete of nothing neither.
    let _ = hook.does("delete", &file, &[]);
    gate.clear();
    let _ = hook.does("delete", &file, &[]);
    assert_eq!(gate.writes(), Vec::<String>::new());
}

#[test]
fn a_run_holds_less_than_fifty_megabytes() {
    let stage = Stage::new("dbmemory");
    let text: String =
        (0..40_000).map(|n| format!("INSERT INTO t VALUES ({n}, 'row number {n} of a seed');\n")).collect();
    assert!(text.len() > 2_000_000, "{}", text.len());
    let seed = stage.seed("large.sql", &format!("CREATE TABLE t (a int, b text);\n{text}"));
    let lines: Vec<String> = (0..20)
        .map(|i| format!("name: d{i}\nschemas: [app]\nextensions: [{{name: hstore}}]"))
        .chain([format!("name: large\nseed: ['{}']", seed.display())])
        .collect();
    let file = stage.file(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    for verb in ["apply", "apply", "delete"] {
        let (ended, most) = watched(stage.hook().spawn(verb, &file, &[]));
        let _ = ended.ends_with(0);
        assert!((MIB..50 * MIB).contains(&most), "{verb}: {most} bytes");
    }
}

/// What came of it, and the most memory that it was seen to hold.
fn watched(running: Running) -> (Ended, u64) {
    let status = format!("/proc/{}/status", running.pid());
    let most = || {
        let text = fs::read_to_string(&status).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    let mut seen = 0;
    while running.is_running() {
        seen = most().unwrap_or(0).max(seen);
        // The pace of looking: the kernel keeps the most itself.
        thread::sleep(Duration::from_millis(2));
    }
    (running.wait(), seen * 1024)
}
