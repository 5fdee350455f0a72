//! Names that are too long, runs that are about one thing, runs in which one thing fails, and verbs that ask nobody.

use acceptance::{
    emulator::Emulator,
    hook,
    proxy::{Call, Fault, Proxy, Refusal, Which},
};
use serde_json::Value;

use super::kind::Kind;

/// A kind at LocalStack, with a feature's name that no other test has.
fn each(word: &str) -> [(Kind, Emulator, String); 2] {
    Kind::ALL.map(|kind| (kind, Emulator::localstack(), format!("{word}-{}", kind.section())))
}

#[test]
fn a_name_that_is_too_long_is_cut_and_told_apart_and_stays_the_same() {
    for (kind, emulator, feature) in each("long") {
        let _swept = emulator.swept(&feature);
        // Both sweep by their beginning too: the feature is cut off.
        let _others = emulator.swept("long-name-");
        let longest = kind.longest();
        let fill = |end: &str| format!("long-name-{}{end}", "x".repeat(longest - 10 - end.len()));
        let written =
            [fill("a"), fill("b"), fill(".fifo"), fill("c")[..longest - feature.len() - 1].to_owned()];
        let things = written.each_ref().map(|name| format!("{{name: {name}}}"));
        let things = things.each_ref().map(|thing| &**thing);
        let config = hook::file(&feature, &kind.sections(emulator.url(), "", &things));
        kind.hook().does("apply", &config, &[]);
        let names = kind.there(&emulator, "long-name-");
        assert_eq!(names.len(), 4, "{names:?}");
        assert!(names.iter().all(|name| name.len() <= longest), "{names:?}");
        let whole = format!("{}-{feature}", written[3]);
        assert!(names.contains(&whole) && whole.len() == longest, "what fits is whole: {names:?}");
        let again = kind.hook().run("apply", &config, &[]).ends_with(0);
        assert!(again.report().iter().all(|line| line.starts_with("keep ")), "{}", again.said());
        kind.hook().does("delete", &config, &[]);
        assert!(kind.there(&emulator, "long-name-").is_empty());
    }
}

#[test]
fn only_touches_what_it_names() {
    for (kind, emulator, feature) in each("only") {
        let _swept = emulator.swept(&feature);
        let proxy = Proxy::before(emulator.url());
        let things = ["{name: a}", "{name: b, tags: {team: mail}}", "{name: c}"];
        let config = hook::file(&feature, &kind.sections(proxy.url(), "", &things));
        let hook = kind.hook();
        hook.does("apply", &config, &["--only=b"]);
        assert_eq!(kind.there(&emulator, &feature), [format!("b-{feature}")]);
        hook.does("apply", &config, &["--only=a", "--only=c"]);
        assert_eq!(kind.there(&emulator, &feature).len(), 3);
        hook.does("delete", &config, &["--only=b"]);
        assert_eq!(kind.there(&emulator, &feature), ["a", "c"].map(|name| format!("{name}-{feature}")));

        proxy.clear();
        let ended = hook.run("apply", &config, &["--only=d"]).ends_with(2);
        assert!(ended.last_line().contains("a, b, c"), "{}", ended.said());
        assert_eq!(proxy.calls(), []);
    }
}

#[test]
fn what_one_thing_cannot_have_does_not_keep_others_from_theirs() {
    for (kind, emulator, feature) in each("partial") {
        let _swept = emulator.swept(&feature);
        let proxy = Proxy::before(emulator.url());
        let config =
            hook::file(&feature, &kind.sections(proxy.url(), "", &["{name: a}", "{name: b}", "{name: c}"]));
        let refusal = Refusal::new(403, "AccessDenied");
        proxy.on(Which::nth(2).of(kind.creates()), Fault::Refused(refusal));
        let ended = kind.hook().run("apply", &config, &["--output=json"]).ends_with(5);
        let of =
            |word: &str| ended.json().into_iter().filter(|line| line["change"] == word).collect::<Vec<_>>();
        let (made, failed) = (of("create"), of("fail"));
        assert_eq!((made.len(), failed.len()), (2, 1), "{}", ended.said());
        let thing = failed[0]["thing"].as_str().expect("a thing");
        assert!(failed[0]["reason"].as_str().is_some_and(|reason| reason.contains("AccessDenied")));
        assert!(
            ended.last_line().starts_with(&format!("{thing}: create at {}: ", proxy.url())),
            "{}",
            ended.said()
        );
        assert_eq!(kind.there(&emulator, &feature).len(), 2);

        proxy.clear();
        let rerun = kind.hook().run("apply", &config, &["--output=json"]).ends_with(0);
        let changed: Vec<Value> = rerun.json().into_iter().filter(|line| line["change"] != "keep").collect();
        assert_eq!(changed.len(), 1, "{}", rerun.said());
        assert_eq!(changed[0]["thing"], thing);
        assert_eq!(proxy.calls().iter().filter(|call| call.writes()).count(), 1);
    }
}

#[test]
fn what_needs_a_thing_that_failed_is_not_made() {
    let (emulator, feature) = (Emulator::localstack(), "partial-dead");
    let _swept = emulator.swept(feature);
    let proxy = Proxy::before(emulator.url());
    let redrive = "{deadLetterQueue: dead, maxReceiveCount: 3}";
    let source = format!("{{name: work, attributes: {{redrivePolicy: {redrive}}}}}");
    let kind = Kind::Queue;
    let config =
        hook::file(feature, &kind.sections(proxy.url(), "", &[&source, "{name: dead}", "{name: free}"]));
    proxy.on(Which::first(2).of("CreateQueue"), Fault::Refused(Refusal::new(403, "AccessDenied")));
    let ended = kind.hook().run("apply", &config, &[]).ends_with(5);
    assert!(kind.there(&emulator, feature).is_empty(), "{}", ended.said());
    let told = |thing: &str| ended.said().contains(&format!("sqs/{thing}-{feature}"));
    assert!(["dead", "free", "work"].into_iter().all(told), "one is not told of: {}", ended.said());
    proxy.clear();
    kind.hook().does("apply", &config, &[]);
    assert_eq!(kind.there(&emulator, feature).len(), 3);
    let made: Vec<Call> = proxy.calls().into_iter().filter(Call::writes).collect();
    assert!(
        made[..2].iter().all(|call| !call.body.contains("RedrivePolicy")),
        "the dead letters first: {made:#?}"
    );
}

#[test]
fn checking_a_file_and_printing_the_schema_ask_nobody() {
    for (kind, emulator, feature) in each("ask") {
        let proxy = Proxy::before(emulator.url());
        let sections = |things: &[&str]| hook::file(&feature, &kind.sections(proxy.url(), "", things));
        let hook = kind.hook();
        let valid = hook.run("validate", &sections(&["{name: a}", "{name: b}"]), &[]).ends_with(0);
        assert_eq!(
            valid.report(),
            ["a", "b"].map(|name| format!("valid {}/{name}-{feature}", kind.section()))
        );
        for verb in ["validate", "plan", "apply", "delete"] {
            let bad = hook.run(verb, &sections(&["{name: a}", "{name: a}"]), &[]).ends_with(2);
            assert!(bad.last_line().contains("is there twice"), "{}", bad.said());
            assert_eq!(bad.stdout, "");
        }
        let schema = hook.run("schema", "", &[]).ends_with(0);
        let schema: Value = serde_json::from_str(&schema.stdout).expect("a JSON Schema");
        for section in ["sqs", "sns"] {
            assert!(schema["properties"].get(section).is_some(), "{schema}");
        }
        assert_eq!(proxy.calls(), []);
    }
}

#[test]
fn an_attribute_that_is_newer_than_the_hook_is_passed_on_by_the_apis_name() {
    for (kind, emulator, feature) in each("newer") {
        let _swept = emulator.swept(&feature);
        let proxy = Proxy::before(emulator.url());
        let file = |extra: &str| {
            let thing = format!("{{name: a, extraAttributes: {{{extra}}}}}");
            hook::file(&feature, &kind.sections(proxy.url(), "", &[&thing]))
        };
        let ended = kind.hook().run("apply", &file("NewOne: \"1\""), &["--timeout=10s"]);
        let calls = proxy.calls();
        let create = calls.iter().find(|call| call.action == kind.creates()).expect("a create");
        assert!(create.body.contains("NewOne"), "{}", create.body);
        match kind {
            // LocalStack knows what SQS has.
            Kind::Queue => assert!(ended.clone().ends_with(5).last_line().contains("InvalidAttributeName")),
            // And takes anything for SNS.
            Kind::Topic => {
                let warning = format!("warning: sns/a-{feature}: NewOne is not reported here");
                assert!(ended.clone().ends_with(0).stderr.contains(&warning), "{}", ended.said());
            }
        }
        let known = match kind {
            Kind::Queue => ("DelaySeconds", "delaySeconds"),
            Kind::Topic => ("DisplayName", "displayName"),
        };
        proxy.clear();
        let ended = kind.hook().run("apply", &file(&format!("{}: \"1\"", known.0)), &[]).ends_with(2);
        assert!(ended.stderr.contains(&format!("say attributes.{}", known.1)), "{}", ended.said());
        assert_eq!(proxy.calls(), []);
    }
}

#[test]
fn a_plan_can_say_by_its_exit_code_that_there_are_changes() {
    for (kind, emulator, feature) in each("planned") {
        let _swept = emulator.swept(&feature);
        let proxy = Proxy::before(emulator.url());
        let file = |things: &[&str]| hook::file(&feature, &kind.sections(proxy.url(), "", things));
        let plan = |things: &[&str], args: &[&str]| kind.hook().run("plan", &file(things), args);
        let [a, b] = ["{name: a}", "{name: b}"];
        let planned = plan(&[a, b], &["--exit-code"]).ends_with(3);
        assert_eq!(
            planned.report(),
            ["a", "b"].map(|name| format!("create {}/{name}-{feature}", kind.section()))
        );
        let _ = plan(&[a, b], &[]).ends_with(0);
        assert!(kind.there(&emulator, &feature).is_empty());
        assert!(!proxy.calls().iter().any(Call::writes));
        kind.hook().does("apply", &file(&[a, b]), &[]);
        let _ = plan(&[a, b], &["--exit-code"]).ends_with(0);
        // What would be deleted is a change too.
        let _ = plan(&[a], &["--exit-code"]).ends_with(3);
        let _ = plan(&[], &["--exit-code"]).ends_with(3);
    }
}

/// Texts that one protocol or the other has to escape.
const ODD: [&str; 5] = ["a b", "=+-@:/._", "Öl für Łódź", "a&b=c%20<d>\"e\"'f'", "{\"a\": [1]}"];

#[test]
fn odd_texts_arrive_as_they_are() {
    for (emulator, at) in [(Emulator::localstack(), "ls"), (Emulator::moto(), "moto")] {
        let feature = format!("odd-{at}");
        let _swept = emulator.swept(&feature);
        for (n, text) in ODD.iter().enumerate() {
            let quoted = Value::from(*text);
            let sections = [
                Kind::Queue.sections(
                    emulator.url(),
                    "",
                    &[&format!("{{name: q{n}, attributes: {{kmsMasterKeyId: {quoted}}}}}")],
                ),
                Kind::Topic.sections(
                    emulator.url(),
                    "",
                    &[&format!("{{name: t{n}, attributes: {{displayName: {quoted}}}}}")],
                ),
            ];
            let config = hook::file(&feature, &format!("{}{}", sections[0], sections[1]));
            for kind in Kind::ALL {
                kind.hook().does("apply", &config, &[]);
                let again = kind.hook().run("apply", &config, &[]).ends_with(0);
                assert!(
                    again.report().iter().all(|line| line.starts_with("keep ")),
                    "{text}: {}",
                    again.said()
                );
            }
            assert_eq!(emulator.queue_attributes(&format!("q{n}-{feature}"))["KmsMasterKeyId"], *text);
            assert_eq!(emulator.topic_attributes(&format!("t{n}-{feature}"))["DisplayName"], *text);
        }
    }
}

#[test]
fn a_tag_is_what_aws_takes_for_one_and_arrives_as_it_is() {
    for (kind, emulator, feature) in each("odd-tags") {
        let _swept = emulator.swept(&feature);
        let tags = [("a b", "c d"), ("=+-@:/._", "-"), ("Öl", "Łódź"), ("empty", "")];
        let written: Vec<String> = tags
            .iter()
            .map(|(key, value)| format!("{}: {}", Value::from(*key), Value::from(*value)))
            .collect();
        let thing = format!("{{name: a, tags: {{{}}}}}", written.join(", "));
        let config = hook::file(&feature, &kind.sections(emulator.url(), "", &[&thing]));
        kind.hook().does("apply", &config, &[]);
        let found = kind.tags(&emulator, &format!("a-{feature}"));
        for (key, value) in tags {
            assert_eq!(found.get(key).map(String::as_str), Some(value), "{key}: {found:?}");
        }
        let again = kind.hook().run("apply", &config, &[]).ends_with(0);
        assert!(again.report().iter().all(|line| line.starts_with("keep ")), "{}", again.said());
    }
}
