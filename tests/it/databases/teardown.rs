//! What a delete takes away, and what it leaves and says so.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use acceptance::{cluster, postgres::Server};

use super::stage::Stage;

#[test]
fn whoever_is_connected_is_no_hindrance() {
    let stage = Stage::new("dbopen");
    let name = stage.named("orders");
    let file = stage.file(&["name: orders\nschemas: [app]"]);
    let _ = stage.apply(&file);
    stage.sql(&format!("ALTER ROLE {name} PASSWORD 'pw'"));
    let own = stage.server.user(&name, "pw");
    let sessions: Vec<_> = (0..5).map(|_| own.session(&name).expect("the owner")).collect();
    let other = stage.server.session(&name).expect("somebody");
    assert!(sessions[0].run("BEGIN; CREATE TABLE t (a int)").is_ok());
    let ended = stage.delete(&file);
    assert_eq!(ended.report(), [format!("delete database/{name}")]);
    assert_eq!(stage.state().len(), 0);
    assert!(other.run("SELECT 1").is_err() && sessions[0].run("SELECT 1").is_err());
    let again = stage.delete(&file);
    assert_eq!(again.report(), [format!("absent database/{name}")]);
    assert_eq!(again.stderr, "");
}

#[test]
fn clients_that_keep_coming_back_do_not_hold_a_database() {
    let stage = Stage::new("dbcome");
    let name = stage.named("orders");
    let file = stage.file(&["name: orders"]);
    for _ in 0..5 {
        let _ = stage.apply(&file);
        let came = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    // Superusers too are kept out once connections are refused.
                    while stage.server.session(&name).is_ok() {
                        came.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            cluster::eventually("clients", 20, || match came.load(Ordering::Relaxed) {
                10.. => Ok(()),
                few => Err(few.to_string()),
            });
            stage.delete(&file);
        });
        assert!(!stage.has(&name));
    }
}

#[test]
fn deleting_nothing_succeeds_and_makes_nothing() {
    let stage = Stage::new("dbnothing");
    let file = stage.file(&["name: orders", "name: stock"]);
    let ended = stage.delete(&file);
    assert_eq!(ended.report(), ["absent database/stock_dbnothing", "absent database/orders_dbnothing"]);
    assert_eq!(stage.state().len(), 0);
}

#[test]
fn what_cannot_be_dropped_is_left_with_the_reason_and_goes_once_it_can() {
    // What a run that failed has left keeps its database from being swept.
    let server = Server::lab();
    for row in server.run("postgres", "SELECT database FROM pg_prepared_xacts WHERE gid = 'dbstuck'") {
        let name = row[0].as_deref().expect("a name");
        server.run("postgres", &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
        server.run(name, "ROLLBACK PREPARED 'dbstuck'");
    }
    let stage = Stage::new("dbstuck");
    let name = stage.named("orders");
    let file = stage.file(&["name: orders"]);
    let _ = stage.apply(&file);
    stage.server.run(&name, "BEGIN; CREATE TABLE prepared (a int); PREPARE TRANSACTION 'dbstuck'");
    let ended = stage.run("delete", &file, &["--timeout=4s"]);
    // What keeps it there may end by itself, so it is waited for, and then it is nobody's fault.
    assert_eq!(ended.code, Some(0), "{}", ended.said());
    assert!(ended.last_line().starts_with(&format!("left: database/{name} (")), "{}", ended.said());
    assert!(ended.last_line().contains("prepared transaction"), "{}", ended.said());
    assert!(stage.has(&name));
    // It takes connections again with the next apply, and without the hindrance it goes.
    let _ = stage.apply(&file);
    stage.keeps(&file);
    stage.server.run(&name, "ROLLBACK PREPARED 'dbstuck'");
    let _ = stage.delete(&file);
    assert_eq!(stage.state().len(), 0);
}

#[test]
fn a_role_that_owns_things_elsewhere_is_left_with_the_reason() {
    let stage = Stage::new("dbroles");
    let (name, other) = (stage.named("orders"), stage.named("other"));
    let file = stage.file(&["name: orders"]);
    let _ = stage.apply(&file);
    stage.sql(&format!("CREATE DATABASE {other}"));
    stage.server.run(&other, &format!("CREATE TABLE t (a int); ALTER TABLE t OWNER TO {name}"));
    for _ in 0..2 {
        let ended = stage.run("delete", &file, &[]).ends_with(5);
        assert!(
            ended.last_line().contains(&format!("role \"{name}\" cannot be dropped")),
            "{}",
            ended.said()
        );
        assert!(ended.last_line().contains(&format!("1 object in database {other}")), "{}", ended.said());
        assert!(!stage.has(&name) && stage.server.roles().contains_key(&name));
    }
    assert_eq!(stage.value(&other, "SELECT count(*) FROM t"), "0");
    stage.server.run(&other, "DROP TABLE t");
    let _ = stage.delete(&file);
    assert!(!stage.server.roles().contains_key(&name));
}

#[test]
fn a_copy_that_others_are_made_of_stays() {
    let stage = Stage::new("dbstays");
    let name = stage.named("orders");
    let file = stage.file(&["name: orders"]);
    let _ = stage.apply(&file);
    stage.sql(&format!("ALTER DATABASE {name} IS_TEMPLATE true"));
    let before = stage.state();
    let ended = stage.run("delete", &file, &[]).ends_with(5);
    assert!(ended.last_line().contains("IS_TEMPLATE"), "{}", ended.said());
    assert_eq!(stage.state(), before);
    stage.sql(&format!("ALTER DATABASE {name} IS_TEMPLATE false"));
    let _ = stage.delete(&file);
    assert_eq!(stage.state().len(), 0);
}

#[test]
fn of_a_copy_nothing_is_left_and_base_and_other_copies_are_as_they_were() {
    let stage = Stage::new("dbalone");
    let base = stage.base_file(&[&format!("name: {}\nschemas: [app]", stage.named("base"))]);
    let other =
        stage.file(&["name: orders\nschemas: [app]"]).replace("feature: dbalone", "feature: two-dbalone");
    let copy = stage.file(&["name: orders\nschemas: [app]"]);
    for file in [&base, &other] {
        let _ = stage.apply(file);
    }
    let before = stage.state();
    let _ = stage.apply(&copy);
    let _ = stage.delete(&copy);
    assert_eq!(stage.state(), before);
    // Of base nothing is ever deleted.
    let ended = stage.delete(&base);
    assert_eq!(ended.last_line(), "left: base is never deleted, nothing was done");
    assert_eq!(stage.state(), before);
}
