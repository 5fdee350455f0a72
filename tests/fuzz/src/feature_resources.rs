//! The hooks' config file, kind `FeatureResources`.

use std::collections::BTreeSet;

use provision::config::{self, ConfigError, FeatureResources, Scope, sqs::Sqs};

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
    let FeatureResources { mark, sqs } = config;
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
    if let Some(sqs) = sqs {
        check_sqs(sqs, &mark.scope);
    }
}

fn check_sqs(sqs: &Sqs, scope: &Scope) {
    let Sqs { endpoint, region, queues } = sqs;
    assert_eq!(endpoint.as_str().parse(), Ok(endpoint.clone()));
    assert!(!endpoint.as_str().contains('@') && !region.is_empty());
    let (mut names, mut places) = (BTreeSet::new(), BTreeSet::new());
    for queue in queues {
        assert!((1..=80).contains(&queue.name.len()), "the name {:?}", queue.name);
        assert!(names.insert(&queue.name), "two queues are called {:?}", queue.name);
        if let Scope::Copy { feature, .. } = scope {
            let marked = queue.name.ends_with(&format!("-{feature}"));
            assert!(marked || queue.name.len() == 80, "{:?} does not bear the feature", queue.name);
        }
        for output in &queue.outputs {
            assert!(places.insert(&output.place), "two outputs go to {:?}", output.place);
        }
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
