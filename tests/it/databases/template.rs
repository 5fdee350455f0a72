//! Copies of databases that have something in them: all of it is the copy's, and where it came from is as it was.

use std::{thread, time::Duration};

use acceptance::postgres::Gate;

use super::stage::{Stage, dump};

/// One of everything that somebody can own in a database, made by base's owner, who is no superuser.
const EVERYTHING: &str = r#"
CREATE SCHEMA app;
CREATE SCHEMA "a B.c";
CREATE TABLE app.orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what text NOT NULL);
INSERT INTO app.orders (what) SELECT 'order ' || n FROM generate_series(1, 1000) n;
CREATE TABLE app.serials (id serial PRIMARY KEY, "Ä ""q""" bytea);
CREATE TABLE "a B.c"."t;--" (a int) PARTITION BY RANGE (a);
CREATE TABLE "a B.c".part PARTITION OF "a B.c"."t;--" FOR VALUES FROM (0) TO (10);
INSERT INTO "a B.c".part VALUES (3);
CREATE TABLE public.plain (a int);
CREATE UNLOGGED TABLE public.unlogged (a int);
CREATE INDEX ON app.orders (what);
CREATE SEQUENCE app.alone START 7;
CREATE VIEW app.seen AS TABLE app.orders;
CREATE MATERIALIZED VIEW app.kept AS TABLE app.orders;
CREATE TYPE app.mood AS ENUM ('glad', 'sad');
CREATE TYPE app.pair AS (a int, b text);
CREATE TYPE app.span AS RANGE (subtype = float8);
CREATE DOMAIN app.positive AS int CHECK (VALUE > 0);
CREATE FUNCTION app.one(a int, b text DEFAULT 'x') RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION app.one() RETURNS int LANGUAGE sql AS 'SELECT 2';
CREATE PROCEDURE app.does(INOUT a int) LANGUAGE plpgsql AS $$ BEGIN a := a + 1; END $$;
CREATE AGGREGATE app.total(int) (sfunc = int4pl, stype = int, initcond = '0');
CREATE FUNCTION app.fires() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER t BEFORE INSERT ON app.orders FOR EACH ROW EXECUTE FUNCTION app.fires();
CREATE OPERATOR app.=== (leftarg = int, rightarg = int, function = int4eq);
CREATE COLLATION app.german FROM "C";
CREATE TEXT SEARCH CONFIGURATION app.words (COPY = pg_catalog.simple);
CREATE TEXT SEARCH DICTIONARY app.dict (TEMPLATE = pg_catalog.simple);
CREATE STATISTICS app.stats ON id, what FROM app.orders;
CREATE CONVERSION app.conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE EXTENSION hstore SCHEMA app;
CREATE EXTENSION pgcrypto;
CREATE PUBLICATION news FOR TABLE app.orders;
ALTER TABLE app.orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON app.orders USING (true);
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO PUBLIC;
GRANT SELECT ON app.orders TO PUBLIC;
COMMENT ON TABLE app.orders IS 'ours';
SELECT lo_create(4711);
"#;

/// What only a superuser can make, and does for base's owner.
const MORE: &str = "
CREATE OPERATOR FAMILY app.family USING btree;
CREATE OPERATOR CLASS app.class FOR TYPE int USING btree FAMILY app.family AS OPERATOR 1 <, FUNCTION 1 btint4cmp(int, int);
CREATE FOREIGN DATA WRAPPER wrapper;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER wrapper;
CREATE FOREIGN TABLE app.far (a int) SERVER elsewhere;
CREATE TABLE app.of_superuser (a int);
CREATE FUNCTION app.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION app.on_ddl();
";

/// Base's database with one of everything, whose owner owns another one too.
fn base(stage: &Stage) -> (String, String) {
    let (owner, base, second) = (stage.named("owner"), stage.named("base"), stage.named("second"));
    stage.sql(&format!("CREATE ROLE {owner} LOGIN PASSWORD 'pw'"));
    stage.sql(&format!("CREATE DATABASE {base} OWNER {owner}"));
    stage.sql(&format!("CREATE DATABASE {second} OWNER {owner}"));
    stage.sql(&format!(
        "COMMENT ON DATABASE {base} IS 'base of all'; GRANT CREATE ON DATABASE {base} TO PUBLIC"
    ));
    let rows = stage.server.user(&owner, "pw").run(&base, EVERYTHING);
    assert_eq!(rows.len(), 1, "{rows:?}");
    stage.server.run(&base, MORE);
    (owner, base)
}

#[test]
fn everything_in_a_copy_is_its_owners_and_nothing_of_base_is_touched() {
    let stage = Stage::new("dbclone");
    let (owner, base) = base(&stage);
    let (golden, name) = (stage.named("golden"), stage.named("orders"));
    stage.sql(&format!(
        "CREATE DATABASE {golden} TEMPLATE {base} OWNER {owner} IS_TEMPLATE true ALLOW_CONNECTIONS true"
    ));
    let dumps =
        |stage: &Stage| [&base, &golden, &stage.named("second")].map(|name| dump(name, &["--create"]));
    let (before, around, log) = (dumps(&stage), stage.state(), stage.server.log().len());
    let file = stage.file(&[&format!("name: orders\ntemplate: {golden}")]);
    let _ = stage.apply(&file);
    stage.keeps(&file);

    assert!(dumps(&stage) == before, "base's own is not what it was");
    let mut after = stage.state();
    after.retain(|thing, _| !thing.ends_with(&name));
    assert_eq!(after, around);
    assert!(!stage.logged(log).to_uppercase().contains("REASSIGN"), "{}", stage.logged(log));

    // All rows, and all that is owned is owned by the copy's role: what is the superuser's the catalogs do not
    // mention among dependencies, so they are asked one by one.
    assert_eq!(stage.value(&name, "SELECT count(*) FROM app.orders"), "1000");
    // An extension itself nobody can give away, and what base's owner grants on his next tables is his affair.
    let owners = stage.server.run(
        &name,
        "SELECT o.type, o.identity, pg_get_userbyid(s.refobjid) FROM pg_shdepend s, \
         pg_identify_object(s.classid, s.objid, s.objsubid) o WHERE s.deptype = 'o' AND o.type NOT IN ('extension', 'default acl') AND s.dbid = (SELECT oid FROM \
         pg_database WHERE datname = current_database()) ORDER BY 1, 2",
    );
    let others: Vec<_> = owners.iter().filter(|row| row[2].as_deref() != Some(&*name)).collect();
    assert!(others.is_empty(), "{others:#?}");
    let of_superuser = stage.server.run(
        &name,
        "SELECT oid::regclass::text FROM pg_class WHERE relowner = 10 AND relnamespace IN ('app'::regnamespace, \
         'public'::regnamespace, '\"a B.c\"'::regnamespace) UNION SELECT oid::regprocedure::text FROM pg_proc p WHERE \
         proowner = 10 AND pronamespace = 'app'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid \
         AND deptype = 'e') UNION SELECT opfname FROM pg_opfamily WHERE opfname = 'family' AND opfowner = 10 UNION \
         SELECT opcname FROM pg_opclass WHERE opcname = 'class' AND opcowner = 10",
    );
    // What the event trigger runs, runs as the administrator too: nobody else may say what it does.
    assert_eq!(of_superuser, [[Some("app.on_ddl()".to_owned())]]);

    // It is the copy's own: its role does with it what it likes.
    stage.sql(&format!("ALTER ROLE {name} PASSWORD 'pw'"));
    let own = stage.server.user(&name, "pw");
    let replaced =
        "CREATE OR REPLACE FUNCTION app.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$";
    let refused = own.try_run(&name, replaced).expect_err("it is the superuser's");
    assert_eq!(refused.code, "42501", "{refused:?}");
    own.run(
        &name,
        "ALTER TABLE app.orders ADD COLUMN more int; DROP VIEW app.seen; DROP FUNCTION app.one(int, text); INSERT INTO \
         app.orders (what) VALUES ('new'); DROP SCHEMA \"a B.c\" CASCADE; REFRESH MATERIALIZED VIEW app.kept; SELECT \
         lo_unlink(4711); DROP TYPE app.mood; ALTER SEQUENCE app.alone RESTART; CREATE TABLE app.later (a int)",
    );
    assert!(dumps(&stage) == before, "base's own is not what it was");
    let _ = stage.delete(&file);
    assert!(dumps(&stage) == before, "base's own is not what it was");
    assert_eq!(stage.state(), around);
}

#[test]
fn a_database_in_use_is_a_template_only_by_word() {
    let stage = Stage::new("dblive");
    let base = stage.named("base");
    stage.sql(&format!("CREATE DATABASE {base}"));
    stage.server.run(&base, "CREATE TABLE t AS SELECT 1 AS a");
    let refused =
        stage.run("apply", &stage.file(&[&format!("name: orders\ntemplate: {base}")]), &[]).ends_with(5);
    let reason = "is no template but a database in use: make one of it (ALTER DATABASE \"base_dblive\" IS_TEMPLATE true), or \
                  say liveTemplate";
    assert!(refused.last_line().contains(reason), "{}", refused.said());
    assert!(!stage.has(&stage.named("orders")));
    let file = stage.file(&[&format!("name: orders\nliveTemplate: {base}")]);
    let _ = stage.apply(&file);
    assert_eq!(stage.value(&stage.named("orders"), "SELECT a FROM t"), "1");
    stage.keeps(&file);
}

#[test]
fn a_template_that_takes_no_connections_is_copied_to_a_database_that_does() {
    let stage = Stage::new("dbclosed");
    let golden = stage.named("golden");
    stage.sql(&format!("CREATE DATABASE {golden}"));
    stage.server.run(&golden, "CREATE TABLE t AS SELECT 1 AS a");
    stage
        .sql(&format!("ALTER DATABASE {golden} IS_TEMPLATE true ALLOW_CONNECTIONS false CONNECTION LIMIT 1"));
    let file = stage.file(&[&format!("name: orders\ntemplate: {golden}\nstrategy: fileCopy")]);
    let _ = stage.apply(&file);
    stage.keeps(&file);
    let name = stage.named("orders");
    let owner = stage.value(&name, "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 't'");
    assert_eq!(owner, name);
}

#[test]
fn the_strategy_is_the_one_that_the_file_says() {
    let stage = Stage::new("dbstrategy");
    let golden = stage.named("golden");
    stage.sql(&format!("CREATE DATABASE {golden} IS_TEMPLATE true"));
    let gate = Gate::before(&stage.server.address());
    for (says, sends) in [("walLog", " STRATEGY WAL_LOG"), ("fileCopy", " STRATEGY FILE_COPY"), ("auto", "")]
    {
        gate.clear();
        let file =
            stage.file(&[&format!("name: {}\ntemplate: {golden}\nstrategy: {says}", says.to_lowercase())]);
        let _ = stage.hook_by(&gate).does("apply", &file, &[]);
        let creates: Vec<_> =
            gate.writes().into_iter().filter(|sql| sql.starts_with("CREATE DATABASE")).collect();
        let [create] = &creates[..] else { panic!("{creates:?}") };
        assert!(create.ends_with(&format!(" TEMPLATE \"{golden}\"{sends}")), "{create}");
    }
}

#[test]
fn a_busy_template_is_waited_for_and_then_copied() {
    let stage = Stage::new("dbbusy");
    let golden = stage.named("golden");
    stage.sql(&format!("CREATE DATABASE {golden} IS_TEMPLATE true"));
    let busy = stage.server.session(&golden).expect("somebody is in it");
    let file = stage.file(&[&format!("name: orders\ntemplate: {golden}")]);
    let gate = Gate::before(&stage.server.address());
    let running = stage.hook_by(&gate).spawn("apply", &file, &[]);
    let creates = || gate.writes().iter().filter(|sql| sql.starts_with("CREATE DATABASE")).count();
    acceptance::cluster::eventually("a second try", 30, || {
        if creates() > 1 { Ok(()) } else { Err(creates().to_string()) }
    });
    drop(busy);
    let ended = running.wait().ends_with(0);
    assert!(ended.stderr.contains("is being accessed by other users"), "{}", ended.said());
    stage.keeps(&file);
}

#[test]
fn a_template_that_stays_busy_is_the_reason_in_the_last_line() {
    let stage = Stage::new("dboccupied");
    let golden = stage.named("golden");
    stage.sql(&format!("CREATE DATABASE {golden} IS_TEMPLATE true"));
    let busy = stage.server.session(&golden).expect("somebody is in it");
    let file = stage.file(&[&format!("name: orders\ntemplate: {golden}")]);
    let ended = stage.run("apply", &file, &["--timeout=8s"]).ends_with(4);
    assert!(ended.wall < Duration::from_secs(12), "{}", ended.said());
    assert!(ended.last_line().contains("is being accessed by other users"), "{}", ended.said());
    assert!(ended.last_line().contains("out of time after"), "{}", ended.said());
    // What was begun is finished by the next run.
    drop(busy);
    let _ = stage.apply(&file);
    stage.keeps(&file);
}

#[test]
fn many_copies_of_one_template_at_once_are_all_made() {
    let stage = Stage::new("dbmany");
    let golden = stage.named("golden");
    stage.sql(&format!("CREATE DATABASE {golden} IS_TEMPLATE true"));
    let names: Vec<String> =
        (0..8).map(|i| format!("name: d{i}\ntemplate: {golden}\nschemas: [app]")).collect();
    thread::scope(|scope| {
        for lines in &names {
            // All of them are one owner's: what one file does not name is another's.
            let file = stage.file(&[lines]).replace("database:\n", "database:\n  prune: false\n");
            let stage = &stage;
            scope.spawn(move || stage.apply(&file));
        }
    });
    for i in 0..8 {
        assert!(stage.has(&stage.named(&format!("d{i}"))));
    }
}

#[test]
fn base_has_templates_and_a_copy_is_made_of_one_by_its_name() {
    let stage = Stage::new("dbgolden");
    let (golden, shop) = (stage.named("golden"), stage.named("shop"));
    let seed = stage.seed("1.sql", "CREATE TABLE t AS SELECT 1 AS a");
    // The second is made of the first, by one run.
    let base = stage.base_file(&[
        &format!("name: {golden}\nisTemplate: true\nseed: ['{}']", seed.display()),
        &format!("name: {shop}\ntemplate: {golden}"),
    ]);
    let _ = stage.apply(&base);
    stage.keeps(&base);
    assert_eq!(
        stage.value(&shop, "SELECT pg_get_userbyid(relowner) || a FROM pg_class, t WHERE relname = 't'"),
        format!("{shop}1")
    );
    stage.sql(&format!("ALTER DATABASE {golden} IS_TEMPLATE false"));
    let plan = stage.fields("plan", &base, &golden);
    assert_eq!(plan, serde_json::json!([{"field": "isTemplate", "from": "false", "to": "true"}]));
    let _ = stage.apply(&base);
    stage.keeps(&base);
    let copy = stage.file(&[&format!("name: orders\ntemplate: {golden}")]);
    let _ = stage.apply(&copy);
    stage.keeps(&copy);
    let name = stage.named("orders");
    assert_eq!(
        stage.value(&name, "SELECT pg_get_userbyid(relowner) || a FROM pg_class, t WHERE relname = 't'"),
        format!("{name}1")
    );
    assert_eq!(
        stage.value("postgres", &format!("SELECT datistemplate FROM pg_database WHERE datname = '{name}'")),
        "f"
    );
    // And it goes, which the template does not.
    let _ = stage.delete(&copy);
    let _ = stage.delete(&base);
    assert!(stage.has(&golden) && stage.has(&shop) && !stage.has(&name));
}
