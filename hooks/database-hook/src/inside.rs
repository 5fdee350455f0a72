//! Schemas, extensions and privileges in a database of ours. Everything can be said twice.

use provision::{
    config::database::{Database, Grant, On},
    error::Error,
};

use crate::{
    session::{OWN_PATH, PLAIN_PATH, Session},
    sql,
};

/// Makes them be as the file asks; nobody else does at the same time.
pub(crate) async fn settle(session: &Session, want: &Database) -> Result<(), Error> {
    let role = sql::name(&want.role);
    let mut statements = Vec::new();
    for schema in &want.schemas {
        let schema = sql::name(schema);
        statements.push(format!("CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {role}"));
        statements.push(format!("ALTER SCHEMA {schema} OWNER TO {role}"));
    }
    for extension in &want.extensions {
        let name = sql::name(&extension.name);
        let version = extension.version.as_ref().map(|version| sql::text(version));
        let schema = extension.schema.as_ref().map(|schema| sql::name(schema));
        let within = schema.as_ref().map_or_else(String::new, |schema| format!(" SCHEMA {schema}"));
        let of = version.as_ref().map_or_else(String::new, |version| format!(" VERSION {version}"));
        // Where no schema is named it is the first one of the path.
        statements.push(OWN_PATH.to_owned());
        statements.push(format!("CREATE EXTENSION IF NOT EXISTS {name}{within}{of}"));
        statements.push(PLAIN_PATH.to_owned());
        statements.extend(version.map(|version| format!("ALTER EXTENSION {name} UPDATE TO {version}")));
        // Many extensions cannot be moved, and say so even where they are already.
        if let Some(to) = &extension.schema {
            let there = session
                .row(
                    "SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE \
                     e.extname = $1",
                    &[&extension.name],
                )
                .await?;
            if there.is_some_and(|row| row.get::<_, &str>(0) != to) {
                statements.push(format!("ALTER EXTENSION {name} SET SCHEMA {}", sql::name(to)));
            }
        }
    }
    for grant in &want.grants {
        let (privileges, to) = spoken(grant);
        match &grant.on {
            On::Database => {}
            On::Schema(schema) => {
                statements.push(format!("GRANT {privileges} ON SCHEMA {} TO {to}", sql::name(schema)));
            }
            On::TablesIn(schema) => {
                let schema = sql::name(schema);
                statements.push(format!("GRANT {privileges} ON ALL TABLES IN SCHEMA {schema} TO {to}"));
                statements.push(format!(
                    "ALTER DEFAULT PRIVILEGES FOR ROLE {role} IN SCHEMA {schema} GRANT {privileges} ON TABLES TO {to}"
                ));
            }
        }
    }
    session.together(&statements).await
}

/// The privileges of a grant and who gets them, as SQL says it.
pub(crate) fn spoken(grant: &Grant) -> (String, String) {
    let privileges: Vec<&str> = grant.privileges.iter().map(|privilege| privilege.as_str()).collect();
    (privileges.join(", "), sql::grantee(&grant.role))
}
