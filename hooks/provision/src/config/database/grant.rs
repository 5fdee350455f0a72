//! What other roles may do in a database.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::name;
use crate::config::{Fault, given};

/// One role's privileges on one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// A role that is there; `public` is everybody.
    pub role: String,
    pub on: On,
    /// Never none.
    pub privileges: Vec<Privilege>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum On {
    Database,
    Schema(String),
    /// All tables and views of a schema, and those that the owner is going to make there.
    TablesIn(String),
}

/// In SQL's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Privilege {
    Connect,
    Create,
    Temporary,
    Usage,
    Select,
    Insert,
    Update,
    Delete,
    Truncate,
    References,
    Trigger,
}

impl Privilege {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT",
            Self::Create => "CREATE",
            Self::Temporary => "TEMPORARY",
            Self::Usage => "USAGE",
            Self::Select => "SELECT",
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Truncate => "TRUNCATE",
            Self::References => "REFERENCES",
            Self::Trigger => "TRIGGER",
        }
    }
}

impl On {
    /// What there is to grant on it.
    fn privileges(&self) -> &'static [Privilege] {
        match self {
            Self::Database => &[Privilege::Connect, Privilege::Create, Privilege::Temporary],
            Self::Schema(_) => &[Privilege::Usage, Privilege::Create],
            Self::TablesIn(_) => &[
                Privilege::Select,
                Privilege::Insert,
                Privilege::Update,
                Privilege::Delete,
                Privilege::Truncate,
                Privilege::References,
                Privilege::Trigger,
            ],
        }
    }
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database => f.write_str("the database"),
            Self::Schema(schema) => write!(f, "schema {schema}"),
            Self::TablesIn(schema) => write!(f, "tables in {schema}"),
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "role and privileges")]
#[schemars(rename = "Grant")]
pub(super) struct Written {
    /// A role of the server by its very name; `public` is everybody.
    #[schemars(required)]
    role: Option<String>,
    privileges: Vec<Privilege>,
    /// Absent, and tablesIn too: the database itself.
    schema: Option<String>,
    /// All tables and views of this schema, and those that the owner is going to make there.
    tables_in: Option<String>,
}

impl Written {
    pub(super) fn check(self, at: &str) -> Result<Grant, Fault> {
        let Self { role, privileges, schema, tables_in } = self;
        let role = given(role, at, "role")?;
        // PostgreSQL has no role of this name: it is the word for all of them.
        if role != "public" {
            name::check(&role, "a role").map_err(|fault| Fault::new(format!("{at}.role"), fault))?;
        }
        for (key, schema) in [("schema", &schema), ("tablesIn", &tables_in)] {
            if let Some(schema) = schema {
                name::check_schema(schema).map_err(|fault| Fault::new(format!("{at}.{key}"), fault))?;
            }
        }
        let on = match (schema, tables_in) {
            (None, None) => On::Database,
            (Some(schema), None) => On::Schema(schema),
            (None, Some(schema)) => On::TablesIn(schema),
            (Some(_), Some(_)) => {
                return Err(Fault::new(
                    at,
                    "a grant is on one thing: schema and tablesIn exclude each other",
                ));
            }
        };
        let known = on.privileges();
        let words = || known.iter().map(|known| known.as_str()).collect::<Vec<_>>().join(", ");
        if privileges.is_empty() {
            let fault = format!("privileges on {on} are missing: any of {}", words());
            return Err(Fault::new(format!("{at}.privileges"), fault));
        }
        if let Some(other) = privileges.iter().find(|privilege| !known.contains(privilege)) {
            let fault = format!("{} is no privilege on {on}: those are {}", other.as_str(), words());
            return Err(Fault::new(format!("{at}.privileges"), fault));
        }
        Ok(Grant { role, on, privileges })
    }
}
