//! What must happen to a thing, as data.

use std::fmt;

/// The difference between what the config asks for and what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Keep,
    /// The thing is not there; the fields that it is made with, each from nothing.
    Create(Vec<Difference>),
    /// At least one field is not what it should be; the thing stays.
    Update(Vec<Difference>),
    /// The thing is ours and nothing asks for it any more.
    Delete,
    /// The thing must not or cannot be changed; the reason, for people.
    Refuse(String),
}

/// One field that is not what it should be. Never holds a secret value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub field: String,
    pub from: String,
    pub to: String,
}

impl Change {
    /// What comes of differences; none is [`Change::Keep`].
    #[must_use]
    pub fn of(differences: Vec<Difference>) -> Self {
        if differences.is_empty() { Self::Keep } else { Self::Update(differences) }
    }

    /// What two that were carried out one after the other come to.
    pub(crate) fn and(self, then: Self) -> Self {
        match (self, then) {
            (Self::Create(mut fields), Self::Update(more)) => {
                fields.extend(more);
                Self::Create(fields)
            }
            (Self::Update(mut fields), Self::Update(more)) => {
                fields.extend(more);
                Self::Update(fields)
            }
            (first, Self::Keep) => first,
            (_, then) => then,
        }
    }

    /// Whether the field named so is one that differs.
    #[must_use]
    pub fn touches(&self, field: &str) -> bool {
        matches!(self, Self::Update(differences) if differences.iter().any(|d| d.field == field))
    }

    /// The names of the fields that differ.
    #[must_use]
    pub fn fields(&self) -> Vec<&str> {
        self.differences().iter().map(|difference| difference.field.as_str()).collect()
    }

    /// The word of the report.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Create(_) => "create",
            Self::Update(_) => "update",
            Self::Delete => "delete",
            Self::Refuse(_) => "refuse",
        }
    }

    /// The fields that differ.
    pub(crate) fn differences(&self) -> &[Difference] {
        match self {
            Self::Create(differences) | Self::Update(differences) => differences,
            Self::Keep | Self::Delete | Self::Refuse(_) => &[],
        }
    }
}

/// What stands for a field that is not there.
pub const NONE: &str = "none";

impl Difference {
    pub fn new(field: impl Into<String>, from: impl Into<String>, to: impl Into<String>) -> Self {
        Self { field: field.into(), from: from.into(), to: to.into() }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, from, to } = self;
        if from == NONE { write!(f, "{field}: {to}") } else { write!(f, "{field}: {from} -> {to}") }
    }
}
