//! Which queue of the file takes the dead letters of which.

use super::{Allowed, Attributes, Fault, Names, Queue, Setting, allowed, takes_dead_letters};

/// Gives references the names of the store; each queue stands beside its path in the file.
pub(super) fn resolved(queues: Vec<(String, Queue)>) -> Result<Vec<Queue>, Fault> {
    let (paths, mut queues): (Vec<String>, Vec<Queue>) = queues.into_iter().unzip();
    let known = queues.clone();
    for (at, queue) in paths.iter().zip(&mut queues) {
        let fifo = queue.fifo();
        resolve(&mut queue.attributes, fifo, &Names(&known), at)?;
    }
    match paths.iter().zip(&queues).find(|(_, queue)| goes_round(queue, &queues)) {
        Some((at, _)) => {
            let fault = "the dead letters of these queues go round in a circle";
            Err(Fault::new(format!("{at}.attributes.redrivePolicy"), fault))
        }
        None => Ok(queues),
    }
}

fn resolve(attributes: &mut Attributes, fifo: bool, names: &Names<'_>, at: &str) -> Result<(), Fault> {
    for (row, setting) in attributes.iter_mut() {
        let resolved = match setting {
            Setting::DeadLetters(dead) => names.resolved(dead.queue.clone()).and_then(|queue| {
                takes_dead_letters(fifo, &queue)?;
                dead.queue = queue;
                Ok(())
            }),
            Setting::Allowed(written @ Allowed::By(_)) => {
                allowed(written.clone(), names).map(|resolved| *written = resolved)
            }
            _ => Ok(()),
        };
        resolved.map_err(|fault| Fault::new(format!("{at}.attributes.{}", row.name), fault))?;
    }
    Ok(())
}

/// Whether the dead letters of a queue come to a queue for the second time.
fn goes_round(queue: &Queue, all: &[Queue]) -> bool {
    let mut next = queue.dead_letters();
    for _ in all {
        match next.and_then(|name| all.iter().find(|queue| queue.name == name)) {
            Some(queue) => next = queue.dead_letters(),
            None => return false,
        }
    }
    true
}
