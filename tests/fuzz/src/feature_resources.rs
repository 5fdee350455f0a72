//! The hooks' config file, kind `FeatureResources`.

use std::collections::BTreeSet;

use provision::config::{
    self, ConfigError, FeatureResources, Place, Scope,
    aws::Access,
    database::{Databases, On, Template, is_reserved},
    kafka::{self, Kafka},
    secret::Secrets,
    sns::{Sns, Want},
    sqs::Sqs,
};

use crate::Outcome;

const FILE: &str = "resources.yaml";

/// Reads the bytes as the hooks' config file.
///
/// A refusal ends with one line that says where and what. What is taken keeps every promise of its types.
#[must_use]
pub fn feature_resources_config(data: &[u8]) -> Outcome {
    let Ok(text) = std::str::from_utf8(data) else { return Outcome::Refused };
    match config::read(FILE, text) {
        Ok(config) => {
            check(&config);
            Outcome::Taken
        }
        Err(error) => {
            check_error(&error, text);
            Outcome::Refused
        }
    }
}

fn check(config: &FeatureResources) {
    let FeatureResources { mark, sqs, sns, kafka, database, secret } = config;
    assert_eq!(mark.owner.to_string().parse(), Ok(mark.owner.clone()));
    if let Scope::Copy { feature, by, source, ttl } = &mark.scope {
        assert_eq!(feature.as_str().parse(), Ok(feature.clone()));
        assert_eq!(ttl.as_str().parse(), Ok(ttl.clone()));
        for note in by.iter().chain(source) {
            assert!(
                (1..=256).contains(&note.chars().count()) && !note.chars().any(char::is_control),
                "{note:?}"
            );
        }
    }
    let mut places = BTreeSet::new();
    if let Some(sqs) = sqs {
        check_sqs(sqs, &mark.scope, &mut places);
    }
    if let Some(sns) = sns {
        check_sns(sns, &mark.scope, &mut places);
    }
    if let Some(kafka) = kafka {
        check_kafka(kafka, &mark.scope, &mut places);
    }
    if let Some(databases) = database {
        check_databases(databases, &mark.scope, &mut places);
    }
    if let Some(secrets) = secret {
        check_secrets(secrets, &mark.scope, &mut places);
    }
}

fn check_secrets<'a>(section: &'a Secrets, scope: &Scope, places: &mut BTreeSet<&'a Place>) {
    let Secrets { kubeconfig: _, prune, secrets } = section;
    let mut sites = BTreeSet::new();
    for secret in secrets {
        assert!(sites.insert(&secret.to), "two are made at {secret}");
        assert!((1..=253).contains(&secret.to.name.len()) && (1..=63).contains(&secret.to.namespace.len()));
        assert!(secret.merger().len() <= 128);
        assert!(!secret.immutable || (*prune && *scope != Scope::Base), "{secret} stays for ever");
        assert!(
            secret.set.keys().all(|key| !secret.others.contains(key)),
            "{secret} has a key of two sources"
        );
        assert!(secret.content.is_none(), "nobody was asked yet");
        for output in &secret.outputs {
            assert!(places.insert(&output.place), "two outputs go to {:?}", output.place);
        }
    }
    for secret in secrets {
        assert!(secret.sources().all(|source| !sites.contains(source)), "{secret} is made of what is made");
    }
}

fn check_access(access: &Access) {
    let Access { endpoint, region, expect_account, credentials: _ } = access;
    if let Some(endpoint) = endpoint {
        assert_eq!(endpoint.as_str().parse(), Ok(endpoint.clone()));
        assert!(!endpoint.as_str().contains('@'));
    }
    assert!(region.as_ref().is_none_or(|region| !region.is_empty()));
    assert!(expect_account.as_ref().is_none_or(|account| account.as_str().len() == 12));
}

fn check_sqs<'a>(sqs: &'a Sqs, scope: &Scope, places: &mut BTreeSet<&'a Place>) {
    let Sqs { access, prune: _, queues } = sqs;
    check_access(access);
    let mut names = BTreeSet::new();
    for queue in queues {
        assert!(names.insert(&queue.name), "two queues are called {:?}", queue.name);
        check_name(&queue.name, scope, 80);
        for output in &queue.outputs {
            assert!(places.insert(&output.place), "two outputs go to {:?}", output.place);
        }
        if let Some(target) = queue.dead_letters() {
            let other = queues.iter().find(|other| other.name == target).expect("a queue of the file");
            assert_eq!(other.fifo(), queue.fifo(), "{target:?} cannot take what {queue} gives");
        }
    }
}

fn check_sns<'a>(sns: &'a Sns, scope: &Scope, places: &mut BTreeSet<&'a Place>) {
    let Sns { access, queues: _, prune: _, wants } = sns;
    check_access(access);
    let mut names = BTreeSet::new();
    for want in wants {
        assert!(names.insert(want.to_string()), "two are called {want}");
        match want {
            Want::Topic(topic) => check_name(&topic.name, scope, 256),
            Want::Shared(shared) => {
                assert!(*scope != Scope::Base, "base takes part in itself");
                assert!(shared.attributes.get("filterPolicy").is_some(), "{shared} gets all messages");
            }
        }
        for output in want.outputs() {
            assert!(places.insert(&output.place), "two outputs go to {:?}", output.place);
        }
    }
}

fn check_kafka<'a>(kafka: &'a Kafka, scope: &Scope, places: &mut BTreeSet<&'a Place>) {
    let Kafka { brokers, expect_cluster, client, prune: _, marks_replicas, wants } = kafka;
    assert!(brokers.to_string().contains(':'), "{brokers} have no port");
    assert!(expect_cluster.as_ref().is_none_or(|id| !id.is_empty()));
    assert!(client.keys().all(|name| name != "bootstrap.servers" && name != "group.id"));
    assert!(marks_replicas.is_none_or(|count| count > 0));
    let mut names = BTreeSet::new();
    for want in wants {
        assert!(names.insert(want.to_string()), "two are called {want}");
        check_name(want.name(), scope, kafka::MAX_NAME);
        for output in want.outputs() {
            assert!(places.insert(&output.place), "two outputs go to {:?}", output.place);
        }
        if let kafka::Want::Topic(topic) = want {
            assert!(!topic.name.starts_with("__"), "{want} is Kafka's own");
            assert!(topic.partitions.is_none_or(|count| count > 0));
        }
    }
}

fn check_databases<'a>(section: &'a Databases, scope: &Scope, places: &mut BTreeSet<&'a Place>) {
    let Databases { admin: _, prune: _, databases } = section;
    let (mut names, mut roles) = (BTreeSet::new(), BTreeSet::new());
    for (i, database) in databases.iter().enumerate() {
        assert!(names.insert(&database.name), "two databases are called {database}");
        assert!(roles.insert(&database.role), "two databases are {}'s", database.role);
        for name in [&database.name, &database.role] {
            assert!((1..=63).contains(&name.len()) && !is_reserved(name), "the name {name:?}");
            assert!(!name.chars().any(char::is_control), "the name {name:?}");
            assert!(*scope == Scope::Base || !name.contains('-'), "{name:?} has a dash");
        }
        assert!(*scope == Scope::Base || !database.is_template, "{database} would stay");
        if let Some(Template::Own(name)) = &database.template {
            assert!(databases[..i].iter().any(|first| first.name == *name && first.is_template), "{name:?}");
        }
        for grant in &database.grants {
            assert!(!grant.privileges.is_empty() && !grant.role.is_empty());
            if let On::Schema(schema) | On::TablesIn(schema) = &grant.on {
                assert!((1..=63).contains(&schema.len()), "the schema {schema:?}");
            }
        }
        assert!(database.seed.iter().all(|file| file.is_absolute()));
        assert!(database.password.is_none() && database.address.is_none(), "known before it is asked");
        for output in &database.outputs {
            assert!(places.insert(&output.place), "two outputs go to {:?}", output.place);
        }
    }
}

fn check_name(name: &str, scope: &Scope, full: usize) {
    assert!((1..=full).contains(&name.len()), "the name {name:?}");
    let (stem, most) = name.strip_suffix(".fifo").map_or((name, full), |stem| (stem, full - 5));
    if let Scope::Copy { feature, .. } = scope {
        let marked = stem.ends_with(&format!("-{feature}"));
        assert!(marked || stem.len() == most, "{name:?} does not bear the feature");
        assert!(scope.may_have_named(name, full), "{name:?} would not be found again");
    }
}

fn check_error(error: &ConfigError, text: &str) {
    let said = error.to_string();
    let last = said.lines().last().unwrap_or_default();
    let mut parts = last.strip_prefix(FILE).expect("the last line names the file").splitn(4, ':').skip(1);
    let mut number = || parts.next().and_then(|part| part.parse::<usize>().ok());
    let (line, column) = (number(), number());
    assert!(
        line.is_some_and(|line| (1..=text.lines().count().max(1)).contains(&line)),
        "no such line: {said}"
    );
    assert!(column.is_some_and(|column| (1..=text.len() + 1).contains(&column)), "no such column: {said}");
    assert!(parts.next().is_some_and(|message| !message.trim().is_empty()), "nothing is said: {said}");
    assert!(
        said.chars().all(|c| !c.is_control() || c == '\n' || c == '\t'),
        "a terminal would obey: {said:?}"
    );
}
