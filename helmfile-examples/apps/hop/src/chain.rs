use std::{error::Error, iter};

/// An error and its causes in one line, from the outermost inwards.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = iter::successors(Some(error), |&cause| cause.source());
    let mut words: Vec<String> = causes.map(ToString::to_string).collect();
    // Some libraries print their cause and return it as well.
    words.dedup();
    words.join(": ")
}
