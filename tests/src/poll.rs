//! A client that keeps asking base while copies come and go.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::http::Router;

/// Asks for base until it is told to stop.
#[derive(Debug)]
pub struct Poll {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<(usize, Vec<String>)>,
}

impl Poll {
    /// Starts asking for web and api of base, some fifty times a second.
    #[must_use]
    pub fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let router = Router::default();
            let mut asked = 0;
            let mut failed = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                for (host, hops) in [("web.example.com", 2), ("api.example.com", 1)] {
                    asked += 1;
                    match router.get(host, "/", &[]) {
                        Ok(answer)
                            if answer.status == 200
                                && answer.hops.len() == hops
                                && answer.hops.iter().all(|hop| hop.release == "demo") => {}
                        other => failed.push(format!("{host}: {other:?}")),
                    }
                    // The pace of the client, not a wait for anything.
                    thread::sleep(Duration::from_millis(20));
                }
            }
            (asked, failed)
        });
        Self { stop, thread }
    }

    /// Stops, and returns how many requests were sent and what went wrong.
    ///
    /// # Panics
    /// When the client itself panicked.
    #[must_use]
    pub fn stop(self) -> (usize, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the client ends")
    }
}
