//! A value that the file must not hold, such as a password: where it is instead.

use std::{fmt, fs, path::PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::Fault;
use crate::error::Error;

/// Where a value is that the file must not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Env(String),
    File(PathBuf),
}

impl Source {
    /// The value, without the line's end that an editor leaves in a file.
    pub fn read(&self) -> Result<String, Error> {
        let text = match self {
            Self::Env(name) => std::env::var(name).map_err(|error| format!("variable {name}: {error}")),
            Self::File(path) => {
                fs::read_to_string(path).map_err(|error| format!("file {}: {error}", path.display()))
            }
        };
        let text = text.map_err(|error| Error::config(format!("read the credentials from {error}")))?;
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Err(Error::config(format!("read the credentials from {self}: it is empty")));
        }
        Ok(text.to_owned())
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "variable {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
        }
    }
}

/// A value that the file does not hold: exactly one of `env` and `file`.
#[derive(Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "env (a variable) or file with a path, never the secret itself"
)]
#[schemars(rename = "Source")]
pub(super) struct Written {
    /// The variable that holds it.
    env: Option<String>,
    /// The file that holds it.
    file: Option<PathBuf>,
}

impl Written {
    /// `at` is the path of what `key` stands in.
    pub(super) fn check(self, at: &str, key: &str) -> Result<Source, Fault> {
        let Self { env, file } = self;
        let at = format!("{at}.{key}");
        match (env, file) {
            (Some(name), None) if is_variable(&name) => Ok(Source::Env(name)),
            // It may be the secret itself.
            (Some(_), None) => Err(Fault::new(format!("{at}.env"), "env is no name of a variable").hidden()),
            (None, Some(path)) if path.is_absolute() => Ok(Source::File(path)),
            (None, Some(_)) => {
                Err(Fault::new(format!("{at}.file"), "file is no absolute path of a file").hidden())
            }
            (None, None) => {
                Err(Fault::new(at, format!("{key} is nowhere: env (a variable) or file is missing")))
            }
            (Some(_), Some(_)) => {
                Err(Fault::new(at, format!("{key} has two places: env and file exclude each other")))
            }
        }
    }
}

fn is_variable(name: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    name.bytes().all(legal) && !name.starts_with(|c: char| c.is_ascii_digit()) && !name.is_empty()
}
