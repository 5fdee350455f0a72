//! Every attribute that a file can set, at both emulators: set, read without the hook, changed by somebody else,
//! found, repaired, left alone, taken away. What an emulator cannot do is said in the table, and is seen too.

mod cases;
mod page;
mod subject;

use acceptance::hook::Ended;
use provision::config::{
    attribute::{Attribute, Table},
    sns::{SubscriptionTable, TopicTable},
    sqs::QueueTable,
};
use serde_json::{Value, json};

use cases::{Case, Limit, QUEUES, SUBSCRIPTIONS, TOPICS, Takes};
use subject::{Place, Subject};

/// A feature's name for each table and emulator, so that all can run at once.
macro_rules! at_both_emulators {
    ($($name:ident($subject:expr, $feature:literal);)+) => {
        mod localstack {
            $(#[test] fn $name() {
                super::hold(&super::Place::localstack(), $subject, concat!($feature, "-ls"), |case| &case.localstack);
            })+
        }
        mod moto {
            $(#[test] fn $name() {
                super::hold(&super::Place::moto(), $subject, concat!($feature, "-moto"), |case| &case.moto);
            })+
        }
    };
}

at_both_emulators! {
    every_attribute_of_a_queue_is_set_found_changed_and_repaired(super::Subject::Queue, "attr-queue");
    every_attribute_of_a_topic_is_set_found_changed_and_repaired(super::Subject::Topic, "attr-topic");
    every_attribute_of_a_subscription_is_set_found_changed_and_repaired(super::Subject::Subscription, "attr-sub");
}

#[test]
fn every_row_of_a_table_has_a_case_and_no_case_is_of_another() {
    let names = |rows: &[Attribute]| rows.iter().map(|row| row.name).collect::<Vec<_>>();
    let covered = |cases: &[Case]| cases.iter().map(|case| case.row).collect::<Vec<_>>();
    assert_eq!(covered(QUEUES), names(QueueTable::ROWS));
    assert_eq!(covered(TOPICS), names(TopicTable::ROWS));
    assert_eq!(covered(SUBSCRIPTIONS), names(SubscriptionTable::ROWS));
}

/// Runs all cases of a table, and says all that failed.
fn hold(place: &Place, subject: Subject, feature: &'static str, limit: fn(&Case) -> &Limit) {
    let _swept = place.emulator.swept(feature);
    let mut faults = Vec::new();
    for case in subject.cases() {
        let trial = Trial { place, subject, feature, case, row: subject.row(case) };
        let limit = limit(case);
        let held = match limit {
            Limit::Refused(code) => trial.is_refused(code),
            Limit::Turns | Limit::Fixed => trial.stays_what_it_was_made(*limit == Limit::Turns),
            Limit::Unread | Limit::Forgotten => trial.is_taken_and_not_reported(*limit == Limit::Unread),
            Limit::None => trial.is_held(trial.row.api),
            Limit::Renamed(name) => trial.is_held(name),
        };
        faults.extend(held.err().map(|fault| format!("{}: {fault}", case.row)));
    }
    assert_eq!(faults, Vec::<String>::new());
}

/// One attribute at one emulator.
struct Trial<'a> {
    place: &'a Place,
    subject: Subject,
    feature: &'static str,
    case: &'a Case,
    row: &'static Attribute,
}

impl Trial<'_> {
    fn is_held(&self, reported_as: &str) -> Result<(), String> {
        let means = self.place.filled(self.case.means, self.feature);
        let has_it = |when: &str| match self.read(reported_as) {
            Some(found) if same(&found, &means) => Ok(()),
            found => Err(format!("{when}: {found:?} is not {means}")),
        };
        self.apply(self.case.says)?;
        has_it("after the first apply")?;
        self.keeps(self.case.says, "after the first apply")?;

        let drifts = self.place.filled(self.case.drifts, self.feature);
        self.subject.write(self.place, &self.name(), self.row.api, &drifts);
        let from = self.read(reported_as).unwrap_or_default();
        let fields = self.changes("plan", self.case.says)?;
        let expected = json!([{"field": self.subject.field(self.place, self.row.name), "from": from}]);
        let to = fields[0]["to"].as_str().unwrap_or_default().to_owned();
        if bare(&fields) != expected || !same(&to, &means) {
            return Err(format!("the plan is {fields}, not from {expected} to {means}"));
        }
        let repaired = self.changes("apply", self.case.says)?;
        if repaired != fields {
            return Err(format!("apply changed {repaired}, and the plan was {fields}"));
        }
        has_it("after the repair")?;
        self.keeps(self.case.says, "after the repair")?;
        if let Some(turned) = turned(&means) {
            self.subject.write(self.place, &self.name(), self.row.api, &turned);
            self.keeps(self.case.says, "with the same in another order")?;
        }
        if self.case.takes == Takes::AValue {
            return Ok(());
        }
        self.apply("none")?;
        match self.read(reported_as) {
            Some(left) if !["", "{}"].contains(&&*left) => Err(format!("none leaves {left}")),
            _ => self.keeps("none", "without a value"),
        }
    }

    /// `unread`: the hook knows of it, and leaves it alone.
    fn is_taken_and_not_reported(&self, unread: bool) -> Result<(), String> {
        let warning = format!(
            "warning: {}: {} is not reported here",
            self.thing(),
            self.subject.field(self.place, self.row.name)
        );
        for round in 0..3 {
            let ended = self.hook("apply", self.case.says);
            let word = match (round, unread) {
                (0, _) => "create",
                (_, true) => "keep",
                (_, false) => "update",
            };
            let says = self.line(&ended).is_some_and(|line| line["change"] == word);
            expect(ended.code == Some(0) && says && ended.stderr.contains(&warning), &ended)?;
            if let Some(found) = self.read(self.row.api) {
                return Err(format!("it is reported: {found}"));
            }
        }
        Ok(())
    }

    fn is_refused(&self, code: &str) -> Result<(), String> {
        let ended = self.hook("apply", self.case.says);
        expect(ended.code == Some(5) && ended.last_line().contains(code), &ended)
    }

    /// `turns`: the emulator lets somebody make the thing another kind, which the hook never does.
    fn stays_what_it_was_made(&self, turns: bool) -> Result<(), String> {
        self.apply(self.case.says)?;
        self.keeps(self.case.says, "after the first apply")?;
        let turned = self.subject.try_write(self.place, &self.name(), self.row.api, self.case.drifts);
        if turned.is_ok() != turns {
            return Err(format!("turning it: {turned:?}"));
        }
        if turns {
            for verb in ["plan", "apply"] {
                let ended = self.hook(verb, self.case.says);
                expect(
                    ended.code == Some(5) && ended.last_line().contains("stays what it was made"),
                    &ended,
                )?;
            }
        }
        Ok(())
    }

    fn apply(&self, says: &str) -> Result<(), String> {
        let ended = self.hook("apply", says);
        expect(ended.code == Some(0), &ended)
    }

    /// A further apply changes nothing at all.
    fn keeps(&self, says: &str, when: &str) -> Result<(), String> {
        let ended = self.hook("apply", says);
        let all = ended.json().iter().all(|line| line["change"] == "keep");
        expect(ended.code == Some(0) && all, &ended).map_err(|said| format!("{when}: {said}"))
    }

    /// The fields of the one thing that the run changes.
    fn changes(&self, verb: &str, says: &str) -> Result<Value, String> {
        let ended = self.hook(verb, says);
        let fields =
            self.line(&ended).filter(|line| line["change"] == "update").map(|mut line| line["fields"].take());
        expect(ended.code == Some(0) && fields.is_some(), &ended)?;
        Ok(fields.unwrap_or_default())
    }

    fn hook(&self, verb: &str, says: &str) -> Ended {
        let config = self.subject.config(self.place, self.feature, self.case, says);
        self.subject.hook().run(verb, &config, &["--output=json", "--timeout=10s"])
    }

    fn line(&self, ended: &Ended) -> Option<Value> {
        ended.json().into_iter().find(|line| line["thing"] == self.thing())
    }

    fn thing(&self) -> String {
        format!("{}/{}", self.subject.section(), self.name())
    }

    fn name(&self) -> String {
        self.subject.name(self.case, self.feature)
    }

    fn read(&self, api: &str) -> Option<String> {
        self.subject.read(self.place, &self.name(), api)
    }
}

fn expect(held: bool, ended: &Ended) -> Result<(), String> {
    if held { Ok(()) } else { Err(ended.said()) }
}

/// The fields without what they are to become.
fn bare(fields: &Value) -> Value {
    let mut fields = fields.clone();
    for field in fields.as_array_mut().into_iter().flatten() {
        field.as_object_mut().map(|field| field.remove("to"));
    }
    fields
}

/// A JSON object in another order, with more spaces and with texts for numbers.
fn turned(text: &str) -> Option<String> {
    let json: Value = serde_json::from_str(text).ok()?;
    let fields = json.as_object()?.iter().rev();
    let fields = fields.map(|(key, value)| match value {
        Value::Number(number) if key == "maxReceiveCount" => format!("\"{key}\" : \"{number}\""),
        value => format!("\"{key}\" : {value:#}"),
    });
    Some(format!("{{ {} }}", fields.collect::<Vec<_>>().join(" , ")))
}

/// Whether two values mean the same: as texts, or as JSON whose numbers may be texts.
fn same(one: &str, other: &str) -> bool {
    let json = |text: &str| serde_json::from_str::<Value>(text).map(texts);
    one == other || matches!((json(one), json(other)), (Ok(one), Ok(other)) if one == other)
}

fn texts(json: Value) -> Value {
    match json {
        Value::Number(number) => Value::String(number.to_string()),
        Value::Array(all) => all.into_iter().map(texts).collect(),
        Value::Object(all) => {
            Value::Object(all.into_iter().map(|(key, value)| (key, texts(value))).collect())
        }
        other => other,
    }
}
