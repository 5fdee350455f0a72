//! Names of every kind, from the file to the application that logs in.

use acceptance::{lab::lab, place::Namespace, postgres::quoted, process};

use super::stage::{Stage, plain, secret};

/// What a database, its role and its schema are called in the file.
const NAMES: &[&str] = &[
    "my-orders",
    "UPPER and lower",
    "two\"quotes\"",
    "one'quote",
    "x\"; DROP DATABASE postgres; --",
    "x'; DROP DATABASE postgres; --",
    "$$ || $1 || $x$",
    "back\\slash",
    "%s {} :a ?",
    "データ ベース",
    "emoji \u{1F980}",
    "select",
    "a.b",
    "-",
    "/etc/passwd",
    "a@b:c/d?e=f&g#h",
];

#[test]
fn every_name_that_the_server_takes_comes_to_the_application_and_goes_again() {
    let stage = Stage::new("dbnames");
    let namespace = Namespace::new("databases-dbnames");
    stage.sql("CREATE ROLE \"reader \"\"of\"\" dbnames's\"");
    let yaml = |text: &str| serde_json::to_string(text).expect("a text");
    let seed = stage.seed("it's \"one\".sql", "CREATE TABLE t AS SELECT current_user::text AS a");
    let mut names: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    // What is over 63 bytes with the feature behind it is cut off, and stays one's own.
    names.extend([
        format!("{}-one", "long".repeat(14)),
        format!("{}-two", "long".repeat(14)),
        "ö".repeat(31),
    ]);
    let items: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(i, name)| {
            let role = if i % 2 == 0 { String::new() } else { format!("role: {}\n", yaml(&format!("r{i} {name}").chars().take(30).collect::<String>())) };
            let (name, seed) = (yaml(name), yaml(&seed.display().to_string()));
            format!(
                "name: {name}\n{role}connectionLimit: 9\nrevokePublicConnect: true\nschemas: [{name}]\nextensions: [{{name: \
                 hstore, schema: {name}}}]\nseed: [{seed}]\ngrants:\n  - {{role: \"reader \\\"of\\\" dbnames's\", privileges: \
                 [CONNECT]}}\n  - {{role: \"reader \\\"of\\\" dbnames's\", schema: {name}, privileges: [USAGE]}}\n  - {{role: \
                 \"reader \\\"of\\\" dbnames's\", tablesIn: {name}, privileges: [SELECT]}}\noutputs: [{{value: url, secret: out, \
                 key: URL{i}}}, {{value: name, secret: out, key: NAME{i}}}, {{value: user, secret: out, key: USER{i}}}]"
            )
        })
        .collect();
    let file = stage.file(&items.iter().map(String::as_str).collect::<Vec<_>>());
    let file = file.replacen("owner: demo/", "owner: databases-dbnames/", 1);
    // Names that are cut off do not tell the harness whose they are.
    let _ = stage.delete(&file);
    let _ = stage.apply(&file);
    stage.keeps(&file);

    let told = secret(&namespace, "out");
    for (i, written) in names.iter().enumerate() {
        let (name, user) = (&told[&format!("NAME{i}")], &told[&format!("USER{i}")]);
        assert!(name.len() <= 63 && user.len() <= 63, "{name} {user}");
        assert!(stage.has(name), "{name}");
        if name.len() < 60 {
            assert_eq!(*name, format!("{}_dbnames", written.replace('-', "_")));
        }
        // As libpq reads the URL.
        let mut psql = lab().command("psql");
        psql.args([
            "--no-align",
            "--tuples-only",
            "--command",
            "SELECT current_database(), current_user, a FROM t",
        ]);
        let said = process::output_of(psql.arg(&told[&format!("URL{i}")]));
        assert_eq!(said.trim_end(), format!("{name}|{user}|{user}"));
        let schema = format!("SELECT count(*) FROM pg_namespace WHERE nspname = {}", literal(written));
        assert_eq!(stage.value(name, &schema), "1", "{written}");
        assert!(
            told[&format!("URL{i}")].contains(&format!("/{}?", plain(name))),
            "{}",
            told[&format!("URL{i}")]
        );
    }
    // Changed by somebody else, found and repaired.
    for i in 0..names.len() {
        let name = &told[&format!("NAME{i}")];
        stage.server.run(
            name,
            &format!(
                "ALTER DATABASE {} CONNECTION LIMIT 3; ALTER SCHEMA {} OWNER TO postgres",
                quoted(name),
                quoted(&names[i])
            ),
        );
    }
    let _ = stage.apply(&file);
    stage.keeps(&file);
    let _ = stage.delete(&file);
    for i in 0..names.len() {
        assert!(!stage.has(&told[&format!("NAME{i}")]), "{i}");
    }
    assert!(stage.has("postgres"));
    assert_eq!(stage.state().into_keys().collect::<Vec<_>>(), ["role reader \"of\" dbnames's"]);
}

#[test]
fn a_template_and_a_grantee_with_hostile_names_are_looked_up_as_they_are_written() {
    let stage = Stage::new("dbquoted");
    let golden = "golden\"; DROP DATABASE postgres; -- dbquoted";
    stage.sql(&format!("CREATE DATABASE {} IS_TEMPLATE true", quoted(golden)));
    stage.server.run(
        golden,
        "CREATE SCHEMA \"s'\"\"; --\"; CREATE TABLE \"s'\"\"; --\".\"t'\"\"; --\" (\"c\"\"\" int)",
    );
    let file = stage.file(&["name: orders\ntemplate: 'golden\"; DROP DATABASE postgres; -- dbquoted'"]);
    let _ = stage.apply(&file);
    stage.keeps(&file);
    let name = stage.named("orders");
    let owners = stage.value(
        &name,
        "SELECT string_agg(DISTINCT pg_get_userbyid(relowner), ' ') FROM pg_class WHERE relname LIKE 't''%'",
    );
    assert_eq!(owners, name);
    let absent = stage.file(&["name: other\ntemplate: \"nobody'; --\""]);
    let ended = stage.run("apply", &absent, &[]).ends_with(5);
    assert!(ended.last_line().contains("there is no database \"nobody'; --\""), "{}", ended.said());
}

fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
