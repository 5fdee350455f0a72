use std::{convert::Infallible, time::Duration};

use backon::{BackoffBuilder as _, ExponentialBuilder};

use crate::{
    error::StoreError,
    inbox::Inbox,
    link::{Link, say},
    queue::Queue,
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

async fn take(queue: &Queue, inbox: &Inbox) -> Result<(), StoreError> {
    for message in queue.receive().await? {
        // Recorded first: a message that comes again is known, one that was lost is not.
        inbox.record(&message.id, &message.body);
        queue.delete(&message).await?;
    }
    Ok(())
}
