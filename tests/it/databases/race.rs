//! Hooks that run at the same time: all of them end well, and what is there afterwards is there once.

use std::{thread, time::Duration};

use acceptance::hook::Ended;

use super::stage::Stage;

#[test]
fn hooks_for_one_database_at_once_all_succeed() {
    let stage = Stage::new("dbrace");
    let (golden, reader) = (stage.named("golden"), stage.named("reader"));
    stage.sql(&format!("CREATE ROLE {reader}"));
    stage.sql(&format!("CREATE DATABASE {golden}"));
    stage.server.run(&golden, "CREATE SCHEMA app; CREATE TABLE app.t AS SELECT 1 AS a");
    stage.sql(&format!("ALTER DATABASE {golden} IS_TEMPLATE true"));
    let seed = stage.seed("1.sql", "CREATE TABLE app.seeded (a int); INSERT INTO app.seeded VALUES (1)");
    let file = stage.file(&[&format!(
        "name: orders\ntemplate: {golden}\nconnectionLimit: 9\nrevokePublicConnect: true\nschemas: [app, more]\n\
         extensions: [{{name: hstore, schema: app}}]\ngrants: [{{role: {reader}, privileges: [CONNECT]}}, {{role: {reader}, \
         tablesIn: app, privileges: [SELECT]}}]\nseed: ['{}']",
        seed.display()
    )]);
    let mut meant = None;
    for count in [1, 2, 8, 2, 8] {
        let _ = stage.delete(&file);
        for ended in at_once(count, |_| stage.run("apply", &file, &[])) {
            let _ = ended.ends_with(0);
        }
        stage.keeps(&file);
        assert_eq!(stage.value(&stage.named("orders"), "SELECT count(*) FROM app.seeded"), "1");
        let made = stage.state();
        assert_eq!(*meant.get_or_insert_with(|| made.clone()), made, "{count} at once");
    }
}

#[test]
fn repairs_at_once_all_succeed() {
    let stage = Stage::new("dbrepair");
    let (name, reader) = (stage.named("orders"), stage.named("reader"));
    stage.sql(&format!("CREATE ROLE {reader}"));
    let file = stage.file(&[&format!(
        "name: orders\nconnectionLimit: 9\nschemas: [app]\nextensions: [{{name: hstore}}]\ngrants: [{{role: {reader}, \
         privileges: [CONNECT]}}, {{role: {reader}, schema: app, privileges: [USAGE]}}]"
    )]);
    let _ = stage.apply(&file);
    let meant = stage.state();
    for _ in 0..3 {
        stage.server.run(
            &name,
            &format!(
                "ALTER DATABASE {name} CONNECTION LIMIT 3; REVOKE CONNECT ON DATABASE {name} FROM {reader}; DROP SCHEMA \
                 app; DROP EXTENSION hstore; ALTER ROLE {name} NOLOGIN; ALTER DATABASE {name} OWNER TO postgres"
            ),
        );
        for ended in at_once(8, |_| stage.run("apply", &file, &[])) {
            let _ = ended.ends_with(0);
        }
        stage.keeps(&file);
        assert_eq!(stage.state(), meant);
    }
}

#[test]
fn fifty_hooks_for_fifty_databases_at_once_all_succeed() {
    let stage = Stage::new("dbfifty");
    let reader = stage.named("reader");
    stage.sql(&format!("CREATE ROLE {reader}"));
    // Each of its own owner, as fifty copies are.
    let files: Vec<String> = (0..50)
        .map(|i| {
            let lines = format!(
                "name: d{i}\nconnectionLimit: 9\nrevokePublicConnect: true\nschemas: [app]\ngrants: [{{role: {reader}, \
                 privileges: [CONNECT]}}, {{role: {reader}, schema: app, privileges: [USAGE]}}]"
            );
            stage.file(&[&lines]).replacen("owner: demo/", &format!("owner: demo/a{i}-"), 1)
        })
        .collect();
    for ended in at_once(50, |i| stage.run("apply", &files[i], &[])) {
        let _ = ended.ends_with(0);
    }
    for (i, file) in files.iter().enumerate() {
        stage.keeps(file);
        assert!(stage.has(&stage.named(&format!("d{i}"))));
    }
    for ended in at_once(50, |i| stage.run("delete", &files[i], &[])) {
        let _ = ended.ends_with(0);
    }
    let left: Vec<_> = stage.state().into_keys().collect();
    assert_eq!(left, [format!("role {reader}")]);
}

#[test]
fn one_hook_makes_fifty_databases() {
    let stage = Stage::new("dbsection");
    let lines: Vec<String> = (0..50).map(|i| format!("name: d{i}\nschemas: [app]")).collect();
    let file = stage.file(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    let _ = stage.apply(&file);
    let ended = stage.apply(&file);
    assert!(ended.report().iter().all(|line| line.starts_with("keep ")), "{}", ended.said());
    assert_eq!(ended.report().len(), 50);
    assert!(ended.wall < Duration::from_secs(10), "{}", ended.said());
    let _ = stage.delete(&file);
    assert_eq!(stage.state().len(), 0);
}

#[test]
fn after_an_apply_against_a_delete_one_apply_converges() {
    let stage = Stage::new("dbagainst");
    let file = stage.file(&["name: orders\nconnectionLimit: 9\nschemas: [app]"]);
    let _ = stage.apply(&file);
    let meant = stage.state();
    for round in 0..10 {
        // Each is ahead in one half of the rounds.
        let verbs = if round % 2 == 0 { ["apply", "delete"] } else { ["delete", "apply"] };
        for ended in at_once(2, |i| stage.run(verbs[i], &file, &[])) {
            // The one that lost may say so, but it ends as a hook does.
            assert!(matches!(ended.code, Some(0 | 1 | 4 | 5)), "round {round}: {}", ended.said());
        }
        let _ = stage.apply(&file);
        stage.keeps(&file);
        assert_eq!(stage.state(), meant, "round {round}");
    }
}

#[test]
fn deletes_at_once_all_succeed_and_leave_nothing() {
    let stage = Stage::new("dbends");
    let file = stage.file(&["name: orders\nschemas: [app]", "name: stock"]);
    for _ in 0..3 {
        let _ = stage.apply(&file);
        for ended in at_once(8, |_| stage.run("delete", &file, &[])) {
            let _ = ended.ends_with(0);
        }
        assert_eq!(stage.state().len(), 0);
    }
}

fn at_once(count: usize, run: impl Fn(usize) -> Ended + Sync) -> Vec<Ended> {
    let run = &run;
    thread::scope(|scope| {
        let all: Vec<_> = (0..count).map(|i| scope.spawn(move || run(i))).collect();
        all.into_iter().map(|one| one.join().expect("it ends")).collect()
    })
}
