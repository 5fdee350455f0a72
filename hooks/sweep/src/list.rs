//! The list of copies: who is behind them, until when they live, and what they hold.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use jiff::Timestamp;
use provision::{
    error::Error,
    report::{Report, in_one_line},
    retry::Patience,
};
use serde_json::{Value, json};

use crate::{
    args::{All, As},
    clock::Due,
    cluster::Asked,
    copies::{Copy, copies},
    record::Status,
    run::{every, things},
    stores::Stores,
};

/// Prints the list. What cannot be asked is said, and all else is listed.
pub(crate) async fn list(all: &All, output: As, report: &Report) -> Result<(), Error> {
    let sweep = all.sweep()?;
    let patience = Patience::new(all.timeout(), report);
    let asked = Asked::connect(&patience).await?;
    let namespaces = all.namespaces(&sweep, &asked)?;
    let recorded = asked.recorded(&namespaces).await?;
    let stores = Stores::beside(&sweep.back_ends, report);
    let (mut things, faults) = things(&asked, &stores, &sweep, &namespaces, &BTreeSet::new()).await;
    let rules = all.rules(&sweep, &namespaces);
    things
        .retain(|thing| rules.asks(thing.owner.namespace()) || rules.leaves_unasked(thing.owner.namespace()));
    let mut copies = copies(recorded.releases, things);
    copies.retain(|copy| rules.feature.is_none_or(|feature| copy.name.feature == *feature));
    report.text(&written(&copies, output, rules.now))?;
    every(faults.into_iter().map(|(_, error)| error).collect())
}

/// The list as a text.
fn written(copies: &[Copy], output: As, now: Timestamp) -> String {
    match output {
        As::Json => copies.iter().map(|copy| format!("{}\n", object(copy))).collect(),
        As::Text => columns(&rows(copies, now)),
        As::Markdown => markdown(&rows(copies, now)),
    }
}

const HEADS: [&str; 8] = ["FEATURE", "NAMESPACE", "DUE", "AGE", "BY", "RELEASES", "HOLDS", "SOURCE"];

fn rows(copies: &[Copy], now: Timestamp) -> Vec<[String; 8]> {
    let dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
    let list = |texts: Vec<String>| if texts.is_empty() { "-".to_owned() } else { texts.join(", ") };
    let row = |copy: &Copy| {
        let holds = holds(copy);
        let counted = holds.iter().map(|(kind, names)| format!("{} {kind}", names.len()));
        [
            copy.name.feature.to_string(),
            copy.name.namespace.clone(),
            due(copy, now),
            span(now.duration_since(copy.since()).as_secs()),
            dash(copy.by()),
            list(copy.releases.iter().map(|release| release.head.release.clone()).collect()),
            list(counted.collect()),
            dash(copy.source()),
        ]
        .map(|cell| in_one_line(&cell))
    };
    copies.iter().map(row).collect()
}

fn due(copy: &Copy, now: Timestamp) -> String {
    match copy.due() {
        None => "no release".to_owned(),
        Some(Due::Never(why)) => why.to_string(),
        Some(Due::At(at)) if at <= now => format!("{} ago", span(now.duration_since(at).as_secs())),
        Some(Due::At(at)) => format!("in {}", span(at.duration_since(now).as_secs())),
    }
}

/// What a copy holds: names by the kind of thing, each once.
fn holds(copy: &Copy) -> BTreeMap<&str, Vec<&str>> {
    let mut holds = BTreeMap::<&str, Vec<&str>>::new();
    for thing in &copy.things {
        let name = thing.name.split_once('/').map_or(thing.name.as_str(), |(_, name)| name);
        let names = holds.entry(thing.kind()).or_default();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    holds
}

fn object(copy: &Copy) -> Value {
    let status = |status| match status {
        Status::Installed => "installed",
        Status::Pending => "pending",
        Status::Uninstalling => "uninstalling",
        Status::Uninstalled => "uninstalled",
    };
    let releases = copy.releases.iter().map(|release| {
        let head = &release.head;
        json!({
            "name": head.release,
            "revision": head.revision,
            "status": status(head.status),
            "deployed": head.began.to_string(),
        })
    });
    let (due, why) = match copy.due() {
        None => (Value::Null, Some("no release".to_owned())),
        Some(Due::Never(why)) => (json!("never"), Some(why.to_string())),
        Some(Due::At(at)) => (json!(at.to_string()), None),
    };
    let mut object = json!({
        "feature": copy.name.feature.as_str(),
        "namespace": copy.name.namespace,
        "releases": releases.collect::<Vec<_>>(),
        "since": copy.since().to_string(),
        "due": due,
        "holds": holds(copy),
    });
    let texts = [("why", why.as_deref()), ("by", copy.by()), ("source", copy.source())];
    for (key, text) in texts {
        if let Some(text) = text {
            object[key] = json!(text);
        }
    }
    object
}

/// The two greatest units of some seconds: `2d 3h`.
fn span(seconds: i64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let mut rest = seconds.max(0);
    let mut parts = Vec::new();
    for (each, unit) in units {
        if rest >= each || unit == "s" && parts.is_empty() {
            parts.push(format!("{}{unit}", rest / each));
        } else if !parts.is_empty() {
            break;
        }
        rest %= each;
    }
    parts.truncate(2);
    parts.join(" ")
}

fn columns(rows: &[[String; 8]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([HEADS[column].len()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
    let mut text = String::new();
    for row in [HEADS.map(str::to_owned)].iter().chain(rows) {
        let line = row.iter().zip(&widths).fold(String::new(), |mut line, (cell, width)| {
            write!(line, "{cell:<width$}  ").expect("a String takes all");
            line
        });
        text += line.trim_end();
        text.push('\n');
    }
    text
}

fn markdown(rows: &[[String; 8]]) -> String {
    let heads = HEADS.map(str::to_lowercase);
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule = format!("|{}\n", " --- |".repeat(HEADS.len()));
    [line(&heads), rule].into_iter().chain(rows.iter().map(|row| line(row))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_its_two_greatest_units() {
        let cases = [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (3661, "1h 1m"),
            (90_000, "1d 1h"),
            (86_460, "1d"),
            (-5, "0s"),
        ];
        for (seconds, text) in cases {
            assert_eq!(span(seconds), text);
        }
    }

    #[test]
    fn columns_are_as_wide_as_their_cells_and_a_bar_stays_in_its_cell() {
        let row = ["feat1", "demo", "in 5h", "1h", "a|b", "web-feat1", "2 sqs", "-"].map(str::to_owned);
        let text = columns(std::slice::from_ref(&row));
        assert_eq!(
            text.lines().next(),
            Some("FEATURE  NAMESPACE  DUE    AGE  BY   RELEASES   HOLDS  SOURCE")
        );
        assert_eq!(text.lines().last(), Some("feat1    demo       in 5h  1h   a|b  web-feat1  2 sqs  -"));
        assert!(
            markdown(&[row]).ends_with("| feat1 | demo | in 5h | 1h | a\\|b | web-feat1 | 2 sqs | - |\n")
        );
    }
}
