//! The server as the tests see it: what they are told is so.

use acceptance::postgres::{Server, quoted};

#[test]
fn what_is_made_is_seen_and_what_is_swept_is_gone() {
    let server = Server::lab();
    let swept = server.swept("seen");
    let name = quoted("seen \"a\"");
    server.run("postgres", &format!("CREATE ROLE {name} LOGIN PASSWORD 'pw'"));
    server.run("postgres", &format!("CREATE DATABASE {name} OWNER {name} IS_TEMPLATE true"));
    server.run("postgres", &format!("COMMENT ON DATABASE {name} IS 'of a test'"));
    assert_eq!(server.databases()["seen \"a\""].as_deref(), Some("of a test"));
    assert_eq!(server.roles().get("seen \"a\""), Some(&None));

    let own = server.user("seen \"a\"", "pw");
    let session = own.session("seen \"a\"").expect("its owner may come");
    let rows = session.run("CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, NULL); TABLE t");
    assert_eq!(rows, Ok(vec![vec![Some("1".to_owned()), None]]));
    let refused = session.run("DROP DATABASE postgres").expect_err("it is another's");
    assert_eq!(refused.code, "42501", "{refused:?}");
    let wrong = server.user("seen \"a\"", "wrong").session("postgres").err();
    assert_eq!(wrong.map(|refused| refused.code).as_deref(), Some("28P01"));
    assert!(server.log().contains("COMMENT ON DATABASE \"seen \"\"a\"\"\" IS 'of a test'"));

    // With somebody in it, a template too.
    drop(swept);
    assert!(!server.databases().contains_key("seen \"a\""));
    assert!(!server.roles().contains_key("seen \"a\""));
}
