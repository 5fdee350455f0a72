//! Everything that a file can say of a database and that can be changed: set, read without the hook, changed by
//! somebody else, found, repaired, left alone.

use serde_json::json;

use super::stage::Stage;

/// `@db` stands for what the database and its role are called at the server, `@reader` for another role.
struct Case {
    what: &'static str,
    says: &'static str,
    /// What is done once everything is as it should be.
    first: &'static str,
    /// Asked in the database, or `at first:` in the server's first one.
    reads: &'static str,
    means: &'static str,
    drifts: &'static str,
    /// The field, and what it was and is to be.
    plan: [&'static str; 3],
}

const CASES: &[Case] = &[
    Case {
        what: "a limit of connections",
        says: "connectionLimit: 7",
        first: "",
        reads: "SELECT datconnlimit FROM pg_database WHERE datname = current_database()",
        means: "7",
        drifts: "ALTER DATABASE @db CONNECTION LIMIT 3",
        plan: ["connectionLimit", "3", "7"],
    },
    Case {
        what: "no limit of connections",
        says: "connectionLimit: -1",
        first: "",
        reads: "SELECT datconnlimit FROM pg_database WHERE datname = current_database()",
        means: "-1",
        drifts: "ALTER DATABASE @db CONNECTION LIMIT 0",
        plan: ["connectionLimit", "0", "-1"],
    },
    Case {
        what: "an owner",
        says: "",
        first: "",
        reads: "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()",
        means: "@db",
        drifts: "ALTER DATABASE @db OWNER TO postgres",
        plan: ["owner", "postgres", "@db"],
    },
    Case {
        what: "an owner who has gone",
        says: "",
        first: "",
        reads: "SELECT count(*) FROM pg_roles WHERE rolname = '@db' AND rolcanlogin",
        means: "1",
        drifts: "ALTER DATABASE @db OWNER TO @reader; DROP OWNED BY @db; DROP ROLE @db",
        plan: ["owner", "@reader", "@db"],
    },
    Case {
        what: "an owner who can log in",
        says: "",
        first: "",
        reads: "SELECT rolcanlogin FROM pg_roles WHERE rolname = '@db'",
        means: "t",
        drifts: "ALTER ROLE @db NOLOGIN",
        plan: ["role login", "false", "true"],
    },
    Case {
        what: "a database that nobody but its owner may enter",
        says: "revokePublicConnect: true",
        first: "",
        reads: "SELECT has_database_privilege('@reader', current_database(), 'CONNECT')",
        means: "f",
        drifts: "GRANT CONNECT ON DATABASE @db TO PUBLIC",
        plan: ["publicConnect", "granted", "revoked"],
    },
    Case {
        what: "a database that takes connections",
        says: "schemas: [app]",
        first: "",
        reads: "at first: SELECT datallowconn FROM pg_database WHERE datname = '@db'",
        means: "t",
        drifts: "at first: ALTER DATABASE @db ALLOW_CONNECTIONS false",
        plan: ["allowConnections", "false", "true"],
    },
    Case {
        what: "a schema",
        says: "schemas: [app, audit]",
        first: "",
        reads: "SELECT string_agg(nspname, ' ' ORDER BY nspname) FROM pg_namespace WHERE nspname IN ('app', 'audit')",
        means: "app audit",
        drifts: "DROP SCHEMA audit",
        plan: ["schemas.audit", "none", "there"],
    },
    Case {
        what: "a schema's owner",
        says: "schemas: [app]",
        first: "",
        reads: "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'app'",
        means: "@db",
        drifts: "ALTER SCHEMA app OWNER TO postgres",
        plan: ["schemas.app owner", "postgres", "@db"],
    },
    Case {
        what: "the owner of a schema that every database has",
        says: "schemas: [public]",
        first: "",
        reads: "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'public'",
        means: "@db",
        drifts: "ALTER SCHEMA public OWNER TO pg_database_owner",
        plan: ["schemas.public owner", "pg_database_owner", "@db"],
    },
    Case {
        what: "an extension",
        says: "extensions: [{name: hstore}]",
        first: "",
        reads: "SELECT count(*) FROM pg_extension WHERE extname = 'hstore'",
        means: "1",
        drifts: "DROP EXTENSION hstore",
        plan: ["extensions.hstore", "none", "there"],
    },
    Case {
        what: "an extension's version",
        says: "extensions: [{name: hstore, version: '1.8'}]",
        first: "",
        reads: "SELECT extversion FROM pg_extension WHERE extname = 'hstore'",
        means: "1.8",
        drifts: "DROP EXTENSION hstore; CREATE EXTENSION hstore VERSION '1.4'",
        plan: ["extensions.hstore", "1.4", "1.8"],
    },
    Case {
        what: "an extension's schema",
        says: "schemas: [app]\nextensions: [{name: hstore, schema: app}]",
        first: "",
        reads: "SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'hstore'",
        means: "app",
        drifts: "ALTER EXTENSION hstore SET SCHEMA public",
        plan: ["extensions.hstore schema", "public", "app"],
    },
    Case {
        what: "an extension with a name that has to be quoted",
        says: "extensions: [{name: uuid-ossp}]",
        first: "",
        reads: "SELECT count(*) FROM pg_extension WHERE extname = 'uuid-ossp'",
        means: "1",
        drifts: "DROP EXTENSION \"uuid-ossp\"",
        plan: ["extensions.uuid-ossp", "none", "there"],
    },
    Case {
        what: "a privilege on the database",
        says: "revokePublicConnect: true\ngrants: [{role: @reader, privileges: [CONNECT, CREATE]}]",
        first: "",
        reads: "SELECT has_database_privilege('@reader', current_database(), 'CONNECT') AND \
                has_database_privilege('@reader', current_database(), 'CREATE')",
        means: "t",
        drifts: "REVOKE CREATE ON DATABASE @db FROM @reader",
        plan: ["grants.@reader on the database", "none", "CREATE"],
    },
    Case {
        what: "everybody's privilege on the database",
        says: "grants: [{role: public, privileges: [CREATE]}]",
        first: "",
        reads: "SELECT has_database_privilege('@reader', current_database(), 'CREATE')",
        means: "t",
        drifts: "REVOKE CREATE ON DATABASE @db FROM PUBLIC",
        plan: ["grants.public on the database", "none", "CREATE"],
    },
    Case {
        what: "a privilege on a schema",
        says: "schemas: [app]\ngrants: [{role: @reader, schema: app, privileges: [USAGE, CREATE]}]",
        first: "",
        reads: "SELECT has_schema_privilege('@reader', 'app', 'USAGE') AND has_schema_privilege('@reader', 'app', 'CREATE')",
        means: "t",
        drifts: "REVOKE USAGE ON SCHEMA app FROM @reader",
        plan: ["grants.@reader on schema app", "none", "USAGE"],
    },
    Case {
        what: "everybody's privilege on a schema",
        says: "schemas: [app]\ngrants: [{role: public, schema: app, privileges: [USAGE]}]",
        first: "",
        reads: "SELECT has_schema_privilege('@reader', 'app', 'USAGE')",
        means: "t",
        drifts: "REVOKE USAGE ON SCHEMA app FROM PUBLIC",
        plan: ["grants.public on schema app", "none", "USAGE"],
    },
    Case {
        what: "a privilege on a table that is there",
        says: "schemas: [app]\ngrants: [{role: @reader, tablesIn: app, privileges: [SELECT, UPDATE]}]",
        first: "SET ROLE @db; CREATE TABLE app.one (a int); CREATE VIEW app.two AS TABLE app.one; RESET ROLE",
        reads: "SELECT bool_and(has_table_privilege('@reader', oid, 'SELECT') AND has_table_privilege('@reader', oid, \
                'UPDATE')) FROM pg_class WHERE relname IN ('one', 'two')",
        means: "t",
        drifts: "REVOKE SELECT ON app.two FROM @reader",
        plan: ["grants.@reader on tables in app", "none", "SELECT"],
    },
    Case {
        what: "a privilege on a table that somebody else has made",
        says: "schemas: [app]\ngrants: [{role: @reader, tablesIn: app, privileges: [SELECT]}]",
        first: "SET ROLE @db; CREATE TABLE app.one (a int); RESET ROLE",
        reads: "SELECT bool_and(has_table_privilege('@reader', oid, 'SELECT')) FROM pg_class WHERE relname IN ('one', 'two')",
        means: "t",
        drifts: "CREATE TABLE app.two (a int)",
        plan: ["grants.@reader on tables in app", "none", "SELECT"],
    },
    Case {
        what: "a privilege on the tables that the owner is going to make",
        says: "schemas: [app]\ngrants: [{role: @reader, tablesIn: app, privileges: [SELECT]}]",
        first: "",
        reads: "SELECT count(*) FROM pg_default_acl WHERE defaclacl::text LIKE '%=r/%'",
        means: "1",
        drifts: "ALTER DEFAULT PRIVILEGES FOR ROLE @db IN SCHEMA app REVOKE SELECT ON TABLES FROM @reader",
        plan: ["grants.@reader on tables in app", "none", "SELECT"],
    },
    Case {
        what: "everybody's privilege on tables",
        says: "schemas: [app]\ngrants: [{role: public, tablesIn: app, privileges: [SELECT]}]",
        first: "SET ROLE @db; CREATE TABLE app.one (a int); RESET ROLE",
        reads: "SELECT has_table_privilege('@reader', 'app.one', 'SELECT')",
        means: "t",
        drifts: "REVOKE SELECT ON app.one FROM PUBLIC",
        plan: ["grants.public on tables in app", "none", "SELECT"],
    },
];

#[test]
fn whatever_somebody_changes_is_found_and_repaired_and_then_left_alone() {
    let stage = Stage::new("dbfields");
    stage.sql(&format!("CREATE ROLE {}", stage.named("reader")));
    let mut faults = Vec::new();
    for (i, case) in CASES.iter().enumerate() {
        let name = stage.named(&format!("d{i}"));
        if let Err(fault) = held(&stage, case, &name) {
            faults.push(format!("{}: {fault}", case.what));
        }
        // Roles that own something in databases that stay cannot go at the end.
        stage.server.run("postgres", &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
    }
    assert_eq!(faults, Vec::<String>::new());
}

fn held(stage: &Stage, case: &Case, name: &str) -> Result<(), String> {
    let sql = |text: &str| text.replace("@db", name).replace("@reader", &stage.named("reader"));
    let stem = name.strip_suffix(&format!("_{}", stage.feature)).expect("a copy's");
    let file = stage.file(&[&format!("name: {stem}\n{}", sql(case.says))]);
    let run = |text: &str| match text.strip_prefix("at first: ") {
        Some(rest) => stage.server.try_run("postgres", &sql(rest)),
        None => stage.server.try_run(name, &sql(text)),
    };
    let read = || run(case.reads).ok().and_then(|rows| rows.first()?.first()?.clone());
    let means = Some(sql(case.means));
    let has_it = |when: &str| match read() {
        found if found == means => Ok(()),
        found => Err(format!("{when}: it is {found:?}, not {means:?}")),
    };
    let keeps = |when: &str| {
        let ended = stage.run("apply", &file, &["--output=json"]);
        let all = ended.json().iter().all(|line| line["change"] == "keep");
        if ended.code == Some(0) && all { Ok(()) } else { Err(format!("{when}: {}", ended.said())) }
    };
    let _ = stage.apply(&file);
    if !case.first.is_empty() {
        stage.server.run(name, &sql(case.first));
    }
    has_it("after the first apply")?;
    keeps("after the first apply")?;

    run(case.drifts).map_err(|refused| format!("it does not drift: {refused:?}"))?;
    if read() == means {
        return Err("it has not drifted".to_owned());
    }
    let [field, from, to] = case.plan.map(sql);
    let plan = stage.fields("plan", &file, name);
    if plan[0] != json!({"field": field, "from": from, "to": to}) {
        return Err(format!("the plan is {plan}"));
    }
    let repaired = stage.fields("apply", &file, name);
    if repaired != plan {
        return Err(format!("apply changed {repaired}, and the plan was {plan}"));
    }
    has_it("after the repair")?;
    keeps("after the repair")
}

#[test]
fn tables_that_the_owner_makes_later_are_granted_without_a_further_apply() {
    let stage = Stage::new("dbgrants");
    let (name, reader) = (stage.named("orders"), stage.named("reader"));
    stage.sql(&format!("CREATE ROLE {reader}"));
    let file = stage.file(&[&format!(
        "name: orders\nschemas: [app]\ngrants: [{{role: {reader}, schema: app, privileges: [USAGE]}}, {{role: {reader}, \
         tablesIn: app, privileges: [SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER]}}]"
    )]);
    let _ = stage.apply(&file);
    stage.server.run(
        &name,
        &format!("SET ROLE {name}; CREATE TABLE app.later (a int); INSERT INTO app.later VALUES (1)"),
    );
    let rows = stage.server.run(
        &name,
        &format!("SET ROLE {reader}; INSERT INTO app.later VALUES (2); SELECT sum(a) FROM app.later"),
    );
    assert_eq!(rows, [[Some("3".to_owned())]]);
    stage.keeps(&file);
}

#[test]
fn privileges_that_come_by_another_role_or_are_more_than_is_asked_for_are_no_difference() {
    let stage = Stage::new("dbmore");
    let (name, reader, group) = (stage.named("orders"), stage.named("reader"), stage.named("group"));
    stage.sql(&format!("CREATE ROLE {group}; CREATE ROLE {reader} IN ROLE {group}"));
    let file = stage.file(&[&format!(
        "name: orders\nconnectionLimit: 5\ngrants: [{{role: {reader}, schema: public, privileges: [USAGE]}}]"
    )]);
    let _ = stage.apply(&file);
    stage.server.run(
        &name,
        &format!("GRANT CREATE ON SCHEMA public TO {reader}; GRANT TEMPORARY ON DATABASE {name} TO {reader}"),
    );
    stage.keeps(&file);
    // What the file no longer speaks of stays as it was made.
    stage.keeps(&stage.file(&["name: orders"]));
    assert_eq!(
        stage.value(&name, "SELECT datconnlimit FROM pg_database WHERE datname = current_database()"),
        "5"
    );
}
