//! Edits on the original text, and the one place that applies them. Never parses, never re-emits.

use std::ops::Range;

/// Replace the bytes of `at` in the original text by `text`; an empty range inserts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub at: Range<usize>,
    pub text: String,
}

impl Edit {
    pub(crate) fn insert(at: usize, text: impl Into<String>) -> Self {
        Self { at: at..at, text: text.into() }
    }

    pub(crate) fn replace(at: Range<usize>, text: impl Into<String>) -> Self {
        Self { at, text: text.into() }
    }

    /// The same edit of a text that begins `by` bytes earlier.
    pub(crate) fn shifted(self, by: usize) -> Self {
        Self { at: self.at.start + by..self.at.end + by, ..self }
    }
}

/// The bytes of `source` with all `edits`, which are sorted by their place and disjoint, handed to
/// `write` piece by piece.
///
/// # Panics
/// When two edits overlap or one lies outside of the text: a plan never does either.
pub fn pieces<E>(
    source: &[u8],
    edits: &[Edit],
    mut write: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut done = 0;
    for edit in edits {
        assert!(done <= edit.at.start && edit.at.end <= source.len(), "edits overlap or leave their text");
        write(&source[done..edit.at.start])?;
        write(edit.text.as_bytes())?;
        done = edit.at.end;
    }
    write(&source[done..])
}

/// Sorts edits by their place; those at one place keep their order.
pub fn sort(edits: &mut [Edit]) {
    edits.sort_by_key(|edit| (edit.at.start, edit.at.end));
}

/// A part of a text with the edits that lie in it.
///
/// # Panics
/// As [`pieces`] does.
pub fn apply(text: &str, range: Range<usize>, mut edits: Vec<Edit>) -> String {
    sort(&mut edits);
    let mut output = String::with_capacity(range.len());
    let mut done = range.start;
    for edit in edits {
        assert!(done <= edit.at.start && edit.at.end <= range.end, "edits overlap or leave their text");
        output.push_str(&text[done..edit.at.start]);
        output.push_str(&edit.text);
        done = edit.at.end;
    }
    output.push_str(&text[done..range.end]);
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_applied_in_order_of_their_place_and_keep_their_order_at_one_place() {
        let edits = vec![Edit::replace(4..5, "E"), Edit::insert(2, "1"), Edit::insert(2, "2")];
        assert_eq!(apply("abcdefg", 1..6, edits), "b12cdEf");
    }

    #[test]
    #[expect(clippy::should_panic_without_expect, reason = "the text of the assertion is its own")]
    #[should_panic]
    fn edits_that_overlap_are_a_broken_plan() {
        apply("abcdefg", 0..7, vec![Edit::replace(1..4, ""), Edit::insert(2, "x")]);
    }
}
