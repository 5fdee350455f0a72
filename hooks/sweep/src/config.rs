//! The file of kind `FeatureSweep`: which namespaces, which back ends, and what stays.

use std::{collections::BTreeMap, fmt, fs, num::NonZeroUsize, path::Path};

use feature::{FeatureName, Owner, words};
use provision::{
    config::{self, ConfigError, Parsed, secret::Pattern},
    error::Error,
};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value, json};

/// A checked file; without one, what holds then.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    /// Namespaces whose releases are asked for.
    pub(crate) namespaces: Vec<String>,
    /// Namespaces without copies of theirs, from or to which copies' hooks clone Secrets: what is cloned there goes too.
    pub(crate) neighbours: Vec<String>,
    /// Namespaces whose copies no Helm has recorded here: of their things the marks alone say when they go.
    pub(crate) unasked: Vec<Pattern>,
    /// Releases and things that stay, by their names.
    pub(crate) protect: Vec<Pattern>,
    /// How many copies one run takes away.
    pub(crate) most: Option<NonZeroUsize>,
    pub(crate) back_ends: BackEnds,
}

/// What hooks are run for, with the keys by which they reach it.
#[derive(Clone, Debug, Default)]
pub(crate) struct BackEnds(BTreeMap<BackEnd, Map<String, Value>>);

/// A back end, by the section of the hooks' file: in the order in which they are cleared. A topic's subscriptions end
/// while their queues are there, which have the record of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum BackEnd {
    Sns,
    Sqs,
    Kafka,
    Database,
    /// None of the file's: Secrets are where the releases are.
    #[serde(skip_deserializing)]
    Secret,
}

/// How many copies one run takes away unless told otherwise.
pub(crate) const MOST: NonZeroUsize = NonZeroUsize::new(20).expect("it is not 0");

impl BackEnd {
    /// The lists of things in its section.
    fn things(self) -> &'static str {
        match self {
            Self::Sns | Self::Kafka => "topics",
            Self::Sqs => "queues",
            Self::Database => "databases",
            Self::Secret => "secrets",
        }
    }
}

impl fmt::Display for BackEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sns => "sns",
            Self::Sqs => "sqs",
            Self::Kafka => "kafka",
            Self::Database => "database",
            Self::Secret => "secret",
        })
    }
}

/// Reads and checks the file.
pub(crate) fn load(path: &Path) -> Result<Sweep, Error> {
    let text = fs::read_to_string(path)
        .map_err(|error| Error::config(format!("read the config file {}: {error}", path.display())))?;
    read(&path.display().to_string(), &text)
}

/// Checks `text`, which errors call `file`.
pub(crate) fn read(file: &str, text: &str) -> Result<Sweep, Error> {
    let written: Written = serde_yaml::from_str(text)
        .map_err(|error| Error::config(ConfigError::read(file, text, &error).to_string()))?;
    let Written {
        api_version: ApiVersion,
        kind: Kind,
        namespaces,
        neighbours,
        unasked,
        protect,
        most,
        back_ends,
    } = written;
    let wrong = |what: String| Error::config(format!("{file}: {what}"));
    let texts =
        |patterns: Vec<Parsed<Pattern>>| patterns.into_iter().map(|Parsed(pattern)| pattern).collect();
    let unasked: Vec<Pattern> = texts(unasked);
    if let Some(both) = namespaces.iter().find(|name| unasked.iter().any(|pattern| pattern.matches(name))) {
        return Err(wrong(format!("namespace {both:?} is in namespaces and in unasked: one of them holds")));
    }
    let mut back_ends = BackEnds(back_ends);
    if back_ends.0.contains_key(&BackEnd::Sqs) {
        // Of subscriptions to topics of base's only queues have a record, and both go together.
        back_ends.0.entry(BackEnd::Sns).or_default();
    }
    back_ends.check(file)?;
    Ok(Sweep { namespaces, neighbours, unasked, protect: texts(protect), most, back_ends })
}

impl BackEnds {
    pub(crate) fn iter(&self) -> impl Iterator<Item = BackEnd> {
        self.0.keys().copied()
    }

    /// The hooks' file that names no things: of base, which is never deleted, for those that only look.
    pub(crate) fn file_to_look(&self, back_end: BackEnd) -> String {
        self.file(back_end, json!({"base": true, "owner": "sweep/sweep"}))
    }

    /// The hooks' file by which everything of an owner and feature is deleted.
    pub(crate) fn file_to_delete(&self, back_end: BackEnd, owner: &Owner, feature: &FeatureName) -> String {
        self.file(back_end, of_copy(owner, feature))
    }

    /// The hooks' file that names one Secret of somebody else's, out of which an owner's keys are taken.
    pub(crate) fn file_to_take_out(
        namespace: &str,
        name: &str,
        owner: &Owner,
        feature: &FeatureName,
    ) -> String {
        let to = json!({"namespace": namespace, "name": name});
        // What it would hold nobody asks for: it is deleted.
        let secret = json!({"to": to, "conflict": "merge", "set": {"none": "none"}});
        let mut file = of_copy(owner, feature);
        file["secret"] = json!({"secrets": [secret]});
        headed(file)
    }

    /// The keys of a section, and of the one that it takes them from, behind whose things are meant.
    fn file(&self, back_end: BackEnd, mut file: Value) -> String {
        let of = |keys: Option<&Map<String, Value>>, back_end: BackEnd| {
            let mut section = keys.cloned().unwrap_or_default();
            section.insert(back_end.things().to_owned(), json!([]));
            Value::Object(section)
        };
        file[back_end.to_string()] = of(self.0.get(&back_end), back_end);
        // sns is where sqs is, unless told otherwise.
        if back_end == BackEnd::Sns
            && let Some(sqs) = self.0.get(&BackEnd::Sqs)
        {
            file[BackEnd::Sqs.to_string()] = of(Some(sqs), BackEnd::Sqs);
        }
        headed(file)
    }

    /// Every hook has to understand its keys, and things are none of this file's.
    fn check(&self, file: &str) -> Result<(), Error> {
        for (back_end, keys) in &self.0 {
            let listed = [back_end.things(), "subscriptions", "consumerGroups", "prune"];
            if let Some(key) = listed.iter().find(|key| keys.contains_key(**key)) {
                let fault = "what goes its mark says, and here stands only where the back end is";
                return Err(Error::config(format!("{file}: backEnds.{back_end}.{key}: {fault}")));
            }
            let section = self.file_to_look(*back_end);
            config::read(&format!("{file}: backEnds"), &section).map_err(|error| {
                // Of what was put together here the line says nothing to anybody.
                let said = error.to_string();
                let last = said.lines().last().unwrap_or_default();
                Error::config(last.replacen(":1:", ": ", 1))
            })?;
        }
        Ok(())
    }
}

fn of_copy(owner: &Owner, feature: &FeatureName) -> Value {
    json!({"feature": feature.as_str(), "owner": owner.to_string()})
}

/// A file of the hooks'.
fn headed(mut file: Value) -> String {
    file["apiVersion"] = json!(words::API_VERSION);
    file["kind"] = json!(words::FEATURE_RESOURCES);
    file.to_string()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "keys with values")]
struct Written {
    api_version: ApiVersion,
    kind: Kind,
    #[serde(default)]
    namespaces: Vec<String>,
    #[serde(default)]
    neighbours: Vec<String>,
    #[serde(default)]
    unasked: Vec<Parsed<Pattern>>,
    #[serde(default)]
    protect: Vec<Parsed<Pattern>>,
    most: Option<NonZeroUsize>,
    #[serde(default)]
    back_ends: BTreeMap<BackEnd, Map<String, Value>>,
}

/// A word that the file has to begin with.
macro_rules! word {
    ($name:ident, $key:literal, $word:expr) => {
        struct $name;

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                if text == $word {
                    return Ok(Self);
                }
                let fault = format!(concat!($key, " {:?} is not known: sweep reads {:?}"), text, $word);
                Err(de::Error::custom(fault))
            }
        }
    };
}

word!(ApiVersion, "apiVersion", words::API_VERSION);
word!(Kind, "kind", words::FEATURE_SWEEP);

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep(text: &str) -> Result<Sweep, String> {
        let head = format!("apiVersion: {}\nkind: {}\n", words::API_VERSION, words::FEATURE_SWEEP);
        read("f", &format!("{head}{text}")).map_err(|error| error.to_string())
    }

    const SQS: &str =
        "backEnds:\n  sqs: {endpointUrl: 'http://localstack:4566', region: ap-south-1}\n  sns: {}\n";

    #[test]
    fn a_file_says_where_and_the_hooks_files_are_made_of_it() {
        let sweep =
            sweep(&format!("namespaces: [demo]\nprotect: ['shared-*']\nmost: 3\n{SQS}")).expect("legal");
        assert_eq!((sweep.namespaces, sweep.most.map(NonZeroUsize::get)), (vec!["demo".to_owned()], Some(3)));
        assert!(sweep.protect[0].matches("shared-queue"));
        assert_eq!(sweep.back_ends.iter().collect::<Vec<_>>(), [BackEnd::Sns, BackEnd::Sqs]);
        let (owner, feature) = ("demo/orders".parse().expect("legal"), "feat1".parse().expect("legal"));
        let file = sweep.back_ends.file_to_delete(BackEnd::Sns, &owner, &feature);
        let read = config::read("f", &file).expect("the hooks read it");
        assert_eq!((&read.mark.owner, read.things().count()), (&owner, 0));
        assert_eq!(read.sns.expect("a section").access.region.as_deref(), Some("ap-south-1"));
    }

    #[test]
    fn the_file_of_the_page_is_one() {
        let page = include_str!("../../../docs/sweep.md");
        let blocks: Vec<&str> =
            page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert!(!blocks.is_empty());
        for block in blocks {
            read("docs/sweep.md", block).expect("legal");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let cases = [
            ("namespace: [demo]", "did you mean \"namespaces\"?"),
            ("protect: ['**']", "is no pattern"),
            ("namespaces: [demo]\nunasked: ['d*']", "is in namespaces and in unasked"),
            ("most: 0", "a nonzero"),
            ("backEnds: {redis: {}}", "\"redis\""),
            ("backEnds: {secret: {}}", "secret"),
            ("backEnds: {kafka: {}}", "bootstrapServers"),
            ("backEnds: {kafka: {bootstrapServers: 'k:9092', topics: []}}", "backEnds.kafka.topics"),
            ("backEnds: {sqs: {endpoint: x}}", "endpoint"),
        ];
        for (text, said) in cases {
            let error = sweep(text).expect_err(text);
            assert!(error.contains(said), "{text}: {error}");
        }
        let other =
            read("f", &format!("apiVersion: {}\nkind: {}\n", words::API_VERSION, words::FEATURE_RESOURCES))
                .expect_err("other");
        assert!(other.to_string().contains("sweep reads \"FeatureSweep\""), "{other}");
    }
}
