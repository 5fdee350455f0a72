//! What must hold for any bytes that are handed to us as a stream or as a config file.
//!
//! Each function takes bytes and panics where a promise is broken. libFuzzer calls them with what it
//! makes up (`make fuzz`), the tests with the corpora. They do no IO.

#![forbid(unsafe_code)]

mod documents;
mod feature_copy;
mod feature_resources;
mod meaning;
mod render;

#[cfg(feature = "libfuzzer")]
pub mod last;

#[cfg(test)]
mod corpora;

pub use feature_copy::feature_copy_config;
pub use feature_resources::feature_resources_config;
pub use render::render;

/// What became of the bytes. Both are fine; a corpus says which it expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Taken,
    Refused,
}

/// Whether a terminal shows all of a message and obeys nothing of it: the lines of others are quoted in ours.
fn is_shown_safely(said: &str) -> bool {
    said.chars().all(|c| !c.is_control() || c == '\n' || c == '\t')
}
