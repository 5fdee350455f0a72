//! What a database is made with stays what it was, and what cannot be had is refused before anything is written.

use super::stage::Stage;

#[test]
fn encoding_and_locale_are_as_asked_for_and_another_wish_later_is_refused() {
    let stage = Stage::new("dbfixed");
    let kinds = [
        (
            "encoding: SQL_ASCII\nlocale: C",
            "SQL_ASCII C C c ",
            &[
                (
                    "encoding: UTF8\nlocale: C",
                    "encoding is SQL_ASCII and stays what the database was made with: UTF8 needs",
                ),
                ("encoding: SQL_ASCII\nlocale: C.UTF-8", "lcCollate is C and stays"),
                ("lcCtype: POSIX", "lcCtype is C and stays"),
                ("localeProvider: icu\nicuLocale: de", "localeProvider is libc and stays"),
            ][..],
        ),
        (
            "encoding: UTF8\nlcCollate: C\nlcCtype: C.UTF-8\nlocaleProvider: icu\nicuLocale: de",
            "UTF8 C C.UTF-8 i de",
            &[
                ("localeProvider: libc", "localeProvider is icu and stays"),
                ("localeProvider: icu\nicuLocale: en", "icuLocale is de and stays"),
            ][..],
        ),
    ];
    for (i, (says, means, others)) in kinds.into_iter().enumerate() {
        let name = stage.named(&format!("d{i}"));
        let file = |says: &str| stage.file(&[&format!("name: d{i}\n{says}")]);
        let _ = stage.apply(&file(says));
        let made = stage.sql(&format!(
            "SELECT concat_ws(' ', pg_encoding_to_char(encoding), datcollate, datctype, datlocprovider, \
             coalesce(daticulocale, '')) FROM pg_database WHERE datname = '{name}'"
        ));
        assert_eq!(made, [[Some(means.to_owned())]]);
        stage.keeps(&file(says));
        stage.keeps(&file(""));
        let before = stage.state();
        for (other, reason) in others {
            for verb in ["plan", "apply"] {
                let ended = stage.run(verb, &file(&format!("connectionLimit: 3\n{other}")), &[]).ends_with(5);
                assert!(ended.last_line().contains(reason), "{other}: {}", ended.said());
            }
        }
        assert_eq!(stage.state(), before);
    }
}

#[test]
fn the_same_encoding_by_another_of_its_names_is_no_difference() {
    let stage = Stage::new("dbalias");
    let file = |encoding: &str, locale: &str| {
        stage.file(&[&format!("name: orders\nencoding: {encoding}\nlocale: {locale}")])
    };
    let _ = stage.apply(&file("utf-8", "C.utf8"));
    for (encoding, locale) in [("UTF8", "C.UTF-8"), ("unicode", "C.utf8"), ("Utf_8", "C.UTF-8")] {
        stage.keeps(&file(encoding, locale));
    }
}

#[test]
fn what_cannot_be_had_is_refused_before_anything_is_written() {
    let stage = Stage::new("dbnever");
    let (base, golden) = (stage.named("base"), stage.named("golden"));
    stage.sql(&format!("CREATE DATABASE {base}"));
    stage.sql(&format!("CREATE DATABASE {golden} IS_TEMPLATE true"));
    let before = stage.state();
    let cases = [
        ("template: nobody_dbnever".to_owned(), "template: there is no database \"nobody_dbnever\""),
        ("liveTemplate: nobody_dbnever".to_owned(), "there is no database \"nobody_dbnever\""),
        (format!("template: {base}"), "is no template but a database in use: make one of it (ALTER DATABASE"),
        (
            "grants: [{role: nobody_dbnever, privileges: [CONNECT]}]".to_owned(),
            "grants: there is no role \"nobody_dbnever\"",
        ),
        ("extensions: [{name: nonesuch}]".to_owned(), "extensions: the server has no nonesuch"),
        (
            "extensions: [{name: hstore, version: '9.9'}]".to_owned(),
            "extensions: the server has no hstore of version 9.9",
        ),
        ("seed: [/nowhere/1.sql]".to_owned(), "seed /nowhere/1.sql: read it: No such file"),
        ("encoding: NONESUCH".to_owned(), "NONESUCH"),
        (format!("template: {golden}\nencoding: SQL_ASCII"), "SQL_ASCII"),
        (format!("template: {golden}\nlocale: C"), "lcCollate is C.UTF-8 and stays"),
        ("extensions: [{name: hstore, schema: app}]".to_owned(), "app"),
        ("grants: [{role: public, schema: app, privileges: [USAGE]}]".to_owned(), "app"),
        ("grants: [{role: public, tablesIn: app, privileges: [SELECT]}]".to_owned(), "app"),
    ];
    let mut faults = Vec::new();
    for (says, reason) in cases {
        // The one beside it, which could be made, is not made either.
        let file = stage.file(&["name: free", &format!("name: orders\n{says}")]);
        for verb in ["plan", "apply"] {
            let ended = stage.run(verb, &file, &[]);
            let thing = "database/orders_dbnever: refused: ";
            let said = ended.last_line();
            if ended.code != Some(5) || !said.starts_with(thing) || !said.contains(reason) {
                faults.push(format!("{verb} with {says}: {}", ended.said()));
            }
        }
        let after = stage.state();
        if after != before {
            faults.push(format!("apply with {says} leaves {after:#?}"));
            let _ = stage.run("delete", &file, &[]);
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_only_the_server_can_tell_is_refused_by_it_and_leaves_nothing_behind() {
    let stage = Stage::new("dbtried");
    let before = stage.state();
    let cases = [
        ("encoding: LATIN1\nlocale: C.UTF-8", "encoding \"LATIN1\" does not match locale \"C.UTF-8\""),
        ("locale: xx_XX.UTF-8", "invalid locale name: \"xx_XX.UTF-8\""),
    ];
    for (says, reason) in cases {
        let file = stage.file(&[&format!("name: orders\n{says}")]);
        for _ in 0..2 {
            let ended = stage.run("apply", &file, &[]).ends_with(5);
            assert!(ended.last_line().starts_with("database/orders_dbtried: create at "), "{}", ended.said());
            assert!(ended.last_line().contains(reason), "{}", ended.said());
            assert_eq!(stage.state(), before, "{says}");
        }
    }
}
