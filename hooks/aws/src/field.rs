//! The fields of a queue or topic as reports have them: attributes, attributes newer than the hook, tags.

use std::collections::BTreeMap;

use provision::{
    change::{Difference, NONE},
    config::attribute::{Attributes, Setting},
    marks::Tags,
};

use crate::value;

/// What reports call a tag: a tag and an attribute can have one name.
#[must_use]
pub fn tag(key: &str) -> String {
    format!("tags.{key}")
}

/// Why a queue or a topic that is there cannot become what is wanted; `fifo` says what it is.
#[must_use]
pub fn other_kind(what: &str, fifo: bool) -> String {
    let article = if fifo { "a" } else { "no" };
    format!(
        "it is {article} FIFO {what}, and a {what} stays what it was made: delete it or choose another name"
    )
}

/// What people should know of fields that an emulator has taken and does not report.
pub fn not_reported<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<String> {
    names.into_iter().map(|name| format!("{name} is not reported here: its drift cannot be seen")).collect()
}

/// What a thing is made with.
#[must_use]
pub fn made(attributes: &Attributes, extra: &BTreeMap<String, String>, tags: &Tags) -> Vec<Difference> {
    let mut fields = attributes_made(attributes);
    fields.extend(extra_differences(extra, |_| None));
    fields.extend(tag_differences(tags, &Tags::new()));
    fields
}

/// The attributes that a thing is made with. Its ARN is not known yet: a queue of ours is called by its name.
#[must_use]
pub fn attributes_made(attributes: &Attributes) -> Vec<Difference> {
    let shown = |setting: &Setting| match setting {
        Setting::Unset => None,
        Setting::Text(text) => Some(text.clone()),
        Setting::Json(json) => Some(json.to_string()),
        Setting::DeadLetters(dead) => Some(match dead.max_receives {
            Some(most) => format!("{} after {most}", dead.queue.name()),
            None => dead.queue.name().to_owned(),
        }),
        Setting::Allowed(_) => Some(value::written(setting, None).unwrap_or_else(|_| "by queue".to_owned())),
    };
    let fields = attributes.iter().filter_map(|(row, setting)| Some((row.name, shown(setting)?)));
    fields.map(|(name, text)| Difference::new(name, NONE, text)).collect()
}

/// What differs of attributes that no table knows; `reported` is by the API's names.
#[must_use]
pub fn extra_differences<'h>(
    wanted: &BTreeMap<String, String>,
    reported: impl Fn(&str) -> Option<&'h str>,
) -> Vec<Difference> {
    let differ = wanted.iter().filter(|(name, value)| reported(name) != Some(value.as_str()));
    differ.map(|(name, value)| Difference::new(name, reported(name).unwrap_or(NONE), value)).collect()
}

/// What differs of the file's own tags.
#[must_use]
pub fn tag_differences(wanted: &Tags, reported: &Tags) -> Vec<Difference> {
    let differ = wanted.iter().filter(|(key, value)| reported.get(*key) != Some(*value));
    let from = |key: &String| reported.get(key).map_or(NONE, String::as_str);
    differ.map(|(key, value)| Difference::new(tag(key), from(key), value)).collect()
}
