//! Which queue of the file takes the dead letters of which.

use super::{
    super::{
        Fault,
        attribute::{Attributes, Setting},
        named::{Names, allowed, takes_dead_letters},
        reference::Allowed,
    },
    Queue,
};

/// Gives references the names of the store; each queue stands beside its path in the file.
pub(super) fn resolved(queues: Vec<(String, Queue)>) -> Result<Vec<Queue>, Fault> {
    let (paths, mut queues): (Vec<String>, Vec<Queue>) = queues.into_iter().unzip();
    let known = queues.clone();
    for (at, queue) in paths.iter().zip(&mut queues) {
        let fifo = queue.fifo();
        resolve(&mut queue.attributes, fifo, &Names(&known), at)?;
    }
    let circle = paths.iter().zip(&queues).find_map(|(at, queue)| Some((at, circle(queue, &queues)?)));
    match circle {
        Some((at, names)) => {
            let fault = format!("dead letters go round in a circle: {}", names.join(" -> "));
            Err(Fault::new(format!("{at}.attributes.redrivePolicy.deadLetterQueue"), fault))
        }
        None => Ok(queues),
    }
}

fn resolve(attributes: &mut Attributes, fifo: bool, names: &Names<'_>, at: &str) -> Result<(), Fault> {
    for (row, setting) in attributes.iter_mut() {
        let (key, resolved) = match setting {
            Setting::DeadLetters(dead) => {
                let kind = takes_dead_letters(fifo, &dead.queue);
                let resolved = names.resolved(dead.queue.clone()).and_then(|queue| kind.map(|()| queue));
                (dead.queue.key(), resolved.map(|queue| dead.queue = queue))
            }
            Setting::Allowed(written @ Allowed::By(_)) => {
                ("sourceQueues", allowed(written.clone(), names).map(|resolved| *written = resolved))
            }
            _ => continue,
        };
        resolved.map_err(|fault| Fault::new(format!("{at}.attributes.{}.{key}", row.name), fault))?;
    }
    Ok(())
}

/// The way of a queue's dead letters, by the names in the file, where it comes to a queue for the second time.
fn circle<'a>(queue: &'a Queue, all: &'a [Queue]) -> Option<Vec<&'a str>> {
    let mut names = vec![queue.written.as_str()];
    let mut next = queue.dead_letters();
    loop {
        let queue = next.and_then(|name| all.iter().find(|queue| queue.name == name))?;
        let again = names.contains(&queue.written.as_str());
        names.push(&queue.written);
        if again {
            return Some(names);
        }
        next = queue.dead_letters();
    }
}
