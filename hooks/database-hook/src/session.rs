//! Connections to the server, and what its refusals mean.

use std::time::Duration;

use provision::error::{Error, root_cause};
use tokio_postgres::{Client, NoTls, Row, error::SqlState, types::ToSql};

use crate::{
    admin::{Admin, Tls},
    sql, tls,
};

/// How long the server may take to answer the first time.
const CONNECT: Duration = Duration::from_secs(10);

/// How long, in seconds, somebody else's lock is waited for at a time: so often it is said what is waited for.
const LOCK: u8 = 3;

/// Names mean the server's own things, and never what an owner of the database has put before them.
pub(crate) const PLAIN_PATH: &str = "SET search_path = pg_catalog, pg_temp";

/// The database's own path.
pub(crate) const OWN_PATH: &str = "RESET search_path";

/// One connection, to one database.
pub(crate) struct Session(Client);

impl Admin {
    /// A connection to the administrator's own database.
    pub(crate) async fn open(&self) -> Result<Session, Error> {
        self.connect(self.config.clone()).await.map_err(Failure::classed)
    }

    /// A connection to another database of the server.
    pub(crate) async fn open_in(&self, database: &str) -> Result<Session, Error> {
        let mut config = self.config.clone();
        config.dbname(database);
        self.connect(config).await.map_err(|failure| match failure {
            // It was there a moment ago: whoever looks again sees what has become of it.
            Failure::Server(error) if GOING.iter().any(|code| error.code() == Some(code)) => {
                Error::unreachable(format!("it is just being dropped ({})", classed(&error)))
            }
            other => other.classed(),
        })
    }

    async fn connect(&self, mut config: tokio_postgres::Config) -> Result<Session, Failure> {
        if config.get_application_name().is_none() {
            config.application_name("devstack database-hook");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        let client = match &self.tls {
            Tls::Disable => {
                let (client, connection) = config.connect(NoTls).await.map_err(Failure::Server)?;
                tokio::spawn(connection);
                client
            }
            Tls::On { verify, roots, client } => {
                let connector = tls::connector(*verify, roots, client).map_err(Failure::Ours)?;
                let (client, connection) = config.connect(connector).await.map_err(Failure::Server)?;
                tokio::spawn(connection);
                client
            }
        };
        let session = Session(client);
        session.try_run(PLAIN_PATH).await.map_err(Failure::Server)?;
        Ok(session)
    }
}

/// Why there is no connection.
enum Failure {
    /// What the URL asks for cannot be done.
    Ours(Error),
    Server(tokio_postgres::Error),
}

impl Failure {
    fn classed(self) -> Error {
        match self {
            Self::Ours(error) => error,
            Self::Server(error) => classed(&error),
        }
    }
}

/// What a server says of a database that is being dropped.
const GOING: [SqlState; 2] = [SqlState::INVALID_CATALOG_NAME, SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE];

impl Session {
    pub(crate) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    pub(crate) async fn rows(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        self.0.query(sql, parameters).await.map_err(|error| classed(&error))
    }

    pub(crate) async fn row(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>, Error> {
        self.0.query_opt(sql, parameters).await.map_err(|error| classed(&error))
    }

    /// One statement, outside of any transaction or in one that is open.
    pub(crate) async fn run(&self, statement: &str) -> Result<(), Error> {
        self.0.batch_execute(statement).await.map_err(|error| classed(&error))
    }

    /// The error as the server says it, for whoever has to know its code.
    pub(crate) async fn try_run(&self, statement: &str) -> Result<(), tokio_postgres::Error> {
        self.0.batch_execute(statement).await
    }

    /// All statements or none.
    pub(crate) async fn together(&self, statements: &[String]) -> Result<(), Error> {
        if statements.is_empty() {
            return Ok(());
        }
        // Statements that are sent together are one transaction, and whoever is killed leaves none open.
        self.run(&statements.join(";\n")).await
    }

    /// Statements that make something; false where somebody else was quicker, who has made it or taken its name.
    pub(crate) async fn makes(&self, statements: &[String]) -> Result<bool, Error> {
        match self.try_run(&statements.join(";\n")).await {
            Ok(()) => Ok(true),
            Err(error) if lost_race(&error) => Ok(false),
            Err(error) => Err(classed(&error)),
        }
    }

    /// Nobody else who asks for the same gets it until this connection ends. Locks are of the database that a
    /// connection is to: this is only good for the administrator's own.
    pub(crate) async fn lock(&self, what: &str) -> Result<(), Error> {
        let statement = format!("SET lock_timeout = '{LOCK}s'; SELECT pg_advisory_lock({})", key(what));
        match self.try_run(&statement).await {
            Ok(()) => Ok(()),
            Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
                Err(Error::unreachable("another hook is at work on it"))
            }
            Err(error) => Err(classed(&error)),
        }
    }
}

/// The statement that waits for the one turn that there is in the session's database; of the administrator's own it is
/// the server's, to change roles and privileges: two that change the same rows of a catalog at once get an error, and no
/// turn. It ends with its transaction.
pub(crate) fn turn() -> String {
    format!("SELECT pg_advisory_xact_lock({})", key(""))
}

/// The number of a lock, for SQL.
fn key(what: &str) -> String {
    format!("hashtextextended({}, 0)", sql::text(&format!("{}/{what}", feature::words::MANAGER)))
}

/// The server's no, by what can be done about it.
pub(crate) fn classed(error: &tokio_postgres::Error) -> Error {
    let Some(server) = error.as_db_error() else {
        let cause = root_cause(error);
        // The server has no TLS, or none without it: trying again changes nothing.
        if cause.contains("server does not support TLS") {
            return Error::refused("TLS: the server has none (sslmode=disable is plain text)");
        }
        if cause.contains("password missing") {
            return Error::refused("auth: the server asks for a password, and the URL has none");
        }
        return Error::unreachable(cause);
    };
    // A row may have in it what nobody is to read in a log.
    let detail = server.detail().filter(|detail| !detail.starts_with("Failing row contains"));
    let detail = detail.map_or_else(String::new, |detail| format!(" ({detail})"));
    let text = format!("{}{detail}", server.message());
    match server.code() {
        code if later(code) => Error::unreachable(text),
        &SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            Error::denied(format!("auth: {text}"))
        }
        // "tuple concurrently updated": two changed one role at once.
        &SqlState::INTERNAL_ERROR if server.message().contains("concurrently") => Error::unreachable(text),
        _ => Error::refused(text),
    }
}

/// Whether the same may go well later.
fn later(code: &SqlState) -> bool {
    code.code().starts_with("08")
        || [
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::CRASH_SHUTDOWN,
            SqlState::LOCK_NOT_AVAILABLE,
            SqlState::OBJECT_IN_USE,
            SqlState::TOO_MANY_CONNECTIONS,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::T_R_SERIALIZATION_FAILURE,
        ]
        .contains(code)
}

/// Whether somebody else was quicker: the thing is there, or its name was just taken.
fn lost_race(error: &tokio_postgres::Error) -> bool {
    [SqlState::DUPLICATE_DATABASE, SqlState::DUPLICATE_OBJECT, SqlState::UNIQUE_VIOLATION]
        .iter()
        .any(|code| error.code() == Some(code))
}
