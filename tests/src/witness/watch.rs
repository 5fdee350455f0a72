//! A client that keeps asking while copies come, change and go.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::answer::{By, Client};

/// Fifty times a second.
const PACE: Duration = Duration::from_millis(20);

/// How often each answered, and from when to when.
#[derive(Debug, Default)]
pub struct Tally {
    pub asked: usize,
    pub answers: BTreeMap<By, Answered>,
}

#[derive(Debug, Clone)]
pub struct Answered {
    pub times: usize,
    /// Since the watch began.
    pub first: Duration,
    pub last: Duration,
    /// A feature that one of these answers named in its header.
    pub named: Option<String>,
}

/// Asks until it is told to stop.
#[derive(Debug)]
pub struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Tally>,
}

impl Watch {
    #[must_use]
    pub fn start(client: &Client, host: &str, headers: &'static [(&'static str, &'static str)]) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, client, host) = (Arc::clone(&stop), client.clone(), host.to_owned());
        let thread = thread::spawn(move || {
            let mut tally = Tally::default();
            let begin = Instant::now();
            let mut next = begin;
            while !stopped.load(Ordering::Relaxed) {
                let asked = begin.elapsed();
                let answer = client.get(&host, headers);
                tally.asked += 1;
                let new = Answered { times: 0, first: asked, last: asked, named: None };
                let answered = tally.answers.entry(answer.by).or_insert(new);
                answered.times += 1;
                answered.last = asked;
                answered.named = answered.named.take().or(answer.named);
                next += PACE;
                // The pace of the client, not a wait for anything.
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
            tally
        });
        Self { stop, thread }
    }

    /// Stops, and returns what was seen.
    ///
    /// # Panics
    /// When the client itself panicked.
    #[must_use]
    pub fn stop(self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the client ends")
    }
}
