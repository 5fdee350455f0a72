//! Files of SQL that run once: each in one transaction with the record that it ran, as the database's owner.
//!
//! They are for the server alone: what psql does for a file (`\connect`, `COPY … FROM stdin`) nobody does here.

use std::{collections::BTreeMap, fs, path::Path};

use provision::{config::database::Database, error::Error};
use tokio_postgres::error::ErrorPosition;

use crate::{
    password,
    session::{Session, classed},
    sql,
};

mod lexer;

use lexer::{Foreign, What};

/// Where the record is, in each database of its own.
const SCHEMA: &str = feature::words::MANAGER;

/// The files that ran, with what was in them then.
pub(crate) async fn ran(session: &Session) -> Result<BTreeMap<String, String>, Error> {
    let there = session.row(&format!("SELECT to_regclass('{SCHEMA}.seeds') IS NOT NULL"), &[]).await?;
    if !there.is_some_and(|row| row.get(0)) {
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
pub(crate) async fn run(session: &Session, want: &Database) -> Result<(), Error> {
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
        let outcome = session.try_run(&transaction(&name, &text, &want.role)).await;
        outcome.map_err(|error| in_file(&name, &text, &error))?;
    }
    Ok(())
}

/// The text within a function of the owner's: there the server neither ends the transaction nor takes another role.
fn transaction(name: &str, text: &str, role: &str) -> String {
    let body = format!("BEGIN EXECUTE {}; END", sql::text(text));
    [
        format!("CREATE SCHEMA IF NOT EXISTS {SCHEMA}"),
        format!(
            "CREATE TABLE IF NOT EXISTS {SCHEMA}.seeds (file text PRIMARY KEY, print text NOT NULL, at timestamptz \
             NOT NULL DEFAULT now())"
        ),
        format!("INSERT INTO {SCHEMA}.seeds (file, print) VALUES ({}, {})", sql::text(name), sql::text(&password::print(text))),
        format!("SET LOCAL ROLE {}", sql::name(role)),
        format!(
            "CREATE FUNCTION pg_temp.seed() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS {}",
            sql::text(&body)
        ),
        "RESET ROLE".to_owned(),
        "SELECT pg_temp.seed()".to_owned(),
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
