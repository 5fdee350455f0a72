//! Where in the text the thing stands that a path such as `sqs.queues[0].name` names.
//!
//! The reader of the file says a place only with an error, so this walks the text once more, along the
//! path, and refuses what stands at its end. Nothing here judges what the file says.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The byte at which the value at `path` starts; of a path that leads nowhere, what it leads out of. A
/// last key that may be anything stands in brackets and quotes: `sqs.queues[0].tags["a.b"]`.
pub(super) fn of(text: &str, path: &str) -> usize {
    refused(serde_yaml::Deserializer::from_str(text), path, None)
}

/// The byte at which `key` stands for the second time in the mapping at `path`.
pub(super) fn of_second_key(text: &str, path: &str, key: &str) -> usize {
    refused(serde_yaml::Deserializer::from_str(text), path, Some(key))
}

/// The byte at which the second document starts.
pub(super) fn of_second_document(text: &str) -> usize {
    serde_yaml::Deserializer::from_str(text).nth(1).map_or(0, |document| refused(document, "", None))
}

/// The byte at which brackets stand deeper than any file of ours: the time of the reader grows with the
/// square of their depth.
pub(super) fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let deep = |&(_, c): &(usize, char)| {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > 100
    };
    text.char_indices().find(deep).map(|(at, _)| at)
}

fn refused(document: serde_yaml::Deserializer<'_>, path: &str, twice: Option<&str>) -> usize {
    let (path, free) =
        path.split_once("[\"").map_or((path, None), |(path, key)| (path, key.strip_suffix("\"]")));
    let steps: Vec<_> = path.split(['.', '[']).filter(|step| !step.is_empty()).chain(free).collect();
    let refusal = Walk { steps: &steps, twice }.deserialize(document).err();
    refusal.and_then(|error| error.location()).map_or(0, |location| location.index())
}

/// Goes along the steps and refuses the value after the last one, or there the second key `twice`. A
/// step into a list ends with its bracket.
#[derive(Clone, Copy)]
struct Walk<'a> {
    steps: &'a [&'a str],
    twice: Option<&'a str>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// What is not here is refused by its default.
impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        match self.twice {
            Some(key) if key != text => Ok(()),
            _ => Err(E::custom("here")),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        if let Some((step, steps)) = self.steps.split_first() {
            for _ in 0..step.trim_end_matches(']').parse().unwrap_or(0) {
                items.next_element::<IgnoredAny>()?;
            }
            items.next_element_seed(Self { steps, ..self })?;
        }
        Err(A::Error::custom("here"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        if let Some((step, steps)) = self.steps.split_first() {
            while let Some(key) = entries.next_key::<String>()? {
                if key == *step {
                    return entries.next_value_seed(Self { steps, ..self });
                }
                entries.next_value::<IgnoredAny>()?;
            }
        } else if let Some(twice) = self.twice {
            // The first is passed by; the second is refused where it stands.
            while let Some(key) = entries.next_key::<String>()? {
                entries.next_value::<IgnoredAny>()?;
                if key == twice {
                    break;
                }
            }
            while entries.next_key_seed(self)?.is_some() {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Err(A::Error::custom("here"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_its_value_a_key_twice_to_its_second() {
        let text = "a: 1\nb:\n- {c: x}\n- c: &d y\n  e: *d\n  c: z\ng:\n  h: k\n  \"h.i[\": j\n---\nf: 1\n";
        let rest = |at: usize| text[at..].split('\n').next().expect("a line");
        let cases = [
            ("", "a: 1"),
            ("b", "- {c: x}"),
            ("b[0]", "{c: x}"),
            ("b[0].c", "x}"),
            ("b[1].c", "&d y"),
            ("b[0].d", "{c: x}"),
            ("g[\"h.i[\"]", "j"),
        ];
        for (path, line) in cases {
            assert_eq!(rest(of(text, path)), line, "{path}");
        }
        assert_eq!(rest(of_second_key(text, "b[1]", "c")), "c: z");
        assert_eq!(rest(of_second_document(text)), "f: 1");
    }
}
