//! The lab's PostgreSQL, spoken to as its superuser and without a hook: what the hook did is seen here, and what
//! others would do to its databases is done here. And the server's log, which has every statement.
//!
//! Nothing here knows what a hook would do.

mod gate;
mod wire;

use std::{collections::BTreeMap, fs, sync::OnceLock, thread, time::Duration};

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage, error::SqlState};

use crate::lab::lab;

pub use gate::{Gate, Request, Then, Until};

/// A server, at which a database is asked.
pub struct Server {
    config: Config,
    /// To its first database, which nobody drops: a password takes its time.
    first: OnceLock<Session>,
}

/// A connection that is open until it is dropped.
pub struct Session {
    client: Client,
    runtime: Apart,
}

/// A runtime on threads of its own, so that it can be used and dropped inside of another, too.
struct Apart(Option<Runtime>);

/// The database that is always there.
const FIRST: &str = "postgres";

/// Why a statement was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Such as `42501`; empty where the connection broke.
    pub code: String,
    pub message: String,
}

/// The rows of an answer, each value as the server writes it.
pub type Rows = Vec<Vec<Option<String>>>;

/// The server without a thing of a copy, or of whatever has this word in its name: before the test, and after it.
pub struct Swept<'s> {
    server: &'s Server,
    word: String,
}

impl Server {
    /// The lab's, as its superuser.
    #[must_use]
    pub fn lab() -> Self {
        Self::at(lab().var("POSTGRES_URL"))
    }

    /// # Panics
    /// When this is no URL of a database, or one with TLS.
    #[must_use]
    pub fn at(url: &str) -> Self {
        let mut config: Config = url.parse().expect("a URL");
        config.connect_timeout(Duration::from_secs(10));
        Self { config, first: OnceLock::new() }
    }

    /// The same server as another user.
    #[must_use]
    pub fn user(&self, name: &str, password: &str) -> Self {
        let mut config = self.config.clone();
        config.user(name).password(password);
        Self { config, first: OnceLock::new() }
    }

    /// Where it is, as `HOST:PORT`.
    ///
    /// # Panics
    /// When it is not asked over TCP.
    #[must_use]
    pub fn address(&self) -> String {
        match (self.config.get_hosts(), self.config.get_ports()) {
            ([tokio_postgres::config::Host::Tcp(host)], [port]) => format!("{host}:{port}"),
            other => panic!("not one host: {other:?}"),
        }
    }

    /// Sweeps all databases and roles whose names contain this word, now and when the guard is dropped.
    #[must_use]
    pub fn swept(&self, word: &str) -> Swept<'_> {
        self.sweep(word);
        Swept { server: self, word: word.to_owned() }
    }

    /// A connection to a database.
    ///
    /// # Errors
    /// When the server does not take it.
    ///
    /// # Panics
    /// When there is no runtime to be had.
    pub fn session(&self, database: &str) -> Result<Session, Refused> {
        let runtime = Apart::new();
        let mut config = self.config.clone();
        config.dbname(database);
        let (client, connection) = runtime.wait(config.connect(NoTls)).map_err(|error| refused(&error))?;
        runtime.runs().spawn(connection);
        Ok(Session { client, runtime })
    }

    /// Statements that succeed, in a database; the rows of all of them.
    ///
    /// # Panics
    /// When they do not.
    pub fn run(&self, database: &str, sql: &str) -> Rows {
        self.try_run(database, sql).unwrap_or_else(|refused| panic!("{sql}: {refused:?}"))
    }

    /// Statements, in a database.
    ///
    /// # Errors
    /// When the server refuses one, or the connection.
    pub fn try_run(&self, database: &str, sql: &str) -> Result<Rows, Refused> {
        if database != FIRST {
            return self.session(database)?.run(sql);
        }
        if self.first.get().is_none() {
            // Whoever comes second at the same time has a connection for nothing.
            let _ = self.first.set(self.session(FIRST)?);
        }
        self.first.get().expect("it was set").run(sql)
    }

    /// The databases, and the comment of each.
    #[must_use]
    pub fn databases(&self) -> BTreeMap<String, Option<String>> {
        self.named("SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database")
    }

    /// The roles but the server's own, and the comment of each.
    #[must_use]
    pub fn roles(&self) -> BTreeMap<String, Option<String>> {
        self.named(
            "SELECT rolname, shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname !~ '^pg_'",
        )
    }

    /// What the server's log has so far: to be cut off what it has later.
    ///
    /// # Panics
    /// When there is no log.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(lab().var("POSTGRES_LOG")).expect("the server's log")).into_owned()
    }

    fn named(&self, sql: &str) -> BTreeMap<String, Option<String>> {
        let pair = |row: Vec<Option<String>>| {
            let [name, comment] = <[_; 2]>::try_from(row).expect("two columns");
            (name.expect("a name"), comment)
        };
        self.run(FIRST, sql).into_iter().map(pair).collect()
    }

    fn sweep(&self, word: &str) {
        for name in self.databases().into_keys().filter(|name| name.contains(word)) {
            let name = quoted(&name);
            // Its owner may have left slots or prepared transactions, which a test that makes some ends itself.
            let unlock = format!("ALTER DATABASE {name} WITH IS_TEMPLATE false ALLOW_CONNECTIONS true");
            // Whoever made it may still be about to drop it.
            let _ = self.try_run(FIRST, &unlock);
            let _ = self.try_run(FIRST, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
        for name in self.roles().into_keys().filter(|name| name.contains(word)) {
            let name = quoted(&name);
            // What it has in databases that stay, and in those alone: nobody else's is to find somebody in it.
            let has = format!(
                "SELECT DISTINCT d.datname FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid WHERE \
                 s.refclassid = 'pg_authid'::regclass AND s.refobjid = '{}'::regrole",
                name.replace('\'', "''")
            );
            for database in self.try_run(FIRST, &has).into_iter().flatten().flatten().flatten() {
                let _ = self.try_run(&database, &format!("DROP OWNED BY {name} CASCADE"));
            }
            let _ = self.try_run(FIRST, &format!("DROP OWNED BY {name} CASCADE"));
            let _ = self.try_run(FIRST, &format!("DROP ROLE IF EXISTS {name}"));
        }
    }
}

impl Session {
    /// Statements; the rows of all of them.
    ///
    /// # Errors
    /// When the server refuses one.
    pub fn run(&self, sql: &str) -> Result<Rows, Refused> {
        let messages = self.runtime.wait(self.client.simple_query(sql)).map_err(|error| refused(&error))?;
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect())
            }
            _ => None,
        });
        Ok(rows.collect())
    }
}

impl Apart {
    fn new() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        Self(Some(runtime.expect("a runtime")))
    }

    fn runs(&self) -> &Runtime {
        self.0.as_ref().expect("it is taken by its end alone")
    }

    fn wait<T: Send>(&self, future: impl Future<Output = T> + Send) -> T {
        let runtime = self.runs();
        thread::scope(|scope| scope.spawn(|| runtime.block_on(future)).join().expect("it does not panic"))
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        let runtime = self.0.take();
        let _ = thread::spawn(move || drop(runtime)).join();
    }
}

impl Refused {
    #[must_use]
    pub fn is(&self, state: &SqlState) -> bool {
        self.code == state.code()
    }
}

impl Drop for Swept<'_> {
    fn drop(&mut self) {
        // A test that fails already says why, and what it leaves is removed by the next.
        if !thread::panicking() {
            self.server.sweep(&self.word);
        }
    }
}

/// A name as SQL has to be told it.
#[must_use]
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn refused(error: &tokio_postgres::Error) -> Refused {
    let code = error.code().map_or("", SqlState::code).to_owned();
    let message = error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
    Refused { code, message }
}
