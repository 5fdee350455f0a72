//! How a database orders and encodes texts, which stays as it was made.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the file says of it; all else is the template's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locale {
    pub encoding: Option<String>,
    /// The order of texts.
    pub collate: Option<String>,
    /// What a letter is.
    pub ctype: Option<String>,
    pub provider: Option<LocaleProvider>,
    pub icu: Option<String>,
}

/// Whose rules hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LocaleProvider {
    /// The operating system's.
    Libc,
    /// ICU's, whose locale is `icuLocale`.
    Icu,
}

impl LocaleProvider {
    /// As SQL says it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Libc => "libc",
            Self::Icu => "icu",
        }
    }
}

impl Locale {
    /// Whether the file says anything; then a new database cannot come from the server's own template.
    #[must_use]
    pub fn is_given(&self) -> bool {
        *self != Self::default()
    }
}
