//! Takes out of a text what was injected, and knows of that the words alone: keys and values, the
//! names of the mappings that hold them, brackets, commas, line ends.

use std::{collections::HashSet, ops::Range};

use acceptance::generate::Own;

/// What may stand in what was injected.
pub struct Words {
    /// Each with whether it is a value, without which nothing needs to be injected.
    words: Vec<(String, bool)>,
    /// Which bytes they begin with.
    first: [bool; 256],
}

/// Where the two texts could not be brought together any further.
#[derive(Debug)]
pub struct Stuck {
    pub input: usize,
    pub output: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct At {
    input: usize,
    output: usize,
    /// Where the injected text began that this is in, and whether there was a value in it.
    run: Option<(usize, bool)>,
}

impl Words {
    pub fn new(own: &Own) -> Self {
        let mut words: Vec<(String, bool)> = Vec::new();
        for (key, value) in own.labels.iter().chain(&own.annotations) {
            words.push((key.clone(), false));
            words.push((quoted(key), false));
            words.push((quoted(value), true));
        }
        for name in ["metadata", "labels", "annotations", "podMetadata"] {
            words.push((name.to_owned(), false));
            words.push((quoted(name), false));
        }
        words.extend(["{", "}", ",", ":", " ", "\n", "\r\n", "<<"].map(|word| (word.to_owned(), false)));
        let mut first = [false; 256];
        for (word, _) in &words {
            first[usize::from(word.as_bytes()[0])] = true;
        }
        Self { words, first }
    }

    /// Whether `output` without what was injected is `input`, of which only the ranges in
    /// `replaceable` may have given way.
    pub fn leave(&self, input: &str, output: &str, replaceable: &[Range<usize>]) -> Result<(), Stuck> {
        let (input, output) = (input.as_bytes(), output.as_bytes());
        let mut open = vec![At { input: 0, output: 0, run: None }];
        let mut seen = HashSet::new();
        let mut stuck = Stuck { input: 0, output: 0 };
        while let Some(mut at) = open.pop() {
            if !seen.insert(at) {
                continue;
            }
            // Plain copying, with every other way that it could go on kept for later.
            loop {
                stuck = if at.output > stuck.output {
                    Stuck { input: at.input, output: at.output }
                } else {
                    stuck
                };
                let whole =
                    at.run.is_none_or(|(start, valued)| valued || is_frame(&output[start..at.output]));
                if whole && at.input == input.len() && at.output == output.len() {
                    return Ok(());
                }
                self.others(at, output, replaceable, &mut open);
                let same = at.input < input.len() && input.get(at.input) == output.get(at.output);
                if !(whole && same) {
                    break;
                }
                at = At { input: at.input + 1, output: at.output + 1, run: None };
            }
            assert!(seen.len() < 1_000_000, "what was injected is more than can be told apart");
        }
        Err(stuck)
    }

    /// The ways to go on by what was injected.
    fn others(&self, at: At, output: &[u8], replaceable: &[Range<usize>], open: &mut Vec<At>) {
        let (start, valued) = at.run.unwrap_or((at.output, false));
        let possible = output.get(at.output).is_some_and(|byte| self.first[usize::from(*byte)]);
        for (word, value) in self.words.iter().filter(|_| possible) {
            if output[at.output..].starts_with(word.as_bytes()) {
                open.push(At { output: at.output + word.len(), run: Some((start, valued || *value)), ..at });
            }
        }
        for range in replaceable.iter().filter(|range| range.start == at.input && !range.is_empty()) {
            open.push(At { input: range.end, run: Some((start, valued)), ..at });
        }
    }
}

/// What stands around a mapping that is merged, without a value of its own.
fn is_frame(run: &[u8]) -> bool {
    matches!(run, b"{<<: " | b"}")
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
