//! The only retry policy: what is unreachable is tried again until the deadline, all else never.

use std::{cell::Cell, future::Future, time::Duration};

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::time::{Instant, sleep, timeout};

use crate::{error::Error, talk};

/// How long one call may take.
const CALL: Duration = Duration::from_secs(10);
/// How often somebody who watches is told what is waited for.
const NOTICE: Duration = Duration::from_secs(10);
/// With less than this left no further try is worth its while; so the last one comes just before the end.
const LAST: Duration = Duration::from_millis(500);
// backon's jitter adds up to the delay once more, so these are half of the longest pauses: at most
// 200 ms, 400 ms and so on, and never more than 5 s.
const PAUSES: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(100))
    .with_factor(2.0)
    .with_max_delay(Duration::from_millis(2500))
    .without_max_times()
    .with_jitter();

/// The patience of one run: one deadline for all of its calls together.
pub(crate) struct Patience {
    began: Instant,
    deadline: Instant,
    noticed: Cell<Option<Instant>>,
}

impl Patience {
    pub(crate) fn new(total: Duration) -> Self {
        let began = Instant::now();
        Self { began, deadline: began + total, noticed: Cell::new(None) }
    }

    /// The outcome of `call`, which is made again while it says [`Error::Unreachable`] and there is
    /// time. `place` names the other side, for people who wait.
    pub(crate) async fn call<T, F>(&self, place: &str, mut call: impl FnMut() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut pauses = PAUSES.build();
        loop {
            let allowed = CALL.min(self.left());
            let error = match timeout(allowed, call()).await {
                Ok(Err(error @ Error::Unreachable(_))) => error,
                Ok(outcome) => return outcome,
                Err(_) => Error::unreachable(format!("no answer in {}", seconds(allowed))),
            };
            let left = self.left();
            if left < LAST {
                let tried = seconds(self.began.elapsed());
                return Err(error.worded(|text| format!("{text} (out of time after {tried})")));
            }
            if self.noticed.get().is_none_or(|last| last.elapsed() >= NOTICE) {
                self.noticed.set(Some(Instant::now()));
                talk(&format!("waiting for {place}: {error}"));
            }
            let pause = pauses.next().unwrap_or(NOTICE).min(left.saturating_sub(LAST / 2));
            sleep(pause).await;
        }
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

fn seconds(time: Duration) -> String {
    format!("{}s", time.as_secs_f64().round())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_unreachable_is_tried_until_it_answers() {
        let tries = Cell::new(0);
        let outcome = Patience::new(Duration::from_mins(1))
            .call("here", || async {
                tries.set(tries.get() + 1);
                if tries.get() < 4 { Err(Error::unreachable("refused")) } else { Ok(tries.get()) }
            })
            .await;
        assert_eq!(outcome, Ok(4));
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_ends_it_and_the_cause_stays() {
        let (began, tries) = (Instant::now(), Cell::new(0));
        let outcome = Patience::new(Duration::from_mins(1))
            .call("here", || async {
                tries.set(tries.get() + 1);
                Err::<(), _>(Error::unreachable("connection refused"))
            })
            .await;
        let error = outcome.expect_err("never answers");
        assert!(error.to_string().starts_with("connection refused (out of time after "), "{error}");
        assert!(began.elapsed() <= Duration::from_mins(1));
        // 13 pauses of at most 5 s fill a minute, and those of at least 2.5 s are at most 24.
        assert!((13..=35).contains(&tries.get()), "{}", tries.get());
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_hangs_is_given_up_and_made_again() {
        let tries = Cell::new(0);
        let outcome = Patience::new(Duration::from_mins(1))
            .call("here", || async {
                tries.set(tries.get() + 1);
                if tries.get() == 1 {
                    std::future::pending::<()>().await;
                }
                Ok(tries.get())
            })
            .await;
        assert_eq!(outcome, Ok(2));
    }

    #[tokio::test(start_paused = true)]
    async fn other_errors_are_final() {
        for error in [Error::config("a"), Error::refused("b"), Error::internal("c")] {
            let tries = Cell::new(0);
            let text = error.to_string();
            let error = Cell::new(Some(error));
            let outcome = Patience::new(Duration::from_mins(1))
                .call("here", || async {
                    tries.set(tries.get() + 1);
                    Err::<(), _>(error.take().expect("called once"))
                })
                .await;
            assert_eq!((outcome.expect_err("final").to_string(), tries.get()), (text, 1));
        }
    }
}
