//! Files of SQL that run once in a new database: each whole or not at all, as its owner.

use super::stage::Stage;

/// The database of these tests with these seeds.
fn file(stage: &Stage, paths: &[&std::path::Path]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| format!("'{}'", path.display())).collect();
    stage.file(&[&format!("name: orders\nseed: [{}]", paths.join(", "))])
}

#[test]
fn each_file_runs_once_in_its_order_as_the_owner() {
    let stage = Stage::new("dbseed");
    let name = stage.named("orders");
    let one = stage
        .seed("1.sql", "CREATE TABLE t (a int, who text DEFAULT current_user);\nINSERT INTO t VALUES (1);\n");
    let two = stage.seed("2.sql", "INSERT INTO t VALUES (2);");
    let three = stage.seed("3.sql", "INSERT INTO t VALUES (3)");
    let _ = stage.apply(&file(&stage, &[&one, &two]));
    stage.keeps(&file(&stage, &[&one, &two]));
    let rows = || stage.value(&name, "SELECT string_agg(a || who, ' ' ORDER BY a) FROM t");
    assert_eq!(rows(), format!("1{name} 2{name}"));
    let plan = stage.fields("plan", &file(&stage, &[&one, &two, &three]), &name);
    assert_eq!(
        plan,
        serde_json::json!([{"field": format!("seed.{}", three.display()), "from": "none", "to": "run"}])
    );
    for _ in 0..3 {
        let _ = stage.apply(&file(&stage, &[&one, &two, &three]));
    }
    assert_eq!(rows(), format!("1{name} 2{name} 3{name}"));
    assert_eq!(stage.value(&name, "SELECT count(*) FROM devstack.seeds"), "3");
    assert_eq!(
        stage.value(&name, "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 't'"),
        name
    );
    // The record is nobody's but the hook's.
    stage.sql(&format!("ALTER ROLE {name} PASSWORD 'pw'"));
    let refused = stage
        .server
        .user(&name, "pw")
        .try_run(&name, "DELETE FROM devstack.seeds")
        .expect_err("it is not its own");
    assert_eq!(refused.code, "42501", "{refused:?}");
}

#[test]
fn a_file_that_has_changed_or_gone_since_it_ran_does_not_run_again() {
    let stage = Stage::new("dbchanged");
    let one = stage.seed("1.sql", "CREATE TABLE t (a int)");
    let file = file(&stage, &[&one]);
    let _ = stage.apply(&file);
    stage.seed("1.sql", "CREATE TABLE u (a int)");
    let ended = stage.apply(&file);
    let warning = format!(
        "warning: database/orders_dbchanged: seed {} has changed since it ran, and does not run again",
        one.display()
    );
    assert!(ended.stderr.contains(&warning), "{}", ended.said());
    stage.keeps(&file);
    std::fs::remove_file(&one).expect("it is there");
    let ended = stage.apply(&file);
    assert_eq!(ended.stderr, "", "{}", ended.said());
    stage.keeps(&file);
}

#[test]
fn whatever_sql_can_say_arrives_as_it_was_written() {
    let stage = Stage::new("dbwritten");
    let name = stage.named("orders");
    let cases = [
        ("quotes", "CREATE TABLE quotes AS SELECT 'it''s \"x\"' AS a", "it's \"x\""),
        ("backslashes", r"CREATE TABLE backslashes AS SELECT 'a\b' || E'\\c' || '\' AS a", r"a\b\c\"),
        ("dollars", "CREATE TABLE dollars AS SELECT $q$a $1 $$b$$$q$ AS a", "a $1 $$b$$"),
        ("percents", "CREATE TABLE percents AS SELECT '%s %% {} :a' AS a", "%s %% {} :a"),
        ("letters", "CREATE TABLE letters AS SELECT 'ö 日本 \u{1F980}' AS a", "ö 日本 \u{1F980}"),
        ("windows", "CREATE TABLE windows AS\r\nSELECT 'a' AS a;\r\n", "a"),
        ("marked", "\u{feff}CREATE TABLE marked AS SELECT 'a' AS a", "a"),
        ("comments", "-- it's; one\n/* two; */ CREATE TABLE comments AS SELECT 'a' AS a -- three", "a"),
        (
            "body",
            "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $function$\nBEGIN\n  RETURN 'a;b';\nEND;\n$function$;\n\
             CREATE TABLE body AS SELECT f() AS a;\nDO $$ BEGIN UPDATE body SET a = a || 'c'; END $$;",
            "a;bc",
        ),
        (
            "path",
            "SELECT pg_catalog.set_config('search_path', '', false);\nCREATE TABLE public.path AS SELECT 'a'::text AS a;",
            "a",
        ),
        // As every file here does, after the one before it.
        (
            "after",
            "SET standard_conforming_strings = off;\nCREATE TABLE after AS SELECT 'a'::text AS a;",
            "a",
        ),
        ("last", r"CREATE TABLE last AS SELECT 'a\b'::text AS a; SET CONSTRAINTS ALL DEFERRED;", r"a\b"),
    ];
    let paths: Vec<_> =
        cases.iter().map(|(table, text, _)| stage.seed(&format!("{table}.sql"), text)).collect();
    let mut faults = Vec::new();
    for (case, path) in cases.iter().zip(&paths) {
        let (table, _, means) = case;
        // Alone in a database of its own, so that one that fails keeps no other from running.
        let lines = format!("name: {table}\nseed: ['{}']", path.display());
        let ended = stage.run("apply", &stage.file(&[&lines]), &[]);
        let found = (ended.code == Some(0))
            .then(|| stage.value(&stage.named(table), &format!("SELECT a FROM public.{table}")));
        if found.as_deref() != Some(means) {
            faults.push(format!("{table}: {found:?}: {}", ended.said()));
        }
    }
    let all: Vec<&std::path::Path> = paths.iter().map(AsRef::as_ref).collect();
    let ended = stage.run("apply", &file(&stage, &all), &[]);
    if ended.code != Some(0) {
        faults.push(format!("all in one database: {}", ended.said()));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(stage.value(&name, "SELECT a FROM public.last"), r"a\b");
}

#[test]
fn functions_that_an_owner_puts_before_the_servers_are_never_run_by_the_administrator() {
    let stage = Stage::new("dbpath");
    let name = stage.named("orders");
    let one = stage.seed("1.sql", "CREATE TABLE one (a int)");
    let _ = stage.apply(&file(&stage, &[&one]));
    stage.sql(&format!("ALTER ROLE {name} PASSWORD 'pw'"));
    let owner = stage.server.user(&name, "pw");
    for function in ["to_regclass(text)", "pg_get_userbyid(oid)", "now()"] {
        owner.run(
            &name,
            &format!(
                "CREATE SCHEMA IF NOT EXISTS first; CREATE FUNCTION first.{function} RETURNS text LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'run by %', current_user; END $$"
            ),
        );
    }
    owner.run(&name, &format!("ALTER DATABASE {name} SET search_path = first, pg_catalog, public"));
    let caught = owner.try_run(&name, "SELECT now()").expect_err("it is first on the path");
    assert!(format!("{caught:?}").contains("run by"), "{caught:?}");
    let two = stage.seed("2.sql", "CREATE TABLE two (a int)");
    let _ = stage.apply(&file(&stage, &[&one, &two]));
    stage.keeps(&file(&stage, &[&one, &two]));
    assert_eq!(
        stage.value(&name, "SELECT relnamespace::regnamespace FROM pg_class WHERE relname = 'two'"),
        "first"
    );
}

#[test]
fn what_is_put_off_until_the_transaction_ends_is_not_done_by_the_administrator() {
    let stage = Stage::new("dbputoff");
    let text = "CREATE TABLE who (a text);\n\
                CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO who VALUES (current_user); \
                RETURN ''; END $$;\n\
                CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM f(); RETURN NULL; END $$;\n\
                CREATE TABLE put_off (a int);\n\
                CREATE CONSTRAINT TRIGGER t AFTER INSERT ON put_off DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE \
                FUNCTION t();\n\
                INSERT INTO put_off VALUES (1);\n\
                DECLARE c CURSOR WITH HOLD FOR SELECT f();";
    let one = stage.seed("1.sql", text);
    let _ = stage.apply(&file(&stage, &[&one]));
    let name = stage.named("orders");
    assert_eq!(stage.value(&name, "SELECT string_agg(DISTINCT a, ' ') FROM who"), name);
}

#[test]
fn a_record_that_is_the_owners_own_is_never_read() {
    let stage = Stage::new("dbledger");
    let name = stage.named("orders");
    let _ = stage.apply(&file(&stage, &[]));
    stage.sql(&format!("ALTER ROLE {name} PASSWORD 'pw'"));
    let owner = stage.server.user(&name, "pw");
    let function = "CREATE SCHEMA devstack; CREATE FUNCTION devstack.f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE \
                    EXCEPTION 'run by %', current_user; END $$;";
    let one = stage.seed("1.sql", "CREATE TABLE one (a int)");
    for record in [
        "CREATE VIEW devstack.seeds AS SELECT devstack.f() AS file, '' AS print",
        "CREATE TABLE devstack.seeds (file text PRIMARY KEY, print text NOT NULL, at timestamptz)",
        "",
    ] {
        owner.run(&name, &format!("DROP SCHEMA IF EXISTS devstack CASCADE; {function}{record}"));
        let _ = stage.run("plan", &file(&stage, &[&one]), &[]).ends_with(0);
        let ended = stage.run("apply", &file(&stage, &[&one]), &[]).ends_with(5);
        let reason = "schema devstack of the database is not the administrator's, and seeds are recorded there: drop it";
        assert!(ended.last_line().contains(reason), "{}", ended.said());
    }
    let _ = stage.delete(&file(&stage, &[&one]));
    assert!(!stage.has(&name));
}

#[test]
fn a_file_whose_hook_was_killed_is_waited_for_and_runs_once() {
    let stage = Stage::new("dbslow");
    let one = stage.seed("1.sql", "CREATE TABLE one AS SELECT 1 AS a; SELECT pg_sleep(4);");
    let file = file(&stage, &[&one]);
    let running = stage.hook().spawn("apply", &file, &[]);
    let asked = "SELECT FROM pg_stat_activity WHERE datname = 'orders_dbslow' AND wait_event = 'PgSleep'";
    acceptance::cluster::eventually("a seed that runs", 20, || {
        if stage.sql(asked).is_empty() { Err(String::new()) } else { Ok(()) }
    });
    let _ = running.kill();
    let _ = stage.apply(&file);
    stage.keeps(&file);
    assert_eq!(stage.value("orders_dbslow", "SELECT count(*) FROM one"), "1");
}

#[test]
fn a_file_that_fails_says_where_and_leaves_nothing_of_itself() {
    let stage = Stage::new("dbfails");
    let name = stage.named("orders");
    let good = stage.seed("1.sql", "CREATE TABLE good (a int PRIMARY KEY)");
    let head = "CREATE TABLE bad (a int);\nINSERT INTO bad VALUES (1);\n";
    let cases = [
        (
            "absent",
            "INSERT INTO nowhere VALUES (1);",
            " line 3: relation \"nowhere\" does not exist; nothing of the file was kept",
        ),
        (
            "syntax",
            "CREATE TABEL t ();",
            " line 3: syntax error at or near \"TABEL\"; nothing of the file was kept",
        ),
        ("late", "SELECT 1;\nSELECT 'ö';\nSELECT nope();", " line 5: function nope() does not exist"),
        (
            "twice",
            "INSERT INTO good VALUES (1);\nINSERT INTO good VALUES (1);",
            "duplicate key value violates unique constraint \"good_pkey\"",
        ),
        (
            "deferred",
            "CREATE TABLE p (a int PRIMARY KEY);\nCREATE TABLE c (a int REFERENCES p DEFERRABLE INITIALLY DEFERRED);\n\
             INSERT INTO c VALUES (1);",
            "violates foreign key constraint \"c_a_fkey\" (Key (a)=(1) is not present in table \"p\".); nothing of the \
             file was kept",
        ),
        ("division", "SELECT 1 / 0;", "division by zero; nothing of the file was kept"),
        ("commit", "COMMIT;", "COMMIT"),
        ("rollback", "ROLLBACK;", "ROLLBACK"),
        ("both", "BEGIN;\nCREATE TABLE t ();\nCOMMIT;", "BEGIN"),
        ("vacuum", "VACUUM;", "VACUUM"),
        ("another", "CREATE DATABASE x_dbfails;", "CREATE DATABASE"),
        ("stdin", "COPY bad FROM stdin;", "COPY"),
        ("rights", "ALTER DATABASE postgres CONNECTION LIMIT 3;", "must be owner of database postgres"),
        ("ours", "DELETE FROM devstack.seeds;", "permission denied for"),
        ("superuser", "RESET ROLE;\nALTER ROLE postgres CONNECTION LIMIT 77;", ""),
        ("another-superuser", "SET ROLE postgres;\nALTER ROLE postgres CONNECTION LIMIT 77;", ""),
        ("session", "SET SESSION AUTHORIZATION postgres;\nALTER ROLE postgres CONNECTION LIMIT 77;", ""),
    ];
    let mut faults = Vec::new();
    for (word, text, reason) in cases {
        let bad = stage.seed(&format!("{word}.sql"), &format!("{head}{text}"));
        let file = file(&stage, &[&good, &bad]);
        let ended = stage.run("apply", &file, &[]);
        let said = ended.last_line();
        if ended.code != Some(5) || !said.contains(reason) || !said.contains(&bad.display().to_string()) {
            faults.push(format!("{word}: {}", ended.said()));
        }
        let left = stage.value(
            &name,
            "SELECT coalesce(string_agg(relname, ' '), '') FROM pg_class WHERE relname IN ('bad', 't')",
        );
        let ran = stage.value(&name, "SELECT string_agg(file, ' ') FROM devstack.seeds");
        if !left.is_empty() || ran != good.display().to_string() {
            faults.push(format!("{word} leaves {left:?}, and that {ran:?} ran"));
        }
    }
    let limit = stage.value("postgres", "SELECT rolconnlimit FROM pg_roles WHERE rolname = 'postgres'");
    stage.sql("ALTER ROLE postgres CONNECTION LIMIT -1");
    if limit != "-1" {
        faults.push("a seed has changed the superuser".to_owned());
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    // Put right, it runs.
    let bad = stage.seed("absent.sql", &format!("{head}INSERT INTO good VALUES (1);"));
    let file = file(&stage, &[&good, &bad]);
    let _ = stage.apply(&file);
    stage.keeps(&file);
    assert_eq!(stage.value(&name, "SELECT (SELECT count(*) FROM good) + (SELECT count(*) FROM bad)"), "2");
}

#[test]
fn what_only_psql_understands_is_refused_before_anything_is_written() {
    let stage = Stage::new("dbpsql");
    for (word, text, line) in [
        ("connect", "SELECT 1;\n\\connect postgres\n", 2),
        ("copy", "COPY t FROM stdin;\n1\n\\.\n", 3),
        ("restrict", "\\restrict abc\nSELECT 1;\n", 1),
        ("set", "-- a\n\n  \\set x 1\n", 3),
    ] {
        let path = stage.seed(&format!("{word}.sql"), text);
        let ended = stage.run("apply", &file(&stage, &[&path]), &[]).ends_with(5);
        let reason = format!("seed {}: line {line} is for psql", path.display());
        assert!(ended.last_line().contains(&reason), "{}", ended.said());
        assert!(!stage.has(&stage.named("orders")), "{}", ended.said());
    }
}

#[test]
fn what_was_seeded_in_a_template_is_not_seeded_again_in_its_copy() {
    let stage = Stage::new("dbtwice");
    let one = stage.seed("1.sql", "CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
    let two = stage.seed("2.sql", "INSERT INTO t VALUES (2)");
    let (golden, name) = (stage.named("golden"), stage.named("orders"));
    let base = stage.base_file(&[&format!("name: {golden}\nseed: ['{}']", one.display())]);
    let _ = stage.apply(&base);
    stage.sql(&format!("ALTER DATABASE {golden} IS_TEMPLATE true"));
    let seeds = format!("['{}', '{}']", one.display(), two.display());
    let copy = stage.file(&[&format!("name: orders\ntemplate: {golden}\nseed: {seeds}")]);
    let _ = stage.apply(&copy);
    stage.keeps(&copy);
    assert_eq!(stage.value(&name, "SELECT string_agg(a::text, ' ') FROM t"), "1 2");
}
