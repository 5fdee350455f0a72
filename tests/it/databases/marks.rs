//! Whose a database is: what is marked, taken over, left alone and taken away.

use std::time::SystemTime;

use feature::words;

use super::stage::{Stage, dump};

#[test]
fn a_copy_and_its_role_are_marked_with_owner_feature_person_and_end() {
    let stage = Stage::new("dbmark");
    let name = stage.named("orders");
    let whole = |head: &str| {
        stage.file(&["name: orders"]).replacen("database:\n", &format!("{head}\ndatabase:\n"), 1)
    };
    let _ = stage.apply(&whole("by: alice\nsource: https://example.com/1\nttl: 2h"));
    let now = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
    let expected = [
        (words::OWNER, "demo/dbmark"),
        (words::FEATURE, "dbmark"),
        (words::BY, "alice"),
        (words::SOURCE, "https://example.com/1"),
        (words::TTL, "2h"),
    ];
    let mut marks = [stage.mark(&name), stage.mark_of_role(&name)];
    assert_eq!(marks[1].remove(words::DATABASE), Some(name.clone()));
    for mut mark in marks {
        let expires = mark.remove(words::EXPIRES_AT).expect("it expires").parse::<u64>().expect("seconds");
        assert!((now + 7100..=now + 7200).contains(&expires), "{expires} at {now}");
        assert_eq!(mark, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    }
    // What no longer holds goes.
    let forever = whole("ttl: forever");
    let _ = stage.apply(&forever);
    stage.keeps(&forever);
    for mark in [stage.mark(&name), stage.mark_of_role(&name)] {
        for key in [words::BY, words::SOURCE, words::EXPIRES_AT] {
            assert_eq!(mark.get(key), None, "{key}");
        }
        assert_eq!(mark[words::TTL], "forever");
    }
}

#[test]
fn a_mark_that_somebody_took_off_the_role_is_put_on_again() {
    let stage = Stage::new("dbbare");
    let name = stage.named("orders");
    let file = stage.file(&["name: orders"]);
    let _ = stage.apply(&file);
    let meant = stage.state();
    stage.sql(&format!("COMMENT ON ROLE {name} IS NULL"));
    let plan = stage.fields("plan", &file, &name);
    assert_eq!(plan, serde_json::json!([{"field": "role mark", "from": "none", "to": "set"}]));
    let _ = stage.apply(&file);
    stage.keeps(&file);
    assert_eq!(stage.state(), meant);
}

#[test]
fn what_is_anothers_is_refused_before_anything_is_written_and_stays() {
    let stage = Stage::new("dbtheir");
    let mark = |pairs: &[(&str, &str)]| {
        let pairs: std::collections::BTreeMap<_, _> = pairs.iter().copied().collect();
        serde_json::to_string(&pairs).expect("texts")
    };
    let adopt = "say `adopt: true` to take it over";
    let unmarked = format!("it exists without a mark of ours: {adopt}");
    let cases = [
        ("nobodys", None, unmarked.clone()),
        ("told", Some("The orders of the shop".to_owned()), unmarked.clone()),
        ("lists", Some("[1, 2]".to_owned()), unmarked),
        (
            "owners",
            Some(mark(&[(words::OWNER, "demo/other"), (words::FEATURE, "dbtheir")])),
            "it belongs to release demo/other".to_owned(),
        ),
        (
            "features",
            Some(mark(&[(words::OWNER, "demo/dbtheir"), (words::FEATURE, "another")])),
            "it belongs to feature another".to_owned(),
        ),
        ("bases", Some(mark(&[(words::OWNER, "demo/dbtheir")])), "it belongs to base".to_owned()),
    ];
    for (stem, comment, reason) in cases {
        let name = stage.named(stem);
        stage.sql(&format!("CREATE DATABASE {name}"));
        if let Some(comment) = &comment {
            stage.sql(&format!("COMMENT ON DATABASE {name} IS '{comment}'"));
        }
        stage.server.run(&name, "CREATE TABLE t AS SELECT 1 AS a");
        let (before, held) = (stage.state(), dump(&name, &["--create"]));
        let adopts = reason.ends_with(adopt);
        for word in ["", "adopt: true\n"] {
            if adopts && !word.is_empty() {
                continue;
            }
            let file = stage
                .file(&[&format!("name: free-{stem}"), &format!("name: {stem}\n{word}connectionLimit: 3")]);
            for verb in ["plan", "apply"] {
                let ended = stage.run(verb, &file, &[]).ends_with(5);
                let line = format!(
                    "database/{name}: refused: {reason}; nothing was written at {}",
                    stage.server.address()
                );
                assert_eq!(ended.last_line(), line);
            }
            let ended =
                stage.run("delete", &stage.file(&[&format!("name: {stem}\n{word}")]), &[]).ends_with(5);
            assert!(ended.last_line().contains("and stays"), "{}", ended.said());
        }
        assert_eq!((stage.state(), dump(&name, &["--create"])), (before, held), "{stem}");
        assert!(!stage.server.roles().contains_key(&name), "{stem}");
    }
}

#[test]
fn a_database_that_is_taken_over_keeps_what_is_in_it_and_goes_with_the_copy() {
    let stage = Stage::new("dbadopt");
    for (stem, comment) in [("plain", None), ("told", Some("The orders of the shop"))] {
        let name = stage.named(stem);
        stage.sql(&format!("CREATE DATABASE {name} CONNECTION LIMIT 4"));
        if let Some(comment) = comment {
            stage.sql(&format!("COMMENT ON DATABASE {name} IS '{comment}'"));
        }
        stage.server.run(&name, "CREATE TABLE t AS SELECT 1 AS a");
        let file = stage.file(&[&format!("name: {stem}\nadopt: true\nschemas: [app]\nconnectionLimit: 5")]);
        let plan = stage.fields("plan", &file, &name);
        let fields: Vec<_> =
            plan.as_array().into_iter().flatten().filter_map(|one| one["field"].as_str()).collect();
        for field in ["owner", "role", "connectionLimit", "schemas.app", words::OWNER] {
            assert!(fields.contains(&field), "{fields:?} has no {field}");
        }
        let _ = stage.apply(&file);
        stage.keeps(&file);
        // Once it is ours it needs no word.
        stage.keeps(&stage.file(&[&format!("name: {stem}")]).replacen(
            "database:\n",
            "database:\n  prune: false\n",
            1,
        ));
        assert_eq!(stage.value(&name, "SELECT a FROM t"), "1");
        assert_eq!(stage.mark(&name)[words::OWNER], "demo/dbadopt");
        assert_eq!(stage.mark(&name).get("comment").map(String::as_str), comment);
        let _ = stage.delete(&file);
        assert!(!stage.has(&name) && !stage.server.roles().contains_key(&name));
    }
}

#[test]
fn a_role_that_is_there_is_nobodys_to_take_but_by_word() {
    let stage = Stage::new("dbrole");
    let (name, own) = (stage.named("orders"), stage.named("app"));
    stage.sql(&format!("CREATE ROLE {own} PASSWORD 'mine'; COMMENT ON ROLE {own} IS 'of the shop'"));
    let before = stage.state();
    let file = |more: &str| stage.file(&[&format!("name: orders\nrole: app\n{more}")]);
    for verb in ["plan", "apply"] {
        let ended = stage.run(verb, &file(""), &[]).ends_with(5);
        let reason = "role app_dbrole is there without a mark of ours: name another with `role`, or say `adopt: true` to take it";
        assert!(ended.last_line().contains(reason), "{}", ended.said());
    }
    assert!(!stage.has(&name));
    assert_eq!(stage.state(), before);
    // A delete of what was never made leaves it too.
    let _ = stage.run("delete", &file(""), &[]);
    assert_eq!(stage.state(), before);
    let _ = stage.apply(&file("adopt: true"));
    stage.keeps(&file("adopt: true"));
    assert_eq!(stage.mark_of_role(&own)[words::DATABASE], name);
    assert_eq!(stage.mark_of_role(&own)["comment"], "of the shop");
    let _ = stage.delete(&file("adopt: true"));
    assert!(!stage.server.roles().contains_key(&own));
}

#[test]
fn a_database_keeps_the_role_that_it_was_made_with() {
    let stage = Stage::new("dbkeeps");
    let (name, own) = (stage.named("orders"), stage.named("app"));
    let _ = stage.apply(&stage.file(&["name: orders"]));
    for there in ["", &format!("CREATE ROLE {own} PASSWORD 'mine'")] {
        stage.sql(there);
        let before = stage.state();
        for more in ["", "\nadopt: true"] {
            for verb in ["plan", "apply"] {
                let file = stage.file(&[&format!("name: orders\nrole: app{more}")]);
                let ended = stage.run(verb, &file, &[]).ends_with(5);
                let reason = format!(
                    "its role is {name} and stays what the database was made with: {own} needs a new one"
                );
                assert!(ended.last_line().contains(&reason), "{}", ended.said());
            }
        }
        assert_eq!(stage.state(), before);
    }
    // Nor is a stranger's role taken for one that has gone.
    stage.sql(&format!("ALTER DATABASE {name} OWNER TO postgres; DROP ROLE {name}"));
    let before = stage.state();
    let ended = stage.run("apply", &stage.file(&["name: orders\nrole: app"]), &[]).ends_with(5);
    assert!(ended.last_line().contains("is there without a mark of ours"), "{}", ended.said());
    assert_eq!(stage.state(), before);
}

#[test]
fn a_database_that_was_renamed_with_its_mark_is_never_dropped() {
    let stage = Stage::new("dbpromoted");
    let (name, live) = (stage.named("orders"), "dbpromoted_live");
    let file = stage.file(&["name: orders", "name: stock"]);
    let _ = stage.apply(&file);
    stage.sql(&format!("ALTER DATABASE {name} RENAME TO {live}"));
    let mark = stage.mark(live);
    let _ = stage.apply(&stage.file(&["name: stock"]));
    let _ = stage.delete(&stage.file(&["name: stock"]));
    assert_eq!(stage.mark(live), mark);
}

#[test]
fn a_role_of_another_database_or_owner_is_refused() {
    let stage = Stage::new("dbshare");
    let one = stage.file(&["name: orders\nrole: app"]);
    let _ = stage.apply(&one);
    let before = stage.state();
    // Of the same owner, and of another.
    for owner in ["demo/dbshare", "demo/other"] {
        let two = stage.file(&["name: stock\nrole: app"]).replacen(
            "owner: demo/dbshare",
            &format!("owner: {owner}"),
            1,
        );
        let two = two.replacen("database:\n", "database:\n  prune: false\n", 1);
        for more in ["", "\n      adopt: true"] {
            let two = two.replace("role: app", &format!("role: app{more}"));
            for verb in ["plan", "apply"] {
                let ended = stage.run(verb, &two, &[]).ends_with(5);
                let reason = "role app_dbshare is there already and owns database orders_dbshare: name another with `role`";
                assert!(ended.last_line().contains(reason), "{}", ended.said());
            }
            let _ = stage.run("delete", &two, &["--only=stock"]);
        }
        assert_eq!(stage.state(), before);
    }
}

#[test]
fn two_features_that_come_to_one_name_do_not_share_a_database() {
    let stage = Stage::new("dbmeet");
    // `a-b` of feature `dbmeet`, and `a` of feature `b-dbmeet`.
    let first = stage.file(&["name: a-b"]);
    let _ = stage.apply(&first);
    let before = stage.state();
    let second = stage.file(&["name: a"]).replace("feature: dbmeet", "feature: b-dbmeet");
    for verb in ["plan", "apply", "delete"] {
        let ended = stage.run(verb, &second, &[]).ends_with(5);
        assert!(ended.last_line().contains("it belongs to feature dbmeet"), "{}", ended.said());
    }
    assert_eq!(stage.state(), before);
}

#[test]
fn what_the_file_no_longer_names_goes_unless_it_says_otherwise() {
    let stage = Stage::new("dbprune");
    let (orders, stock) = (stage.named("orders"), stage.named("stock"));
    let both = stage.file(&["name: orders", "name: stock\nrole: keeper"]);
    let one = stage.file(&["name: orders"]);
    let kept = one.replacen("database:\n", "database:\n  prune: false\n", 1);
    let _ = stage.apply(&both);
    // Neither somebody else's, nor another feature's of the same owner, nor one that only looks like ours.
    let other = stage
        .file(&["name: stock"])
        .replace("owner: demo/dbprune", "owner: demo/other")
        .replace("feature: dbprune", "feature: x-dbprune");
    let second = stage.file(&["name: stock"]).replace("feature: dbprune", "feature: y-dbprune");
    let _ = stage.apply(&other);
    let _ = stage.apply(&second);
    stage.sql(&format!("CREATE DATABASE {}", stage.named("more")));
    let before = stage.state();
    stage.keeps(&kept);
    let _ = stage.apply(&kept);
    assert_eq!(stage.state(), before);
    let plan = stage.run("plan", &one, &[]).ends_with(0);
    let deletes = format!("delete database/{stock} nothing asks for it any more");
    assert_eq!(plan.report(), [format!("keep database/{orders}"), deletes.clone()]);
    assert_eq!(stage.state(), before);
    assert_eq!(stage.apply(&one).report(), [format!("keep database/{orders}"), deletes]);
    let mut after = before.clone();
    after.remove(&format!("database {stock}"));
    after.remove(&format!("role {}", stage.named("keeper")));
    assert_eq!(stage.state(), after);
    // A role alone, whose database somebody has dropped, is left over too.
    let _ = stage.apply(&both);
    stage.sql(&format!("DROP DATABASE {stock}"));
    let _ = stage.apply(&one);
    assert_eq!(stage.state(), after);
    // A delete takes what earlier files asked for.
    let _ = stage.apply(&both);
    let _ = stage.delete(&one);
    assert!(!stage.has(&stock) && !stage.has(&orders));
}

#[test]
fn base_keeps_its_names_and_is_never_deleted() {
    let stage = Stage::new("dbbase");
    let name = "My-orders of dbbase";
    let file = stage.base_file(&[&format!("name: {name}\nschemas: [app]"), "name: gone-dbbase"]);
    let _ = stage.apply(&file);
    stage.keeps(&file);
    let mark = stage.mark(name);
    assert_eq!(mark.into_iter().collect::<Vec<_>>(), [(words::OWNER.to_owned(), "demo/dbbase".to_owned())]);
    let before = stage.state();
    let less = stage.base_file(&[&format!("name: {name}\nschemas: [app]")]);
    let _ = stage.apply(&less);
    let _ = stage.delete(&file);
    assert_eq!(stage.state(), before);
    // A copy of the same owner neither.
    let copy = stage.file(&["name: orders"]);
    let _ = stage.apply(&copy);
    let _ = stage.delete(&copy);
    assert_eq!(stage.state(), before);
}

#[test]
fn the_servers_own_databases_and_roles_are_never_dropped_even_where_they_bear_our_mark() {
    let stage = Stage::new("dbserver");
    let mark = format!("{{\"{}\": \"demo/dbserver\", \"{}\": \"dbserver\"}}", words::OWNER, words::FEATURE);
    let of = |name: &str| stage.server.databases()[name].clone();
    let before = of("template1");
    stage.sql(&format!("COMMENT ON DATABASE template1 IS '{mark}'"));
    let file = stage.file(&["name: orders"]);
    let applied = stage.run("apply", &file, &[]);
    let deleted = stage.run("delete", &file, &[]);
    let there = stage.has("template1");
    let comment = before.map_or("NULL".to_owned(), |text| format!("'{text}'"));
    stage.sql(&format!("COMMENT ON DATABASE template1 IS {comment}"));
    assert!(
        there && applied.code == Some(0) && deleted.code == Some(0),
        "{} {}",
        applied.said(),
        deleted.said()
    );
    assert!(!applied.said().contains("template1") && !deleted.said().contains("template1"));
}

#[test]
fn all_marks_are_named_whosever_they_are_and_a_section_without_things_takes_its_own_away() {
    let stage = Stage::new("dbnamed");
    let _ = stage.apply(&stage.file(&["name: orders", "name: stock\nrole: keeper", "name: bare"]));
    let _ = stage.apply(&stage.base_file(&["name: base-dbnamed"]));
    // A role whose database somebody has dropped, one that is being made, and a mark that somebody took off.
    let [orders, stock, bare, half, theirs, told] =
        ["orders", "stock", "bare", "half", "theirs", "told"].map(|stem| stage.named(stem));
    stage.sql(&format!("DROP DATABASE {stock}"));
    stage.sql(&format!("COMMENT ON DATABASE {bare} IS NULL"));
    let mut mark = stage.mark_of_role(&stage.named("keeper"));
    mark.insert(words::DATABASE.to_owned(), half.clone());
    mark.insert(words::MAKING.to_owned(), "true".to_owned());
    let mark = serde_json::to_string(&mark).expect("texts");
    stage.sql(&format!("CREATE ROLE {half}; COMMENT ON ROLE {half} IS '{mark}'"));
    let other = format!("{{\"{}\": \"demo/other\", \"{}\": \"x\"}}", words::OWNER, words::FEATURE);
    for (name, owner, comment) in
        [(&half, &*half, None), (&theirs, "postgres", Some(&*other)), (&told, "postgres", Some("Ours"))]
    {
        stage.sql(&format!("CREATE DATABASE {name} OWNER {owner}"));
        if let Some(comment) = comment {
            stage.sql(&format!("COMMENT ON DATABASE {name} IS '{comment}'"));
        }
    }
    let before = stage.state();
    let nothing = stage.file(&[]).replace("databases:", "databases: []");
    let ended = stage.run("marks", &nothing, &["--output=json"]).ends_with(0);
    let told_of: Vec<_> =
        ended.json().into_iter().filter(|line| line["thing"].to_string().contains("dbnamed")).collect();
    let things: Vec<_> = told_of.iter().filter_map(|line| line["thing"].as_str()).collect();
    let named = ["base-dbnamed", &half, &orders, &stock, &theirs].map(|name| format!("database/{name}"));
    assert_eq!(things, named);
    for line in &told_of[1..4] {
        assert_eq!(
            (&line["owner"], &line["feature"], &line["ttl"]),
            (&"demo/dbnamed".into(), &"dbnamed".into(), &"6h".into())
        );
        assert!(line["expiresAt"].is_u64() && line.as_object().is_some_and(|line| line.len() == 5), "{line}");
    }
    assert_eq!(told_of[0], serde_json::json!({"thing": "database/base-dbnamed", "owner": "demo/dbnamed"}));
    assert_eq!(told_of[4], serde_json::json!({"thing": named[4], "owner": "demo/other", "feature": "x"}));
    assert_eq!(stage.state(), before);

    let _ = stage.delete(&nothing);
    let mut after = before;
    for name in [&orders, &half] {
        after.remove(&format!("database {name}"));
        after.remove(&format!("role {name}"));
    }
    after.remove(&format!("role {}", stage.named("keeper")));
    assert_eq!(stage.state(), after);
}
