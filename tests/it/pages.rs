//! The pages of the hooks say what the tables in the code say, and those of the charts what their schemas say.
//! `PAGES=write` writes it into them.

use std::{fs, path::Path};

use acceptance::{charts, repo};
use provision::config::{
    self,
    attribute::{Attribute, Kind, Table},
    sns::{SubscriptionTable, TopicTable},
    sqs::QueueTable,
};
use serde_json::Value;
use serde_yaml::Value as Yaml;

#[test]
fn the_page_of_the_queues_has_every_attribute_and_output() {
    let parts = [("attributes", attributes(QueueTable::ROWS)), ("outputs", outputs("QueueValue"))];
    says("docs/sqs.md", &parts);
}

#[test]
fn the_page_of_the_topics_has_every_attribute_and_output() {
    let parts = [
        ("attributes", attributes(TopicTable::ROWS)),
        ("subscription attributes", attributes(SubscriptionTable::ROWS)),
        ("outputs", outputs("TopicValue")),
    ];
    says("docs/sns.md", &parts);
}

#[test]
fn the_page_of_kafka_has_every_key_and_output() {
    let parts =
        [("topic", keys("KafkaTopic")), ("group", keys("ConsumerGroup")), ("outputs", outputs("KafkaValue"))];
    says("docs/kafka.md", &parts);
}

#[test]
fn the_page_of_the_databases_has_every_key_and_output() {
    says("docs/database.md", &[("database", keys("DatabaseItem")), ("outputs", outputs("DatabaseValue"))]);
}

#[test]
fn the_page_of_the_secrets_has_every_key_and_output() {
    says("docs/secret.md", &[("secret", keys("SecretItem")), ("outputs", outputs("SecretValue"))]);
}

#[test]
fn the_page_of_a_chart_has_every_value() {
    let mut pages = 0;
    for chart in charts::charts().into_iter().filter(|chart| chart.join("README.md").is_file()) {
        pages += 1;
        let page = chart.strip_prefix(repo::root()).expect("ours").join("README.md");
        says(&page.display().to_string(), &[("values", values(&chart))]);
    }
    assert!(pages > 0, "no chart has a page");
}

#[test]
fn every_value_of_a_chart_has_a_description() {
    for chart in charts::charts() {
        let schema = yaml(&chart, "values.schema.json");
        let values = described("", &schema, &schema);
        assert!(values > 10, "{}: {values} values", chart.display());
    }
}

fn says(page: &str, parts: &[(&str, String)]) {
    let path = repo::root().join(page);
    let text = fs::read_to_string(&path).expect("the page");
    let mut right = text.clone();
    for (name, table) in parts {
        let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
        let from = right.find(&begin).unwrap_or_else(|| panic!("{page} has no {begin}")) + begin.len();
        let to = right.find(&end).unwrap_or_else(|| panic!("{page} has no {end}"));
        right.replace_range(from..to, table);
    }
    if std::env::var_os("PAGES").is_some_and(|word| word == "write") {
        fs::write(&path, right).expect("the page is written");
    } else {
        assert_eq!(text, right, "{page} (PAGES=write writes what the code says)");
    }
}

fn attributes(rows: &[Attribute]) -> String {
    let mut table =
        "| attribute | the API's name | value | where the API reports none |\n| --- | --- | --- | --- |\n"
            .to_owned();
    for row in rows {
        let none = if row.firm || !takes_none(&row.kind) { "" } else { ", or `none`" };
        let fifo = if row.fifo { "; FIFO only" } else { "" };
        let unread = if row.unread { "; emulators do not report it" } else { "" };
        let absent = if row.absent.is_empty() { String::new() } else { format!("`{}`", row.absent) };
        let line =
            format!("| `{}` | {} | {}{none}{fifo}{unread} | {absent} |", row.name, row.api, value(&row.kind));
        table += &(line.replace("|  |", "| |") + "\n");
    }
    table
}

fn value(kind: &Kind) -> String {
    match kind {
        Kind::Number { least, most, unit } => format!("{least} to {most} {unit}"),
        Kind::Flag => "`true` or `false`".to_owned(),
        Kind::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or "),
        Kind::Text(most) => format!("one line of at most {most} characters"),
        Kind::Arn => "an ARN".to_owned(),
        Kind::Json | Kind::Partial => "a JSON object".to_owned(),
        Kind::Policy => "a policy, as a JSON object".to_owned(),
        Kind::DeadLetters { counted: true } => {
            "`deadLetterQueue` or `deadLetterTargetArn`, and `maxReceiveCount` (1 to 1000)".to_owned()
        }
        Kind::DeadLetters { counted: false } => "`deadLetterQueue` or `deadLetterTargetArn`".to_owned(),
        Kind::Allowed => "`redrivePermission`: `allowAll`, `denyAll` or `byQueue`".to_owned(),
    }
}

fn takes_none(kind: &Kind) -> bool {
    !matches!(kind, Kind::Number { .. } | Kind::Flag | Kind::Word(_))
}

/// What the schema says of the keys of a thing.
fn keys(definition: &str) -> String {
    let schema: Value = serde_json::from_str(&config::schema()).expect("the schema is JSON");
    let keys = schema["definitions"][definition]["properties"].as_object().expect("keys").clone();
    let row = |(key, of): (&String, &Value)| {
        let what = of["description"].as_str().unwrap_or_default().replace('\n', " ");
        format!("| `{key}` | {what} |\n")
    };
    "| key | what it is |\n| --- | --- |\n".to_owned() + &keys.iter().map(row).collect::<String>()
}

/// What the schema says of the values of a thing.
fn outputs(definition: &str) -> String {
    let schema: Value = serde_json::from_str(&config::schema()).expect("the schema is JSON");
    let of = &schema["definitions"][definition];
    let one = std::slice::from_ref(of);
    let groups = of["oneOf"].as_array().map_or(one, Vec::as_slice);
    let mut table = "| value | what it is |\n| --- | --- |\n".to_owned();
    let mut rows = Vec::new();
    for group in groups {
        let what = group["description"].as_str().unwrap_or_default().replace('\n', " ");
        let words = group["enum"].as_array().cloned().unwrap_or_else(|| vec![group["const"].clone()]);
        rows.extend(words.iter().map(|word| format!("| `{}` | {what} |\n", word.as_str().expect("a word"))));
    }
    assert!(!rows.is_empty(), "{definition} has no values");
    table += &rows.concat();
    table
}

/// What a chart's schema says of its values, with what they are where nobody says it.
fn values(chart: &Path) -> String {
    let (schema, defaults) = (yaml(chart, "values.schema.json"), yaml(chart, "values.yaml"));
    "| value | default | what it is |\n| --- | --- | --- |\n".to_owned()
        + &rows("", &schema, &schema, &defaults)
}

fn rows(path: &str, of: &Yaml, schema: &Yaml, defaults: &Yaml) -> String {
    let row = |(key, of): (&Yaml, &Yaml)| {
        let key = key.as_str().expect("a key");
        let (path, of, default) = (format!("{path}{key}"), resolved(of, schema), &defaults[key]);
        if of.get("properties").is_some() {
            return rows(&format!("{path}."), &of, schema, default);
        }
        let default = match default {
            Yaml::String(text) if !text.is_empty() => format!("`{text}`"),
            Yaml::Bool(_) | Yaml::Number(_) => {
                format!("`{}`", serde_yaml::to_string(default).expect("a word").trim())
            }
            Yaml::Mapping(map) if !map.is_empty() => {
                format!("`{}`", serde_json::to_string(default).expect("JSON"))
            }
            _ => String::new(),
        };
        let what = of["description"].as_str().unwrap_or_default();
        format!("| `{path}` | {default} | {what} |\n").replace("|  |", "| |")
    };
    of["properties"].as_mapping().expect("properties").iter().map(row).collect()
}

/// How many values there are, each of which has to have a description of its own.
fn described(path: &str, of: &Yaml, schema: &Yaml) -> usize {
    let properties = of.get("properties").and_then(Yaml::as_mapping).into_iter().flatten();
    let named = properties.map(|(key, of)| (format!("{path}.{}", key.as_str().expect("a key")), of));
    let others = ["items", "additionalProperties"].map(|key| (format!("{path}[{key}]"), &of[key]));
    let all = named.chain(others.into_iter().filter(|(_, of)| of.is_mapping()));
    let each = all.map(|(path, of)| {
        let of = resolved(of, schema);
        let what = of["description"].as_str().unwrap_or_default();
        assert!(what.ends_with('.') && !what.contains(['\n', '|']), "{path}: {what:?}");
        1 + described(&path, &of, schema)
    });
    each.sum()
}

/// The schema of a value, where it stands; what it says itself counts.
fn resolved(of: &Yaml, schema: &Yaml) -> Yaml {
    let mut of = of.clone();
    if let Some(name) =
        of.get("$ref").and_then(Yaml::as_str).map(|path| path.trim_start_matches("#/definitions/"))
    {
        let definition = schema["definitions"][name].as_mapping().expect("a definition").clone();
        let map = of.as_mapping_mut().expect("a schema");
        for (key, value) in definition {
            map.entry(key).or_insert(value);
        }
    }
    of
}

/// A file of a chart. JSON is YAML, in which keys keep their order.
fn yaml(chart: &Path, file: &str) -> Yaml {
    let path = chart.join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
