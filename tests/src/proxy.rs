//! A proxy before SQS, SNS or STS: it counts and records the requests, and breaks those that a test tells it to.
//!
//! It never looks into an answer, never changes a request, and never retries. It speaks HTTP/1.1 without TLS.

mod call;
mod fault;
mod ledger;
mod serve;

use std::{
    net::TcpListener,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{runtime::Builder, sync::oneshot};

pub use call::{Call, writes};
pub use fault::{Fault, Refusal, Which};

use ledger::Ledger;
use serve::Front;

/// A proxy that listens until it is dropped. It has a thread and a runtime of its own: its callers block.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    ledger: Arc<Ledger>,
    /// Taken when it is dropped.
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Proxy {
    /// One on a free port of this machine, before the back end at this `http://` URL.
    ///
    /// The client's `Host` is passed on, so the URLs that a back end makes of it lead back here. While the back end
    /// is down, connections are closed without an answer.
    ///
    /// # Panics
    /// When there is no port to be had.
    #[must_use]
    pub fn before(target: &str) -> Self {
        Self::listening(TcpListener::bind(("127.0.0.1", 0)).expect("a free port"), target)
    }

    /// The same where a test wants it to listen, or when.
    ///
    /// # Panics
    /// When the listener has no address.
    #[must_use]
    pub fn listening(listener: TcpListener, target: &str) -> Self {
        listener.set_nonblocking(true).expect("a listener for a runtime");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let ledger = Arc::new(Ledger::default());
        let front = Arc::new(Front::new(target, Arc::clone(&ledger)));
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            // What is left of connections and held answers goes with the runtime.
            runtime.block_on(async {
                tokio::select! {
                    () = serve::listen(listener, front) => (),
                    _ = stopped => (),
                }
            });
        });
        Self { url, ledger, running: Some((stop, thread)) }
    }

    /// Where it listens: an endpoint for a client.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The requests since the beginning or the last `clear`, in order of arrival.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.ledger.calls()
    }

    /// Breaks these requests, counted since the beginning or the last `clear`. Where several faults are meant for
    /// one request, the one that was said first happens.
    pub fn on(&self, which: Which, fault: Fault) {
        self.ledger.plan(which, fault);
    }

    /// Forgets requests and faults, and counts from 1 again. What is under way goes on, and is not counted.
    pub fn clear(&self) {
        self.ledger.clear();
    }

    /// Waits until the first of these requests has come and its outcome is certain: the back end has answered it,
    /// or never will. A test that has it `Held` then knows where the client stands, and can end it there.
    ///
    /// # Panics
    /// When that is not so in time, with the requests that came.
    #[must_use]
    pub fn wait_for(&self, which: &Which, timeout: Duration) -> Call {
        self.ledger.wait_for(which, timeout)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.running.take() {
            // A thread that has panicked listens no more, and has said why.
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}
