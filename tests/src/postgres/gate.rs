//! The gate before a PostgreSQL server: it records what whoever comes this way asks for, and breaks what a test tells
//! it to: a connection that ends or stands still around its n-th request.
//!
//! It never changes a request or an answer. What is encrypted it passes on unread, as one request.

use std::{
    io,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::wire;

/// A gate that is open until it is dropped.
#[derive(Debug)]
pub struct Gate {
    pub(super) shared: Arc<Shared>,
    address: SocketAddr,
    listening: Option<JoinHandle<()>>,
}

/// What the server is asked for at once: statements, or the beginning of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `connect`, `password`, `TLS`, or the statements as they were sent.
    pub sql: String,
    /// Whether one of them is more than a question. Locks are none.
    pub writes: bool,
}

/// How far a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// The server hears nothing of it.
    Unsent,
    /// The server has it, and perhaps not done it yet.
    Sent,
    /// The server has done it, and its answer is lost.
    Done,
}

/// What then becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It is closed on both sides.
    Cut,
    /// Nothing comes through any more.
    Held,
}

/// What is to happen at a request.
pub(super) type Fault = (Until, Then);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) target: String,
    /// Whether whoever asks for TLS hears that there is none.
    pub(super) plain: bool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    requests: Vec<Request>,
    /// At the n-th request from now, counted from 1.
    fault: Option<(usize, Fault)>,
    broken: Option<Request>,
    connections: Vec<TcpStream>,
    closed: bool,
}

impl Gate {
    /// Before the server at `HOST:PORT`.
    ///
    /// # Panics
    /// When there is no port to be had.
    #[must_use]
    pub fn before(target: &str) -> Self {
        Self::new(target, false)
    }

    /// The same, which says to whoever asks for TLS that the server has none.
    ///
    /// # Panics
    /// When there is no port to be had.
    #[must_use]
    pub fn without_tls(target: &str) -> Self {
        Self::new(target, true)
    }

    fn new(target: &str, plain: bool) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (state, changed) = (Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared { target: target.to_owned(), plain, state, changed });
        let listening = thread::spawn({
            let shared = Arc::clone(&shared);
            move || listen(&listener, &shared)
        });
        Self { shared, address, listening: Some(listening) }
    }

    /// Where it listens, as `HOST:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The requests since the beginning or the last `clear`.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state().requests.clone()
    }

    /// Those of them that write, as they were sent.
    #[must_use]
    pub fn writes(&self) -> Vec<String> {
        let state = self.shared.state();
        state.requests.iter().filter(|request| request.writes).map(|request| request.sql.clone()).collect()
    }

    /// Breaks the n-th request, counted from 1 and from the last `clear`.
    pub fn on(&self, nth: usize, until: Until, then: Then) {
        self.shared.state().fault = Some((nth, (until, then)));
    }

    /// Waits until that has happened, and says at which request; nothing where `going` says first that it will not.
    ///
    /// # Panics
    /// When neither comes.
    #[must_use]
    pub fn broken(&self, going: impl Fn() -> bool) -> Option<Request> {
        let end = Instant::now() + Duration::from_mins(1);
        let mut state = self.shared.state();
        loop {
            if let Some(request) = &state.broken {
                return Some(request.clone());
            }
            if !going() {
                return None;
            }
            assert!(Instant::now() < end, "nothing was broken: {:#?}", state.requests);
            let wait = self.shared.changed.wait_timeout(state, Duration::from_millis(10));
            state = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Forgets requests and faults, counts from 1 again, and closes what connections there are.
    pub fn clear(&self) {
        let mut state = self.shared.state();
        state.cut();
        *state = State::default();
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.closed = true;
        state.cut();
        drop(state);
        // Wakes who waits for the next one.
        let _ = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a request; what is to happen at it.
    pub(super) fn came(&self, request: &Request) -> Option<Fault> {
        let mut state = self.state();
        state.requests.push(request.clone());
        let number = state.requests.len();
        state.fault.take_if(|(nth, _)| *nth == number).map(|(_, fault)| fault)
    }

    /// It has happened.
    pub(super) fn broke(&self, request: Request) {
        self.state().broken = Some(request);
        self.changed.notify_all();
    }

    /// Connections that `clear` and the end of the gate close.
    pub(super) fn knows(&self, connections: [TcpStream; 2]) {
        self.state().connections.extend(connections);
    }
}

impl State {
    fn cut(&mut self) {
        for connection in self.connections.drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming().map_while(Result::ok) {
        if shared.state().closed {
            return;
        }
        let shared = Arc::clone(shared);
        // It ends with its connection.
        thread::spawn(move || -> io::Result<()> { wire::serve(&client, &shared) });
    }
}
