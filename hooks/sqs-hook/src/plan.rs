//! What must happen to a queue. Pure.

use aws::{field, value};
use provision::{
    change::{Change, Difference},
    config::{named::is_fifo, sqs::Queue},
};

use crate::Have;

pub(crate) fn change(want: &Queue, have: Option<&Have>) -> Change {
    let Some(have) = have else {
        return Change::Create(field::made(&want.attributes, &want.extra, &want.tags));
    };
    let kind = have.attributes.get("FifoQueue").is_some_and(|fifo| fifo == "true");
    if kind != want.fifo() {
        return Change::Refuse(field::other_kind("queue", kind));
    }
    let reported = |name: &str| have.attributes.get(name).map(String::as_str);
    let attributes = want
        .attributes
        .iter()
        .filter(|(row, _)| row.name != "fifoQueue" && !have.blind.contains(row.name))
        .filter_map(|(row, setting)| value::difference(row, setting, reported(row.api), &have.arn));
    let mut differences: Vec<Difference> = attributes.collect();
    differences.extend(field::extra_differences(&want.extra, reported));
    differences.extend(field::tag_differences(&want.tags, &have.tags));
    Change::of(differences)
}

/// Whether a queue of this name can take the dead letters of `queue`.
pub(crate) fn alike(queue: &Queue, name: &str) -> bool {
    queue.fifo() == is_fifo(name)
}
