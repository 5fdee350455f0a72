//! One connection through the gate: PostgreSQL's protocol, as far as it says where a request begins and ends.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use super::gate::{Fault, Request, Shared, Then, Until};

/// What a client says first that wants TLS.
const TLS: u32 = 80_877_103;
/// What one says on a connection of its own to end a statement of another.
const CANCEL: u32 = 80_877_102;

/// One message: its type, which the first of a connection has not, and all its bytes.
struct Frame {
    kind: u8,
    bytes: Vec<u8>,
}

/// How many requests of this connection the server has been sent, and the one that it does not answer.
#[derive(Default)]
struct Turn {
    sent: usize,
    mute: Option<(usize, Request, Fault)>,
}

pub(super) fn serve(client: &TcpStream, shared: &Shared) -> io::Result<()> {
    let server = TcpStream::connect(&shared.target)?;
    for connection in [client, &server] {
        connection.set_nodelay(true)?;
    }
    shared.knows([client.try_clone()?, server.try_clone()?]);
    let both = || -> io::Result<_> { Ok((client.try_clone()?, server.try_clone()?)) };
    let turn = Arc::new(Mutex::new(Turn::default()));
    let outcome = thread::scope(|scope| {
        let (mut from, mut to) = both()?;
        let first = loop {
            let first = Frame::untyped(&mut from)?;
            if first.code() != TLS {
                break first;
            }
            let request = Request { sql: "TLS".to_owned(), writes: false };
            let _ = shared.came(&request);
            if !shared.plain {
                to.write_all(&first.bytes)?;
                let (mut client, mut server) = both()?;
                scope.spawn(move || ends(io::copy(&mut server, &mut client), &client));
                return ends(io::copy(&mut from, &mut to), &to);
            }
            (&*client).write_all(b"N")?;
        };
        if first.code() == CANCEL {
            return to.write_all(&first.bytes);
        }
        let (answered, answering) = both()?;
        scope.spawn(|| answers(answering, answered, shared, &turn));
        let outcome = requests(first, from, to, shared, &turn);
        // Whoever answers ends with it, and so does this.
        let _ = server.shutdown(Shutdown::Write);
        outcome
    });
    let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
    outcome
}

/// What comes from the client.
fn requests(
    first: Frame,
    mut client: TcpStream,
    mut server: TcpStream,
    shared: &Shared,
    turn: &Mutex<Turn>,
) -> io::Result<()> {
    let mut batch = vec![first];
    loop {
        let last = batch.last().expect("one is read first");
        if last.is_end() {
            let request = asked(&batch);
            let fault = request.as_ref().and_then(|request| Some((request, shared.came(request)?)));
            let mut turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((request, fault)) = fault {
                if fault.0 != Until::Unsent {
                    turn.mute = Some((turn.sent, request.clone(), fault));
                    write(&mut server, &batch)?;
                }
                // A connection that begins has no one answer that says that it is done.
                let waits = fault.0 == Until::Done && !matches!(&*request.sql, "connect" | "password");
                if !waits {
                    shared.broke(request.clone());
                }
                drop(turn);
                if fault.1 == Then::Cut && !waits {
                    return client.shutdown(Shutdown::Both);
                }
                // Until somebody closes it.
                return io::copy(&mut client, &mut io::sink()).map(drop);
            }
            turn.sent += usize::from(last.is_answered());
            drop(turn);
            write(&mut server, &batch)?;
            batch.clear();
        }
        batch.push(Frame::typed(&mut client)?);
    }
}

/// What comes from the server.
fn answers(mut server: TcpStream, mut client: TcpStream, shared: &Shared, turn: &Mutex<Turn>) {
    let mut done = 0;
    while let Ok(frame) = Frame::typed(&mut server) {
        let ready = frame.kind == b'Z';
        let turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        match &turn.mute {
            Some((request, asked, fault)) if done >= *request => {
                if ready && fault.0 == Until::Done {
                    shared.broke(asked.clone());
                    if fault.1 == Then::Cut {
                        let _ = client.shutdown(Shutdown::Both);
                    }
                }
            }
            _ if client.write_all(&frame.bytes).is_ok() => (),
            _ => return,
        }
        done += usize::from(ready);
    }
    let mute = &turn.lock().unwrap_or_else(PoisonError::into_inner).mute;
    // The server has closed it.
    if mute.as_ref().is_none_or(|(_, _, fault)| fault.1 == Then::Cut) {
        let _ = client.shutdown(Shutdown::Both);
    }
}

/// What these messages ask for; nothing where they only tidy up.
fn asked(batch: &[Frame]) -> Option<Request> {
    let all = |sql: &str| Some(Request { sql: sql.to_owned(), writes: false });
    let texts: Vec<&str> = batch.iter().filter_map(Frame::sql).collect();
    match batch.last()?.kind {
        0 => all("connect"),
        b'p' => all("password"),
        _ if !texts.is_empty() => {
            let sql = texts.join(";\n");
            Some(Request { writes: writes(&sql), sql })
        }
        _ if batch.iter().any(|frame| frame.kind == b'E') => all("execute"),
        _ => None,
    }
}

/// Whether there is more than questions: by the word with which each statement begins.
fn writes(sql: &str) -> bool {
    let questions = ["SELECT", "WITH", "SHOW", "SET", "RESET"];
    let first = |statement: &str| {
        let word = statement.split_whitespace().next()?.to_uppercase();
        Some(!questions.contains(&&*word))
    };
    sql.split(";\n").filter_map(first).any(|writes| writes)
}

fn write(to: &mut TcpStream, batch: &[Frame]) -> io::Result<()> {
    batch.iter().try_for_each(|frame| to.write_all(&frame.bytes))
}

/// What is copied has come to its end, and the other side hears of it.
fn ends(copied: io::Result<u64>, to: &TcpStream) -> io::Result<()> {
    let _ = to.shutdown(Shutdown::Write);
    copied.map(drop)
}

impl Frame {
    /// The first message of a connection.
    fn untyped(from: &mut TcpStream) -> io::Result<Self> {
        Self::read(0, Vec::new(), from)
    }

    fn typed(from: &mut TcpStream) -> io::Result<Self> {
        let mut kind = [0];
        from.read_exact(&mut kind)?;
        Self::read(kind[0], kind.to_vec(), from)
    }

    fn read(kind: u8, mut bytes: Vec<u8>, from: &mut TcpStream) -> io::Result<Self> {
        let mut length = [0; 4];
        from.read_exact(&mut length)?;
        let head = bytes.len() + 4;
        let size = usize::try_from(u32::from_be_bytes(length)).expect("an address has 32 bits or more");
        bytes.extend(length);
        // The length counts itself.
        bytes.resize(head + size.saturating_sub(4), 0);
        from.read_exact(&mut bytes[head..])?;
        Ok(Self { kind, bytes })
    }

    /// What the first message of a connection is about.
    fn code(&self) -> u32 {
        self.bytes.get(4..8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes)
    }

    /// Whether the server is expected to act now.
    fn is_end(&self) -> bool {
        matches!(self.kind, 0 | b'p' | b'Q' | b'S' | b'X' | b'c' | b'f')
    }

    /// Whether the server says afterwards that it is ready: the first message counts for the whole beginning.
    fn is_answered(&self) -> bool {
        matches!(self.kind, 0 | b'Q' | b'S')
    }

    /// The statements of a query, or the one that is prepared.
    fn sql(&self) -> Option<&str> {
        let rest = self.bytes.get(5..)?;
        let text = match self.kind {
            b'Q' => rest,
            // The name by which it will be called comes first.
            b'P' => rest.splitn(2, |byte| *byte == 0).nth(1)?,
            _ => return None,
        };
        std::str::from_utf8(text.split(|byte| *byte == 0).next()?).ok()
    }
}
