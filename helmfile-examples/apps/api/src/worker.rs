use std::{
    convert::Infallible,
    io::{self, Write as _},
    time::Duration,
};

use backon::{BackoffBuilder as _, ExponentialBuilder};

use crate::{
    inbox::Inbox,
    queue::{Queue, QueueError},
};

/// Moves messages from the queue to the inbox for as long as it is polled. It outlives every error:
/// a queue that is not there yet is waited for, and each change for the better or the worse is one
/// line on stderr.
pub(crate) async fn work(queue: &Queue, inbox: &Inbox) -> Infallible {
    let patience = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(250))
        .with_max_delay(Duration::from_secs(5))
        .with_jitter()
        .without_max_times();
    let mut link = Link::Unknown;
    let mut delays = patience.build();
    loop {
        match take(queue, inbox).await {
            Ok(()) => {
                delays = patience.build();
                if link.becomes(Link::Up) {
                    say(&format!("worker reads {}", queue.url()));
                }
            }
            Err(error) => {
                let cause = error.to_string();
                if link.becomes(Link::Down(error)) {
                    say(&format!("worker cannot {cause}; it tries again"));
                }
                tokio::time::sleep(delays.next().expect("delays without an end")).await;
            }
        }
    }
}

async fn take(queue: &Queue, inbox: &Inbox) -> Result<(), QueueError> {
    for message in queue.receive().await? {
        // Recorded first: a message that comes again is known, one that was lost is not.
        inbox.record(&message.id, &message.body);
        queue.delete(&message).await?;
    }
    Ok(())
}

fn say(line: &str) {
    // With stderr closed there is nobody left to tell, and messages still to be read.
    let _ = writeln!(io::stderr(), "{line}");
}

/// How the worker last found the queue.
#[derive(Debug, PartialEq, Eq)]
enum Link {
    Unknown,
    Up,
    Down(QueueError),
}

impl Link {
    /// Takes the new state, and says whether it is another one.
    fn becomes(&mut self, state: Self) -> bool {
        let changed = *self != state;
        *self = state;
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_of_state_is_worth_a_line() {
        let down = |cause: &str| {
            Link::Down(QueueError { act: "receive from", url: "q".to_owned(), cause: cause.to_owned() })
        };
        let mut link = Link::Unknown;
        let cases = [
            (down("refused"), true),
            (down("refused"), false),
            (down("no such queue"), true),
            (Link::Up, true),
            (Link::Up, false),
            (down("refused"), true),
        ];
        for (state, changed) in cases {
            let case = format!("{link:?} -> {state:?}");
            assert_eq!(link.becomes(state), changed, "{case}");
        }
    }
}
