use provision::{
    change::Difference,
    config::{self, database::On},
};

use super::*;

/// What a file asks for whose database `orders` says this.
fn want(says: &str) -> Database {
    let head = format!("apiVersion: {}\nkind: {}", words::API_VERSION, words::FEATURE_RESOURCES);
    let section = format!("database: {{adminUrl: {{env: A}}, databases: [{{name: orders, {says}}}]}}");
    let text = format!("{head}\nfeature: feat1\nowner: demo/orders\n{section}\n");
    let section = config::read("f", &text).unwrap_or_else(|error| panic!("{error}")).database.expect("given");
    section.databases.into_iter().next().expect("one")
}

fn tags<const N: usize>(pairs: [(&str, &str); N]) -> Tags {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn found() -> Found {
    Found {
        tags: tags([(words::OWNER, "demo/orders")]),
        owner: "orders_feat1".to_owned(),
        encoding: "UTF8".to_owned(),
        collate: "en_US.utf8".to_owned(),
        ctype: "C".to_owned(),
        provider: "libc",
        icu: None,
        connection_limit: -1,
        open: true,
        is_template: false,
        granted: ["public/CONNECT", "public/TEMPORARY", "reporting/CREATE"].map(str::to_owned).into(),
    }
}

fn role() -> Role {
    Role {
        tags: tags([(words::OWNER, "demo/orders"), (words::DATABASE, "orders_feat1")]),
        login: true,
        verifier: None,
    }
}

fn have() -> Have {
    Have {
        address: Address { host: "db.infra".to_owned(), port: 5432, sslmode: "require" },
        tags: found().tags,
        database: Some(found()),
        role: Some(role()),
        inside: None,
        adopt: false,
    }
}

fn told(change: &Change) -> Vec<String> {
    match change {
        Change::Update(fields) | Change::Create(fields) => fields.iter().map(Difference::to_string).collect(),
        other => vec![format!("{other:?}")],
    }
}

#[test]
fn only_what_the_config_says_is_compared() {
    let cases = [
        ("", vec!["Keep"]),
        ("connectionLimit: -1, encoding: utf-8, lcCollate: en_US.UTF-8, lcCtype: c", vec!["Keep"]),
        ("connectionLimit: 5", vec!["connectionLimit: -1 -> 5"]),
        ("revokePublicConnect: true", vec!["publicConnect: granted -> revoked"]),
        (
            "grants: [{role: reporting, privileges: [CONNECT, CREATE]}]",
            vec!["grants.reporting on the database: CONNECT"],
        ),
        ("schemas: [app]", vec!["schemas.app: there"]),
        ("extensions: [{name: pgcrypto, version: '1.3'}]", vec!["extensions.pgcrypto: 1.3"]),
        (
            "grants: [{role: r, schema: app, privileges: [USAGE]}, {role: r, tablesIn: app, privileges: [SELECT]}]",
            vec!["grants.r on schema app: USAGE", "grants.r on tables in app: SELECT"],
        ),
        ("seed: [/a.sql]", vec!["seed./a.sql: run"]),
    ];
    for (says, fields) in cases {
        assert_eq!(told(&plan::change(&want(says), Some(&have()))), fields, "{says}");
    }
}

#[test]
fn what_is_inside_is_compared_where_it_was_looked_at() {
    let mut have = have();
    have.inside = Some(Inside {
        schemas: [("app".to_owned(), "postgres".to_owned())].into(),
        extensions: [("pgcrypto".to_owned(), ("1.2".to_owned(), "public".to_owned()))].into(),
        granted: [Granted::new("r", &On::Schema("app".to_owned()), Privilege::Usage)].into(),
        seeds: [("/a.sql".to_owned(), "x".to_owned())].into(),
        changed: Vec::new(),
    });
    let cases = [
        ("schemas: [app]", vec!["schemas.app owner: postgres -> orders_feat1"]),
        (
            "extensions: [{name: pgcrypto, version: '1.3', schema: app}]",
            vec!["extensions.pgcrypto: 1.2 -> 1.3", "extensions.pgcrypto schema: public -> app"],
        ),
        ("extensions: [{name: pgcrypto}], seed: [/a.sql]", vec!["Keep"]),
        ("grants: [{role: r, schema: app, privileges: [USAGE]}]", vec!["Keep"]),
    ];
    for (says, fields) in cases {
        assert_eq!(told(&plan::change(&want(says), Some(&have))), fields, "{says}");
    }
    if let Some(found) = &mut have.database {
        found.open = false;
    }
    let closed = told(&plan::change(&want("schemas: [app]"), Some(&have)));
    assert_eq!(closed, ["allowConnections: false -> true"], "nobody can look in");
}

#[test]
fn what_a_database_was_made_with_stays() {
    for (says, reason) in [
        ("encoding: LATIN1", "encoding is UTF8"),
        ("locale: C", "lcCollate is en_US.utf8"),
        ("localeProvider: icu, icuLocale: de", "localeProvider is libc"),
    ] {
        let change = plan::change(&want(says), Some(&have()));
        assert!(matches!(&change, Change::Refuse(why) if why.starts_with(reason)), "{says}: {change:?}");
    }
}

#[test]
fn a_database_that_is_not_whole_is_there_and_made_again() {
    let mut have = have();
    if let Some(role) = &mut have.role {
        role.tags.insert(words::MAKING.to_owned(), "true".to_owned());
    }
    let owner = "owner: orders_feat1";
    assert_eq!(told(&plan::change(&want(""), Some(&have))), ["database: half made -> there", owner]);
    have.database = None;
    assert_eq!(told(&plan::change(&want(""), Some(&have))), ["database: there", owner]);
    have.role = Some(role());
    assert_eq!(told(&plan::change(&want(""), Some(&have))), ["database: there", owner]);
    assert!(matches!(plan::change(&want(""), None), Change::Create(_)));
}

#[test]
fn a_role_that_has_gone_or_cannot_log_in_is_repaired() {
    let mut have = have();
    have.role = None;
    assert_eq!(told(&plan::change(&want(""), Some(&have))), ["role: orders_feat1"]);
    have.role = Some(Role { login: false, ..role() });
    assert_eq!(told(&plan::change(&want(""), Some(&have))), ["role login: false -> true"]);
}

#[test]
fn a_password_is_kept_while_it_holds_and_new_where_it_does_not() {
    let says = "rotate: one, outputs: [{value: url, secret: s, key: K}]";
    let kept = || Some(Hidden::from("postgresql://u:kept@h:1/d?sslmode=require".to_owned()));
    let password = |want: &Database| want.password.as_ref().expect("remembered").reveal().to_owned();

    let fresh = Server::remember(want(says), None, kept());
    assert_eq!(password(&fresh), "kept", "of a run that was killed");
    assert_eq!(password(&Server::remember(want(says), None, None)).len(), 32);

    let mut have = have();
    let said = |have: &mut Have, rotate: &str, password: &str| {
        let prints = Prints::new(&Hidden::from(password.to_owned()), "verifier");
        let role = have.role.as_mut().expect("there");
        role.tags.insert(words::ROTATE.to_owned(), rotate.to_owned());
        role.tags.insert(words::PASSWORD.to_owned(), prints.to_string());
        role.verifier = Some(prints.verifier);
    };
    said(&mut have, "one", "kept");
    let same = Server::remember(want(says), Some(&have), kept());
    assert_eq!(plan::change(&same, Some(&have)), Change::Keep);
    let lost = Server::remember(want(says), Some(&have), None);
    assert_eq!(told(&plan::change(&lost, Some(&have))), ["password: another value -> set"]);

    if let Some(role) = &mut have.role {
        role.verifier = Some("w".to_owned());
    }
    let changed = told(&plan::change(&same, Some(&have)));
    assert_eq!(changed, ["password: another value -> set"], "somebody has set another one");

    said(&mut have, "two", "kept");
    assert_ne!(password(&Server::remember(want(says), Some(&have), kept())), "kept", "it is to be another");
    said(&mut have, "two", "older");
    let pending = Server::remember(want(says), Some(&have), kept());
    assert_eq!(password(&pending), "kept", "somebody has written it for the new token already");
}

#[test]
fn only_what_has_the_password_in_it_is_told_before_the_database_is_there() {
    let says = "outputs: [{value: url, secret: s, key: A}, {value: jdbcUrl, secret: s, key: B}, {value: password, \
                secret: s, key: C}, {value: host, secret: s, key: D}, {value: port, secret: s, key: E}, {value: name, \
                secret: s, key: F}, {value: user, secret: s, key: G}]";
    let mut want = Server::remember(want(says), None, Some(Hidden::from("postgresql://u:p@h/d".to_owned())));
    let shown = |want: &Database, have: Option<&Have>| -> Vec<String> {
        let outputs = Server::outputs(want, have).into_iter();
        outputs.map(|output| output.value.map_or("-".to_owned(), |value| value.reveal().to_owned())).collect()
    };
    assert_eq!(shown(&want, None), ["-"; 7], "where the server is nobody knows yet");
    want.address = Some(have().address);
    let url = "postgresql://orders_feat1:p@db.infra:5432/orders_feat1?sslmode=require";
    let jdbc = "jdbc:postgresql://db.infra:5432/orders_feat1?user=orders_feat1&password=p&sslmode=require";
    assert_eq!(shown(&want, None), [url, jdbc, "p", "-", "-", "-", "-"]);
    let all = [url, jdbc, "p", "db.infra", "5432", "orders_feat1", "orders_feat1"];
    assert_eq!(shown(&want, Some(&have())), all);
    for (value, text) in [(Value::Url, url), (Value::JdbcUrl, jdbc), (Value::Password, "p")] {
        let password = recalled(value, &Hidden::from(text.to_owned()));
        assert_eq!(password.as_ref().map(Hidden::reveal), Some("p"), "{text}");
    }
}

#[test]
fn names_in_a_url_are_quoted() {
    let mut want = want("");
    want.name = "a/b?c".to_owned();
    want.role = "u@:ö".to_owned();
    want.password = Some(Hidden::from("p".to_owned()));
    let address = Address { host: "::1".to_owned(), port: 1, sslmode: "disable" };
    let url = value_of(&want, Value::Url, &address);
    assert_eq!(url.as_deref(), Some("postgresql://u%40%3A%C3%B6:p@[::1]:1/a%2Fb%3Fc?sslmode=disable"));
}
