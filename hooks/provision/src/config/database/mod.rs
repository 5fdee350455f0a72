//! The section `database`: databases of one PostgreSQL server, each with a role of its own that owns it.

use std::{fmt, path::PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Bound, Place, source::Source};
use crate::outputs::Hidden;

mod grant;
mod locale;
mod name;
mod written;

pub use grant::{Grant, On, Privilege};
pub use locale::{Locale, LocaleProvider};
pub use name::{MAX as MAX_NAME, is_reserved};
pub(super) use written::Written;

/// A checked section.
#[derive(Clone, Debug)]
pub struct Databases {
    /// Where the URL is of somebody who may create databases and roles.
    pub admin: Source,
    /// Whether databases that the file no longer names are deleted.
    pub prune: bool,
    /// In the order of the file; no two have one name or one role.
    pub databases: Vec<Database>,
}

/// One database as the config asks for it.
#[derive(Clone, Debug, Default)]
pub struct Database {
    /// Its name in the file.
    pub written: String,
    /// Its name in the server: a copy's bears the feature.
    pub name: String,
    /// The role that owns it and all that is in it.
    pub role: String,
    pub template: Option<Template>,
    pub strategy: Strategy,
    /// Whether others are copied from it: nobody writes to it any more.
    pub is_template: bool,
    pub locale: Locale,
    /// -1 is no limit.
    pub connection_limit: Option<i32>,
    /// Whether roles that nobody has let in cannot connect.
    pub revoke_public_connect: bool,
    pub schemas: Vec<String>,
    pub extensions: Vec<Extension>,
    pub grants: Vec<Grant>,
    /// Files of SQL, which run once and in this order.
    pub seed: Vec<PathBuf>,
    /// Another text than the last time asks for another password.
    pub rotate: String,
    /// Whether a database of this name that has no mark is taken over.
    pub adopt: bool,
    pub outputs: Vec<Bound<Value>>,
    /// Where the server is, once that is known.
    pub address: Option<Address>,
    /// What the role logs in with, once that is known.
    pub password: Option<Hidden>,
}

/// Where clients find the server, and what they ask of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub host: String,
    pub port: u16,
    /// In libpq's words.
    pub sslmode: &'static str,
}

/// What a database is copied from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Template {
    /// One that nobody writes to: `IS_TEMPLATE` is set.
    Golden(String),
    /// One that the same file asks for before.
    Own(String),
    /// One in use, by word; it cannot be copied while anybody is connected to it.
    Live(String),
}

/// How the server copies a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CloneStrategy")]
pub enum Strategy {
    /// What is fastest by the server's version and the template's size.
    #[default]
    Auto,
    /// Block by block through the write-ahead log.
    WalLog,
    /// File by file, between two checkpoints.
    FileCopy,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    pub name: String,
    pub version: Option<String>,
    pub schema: Option<String>,
}

/// What of a database an application can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "DatabaseValue")]
pub enum Value {
    /// As libpq takes it, with the password.
    Url,
    /// As JDBC takes it, with the password.
    JdbcUrl,
    Host,
    Port,
    /// The name in the server.
    Name,
    /// The role.
    User,
    Password,
}

impl Databases {
    pub(super) fn places(&self) -> impl Iterator<Item = (&Place, &str)> {
        let outputs = self.databases.iter().flat_map(|database| &database.outputs);
        outputs.map(|output| (&output.place, output.at.as_str()))
    }
}

impl Database {
    /// A database of which only the names are known.
    #[must_use]
    pub fn named(name: &str, role: &str) -> Self {
        Self { written: name.to_owned(), name: name.to_owned(), role: role.to_owned(), ..Self::default() }
    }
}

impl Value {
    /// Whether the password is in it.
    #[must_use]
    pub fn is_secret(self) -> bool {
        matches!(self, Self::Url | Self::JdbcUrl | Self::Password)
    }
}

impl Template {
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Golden(name) | Self::Own(name) | Self::Live(name) => name,
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
