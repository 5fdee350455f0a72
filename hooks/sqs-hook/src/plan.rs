//! What must happen to a queue. Pure.

use aws::value;
use provision::{
    change::{Change, Difference, NONE},
    config::{
        attribute::{Attribute, Setting},
        named::is_fifo,
        sqs::Queue,
    },
};

use crate::Have;

pub(crate) fn change(want: &Queue, have: Option<&Have>) -> Change {
    let Some(have) = have else { return Change::Create(fields(want)) };
    let kind = have.attributes.get("FifoQueue").is_some_and(|fifo| fifo == "true");
    if kind != want.fifo() {
        return Change::Refuse(format!(
            "it is {} FIFO queue, and a queue stays what it was made: delete it or choose another name",
            if kind { "a" } else { "no" }
        ));
    }
    let reported = |name: &str| have.attributes.get(name).map(String::as_str);
    let attributes = want
        .attributes
        .iter()
        .filter(|(row, _)| row.name != "fifoQueue" && !have.blind.contains(row.name))
        .filter_map(|(row, setting)| value::difference(row, setting, reported(row.api), &have.arn));
    let extra = want.extra.iter().filter(|(name, value)| reported(name) != Some(value.as_str()));
    let extra = extra.map(|(name, value)| Difference::new(name, reported(name).unwrap_or(NONE), value));
    let tags = want.tags.iter().filter(|(key, value)| have.tags.get(*key) != Some(*value));
    let tags = tags.map(|(key, value)| {
        Difference::new(tag(key), have.tags.get(key).map_or(NONE, String::as_str), value)
    });
    Change::of(attributes.chain(extra).chain(tags).collect())
}

/// What reports call a tag: a tag and an attribute can have one name.
pub(crate) fn tag(key: &str) -> String {
    format!("tags.{key}")
}

/// What a queue is made with. Where its ARN is not known yet, a queue of ours is called by its name.
fn fields(want: &Queue) -> Vec<Difference> {
    let attributes = want.attributes.iter().filter_map(|(row, setting)| shown(row, setting));
    let extra = want.extra.iter().map(|(name, value)| Difference::new(name, NONE, value));
    let tags = want.tags.iter().map(|(key, value)| Difference::new(tag(key), NONE, value));
    attributes.chain(extra).chain(tags).collect()
}

fn shown(row: &Attribute, setting: &Setting) -> Option<Difference> {
    let text = match setting {
        Setting::Unset => return None,
        Setting::Text(text) => text.clone(),
        Setting::Json(json) => json.to_string(),
        Setting::DeadLetters(dead) => match dead.max_receives {
            Some(most) => format!("{} after {most}", dead.queue.name()),
            None => dead.queue.name().to_owned(),
        },
        Setting::Allowed(_) => value::written(setting, None).unwrap_or_else(|_| "by queue".to_owned()),
    };
    Some(Difference::new(row.name, NONE, text))
}

/// Whether a queue of this name can take the dead letters of `queue`.
pub(crate) fn alike(queue: &Queue, name: &str) -> bool {
    queue.fifo() == is_fifo(name)
}
