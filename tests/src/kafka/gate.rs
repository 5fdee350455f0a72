//! The gate before the lab's broker: it records the requests of whoever comes to it, and holds those that a test
//! tells it to, so that the test can end their sender there.
//!
//! The broker says to who comes this way that it is here, at one port: there is one gate at a time.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::lab::lab;

use super::wire::Call;

/// A gate that is open until it is dropped.
#[derive(Debug)]
pub struct Gate {
    shared: Arc<Shared>,
    address: SocketAddr,
    listening: Option<JoinHandle<()>>,
    _turn: MutexGuard<'static, ()>,
}

/// When the sender of a request is to be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The broker hears nothing of it.
    Before,
    /// The broker does it, and the answer does not come.
    After,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<Call>,
    holds: Vec<Holding>,
    held: Vec<Call>,
    connections: Vec<Connection>,
    closed: bool,
}

/// A write that is to be held: of one client or of anybody, and which, counted from 1.
#[derive(Debug)]
struct Holding {
    client: Option<String>,
    nth: usize,
    when: Hold,
}

#[derive(Debug)]
struct Connection {
    number: u64,
    /// Who speaks, once it has spoken.
    client: Option<String>,
    ends: [TcpStream; 2],
}

static TURN: Mutex<()> = Mutex::new(());

impl Gate {
    /// Waits until no other test has it.
    ///
    /// # Panics
    /// When somebody else listens there.
    #[must_use]
    pub fn open() -> Self {
        // A test that failed with it has closed it all the same.
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let listener = TcpListener::bind(lab().var("KAFKA_GATE")).expect("the gate's port is free");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared::default());
        let listening = thread::spawn({
            let shared = Arc::clone(&shared);
            move || listen(&listener, &shared)
        });
        Self { shared, address, listening: Some(listening), _turn: turn }
    }

    /// Where it is: the bootstrap server of whoever is to come by here.
    #[must_use]
    pub fn bootstrap(&self) -> String {
        self.address.to_string()
    }

    /// The requests since the beginning or the last `clear`.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.shared.state().calls.clone()
    }

    /// What those that write are called.
    #[must_use]
    pub fn writes(&self) -> Vec<String> {
        let state = self.shared.state();
        state.calls.iter().filter(|call| call.writes).map(|call| call.api.clone()).collect()
    }

    /// Holds the sender of the n-th write, counted from 1 and from the last `clear`.
    pub fn hold(&self, nth: usize, when: Hold) {
        self.shared.state().holds.push(Holding { client: None, nth, when });
    }

    /// Holds the n-th write of one client, counted from 1: others go on, and are counted by themselves.
    pub fn hold_of(&self, client: &str, nth: usize, when: Hold) {
        self.shared.state().holds.push(Holding { client: Some(client.to_owned()), nth, when });
    }

    /// Waits until a request is held, and says which; nothing where `going` says first that there will be none.
    ///
    /// # Panics
    /// When neither comes.
    #[must_use]
    pub fn held(&self, going: impl Fn() -> bool) -> Option<Call> {
        self.wait(|_| true, going)
    }

    /// The same of one client.
    ///
    /// # Panics
    /// When neither comes.
    #[must_use]
    pub fn held_of(&self, client: &str, going: impl Fn() -> bool) -> Option<Call> {
        self.wait(|call| call.client == client, going)
    }

    fn wait(&self, wanted: impl Fn(&Call) -> bool, going: impl Fn() -> bool) -> Option<Call> {
        let end = Instant::now() + Duration::from_mins(1);
        let mut state = self.shared.state();
        loop {
            if let Some(call) = state.held.iter().find(|call| wanted(call)) {
                return Some(call.clone());
            }
            if !going() {
                return None;
            }
            assert!(Instant::now() < end, "nothing was held: {:?}", state.calls);
            let wait = self.shared.changed.wait_timeout(state, Duration::from_millis(20));
            state = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Forgets requests and what is to be held, counts from 1 again, and closes what connections there are.
    pub fn clear(&self) {
        let mut state = self.shared.state();
        state.cut(|_| true);
        *state = State::default();
        self.shared.changed.notify_all();
    }

    /// The same of one client: all others go on.
    pub fn clear_of(&self, client: &str) {
        let mut state = self.shared.state();
        state.cut(|connection| connection.client.as_deref() == Some(client));
        state.calls.retain(|call| call.client != client);
        state.held.retain(|call| call.client != client);
        state.holds.retain(|holding| holding.client.as_deref() != Some(client));
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.closed = true;
        state.cut(|_| true);
        drop(state);
        self.shared.changed.notify_all();
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

    /// Takes note of a request on a connection; whether it is to be held, and when.
    fn came(&self, number: u64, call: &Call) -> Option<Hold> {
        let mut state = self.state();
        for connection in state.connections.iter_mut().filter(|connection| connection.number == number) {
            connection.client = Some(call.client.clone());
        }
        state.calls.push(call.clone());
        let is_now = |holding: &&Holding| {
            let counts = |one: &&Call| one.writes && holding.is_of(one);
            call.writes && holding.is_of(call) && state.calls.iter().filter(counts).count() == holding.nth
        };
        state.holds.iter().find(is_now).map(|holding| holding.when)
    }

    /// Its sender stands still from here on.
    fn holds(&self, call: Call) {
        self.state().held.push(call);
        self.changed.notify_all();
    }
}

impl Holding {
    fn is_of(&self, call: &Call) -> bool {
        self.client.as_ref().is_none_or(|client| *client == call.client)
    }
}

impl State {
    fn cut(&mut self, wanted: impl Fn(&Connection) -> bool) {
        for connection in self.connections.extract_if(.., |connection| wanted(connection)) {
            for end in connection.ends {
                let _ = end.shutdown(Shutdown::Both);
            }
        }
    }
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    for (number, client) in (0..).zip(listener.incoming().map_while(Result::ok)) {
        if shared.state().closed {
            return;
        }
        let shared = Arc::clone(shared);
        // It ends with its connection, which `clear` and the end of the gate close.
        thread::spawn(move || {
            let _ = serve(number, &client, &shared);
        });
    }
}

fn serve(number: u64, client: &TcpStream, shared: &Arc<Shared>) -> io::Result<()> {
    let broker = TcpStream::connect(lab().var("KAFKA_GATED_BOOTSTRAP"))?;
    broker.set_nodelay(true)?;
    client.set_nodelay(true)?;
    let ends = [client.try_clone()?, broker.try_clone()?];
    shared.state().connections.push(Connection { number, client: None, ends });
    // The request whose answer is not to come.
    let unanswered = Arc::new(Mutex::new(None::<Call>));
    let answers = thread::spawn({
        let (broker, client) = (broker.try_clone()?, client.try_clone()?);
        let (shared, unanswered) = (Arc::clone(shared), Arc::clone(&unanswered));
        move || answer(broker, client, &shared, &unanswered)
    });
    let outcome = ask(number, client.try_clone()?, broker.try_clone()?, shared, &unanswered);
    let _ = (client.shutdown(Shutdown::Both), broker.shutdown(Shutdown::Both));
    let _ = answers.join();
    outcome
}

fn ask(
    number: u64,
    mut client: TcpStream,
    mut broker: TcpStream,
    shared: &Shared,
    unanswered: &Mutex<Option<Call>>,
) -> io::Result<()> {
    loop {
        let request = frame(&mut client)?;
        let call = Call::of(&request[4..]);
        match shared.came(number, &call) {
            Some(Hold::Before) => {
                shared.holds(call);
                // Nothing of this connection goes on, until somebody closes it.
                return io::copy(&mut client, &mut io::sink()).map(|_| ());
            }
            Some(Hold::After) => *unanswered.lock().unwrap_or_else(PoisonError::into_inner) = Some(call),
            None => (),
        }
        broker.write_all(&request)?;
    }
}

fn answer(mut broker: TcpStream, mut client: TcpStream, shared: &Shared, unanswered: &Mutex<Option<Call>>) {
    while let Ok(answer) = frame(&mut broker) {
        let correlation = answer.get(4..8).and_then(|bytes| bytes.try_into().ok()).map(i32::from_be_bytes);
        let mut unanswered = unanswered.lock().unwrap_or_else(PoisonError::into_inner);
        match unanswered.take_if(|call| Some(call.correlation) == correlation) {
            Some(call) => {
                shared.holds(call);
                return;
            }
            None if client.write_all(&answer).is_ok() => (),
            None => return,
        }
    }
    // The broker has closed it.
    let _ = client.shutdown(Shutdown::Both);
}

/// A request or an answer, with its length before it.
fn frame(from: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let size = usize::try_from(u32::from_be_bytes(length)).expect("an address has 32 bits or more");
    let mut frame = vec![0; 4 + size];
    frame[..4].copy_from_slice(&length);
    from.read_exact(&mut frame[4..])?;
    Ok(frame)
}
