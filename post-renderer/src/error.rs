use std::fmt;

use crate::stream::Place;

/// Why a stream could not be rendered.
#[derive(Debug)]
pub enum RenderError {
    Syntax { place: Place, cause: String },
    Unsupported { place: Place, what: String, remedy: &'static str },
    Wrong { place: Place, what: String },
    Copy { what: String },
}

impl RenderError {
    /// The same of a document that we wrote ourselves in the place of another: its own places mean
    /// nothing to anybody.
    pub(crate) fn of_ours(self, place: Option<Place>) -> Self {
        let what = match self {
            Self::Syntax { cause: what, .. }
            | Self::Unsupported { what, .. }
            | Self::Wrong { what, .. }
            | Self::Copy { what } => what,
        };
        match place {
            Some(place) => Self::Wrong { place, what },
            None => Self::Copy { what },
        }
    }
}

impl std::error::Error for RenderError {}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Syntax { place, cause } => format!("{place}: this cannot be read: {cause}"),
            Self::Unsupported { place, what, remedy } => {
                format!("{place}: {what} is not supported yet{remedy}")
            }
            Self::Wrong { place, what } => format!("{place}: {what}"),
            Self::Copy { what } => what.clone(),
        };
        f.write_str(&shown(&text))
    }
}

/// A text that quotes a manifest, for a terminal: nothing in it moves a cursor.
pub fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
