//! What has no release any more goes from every back end, and nothing else does.

use std::collections::BTreeMap;

use acceptance::{
    cluster,
    emulator::Emulator,
    helm::{Helm, Version},
};
use feature::words;
use serde_json::json;

use super::{FEATURE, KINDS, Site, deploy, hooks, in_hours, next_second, program};
use crate::hooks::kind::Kind;

/// How many things of others there are of each kind: a thousand in all.
const FOREIGN: [(&str, usize); 9] = [
    ("queues", 340),
    ("topics", 300),
    ("subscriptions", 10),
    ("secrets", 150),
    ("configmaps", 50),
    ("events", 80),
    ("groups", 20),
    ("databases", 30),
    ("roles", 20),
];

/// What is there, by kind and name, with what is written on it.
fn everything(site: &Site) -> BTreeMap<String, String> {
    let word = site.name();
    let mut all = BTreeMap::new();
    for name in site.emulator.queues().into_keys().filter(|name| name.contains(word)) {
        all.insert(format!("queues/{name}"), format!("{:?}", site.emulator.queue_tags(&name)));
    }
    for name in site.emulator.topics().into_keys().filter(|name| name.contains(word)) {
        all.insert(format!("topics/{name}"), format!("{:?}", site.emulator.topic_tags(&name)));
    }
    // The copy's own part in it goes.
    let copys = format!(":{word}-{FEATURE}");
    for subscribed in site.emulator.subscriptions(&format!("{word}-base")) {
        if !subscribed.endpoint.ends_with(&copys) {
            let attributes = site.emulator.subscription_attributes(&subscribed.arn);
            all.insert(format!("subscriptions/{}", subscribed.endpoint), format!("{attributes:?}"));
        }
    }
    all.extend(
        site.broker
            .topics()
            .into_keys()
            .filter(|name| name.contains(word))
            .map(|name| (format!("events/{name}"), String::new())),
    );
    let marks = site.broker.marks().into_iter().filter(|(key, _)| key.contains(word));
    all.extend(marks.map(|(key, mark)| (format!("marks/{key}"), mark.to_string())));
    let database = site.word();
    let named =
        |(name, comment): (String, Option<String>)| (format!("databases/{name}"), format!("{comment:?}"));
    all.extend(site.server.databases().into_iter().filter(|(name, _)| name.contains(&database)).map(named));
    all.extend(
        site.broker
            .groups()
            .into_keys()
            .filter(|name| name.contains(word))
            .map(|name| (format!("groups/{name}"), String::new())),
    );
    all.extend(
        site.server
            .roles()
            .into_iter()
            .filter(|(name, _)| name.contains(&database))
            .map(|(name, comment)| (format!("roles/{name}"), format!("{comment:?}"))),
    );
    for (name, mut object) in cluster::objects_of(word, "secrets,configmaps") {
        cluster::lasting(&mut object);
        // Of what the copy had keys in, what is the others'.
        if name == "Secret/shared" {
            object = object["data"]["THEIRS"].take();
        }
        all.insert(name, object.to_string());
    }
    all
}

/// Things of others: some bear the mark of base, some that of a copy that lives, and some are called as the copy's are.
fn surround(site: &Site) {
    let word = site.name();
    let live = json!({(words::OWNER): format!("{word}/other-hooks"), (words::FEATURE): "other", (words::TTL): "1s", (words::EXPIRES_AT): "1"});
    let base = json!({(words::OWNER): format!("{word}/base-hooks")});
    let marks = |number: usize| match number % 3 {
        0 => json!({}),
        1 => live.clone(),
        _ => base.clone(),
    };
    let called = |number: usize| {
        if number.is_multiple_of(2) {
            format!("{word}-f{number}-{FEATURE}")
        } else {
            format!("{word}-f{number}")
        }
    };
    for (kind, count) in FOREIGN {
        let mut objects = Vec::new();
        let mut sql = String::new();
        for number in 0..count {
            let (name, marks) = (called(number), marks(number));
            match kind {
                "queues" | "topics" => {
                    let kind = if kind == "queues" { Kind::Queue } else { Kind::Topic };
                    let tags = marks.as_object().expect("an object").iter();
                    let tags: Vec<(&str, &str)> =
                        tags.map(|(key, value)| (&**key, value.as_str().expect("a text"))).collect();
                    kind.make(&site.emulator, &name, &tags);
                }
                "events" => {
                    site.broker.make(&name, 1, &[]);
                    if number % 3 > 0 {
                        let key = format!("topic/{name}");
                        site.broker.produce(words::MARKS_TOPIC, 0, &key, Some(&marks.to_string()));
                    }
                }
                // A group in which nobody consumes is there by its mark alone.
                "groups" => {
                    let marks = if number % 2 == 0 { &live } else { &base };
                    let key = format!("group/{name}");
                    site.broker.produce(words::MARKS_TOPIC, 0, &key, Some(&marks.to_string()));
                }
                "subscriptions" => {
                    let queue = &site.emulator.queue_attributes(&name)["QueueArn"];
                    let topic = site.emulator.topic_arn(&format!("{word}-base"));
                    let words = [("TopicArn", topic.as_str()), ("Protocol", "sqs"), ("Endpoint", queue)];
                    site.emulator.sns("Subscribe", &words);
                }
                "databases" | "roles" => {
                    let name = name.replace('-', "_");
                    let mut marks = marks;
                    let (what, rest) = if kind == "roles" {
                        marks[words::DATABASE] = json!(name);
                        ("ROLE", "NOLOGIN")
                    } else {
                        ("DATABASE", "TEMPLATE template0")
                    };
                    site.server.run("postgres", &format!("CREATE {what} {name} {rest}"));
                    if number % 3 > 0 {
                        sql += &format!("COMMENT ON {what} {name} IS '{marks}';");
                    }
                }
                _ => {
                    let mut metadata = json!({"name": name, "namespace": word, "annotations": marks});
                    if let Some(feature) = marks.get(words::FEATURE) {
                        metadata["labels"] = json!({(words::FEATURE): feature});
                        metadata["annotations"].as_object_mut().expect("an object").remove(words::FEATURE);
                    }
                    let kind = if kind == "secrets" { "Secret" } else { "ConfigMap" };
                    objects.push(json!({"apiVersion": "v1", "kind": kind, "metadata": metadata}));
                }
            }
        }
        if !objects.is_empty() {
            cluster::put(&json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string());
        }
        if !sql.is_empty() {
            site.server.run("postgres", &sql);
        }
    }
}

#[test]
fn one_of_each_kind_goes_among_a_thousand_of_others() {
    // In a region of its own: nobody else's lists change while so many come and go, and neither does this one's.
    let emulator = Emulator::localstack().in_region("sa-east-1");
    let (site, helm) = (Site::at("thousand", emulator), Helm::new(Version::Four));
    assert_eq!(FOREIGN.iter().map(|(_, count)| count).sum::<usize>(), 1000);
    site.provide("orders-feat1-hooks");
    surround(&site);
    // The copy of the others lives.
    deploy(&helm, &site, "app-other", "1000h", &[]);
    assert_eq!(site.holds().len(), KINDS, "{:?}", site.holds());
    let before = everything(&site);

    let dry = super::sweep(&site.whole_file(), &["--dry-run", "--output=json"]).ends_with(0);
    assert!(dry.json().iter().all(|line| line["change"] == "delete"), "{}", dry.said());
    assert_eq!(site.holds().len(), KINDS);

    let ended = super::sweep(&site.whole_file(), &[]).ends_with(0);
    assert_eq!(site.holds().into_iter().collect::<Vec<_>>(), Vec::<String>::new(), "{}", ended.said());
    let after = everything(&site);
    let gone: Vec<&String> = before.keys().filter(|name| !after.contains_key(*name)).collect();
    let word = site.name();
    let copys = [
        "ConfigMap/told-feat1".to_owned(),
        "Secret/orders-feat1".to_owned(),
        "Secret/told-feat1".to_owned(),
        format!("databases/{word}_{FEATURE}"),
        format!("events/{word}-{FEATURE}"),
        format!("marks/group/{word}-{FEATURE}"),
        format!("marks/topic/{word}-{FEATURE}"),
        format!("queues/{word}-{FEATURE}"),
        format!("roles/{word}_{FEATURE}"),
        format!("topics/{word}-{FEATURE}"),
    ];
    assert_eq!(gone, copys.iter().collect::<Vec<_>>(), "{}", ended.said());
    let changed: Vec<&String> =
        after.iter().filter(|(name, have)| before.get(*name) != Some(have)).map(|(name, _)| name).collect();
    assert_eq!(changed, Vec::<&String>::new());
    let again = super::sweep(&site.whole_file(), &[]).ends_with(0);
    assert_eq!(again.stdout, "", "{}", again.said());
}

#[test]
fn where_no_helm_can_be_asked_the_mark_alone_says_when() {
    let site = Site::of("unasked");
    site.provide("orders");
    let file = format!(
        "apiVersion: {}\nkind: {}\nnamespaces: [default]\nunasked: [unask*]\nbackEnds:\n  sqs: {{endpointUrl: '{}', region: {}}}\n",
        words::API_VERSION,
        words::FEATURE_SWEEP,
        site.emulator.url(),
        acceptance::emulator::REGION
    );
    assert_eq!(program().run("run", &file, &[]).ends_with(0).stdout, "");
    // Whoever names namespaces means those alone.
    let elsewhere = program().run("run", &file, &["--namespace=default", &in_hours(2)]).ends_with(0);
    assert_eq!(elsewhere.stdout, "");
    let asked = program().run("run", &file, &["--namespace=unasked", &in_hours(2)]).ends_with(2);
    assert!(asked.last_line().contains("no Helm can be asked"), "{}", asked.said());
    let ended = program().run("run", &file, &[&in_hours(2)]).ends_with(0);
    assert!(ended.report().contains(&"delete sqs/unasked-feat1".to_owned()), "{}", ended.said());
    let left = site.holds();
    let of_sqs_or_sns =
        |thing: &&String| ["queue/", "topic/", "subscription/"].iter().any(|kind| thing.starts_with(kind));
    assert_eq!(left.iter().find(of_sqs_or_sns), None, "{}", ended.said());
    assert!(left.len() > 4, "{left:?}");
}

#[test]
fn what_is_protected_stays_with_all_of_its_owner_and_of_its_copy() {
    let site = Site::of("kept");
    for (owner, queue) in [("one", "a"), ("two", "b")] {
        let section = format!(
            "sqs: {{endpointUrl: '{}', region: {}, queues: [{{name: kept-{queue}}}, {{name: kept-{queue}{queue}}}]}}",
            site.emulator.url(),
            acceptance::emulator::REGION
        );
        hooks().does("apply", &site.hooks_file(owner, &section), &["sqs"]);
    }
    let queues =
        || site.emulator.queues().into_keys().filter(|name| name.contains("kept")).collect::<Vec<_>>();
    let file = site.file_with(site.emulator.url(), "protect: [kept-aa-*]");
    let ended = super::sweep(&file, &[]).ends_with(0);
    let said = "left    kept/one  sqs/kept-aa-feat1 is protected";
    assert!(ended.stdout.contains(said), "{}", ended.said());
    assert_eq!(queues(), ["kept-a-feat1", "kept-aa-feat1"]);
    // While a release of its copy is there, that stays too.
    let helm = Helm::new(Version::Four);
    deploy(&helm, &site, "app-feat1", "1h", &[]);
    let ended = super::sweep(&file, &[&in_hours(2)]).ends_with(0);
    assert!(ended.stdout.contains("left    kept/feat1  sqs/kept-aa-feat1 is protected"), "{}", ended.said());
    assert_eq!(site.releases(&helm).len(), 1);
    let ended = super::sweep(&site.whole_file(), &["--feature=feat2"]).ends_with(0);
    assert_eq!(ended.stdout, "");
    let _ = super::sweep(&site.whole_file(), &["--feature=feat1"]).ends_with(0);
    assert_eq!(queues(), Vec::<String>::new());
}

#[test]
fn a_run_takes_no_more_copies_than_it_may_and_the_oldest_first() {
    let (site, helm) = (Site::of("capped"), Helm::new(Version::Four));
    for feature in ["feat2", "feat1"] {
        deploy(&helm, &site, &format!("app-{feature}"), "1h", &[]);
        next_second();
    }
    let run = || super::sweep(&site.whole_file(), &["--most=1", &in_hours(2)]).ends_with(0).report();
    let left = "left capped/feat1 1 copies have gone in this run: the next one goes on";
    let lines = run();
    assert!(lines[0].starts_with("uninstall release/capped/app-feat2 ") && lines[1] == left, "{lines:?}");
    assert_eq!(site.releases(&helm).into_iter().collect::<Vec<_>>(), ["app-feat1"]);
    // What is left of another copy waits as well; what somebody has renamed stays, and is told.
    site.provide("orders");
    deploy(&helm, &site, "app-feat2", "1h", &[]);
    site.server.run("postgres", &format!("ALTER DATABASE capped_{FEATURE} RENAME TO capped_renamed"));
    drop(run());
    assert_eq!(site.releases(&helm).len(), 1);
    let lines = run();
    assert!(
        lines.contains(&"left capped/orders 1 copies have gone in this run: the next one goes on".to_owned()),
        "{lines:?}"
    );
    let lines = run();
    // The role owns the database still.
    let left = site.holds().into_iter().chain(site.releases(&helm)).collect::<Vec<_>>();
    assert_eq!(left, ["role/capped_feat1"], "{lines:?}");
    let untaken = "left database/capped_renamed database-hook knows it by no name that a copy's has";
    assert!(lines.contains(&untaken.to_owned()), "{lines:?}");
}

#[test]
fn what_runs_without_a_release_keeps_what_it_uses() {
    let site = Site::of("running");
    site.provide("orders");
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "api", "namespace": site.name(), "labels": {(words::FEATURE): FEATURE}},
        // No node is called so: it is there, and that is enough.
        "spec": {"containers": [{"name": "api", "image": "none"}], "nodeSelector": {"none": "none"}},
    });
    cluster::put(&pod.to_string());
    for words in [&["--dry-run"][..], &[]] {
        let ended = super::sweep(&site.whole_file(), words).ends_with(0);
        let said = "left running/orders pod api of feat1 runs, and no release of Helm says until when";
        assert_eq!(ended.report(), [said], "{}", ended.said());
    }
    assert_eq!(site.holds().len(), KINDS);
    cluster::kubectl(site.name(), &["delete", "pod", "api", "--now"]);
    site.clear();
    assert_eq!(site.holds().len(), 0);
}

#[test]
fn what_was_cloned_into_a_neighbour_goes_too() {
    let site = Site::of("cloner");
    let beside = acceptance::place::Namespace::new("cloner-beside");
    for (name, feature) in [("cert-feat1", FEATURE), ("cert", "")] {
        let owner = if feature.is_empty() { "cloner-beside/base" } else { "cloner/orders" };
        let labels = if feature.is_empty() { json!({}) } else { json!({(words::FEATURE): feature}) };
        let marks = json!({(words::OWNER): owner});
        let metadata = json!({"name": name, "namespace": beside.0, "annotations": marks, "labels": labels});
        cluster::put(&json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata}).to_string());
    }
    let secrets = || {
        let secrets = cluster::objects_of(&beside.0, "secrets").into_keys();
        secrets.filter(|name| name.contains("cert")).collect::<Vec<_>>()
    };
    assert_eq!(super::sweep(&site.file(""), &[]).ends_with(0).stdout, "");
    assert_eq!(secrets(), ["Secret/cert", "Secret/cert-feat1"]);
    let ended = super::sweep(&site.file("neighbours: [cloner-beside]"), &[]).ends_with(0);
    assert_eq!(ended.report(), ["delete secret/cloner-beside/cert-feat1 of cloner/orders, which is no more"]);
    assert_eq!(secrets(), ["Secret/cert"]);
}
