//! Whose a thing is: what the hooks take over, leave alone and take away.

use acceptance::{
    emulator::{Emulator, REGION},
    hook::{self, base_file},
    proxy::{Call, Fault, Proxy, Refusal, Which},
};
use feature::words;
use serde_json::{Value, json};

use super::kind::Kind;

/// Tags of somebody's thing.
type Tags<'a> = Vec<(&'a str, &'a str)>;

/// Where nobody else has anything, and so nothing comes or goes between two looks.
const LONELY: &str = "eu-west-2";

/// A kind at an emulator, with a feature's name that no other test has.
fn each(word: &str) -> Vec<(Kind, Emulator, String)> {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        for (emulator, at) in [(Emulator::localstack(), "ls"), (Emulator::moto(), "moto")] {
            all.push((kind, emulator, format!("{word}-{}-{at}", kind.section())));
        }
    }
    all
}

#[test]
fn what_is_anothers_is_refused_before_anything_is_written_and_what_is_nobodys_is_adopted_by_word() {
    for (kind, emulator, feature) in each("marks") {
        let _swept = emulator.swept(&feature);
        let owner = format!("demo/{feature}");
        let adopt = "say `adopt: true` to take it over";
        let cases: [(&str, Tags<'_>, String); 5] = [
            ("nobodys", vec![], format!("it exists without a mark of ours: {adopt}")),
            ("tagged", vec![("team", "mail")], format!("it exists without a mark of ours: {adopt}")),
            (
                "of-owner",
                vec![(words::OWNER, "demo/other"), (words::FEATURE, &feature)],
                "it belongs to release demo/other".to_owned(),
            ),
            (
                "of-feature",
                vec![(words::OWNER, &owner), (words::FEATURE, "another")],
                "it belongs to feature another".to_owned(),
            ),
            ("of-base", vec![(words::OWNER, &owner)], "it belongs to base".to_owned()),
        ];
        let proxy = Proxy::before(emulator.url());
        for (name, tags, reason) in cases {
            let named = format!("{name}-{feature}");
            kind.make(&emulator, &named, &tags);
            let before = emulator.state(&feature);
            let thing = format!("{}/{named}", kind.section());
            let adopts = reason.ends_with(adopt);
            let refuses = |thing_as: &str, reason: &str| {
                proxy.clear();
                let sections = kind.sections(proxy.url(), "", &[&format!("{{name: free-{name}}}"), thing_as]);
                let config = hook::file(&feature, &sections);
                for verb in ["plan", "apply"] {
                    let ended = kind.hook().run(verb, &config, &[]).ends_with(5);
                    let line = format!("{thing}: refused: {reason}; nothing was written at {}", proxy.url());
                    assert_eq!(ended.last_line(), line);
                    assert!(ended.report().contains(&format!("refuse {thing} {reason}")), "{}", ended.said());
                }
                assert!(!proxy.calls().iter().any(Call::writes), "{named}: {:#?}", proxy.calls());
                assert_eq!(emulator.state(&feature), before, "{named}");
            };
            refuses(&format!("{{name: {name}}}"), &reason);
            let word = format!("{{name: {name}, adopt: true}}");
            if !adopts {
                refuses(&word, &reason);
                continue;
            }
            let config = hook::file(&feature, &kind.sections(proxy.url(), "", &[&word]));
            kind.hook().does("apply", &config, &[]);
            let found = kind.tags(&emulator, &named);
            assert_eq!(found.get(words::OWNER), Some(&owner));
            assert_eq!(found.get(words::FEATURE), Some(&feature));
            for (key, value) in tags {
                assert_eq!(found.get(key).map(String::as_str), Some(value), "{named}");
            }
            // It is deleted as if it had been made.
            kind.hook().does("delete", &config, &[]);
            assert!(!kind.there(&emulator, &feature).contains(&named));
        }
    }
}

#[test]
fn a_copy_is_marked_with_its_owner_feature_person_and_end() {
    for (kind, emulator, feature) in each("mark-all") {
        let _swept = emulator.swept(&feature);
        let sections = kind.sections(emulator.url(), "", &["{name: a, tags: {team: mail}}"]);
        let whole = format!("by: alice\nsource: https://example.com/1\nttl: 2h\n{sections}");
        kind.hook().does("apply", &hook::file(&feature, &whole), &[]);
        let mut tags = kind.tags(&emulator, &format!("a-{feature}"));
        let expires = tags.remove(words::EXPIRES_AT).expect("it expires").parse::<u64>().expect("seconds");
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
        assert!((now + 7100..=now + 7200).contains(&expires), "{expires} at {now}");
        let owner = format!("demo/{feature}");
        let expected = [
            ("team", "mail"),
            (words::OWNER, &owner),
            (words::FEATURE, &feature),
            (words::BY, "alice"),
            (words::SOURCE, "https://example.com/1"),
            (words::TTL, "2h"),
        ];
        assert_eq!(tags, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());

        // What no longer holds goes, and what is not ours stays.
        let forever = hook::file(&feature, &format!("ttl: forever\n{sections}"));
        kind.hook().does("apply", &forever, &[]);
        let tags = kind.tags(&emulator, &format!("a-{feature}"));
        for key in [words::BY, words::SOURCE, words::EXPIRES_AT] {
            assert_eq!(tags.get(key), None, "{key}");
        }
        assert_eq!((&*tags[words::TTL], &*tags["team"]), ("forever", "mail"));
    }
}

#[test]
fn delete_takes_what_is_ours_and_leaves_all_others() {
    for (kind, emulator, feature) in each("leave") {
        let _swept = emulator.swept(&feature);
        let config = |names: &[&str]| {
            let things: Vec<_> = names.iter().map(|name| format!("{{name: {name}}}")).collect();
            let things: Vec<&str> = things.iter().map(|thing| &**thing).collect();
            hook::file(&feature, &kind.sections(emulator.url(), "", &things))
        };
        kind.hook().does("apply", &config(&["own", "early"]), &[]);
        let others: [(&str, Tags<'_>); 3] = [
            ("named", vec![(words::OWNER, "demo/other"), (words::FEATURE, &feature)]),
            ("alike", vec![(words::OWNER, "demo/other"), (words::FEATURE, &feature)]),
            ("nobodys", vec![]),
        ];
        for (name, tags) in others {
            kind.make(&emulator, &format!("{name}-{feature}"), &tags);
        }
        // "early" is in this file no more, "named" has another's mark, "alike" and "nobodys" are in no file.
        let ended = kind.hook().run("delete", &config(&["own", "named"]), &[]).ends_with(5);
        assert!(
            ended.last_line().contains("it belongs to release demo/other, and stays"),
            "{}",
            ended.said()
        );
        let mut left = kind.there(&emulator, &feature);
        left.sort();
        assert_eq!(left, ["alike", "named", "nobodys"].map(|name| format!("{name}-{feature}")));
        let again = kind.hook().run("delete", &config(&["own"]), &[]).ends_with(0);
        assert_eq!(again.report(), [format!("absent {}/own-{feature}", kind.section())]);
    }
}

#[test]
fn what_the_file_names_no_more_is_taken_away_unless_it_says_otherwise() {
    for (kind, emulator, feature) in each("prune") {
        let _swept = emulator.swept(&feature);
        let long = "long".repeat(kind.longest() / 4);
        let all = [
            "{name: a}".to_owned(),
            "{name: b}".to_owned(),
            "{name: b.fifo}".to_owned(),
            format!("{{name: {long}}}"),
        ];
        let all: Vec<&str> = all.iter().map(|thing| &**thing).collect();
        let file =
            |keys: &str, things: &[&str]| hook::file(&feature, &kind.sections(emulator.url(), keys, things));
        kind.hook().does("apply", &file("", &all), &[]);
        let foreign = format!("c-{feature}");
        kind.make(&emulator, &foreign, &[(words::OWNER, "demo/other"), (words::FEATURE, &feature)]);
        let nobodys = format!("d-{feature}");
        kind.make(&emulator, &nobodys, &[]);

        // A long name is cut where the feature would be.
        let mine = |name: &String| name.contains(&feature) || name.starts_with("longlong");
        let ours = || {
            let owner = format!("demo/{feature}");
            let all = kind.there(&emulator, "").into_iter().filter(mine);
            let ours: Vec<_> = all
                .filter(|name| {
                    kind.tags(&emulator, name).get(words::OWNER).is_some_and(|found| *found == owner)
                })
                .collect();
            ours.len()
        };
        assert_eq!(ours(), 4);
        kind.hook().does("apply", &file("  prune: false\n", &all[..1]), &[]);
        assert_eq!(ours(), 4, "with prune: false");
        kind.hook().does("apply", &file("", &all[..1]), &["--only=a"]);
        assert_eq!(ours(), 4, "with --only");
        let plan = kind.hook().run("plan", &file("", &all[..1]), &[]).ends_with(0);
        assert_eq!(
            plan.report().iter().filter(|line| line.starts_with("delete ")).count(),
            3,
            "{}",
            plan.said()
        );
        assert_eq!(ours(), 4, "after plan");
        let pruned = kind.hook().run("apply", &file("", &all[..1]), &[]).ends_with(0);
        assert_eq!(ours(), 1, "{}", pruned.said());
        let there = kind.there(&emulator, &feature);
        assert!(there.contains(&foreign) && there.contains(&nobodys), "{there:?}");
    }
}

#[test]
fn base_is_never_pruned_and_never_deleted() {
    for (kind, emulator, word) in each("of-base") {
        let _swept = emulator.swept(&word);
        let names = ["a", "b"].map(|name| format!("{{name: {name}-{word}}}"));
        let file = |things: &[&str]| base_file(&word, &kind.sections(emulator.url(), "", things));
        kind.hook().does("apply", &file(&[&names[0], &names[1]]), &[]);
        let before = emulator.state(&word);
        assert!(!before.is_empty());
        kind.hook().does("apply", &file(&[&names[0]]), &[]);
        assert_eq!(emulator.state(&word), before, "the file names b no more");
        let ended = kind.hook().run("delete", &file(&[&names[0]]), &[]).ends_with(0);
        assert_eq!(ended.last_line(), "left: base is never deleted, nothing was done");
        assert_eq!(emulator.state(&word), before, "delete");
        // The mark of base has no feature and no end.
        let tags = kind.tags(&emulator, &format!("a-{word}"));
        assert_eq!(tags.into_iter().collect::<Vec<_>>(), [(words::OWNER.to_owned(), format!("demo/{word}"))]);
    }
}

#[test]
fn all_marks_are_named_whosever_they_are_and_a_section_without_things_takes_its_own_away() {
    for (kind, emulator, feature) in each("named") {
        let _swept = emulator.swept(&feature);
        let proxy = Proxy::before(emulator.url());
        let section = kind.section();
        let whole = kind.sections(emulator.url(), "", &["{name: a}", "{name: a.fifo}", "{name: b}"]);
        let whole = format!("by: alice\nsource: https://example.com/1\nttl: 2h\n{whole}");
        kind.hook().does("apply", &hook::file(&feature, &whole), &[]);
        let others: [(&str, Tags<'_>); 5] = [
            ("base", vec![(words::OWNER, "demo/base")]),
            ("half", vec![(words::FEATURE, &feature)]),
            ("nobodys", vec![]),
            ("tagged", vec![("team", "mail")]),
            (
                "theirs",
                vec![(words::OWNER, "demo/other"), (words::FEATURE, "x"), (words::EXPIRES_AT, "soon")],
            ),
        ];
        for (name, tags) in &others {
            kind.make(&emulator, &format!("{name}-{feature}"), tags);
        }
        let before = emulator.state(&feature);
        let nothing = hook::file(&feature, &kind.sections(proxy.url(), "", &[]));
        let ours = |thing: &Value| thing.as_str().is_some_and(|thing| thing.contains(&feature));
        let ended = kind.hook().run("marks", &nothing, &["--output=json"]).ends_with(0);
        let mut told: Vec<Value> = ended.json().into_iter().filter(|line| ours(&line["thing"])).collect();
        for line in &mut told[..3] {
            let expires = line.as_object_mut().and_then(|line| line.remove("expiresAt"));
            let expires = expires.and_then(|expires| expires.as_u64()).expect("seconds");
            let now = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
            assert!((now + 7000..=now + 7200).contains(&expires), "{expires} at {now}");
        }
        let own = |name: &str| {
            json!({"thing": format!("{section}/{name}"), "owner": format!("demo/{feature}"), "feature": feature,
                "by": "alice", "source": "https://example.com/1", "ttl": "2h"})
        };
        let expected = [
            own(&format!("a-{feature}")),
            own(&format!("a-{feature}.fifo")),
            own(&format!("b-{feature}")),
            json!({"thing": format!("{section}/base-{feature}"), "owner": "demo/base"}),
            json!({"thing": format!("{section}/theirs-{feature}"), "owner": "demo/other", "feature": "x"}),
        ];
        assert_eq!(told, expected);
        let all: Vec<String> = ended.json().iter().map(|line| line["thing"].to_string()).collect();
        assert!(all.is_sorted(), "{all:?}");
        let ended = kind.hook().run("marks", &nothing, &[]).ends_with(0);
        let line = format!("marked {section}/theirs-{feature} owner demo/other, feature x");
        assert!(ended.report().contains(&line), "{}", ended.said());
        assert!(!proxy.calls().iter().any(Call::writes), "{:#?}", proxy.calls());
        assert_eq!(emulator.state(&feature), before);

        let gone = kind.hook().run("delete", &nothing, &[]).ends_with(0);
        let own = [format!("a-{feature}"), format!("a-{feature}.fifo"), format!("b-{feature}")];
        assert_eq!(gone.report(), own.map(|name| format!("delete {section}/{name}")));
        let mut left = kind.there(&emulator, &feature);
        left.sort();
        assert_eq!(left, others.map(|(name, _)| format!("{name}-{feature}")));
    }
}

#[test]
fn a_thing_that_may_not_be_looked_at_hides_no_mark_on_others_and_one_that_is_not_answered_is_asked_again() {
    for kind in Kind::ALL {
        let (emulator, feature) =
            (Emulator::localstack().in_region(LONELY), format!("hidden-{}", kind.section()));
        let _swept = emulator.swept(&feature);
        let file = |url: &str, things: &[&str]| {
            hook::file(&feature, &kind.sections(url, "", things).replace(REGION, LONELY))
        };
        kind.hook().does("apply", &file(emulator.url(), &["{name: a}", "{name: b}", "{name: c}"]), &[]);
        let proxy = Proxy::before(emulator.url());
        let nothing = file(proxy.url(), &[]);
        let (lists, looks) = match kind {
            Kind::Queue => ("ListQueues", "ListQueueTags"),
            Kind::Topic => ("ListTopics", "ListTagsForResource"),
        };
        let run = |which: Which, status: u16, code: &str| {
            proxy.clear();
            proxy.on(which.of(looks), Fault::Refused(Refusal::new(status, code)));
            kind.hook().run("marks", &nothing, &[])
        };
        let busy = run(Which::first(3), 503, "ServiceUnavailable").ends_with(0);
        assert_eq!(busy.report().len(), 3, "{}", busy.said());
        let calls = proxy.calls();
        assert_eq!(calls.iter().filter(|call| call.action == lists).count(), 1, "{calls:#?}");
        let hidden = run(Which::first(1), 403, "AccessDenied").ends_with(0);
        let why = "1 could not be looked at, the first of them ";
        assert!(hidden.last_line().starts_with(why), "{}", hidden.said());
        assert_eq!(hidden.report().len(), 2, "{}", hidden.said());
        let none = run(Which::from(1), 403, "AccessDenied").ends_with(5);
        assert!(none.last_line().contains("look up its mark"), "{}", none.said());
        assert_eq!(none.stdout, "");
    }
}
