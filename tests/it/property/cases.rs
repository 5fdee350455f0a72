//! Streams that proptest makes, and texts that are no streams any more.

use std::fmt;

use acceptance::generate::{self, Own, Stream};
use proptest::{collection::vec, prelude::*};

use super::intended::Wanted;

/// A stream and the flags that it is rendered with.
#[derive(Clone)]
pub struct Case {
    /// Which of [`Wanted::all`].
    pub wanted: usize,
    flags: &'static [String],
    pub stream: Stream,
}

/// Bytes that were a stream.
#[derive(Clone)]
pub struct Bytes(pub Vec<u8>);

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{:?}", self.flags.join(" "), self.stream)
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = self
            .0
            .utf8_chunks()
            .map(|chunk| {
                let invalid: String = chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")).collect();
                format!("{}{invalid}", chunk.valid())
            })
            .collect();
        writeln!(f, "{} bytes:\n{}", self.0.len(), generate::visible(&text))
    }
}

/// Streams, for each of the flags.
pub fn cases(wanted: &'static [Wanted]) -> impl Strategy<Value = Case> {
    let numbers = (vec(any::<u8>(), 60), vec(vec(any::<u8>(), 600), 1..5));
    (0..wanted.len(), numbers).prop_map(|(index, (first, documents))| {
        let numbers: Vec<Vec<u8>> = std::iter::once(first).chain(documents).collect();
        let stream = generate::stream(&numbers, &wanted[index].own());
        Case { wanted: index, flags: &wanted[index].flags, stream }
    })
}

/// Streams with bytes flipped, taken out, repeated, and put in.
pub fn mutated(own: Own) -> impl Strategy<Value = Bytes> {
    let numbers = (vec(any::<u8>(), 60), vec(vec(any::<u8>(), 300), 1..4));
    let changes = vec((0..6_usize, any::<prop::sample::Index>(), 0..40_usize, any::<u8>()), 1..4);
    (numbers, changes).prop_map(move |((first, documents), changes)| {
        let numbers: Vec<Vec<u8>> = std::iter::once(first).chain(documents).collect();
        let mut bytes = generate::stream(&numbers, &own).text.into_bytes();
        for (what, at, length, byte) in changes {
            let at = at.index(bytes.len() + 1);
            change(&mut bytes, what, at, length, byte);
        }
        Bytes(bytes)
    })
}

fn change(bytes: &mut Vec<u8>, what: usize, at: usize, length: usize, byte: u8) {
    const PIECES: [&str; 23] = [
        "\n", "\r", "\t", " ", "---\n", "...\n", "---", "{", "}", "[", "]", "\"", "'", "&a ", "*a", "!!str ",
        "<<: *a\n", "? ", ": ", "- ", "|\n", "#", "\u{2028}",
    ];
    let end = bytes.len().min(at + length);
    let slice = bytes[at..end].to_vec();
    let put = match what {
        0 => {
            bytes.drain(at..end);
            Vec::new()
        }
        1 => slice,
        2 => slice.repeat(3),
        3 => vec![byte],
        4 => PIECES[usize::from(byte) % PIECES.len()].as_bytes().to_vec(),
        _ => {
            if let Some(there) = bytes.get_mut(at) {
                *there ^= 1 << (byte % 8);
            }
            Vec::new()
        }
    };
    bytes.splice(at..at, put);
}

/// Any bytes, and what looks a little like YAML.
pub fn bytes() -> impl Strategy<Value = Bytes> {
    let text = "(?s)[-?:,\\[\\]{}#&*!|>'\"%@`a-c \\n\\r\\t~.<=0-9]{0,120}";
    prop_oneof![
        vec(any::<u8>(), 0..300),
        text.prop_map(String::into_bytes),
        any::<String>().prop_map(String::into_bytes)
    ]
    .prop_map(Bytes)
}
