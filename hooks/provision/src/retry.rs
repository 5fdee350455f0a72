//! The only retry policy: what is unreachable is tried again until the deadline, all else never.
//!
//! Pauses grow exponentially with full jitter; a back end that says when to come back is taken by its word.

use std::{cell::RefCell, future::Future, pin::pin, time::Duration};

use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::{error::Error, report::Report};

/// How long one call may take, of which each request has a limit of its own in the client that sends it.
const CALL: Duration = Duration::from_mins(1);
/// How often somebody who watches is told what is waited for.
const NOTICE: Duration = Duration::from_secs(10);
/// With less than this left no further try is worth its while; so the last one comes just before the end.
const LAST: Duration = Duration::from_millis(500);
/// The longest first pause, which doubles each time.
const FIRST: Duration = Duration::from_millis(200);
/// The longest pause of all.
const LONGEST: Duration = Duration::from_secs(5);
/// How long keys that are not known may become known: a new one of AWS takes seconds to be known everywhere.
const NEW_KEYS: Duration = Duration::from_secs(15);

/// The patience of one run: one deadline for all of its calls together.
pub struct Patience<'a> {
    report: &'a Report,
    began: Instant,
    deadline: Instant,
    waiting: RefCell<Option<Waiting>>,
}

/// What somebody who watches is told while nothing else happens.
struct Waiting {
    /// None where something has been answered since.
    cause: Option<String>,
    /// Not before, whatever has happened in between.
    next: Instant,
}

/// The pauses between the tries of one thing.
#[derive(Default)]
pub(crate) struct Pauses {
    tries: u32,
    /// Why it was last told to wait.
    told: Option<String>,
}

impl<'a> Patience<'a> {
    /// For calls that end in `total`, all of them together, from now on.
    #[must_use]
    pub fn new(total: Duration, report: &'a Report) -> Self {
        let began = Instant::now();
        Self { report, began, deadline: began + total, waiting: RefCell::default() }
    }

    /// The outcome of `call`, which is made again while it says [`Error::Unreachable`] and there is
    /// time: only for what can be repeated blindly. `place` names the other side, for people who wait.
    pub async fn call<T, F>(&self, place: &str, mut call: impl FnMut() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut pauses = Pauses::default();
        loop {
            match self.once(call()).await {
                Err(error @ Error::Unreachable { .. }) => self.pause(place, &mut pauses, error).await?,
                outcome => {
                    self.answered();
                    return outcome;
                }
            }
        }
    }

    /// The first contact: as [`Self::call`], and waits for keys too that are not known yet.
    pub async fn reach<T, F>(&self, place: &str, mut call: impl FnMut() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut pauses = Pauses::default();
        loop {
            match self.once(call()).await {
                Err(Error::Denied(text)) if self.began.elapsed() < NEW_KEYS && self.left() > NEW_KEYS => {
                    self.pause(place, &mut pauses, Error::unreachable(text)).await?;
                }
                Err(error @ Error::Unreachable { .. }) => self.pause(place, &mut pauses, error).await?,
                outcome => {
                    if self.answered() && outcome.is_ok() {
                        self.report.talk(&format!("{place} answers after {}", seconds(self.began.elapsed())));
                    }
                    return outcome;
                }
            }
        }
    }

    /// The outcome of one call, given up where it takes too long.
    pub(crate) async fn once<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let allowed = CALL.min(self.left());
        self.told(timeout(allowed, call))
            .await
            .unwrap_or_else(|_| Err(Error::unreachable(format!("{GIVEN_UP}{}", seconds(allowed)))))
    }

    /// Waits before the next try, or says that there will be none.
    pub(crate) async fn pause(&self, place: &str, pauses: &mut Pauses, error: Error) -> Result<(), Error> {
        let after = match &error {
            Error::Unreachable { after, .. } => *after,
            _ => None,
        };
        let left = self.left();
        let error = pauses.with_reason(error, left < LAST);
        if left < LAST || after.is_some_and(|after| after > left) {
            let tried = seconds(self.began.elapsed());
            return Err(error.worded(|text| format!("{text} (out of time after {tried})")));
        }
        let cause = format!("{place}: {error}");
        self.waiting
            .borrow_mut()
            .get_or_insert_with(|| Waiting { cause: None, next: Instant::now() })
            .cause = Some(cause);
        let pause = after.unwrap_or_else(|| pauses.next()).min(left.saturating_sub(LAST / 2));
        self.told(sleep(pause)).await;
        Ok(())
    }

    /// What comes of `wait`; meanwhile, while something is waited for, that is told every so often.
    async fn told<T>(&self, wait: impl Future<Output = T>) -> T {
        let mut wait = pin!(wait);
        loop {
            let due = |waiting: &Waiting| waiting.cause.is_some().then_some(waiting.next);
            let next = self.waiting.borrow().as_ref().and_then(due).unwrap_or(self.deadline);
            tokio::select! {
                biased;
                () = sleep_until(next) => {}
                outcome = &mut wait => return outcome,
            }
            match &mut *self.waiting.borrow_mut() {
                Some(Waiting { cause: Some(cause), next }) => {
                    // Others wait too, and one of them may have said it.
                    if *next <= Instant::now() {
                        *next = Instant::now() + NOTICE;
                        let (since, total) =
                            (seconds(self.began.elapsed()), seconds(self.deadline - self.began));
                        self.report.talk(&format!("waiting for {cause} ({since} of {total})"));
                    }
                }
                // The deadline: what is waited for ends by itself.
                _ => break,
            }
        }
        wait.await
    }

    /// Nothing is waited for; whether anything was.
    fn answered(&self) -> bool {
        self.waiting.borrow_mut().as_mut().is_some_and(|waiting| waiting.cause.take().is_some())
    }

    /// How long it is until the deadline.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// How the error of a call begins that was given up.
const GIVEN_UP: &str = "no answer in ";

impl Pauses {
    /// The error; of a call that was given up the reason that was told before, which is all there is to say where only
    /// the time was over.
    fn with_reason(&mut self, error: Error, is_over: bool) -> Error {
        let text = error.to_string();
        if !text.starts_with(GIVEN_UP) {
            self.told = Some(text);
            return error;
        }
        match &self.told {
            Some(told) if is_over => error.worded(|_| told.clone()),
            Some(told) => error.worded(|text| format!("{told}; then {text}")),
            None => error,
        }
    }

    /// Anything from nothing to twice as much as the last time.
    pub(crate) fn next(&mut self) -> Duration {
        let most = FIRST.saturating_mul(1 << self.tries.min(10)).min(LONGEST);
        self.tries += 1;
        most.mul_f64(fastrand::f64())
    }
}

fn seconds(time: Duration) -> String {
    format!("{}s", time.as_secs_f64().round())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::report::Format;

    fn report() -> Report {
        Report::new(Format::Text, Box::new(std::io::sink()), Box::new(std::io::sink()))
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_unreachable_is_tried_until_it_answers() {
        let tries = Cell::new(0);
        let outcome = Patience::new(Duration::from_mins(1), &report())
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
        let outcome = Patience::new(Duration::from_mins(1), &report())
            .call("here", || async {
                tries.set(tries.get() + 1);
                Err::<(), _>(Error::unreachable("connection refused"))
            })
            .await;
        let error = outcome.expect_err("never answers");
        assert!(error.to_string().starts_with("connection refused (out of time after "), "{error}");
        assert!(began.elapsed() <= Duration::from_mins(1));
        // Pauses of 2.5 s in the mean; 13 is what the longest ones come to.
        assert!((13..=200).contains(&tries.get()), "{}", tries.get());
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_hangs_is_given_up_and_made_again() {
        let tries = Cell::new(0);
        let outcome = Patience::new(Duration::from_mins(5), &report())
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
    async fn a_back_end_that_says_when_to_come_back_is_taken_by_its_word() {
        let (began, tries) = (Instant::now(), Cell::new(0));
        let asks = Duration::from_secs(17);
        let outcome = Patience::new(Duration::from_mins(1), &report())
            .call("here", || async {
                tries.set(tries.get() + 1);
                if tries.get() < 3 {
                    Err(Error::unreachable("throttled").not_before(Some(asks)))
                } else {
                    Ok(began.elapsed())
                }
            })
            .await;
        assert!(outcome.is_ok_and(|took| (asks * 2..asks * 2 + LAST).contains(&took)));
        let never = Error::unreachable("throttled").not_before(Some(Duration::from_mins(2)));
        let pause = Patience::new(Duration::from_mins(1), &report())
            .pause("here", &mut Pauses::default(), never)
            .await;
        assert_eq!(
            pause,
            Err(Error::unreachable("throttled (out of time after 0s)")
                .not_before(Some(Duration::from_mins(2))))
        );
    }

    #[test]
    fn pauses_double_and_are_anything_below() {
        for _ in 0..100 {
            let mut pauses = Pauses::default();
            for most in [200, 400, 800, 1600, 3200, 5000, 5000] {
                assert!(pauses.next() <= Duration::from_millis(most));
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn keys_that_are_not_known_yet_are_waited_for_at_the_start_and_not_for_long() {
        let began = Instant::now();
        let report = report();
        let patience = Patience::new(Duration::from_mins(1), &report);
        let known = patience
            .reach("here", || async {
                if began.elapsed() < Duration::from_secs(5) { Err(Error::denied("who?")) } else { Ok(()) }
            })
            .await;
        assert_eq!(known, Ok(()));
        let never = patience.reach("here", || async { Err::<(), _>(Error::denied("who?")) }).await;
        assert_eq!(never, Err(Error::denied("who?")));
        assert!(began.elapsed() < NEW_KEYS + LONGEST);
    }

    #[tokio::test(start_paused = true)]
    async fn other_errors_are_final() {
        for error in [Error::config("a"), Error::refused("b"), Error::internal("c"), Error::denied("d")] {
            let tries = Cell::new(0);
            let text = error.to_string();
            let error = Cell::new(Some(error));
            let outcome = Patience::new(Duration::from_mins(1), &report())
                .call("here", || async {
                    tries.set(tries.get() + 1);
                    Err::<(), _>(error.take().expect("called once"))
                })
                .await;
            assert_eq!((outcome.expect_err("final").to_string(), tries.get()), (text, 1));
        }
    }
}
