//! Files of SQL that run once: each in one transaction with the record that it ran, as the database's owner.
//!
//! They are for the server alone: what psql does for a file (`\connect`, `COPY … FROM stdin`) nobody does here.

use std::{collections::BTreeMap, fs, path::Path};

use provision::{config::database::Database, error::Error};
use tokio_postgres::error::{ErrorPosition, SqlState};

use crate::{
    admin::Admin,
    password,
    session::{OWN_PATH, PLAIN_PATH, Session, classed, turn},
    sql,
};

mod lexer;

use lexer::{Foreign, What};

/// Where the record is, in each database of its own.
const SCHEMA: &str = feature::words::MANAGER;

/// Why no record is kept.
const FOREIGN: &str =
    "schema devstack of the database is not the administrator's, and seeds are recorded there: drop it";

/// The files that ran, with what was in them then.
pub(crate) async fn ran(session: &Session) -> Result<BTreeMap<String, String>, Error> {
    let sql = format!("SELECT to_regclass('{SCHEMA}.seeds') IS NOT NULL, {}", foreign());
    let row = session.row(&sql, &[]).await?;
    let (there, foreign) = row.map_or((false, false), |row| (row.get(0), row.get(1)));
    // What somebody else keeps there says nothing, and whoever adds to it is refused.
    if !there || foreign {
        return Ok(BTreeMap::new());
    }
    let rows = session.rows(&format!("SELECT file, print FROM {SCHEMA}.seeds"), &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The file's text, if the server can run it in one transaction.
pub(crate) fn read(file: &Path) -> Result<String, Error> {
    let refused = |why: String| Error::refused(format!("seed {}: {why}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| refused(format!("read it: {error}")))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    match lexer::foreign(text) {
        None => Ok(text.to_owned()),
        Some(Foreign { line, what: What::Psql }) => {
            Err(refused(format!("line {line} is for psql, and here the server alone reads it")))
        }
        Some(Foreign { line, what: What::Transaction(word) }) => Err(refused(format!(
            "line {line} has {word}: each file is one transaction, leave BEGIN, COMMIT and ROLLBACK out"
        ))),
    }
}

/// Runs those files that have not run. Nobody else does at the same time: the caller has the lock.
pub(crate) async fn run(admin: &Admin, session: &Session, want: &Database) -> Result<(), Error> {
    if want.seed.is_empty() {
        return Ok(());
    }
    let ran = ran(session).await?;
    for file in &want.seed {
        let name = file.display().to_string();
        if ran.contains_key(&name) {
            continue;
        }
        let text = read(file)?;
        // What one sets for its session is none of the next one's.
        let session = admin.open_in(&want.name).await?;
        match session.try_run(&transaction(&name, &text, &want.role)).await {
            Err(error) if !has_run(&error) => return Err(in_file(&name, &text, &error)),
            _ => {}
        }
    }
    Ok(())
}

/// SQL that is true where the record is not the administrators' alone: the role that owns the database can put there
/// what runs as whoever reads it.
fn foreign() -> String {
    format!(
        "EXISTS (SELECT FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid WHERE n.nspname = '{SCHEMA}' AND \
         (EXISTS (SELECT FROM pg_roles r WHERE r.oid IN (n.nspowner, c.relowner) AND r.rolname <> current_user AND NOT \
         r.rolsuper) OR c.relname = 'seeds' AND (c.relkind <> 'r' OR c.relhastriggers OR c.relhasrules)))"
    )
}

/// Whether somebody else's run of the same file, which this one has waited for, has left its record.
fn has_run(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|error| {
        *error.code() == SqlState::UNIQUE_VIOLATION
            && error.schema() == Some(SCHEMA)
            && error.table() == Some("seeds")
    })
}

/// The text within a function of the owner's: there the server neither ends the transaction nor takes another role.
fn transaction(name: &str, text: &str, role: &str) -> String {
    // What is put off until the transaction ends would be done by the administrator.
    let body =
        format!("BEGIN EXECUTE {}; SET CONSTRAINTS ALL IMMEDIATE; EXECUTE 'CLOSE ALL'; END", sql::text(text));
    [
        // Whoever runs a file here at the same time waits, however long that one takes: a hook that was killed has left
        // its file running.
        turn(),
        format!("CREATE SCHEMA IF NOT EXISTS {SCHEMA}"),
        format!(
            "CREATE TABLE IF NOT EXISTS {SCHEMA}.seeds (file text PRIMARY KEY, print text NOT NULL, at timestamptz \
             NOT NULL DEFAULT now())"
        ),
        format!(
            "DO $$ BEGIN IF {} THEN RAISE EXCEPTION {} USING ERRCODE = 'insufficient_privilege'; END IF; END $$",
            foreign(),
            sql::text(FOREIGN)
        ),
        format!("INSERT INTO {SCHEMA}.seeds (file, print) VALUES ({}, {})", sql::text(name), sql::text(&password::print(text))),
        format!("SET LOCAL ROLE {}", sql::name(role)),
        format!(
            "CREATE FUNCTION pg_temp.seed() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS {}",
            sql::text(&body)
        ),
        "RESET ROLE".to_owned(),
        OWN_PATH.to_owned(),
        "SELECT pg_temp.seed()".to_owned(),
        PLAIN_PATH.to_owned(),
        "DROP FUNCTION pg_temp.seed()".to_owned(),
    ]
    .join(";\n")
}

fn in_file(name: &str, text: &str, error: &tokio_postgres::Error) -> Error {
    let line = error.as_db_error().and_then(|error| match error.position() {
        Some(ErrorPosition::Internal { position, query }) if query == text => {
            let before = text.chars().take(usize::try_from(*position).ok()?.saturating_sub(1));
            Some(1 + before.filter(|c| *c == '\n').count())
        }
        _ => None,
    });
    let line = line.map_or_else(String::new, |line| format!(" line {line}"));
    classed(error).worded(|cause| format!("seed {name}{line}: {cause}; nothing of the file was kept"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_runs_as_the_owner_in_one_transaction_with_its_record() {
        let sql = transaction("/seed/1.sql", "INSERT INTO a VALUES ('x')", "or\"ders");
        let at = |what: &str| sql.find(what).unwrap_or_else(|| panic!("{what} is not in {sql}"));
        assert!(at("INSERT INTO devstack.seeds") < at("SET LOCAL ROLE \"or\"\"ders\""));
        assert!(at("SET LOCAL ROLE") < at("CREATE FUNCTION") && at("CREATE FUNCTION") < at("RESET ROLE"));
        assert!(at("RESET ROLE") < at("SELECT pg_temp.seed()"));
        assert!(sql.contains("''''x''''"), "{sql}");
    }
}
