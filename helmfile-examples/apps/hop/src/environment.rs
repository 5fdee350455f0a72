use std::{collections::BTreeMap, env, ffi::OsString, fmt::Display, str::FromStr};

/// The variables that a service was started with.
#[derive(Debug)]
pub struct Environment(BTreeMap<OsString, OsString>);

/// Why a variable cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentError {
    #[error("variable {0} is set and empty: give it a value or leave it out")]
    Empty(&'static str),
    #[error("variable {0} is not UTF-8")]
    NotText(&'static str),
    #[error("variable {name} is {value:?}: {cause}")]
    Value { name: &'static str, value: String, cause: String },
}

impl Environment {
    #[must_use]
    pub fn of_this_process() -> Self {
        Self(env::vars_os().collect())
    }

    /// The variable's text, if it is set.
    pub fn text(&self, name: &'static str) -> Result<Option<String>, EnvironmentError> {
        let Some(value) = self.0.get(&OsString::from(name)) else { return Ok(None) };
        match value.to_str() {
            Some("") => Err(EnvironmentError::Empty(name)),
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(EnvironmentError::NotText(name)),
        }
    }

    /// The variable, or `default` if it is not set, as a `T`.
    pub fn value<T>(&self, name: &'static str, default: &str) -> Result<T, EnvironmentError>
    where
        T: FromStr<Err: Display>,
    {
        let value = self.text(name)?.unwrap_or_else(|| default.to_owned());
        value.parse().map_err(|cause: T::Err| EnvironmentError::Value {
            name,
            value,
            cause: cause.to_string(),
        })
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(variables: [(&str, &str); N]) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}
