//! Whole files that are right: each `good-config/<case>.yaml` is read, is taken by the JSON Schema too, and
//! has beside it what it asks for. `GOOD_CONFIG=write` writes that, for review.

#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};

use feature::words;
use provision::config::{
    FeatureResources,
    attribute::{Attribute, Attributes, Kind, Setting, Table},
    read,
    secret::{Cloned, Conflict, Said as Set},
    sns::{SubscriptionTable, TopicTable, Want},
    sqs::QueueTable,
};

mod cases;

fn all() -> Vec<(cases::Case, FeatureResources)> {
    let read = |case: cases::Case| match read(&case.name, &case.text) {
        Ok(config) => (case, config),
        Err(error) => panic!("{error}"),
    };
    cases::of("good-config").into_iter().map(read).collect()
}

#[test]
fn a_right_file_asks_for_what_it_says() {
    let mut wrong = Vec::new();
    for (case, config) in all() {
        let things: Vec<_> = config.things().collect();
        assert!(!things.is_empty(), "{} asks for nothing", case.name);
        wrong.extend(case.compare(&things.join("\n"), "GOOD_CONFIG").err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_schema_takes_what_the_hooks_take() {
    let schema = cases::schema();
    for case in cases::of("good-config") {
        assert_eq!(case.refusals(&schema), "");
    }
}

#[test]
fn a_section_may_ask_for_nothing() {
    let schema = cases::schema();
    for section in [
        "sqs: {endpointUrl: 'http://x:1', region: r, queues: []}",
        "sns: {endpointUrl: 'http://x:1', region: r, topics: []}",
        "sns: {endpointUrl: 'http://x:1', region: r, topics: [], subscriptions: []}",
        "sns: {endpointUrl: 'http://x:1', region: r}",
        "sqs: {endpointUrl: 'http://x:1', region: r, queues: []}\nsns: {}",
        "kafka: {bootstrapServers: 'x:1'}",
        "kafka: {bootstrapServers: 'x:1', topics: [], consumerGroups: []}",
        "database: {adminUrl: {env: URL}}",
        "database: {adminUrl: {env: URL}, databases: []}",
        "secret: {}",
        "secret: {secrets: []}",
    ] {
        let (version, kind) = (words::API_VERSION, words::FEATURE_RESOURCES);
        let text = format!("apiVersion: {version}\nkind: {kind}\nfeature: a\nowner: b/c\n{section}\n");
        let config = read("f", &text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(config.things().count(), 0, "{section}");
        let value = serde_yaml::from_str(&text).expect("YAML");
        assert!(schema.is_valid(&value), "{section}");
    }
}

#[test]
fn every_attribute_has_a_value_in_some_file_and_none_where_that_is_legal() {
    let [mut queues, mut topics, mut subscriptions] = [const { BTreeSet::new() }; 3];
    for (_, config) in all() {
        queues
            .extend(config.sqs.iter().flat_map(|sqs| &sqs.queues).flat_map(|queue| said(&queue.attributes)));
        for want in config.sns.iter().flat_map(|sns| &sns.wants) {
            match want {
                Want::Topic(topic) => {
                    topics.extend(said(&topic.attributes));
                    subscriptions.extend(topic.subscriptions.iter().flat_map(|one| said(&one.attributes)));
                }
                Want::Shared(shared) => subscriptions.extend(said(&shared.attributes)),
            }
        }
    }
    assert_eq!(queues, sayable(QueueTable::ROWS));
    assert_eq!(topics, sayable(TopicTable::ROWS));
    assert_eq!(subscriptions, sayable(SubscriptionTable::ROWS));
}

/// The Secrets of one file.
fn secrets(file: &str) -> Vec<Cloned> {
    let (_, config) = all().into_iter().find(|(case, _)| case.name == file).expect("a case");
    config.secret.expect("a section").secrets
}

#[test]
fn each_conflict_is_in_the_file_of_secrets_and_nothing_said_is_fail() {
    let secrets = secrets("secret.yaml");
    let conflicts: Vec<_> = secrets.iter().map(|secret| secret.conflict).collect();
    let [fail, adopt, skip, merge] = [Conflict::Fail, Conflict::Adopt, Conflict::Skip, Conflict::Merge];
    assert_eq!(conflicts, [fail, fail, adopt, skip, merge, fail]);
}

#[test]
fn what_is_set_without_quotes_is_the_text_that_it_looks_like() {
    let secrets = secrets("secret.yaml");
    let texts: BTreeMap<_, _> = secrets[2]
        .set
        .iter()
        .filter_map(|(key, said)| match said {
            Set::Text(text) => Some((key.as_str(), text.as_str())),
            Set::Of { .. } | Set::Template(_) => None,
        })
        .collect();
    let expected = [
        (".dotted-key_1", "yes"),
        ("DEBUG", "true"),
        ("DIGITS", "007"),
        ("EMPTY", ""),
        ("HOST", "orders.example.com"),
        ("OFFSET", "-1"),
        ("PORT", "5432"),
        ("RATIO", "0.5"),
    ];
    assert_eq!(texts, expected.into());
}

#[test]
fn a_key_that_another_section_writes_is_left_to_it_in_that_secret_alone() {
    let others = secrets("secret-beside-outputs.yaml").into_iter().map(|secret| secret.others);
    assert_eq!(others.collect::<Vec<_>>(), [BTreeSet::new(), ["QUEUE_URL".to_owned()].into()]);
}

/// The names of attributes, each with whether it is the word `none`.
type Said = BTreeSet<(&'static str, bool)>;

fn said(attributes: &Attributes) -> Said {
    attributes.iter().map(|(row, setting)| (row.name, *setting == Setting::Unset)).collect()
}

fn sayable(rows: &[Attribute]) -> Said {
    let unset = |row: &&Attribute| {
        let always = matches!(row.kind, Kind::Number { .. } | Kind::Flag | Kind::Word(_));
        // The protocol firehose needs it, and no other has it.
        !always && !row.firm && row.name != "subscriptionRoleArn"
    };
    let values = rows.iter().map(|row| (row.name, false));
    values.chain(rows.iter().filter(unset).map(|row| (row.name, true))).collect()
}
