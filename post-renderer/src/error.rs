use std::fmt;

use crate::{isolate::Fault, stream::Place};

/// Why a stream could not be rendered.
#[derive(Debug)]
pub enum RenderError {
    Syntax {
        place: Place,
        cause: String,
    },
    Unsupported {
        place: Place,
        what: String,
        remedy: &'static str,
    },
    Wrong {
        place: Place,
        what: String,
    },
    Copy {
        what: String,
    },
    /// Objects that would be base's: at least one.
    Foreign {
        faults: Vec<Fault>,
    },
}

impl RenderError {
    /// The same of a document that we wrote ourselves in the place of another: its own places mean
    /// nothing to anybody.
    pub(crate) fn of_ours(self, place: Option<Place>) -> Self {
        let what = match self {
            // Said as a whole, of all documents.
            Self::Foreign { .. } => return self,
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
                format!("{place}: {what} is not supported{remedy}")
            }
            Self::Wrong { place, what } => format!("{place}: {what}"),
            Self::Copy { what } => what.clone(),
            Self::Foreign { faults } => return foreign(f, faults),
        };
        f.write_str(&shown(&text))
    }
}

/// How much of a text is said: a name can be as long as its document.
const MOST: usize = 2_000;

/// A text that quotes a manifest, for a terminal.
pub fn shown(text: &str) -> String {
    legible(text, MOST)
}

/// How much of a text is said of each where several are said.
const MOST_OF_EACH: usize = 500;

/// What helps against most of them.
const APART: &str = ", or deploy the copy to a namespace of its own with --isolate=off";

/// How many of several are said.
const MOST_FAULTS: usize = 20;

/// One fault on one line, or several on a line each; below them what helps, once.
fn foreign(f: &mut fmt::Formatter<'_>, faults: &[Fault]) -> fmt::Result {
    let apart = if faults.iter().any(|fault| fault.apart) { APART } else { "" };
    if let [Fault { place, what, remedy, .. }] = faults {
        return f.write_str(&shown(&format!("{place}: {what}: {remedy}{apart}")));
    }
    write!(f, "{} things of the stream are not the copy's own:", faults.len())?;
    for Fault { place, what, .. } in faults.iter().take(MOST_FAULTS) {
        write!(f, "\n  {};", legible(&format!("{place}: {what}"), MOST_OF_EACH))?;
    }
    if faults.len() > MOST_FAULTS {
        write!(f, "\n  and {} more;", faults.len() - MOST_FAULTS)?;
    }
    let mut remedies: Vec<&str> = faults.iter().map(|fault| fault.remedy).collect();
    remedies.sort_unstable();
    remedies.dedup();
    write!(f, "\n{}{apart}", remedies.join("; "))
}

/// A text as far as `most` characters, in which nothing moves a cursor or turns its direction.
fn legible(text: &str, most: usize) -> String {
    let turns = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let harmless = |c: char| if c.is_control() || turns(c) { char::REPLACEMENT_CHARACTER } else { c };
    let mut shown: String = text.chars().take(most).map(harmless).collect();
    if text.chars().nth(most).is_some() {
        shown.push('…');
    }
    shown
}
