//! What queues and topics are called, and which queue a name of the file means.

use super::{
    Scope, fault,
    reference::{Allowed, QueueRef},
    sqs::Queue,
};

/// Whether a queue or a topic of this name is FIFO.
#[must_use]
pub fn is_fifo(name: &str) -> bool {
    name.ends_with(FIFO)
}

/// The end of the name of every FIFO queue and topic.
pub(super) const FIFO: &str = ".fifo";

/// What a queue or topic of a file is called in its store: the feature goes before `.fifo`.
pub(super) fn named(scope: &Scope, written: &str, max: usize) -> String {
    match written.strip_suffix(FIFO) {
        Some(stem) => scope.named(stem, max - FIFO.len()) + FIFO,
        None => scope.named(written, max),
    }
}

/// Refuses what no queue (80) or topic (256) can be called.
pub(super) fn check_name(name: &str, what: &str, max: usize) -> Result<(), String> {
    let stem = name.strip_suffix(FIFO).unwrap_or(name);
    let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if stem.is_empty() || name.len() > max || !stem.bytes().all(legal) {
        return Err(format!(
            "{name:?} is no name of a {what}: 1 to {max} letters, digits, dashes and underscores, .fifo at the \
             end of a FIFO {what}'s included"
        ));
    }
    Ok(())
}

/// Why two things of a file cannot both be made: in the store they are called `name`.
pub(super) fn one_name(what: &str, first: &str, second: &str, name: &str) -> String {
    if first == second {
        format!("{what} {second:?} is there twice")
    } else {
        format!("{what}s {first:?} and {second:?} both come to {name:?}: rename one")
    }
}

/// The queues of a file by their names there, for what refers to them.
pub(super) struct Names<'a>(pub(super) &'a [Queue]);

impl Names<'_> {
    /// The reference with the name in the store.
    pub(super) fn resolved(&self, reference: QueueRef) -> Result<QueueRef, String> {
        let QueueRef::Own(written) = &reference else { return Ok(reference) };
        match self.0.iter().find(|queue| queue.written == *written) {
            Some(queue) => Ok(QueueRef::Own(queue.name.clone())),
            None => {
                let known: Vec<_> = self.0.iter().map(|queue| queue.written.as_str()).collect();
                Err(format!("the file has no queue {written:?}{}", fault::meant(written, &known)))
            }
        }
    }
}

pub(super) fn allowed(allowed: Allowed, names: &Names<'_>) -> Result<Allowed, String> {
    Ok(match allowed {
        Allowed::By(queues) => {
            Allowed::By(queues.into_iter().map(|queue| names.resolved(queue)).collect::<Result<_, _>>()?)
        }
        other => other,
    })
}

/// Whether this is one that a queue of that kind can have for its dead letters.
pub(super) fn takes_dead_letters(fifo: bool, target: &QueueRef) -> Result<(), String> {
    if is_fifo(target.name()) == fifo {
        return Ok(());
    }
    let name = target.name();
    Err(if fifo {
        format!("{name:?} is no FIFO queue, and the dead letters of a FIFO queue go to a FIFO queue alone")
    } else {
        format!("{name:?} is a FIFO queue, and takes the dead letters of FIFO queues alone")
    })
}
