//! `tags` of a queue or a topic: the file's own, beside the mark.

use std::collections::BTreeMap;

use feature::words;

use super::Fault;
use crate::marks::Tags;

/// What AWS allows on one thing, less the mark's own.
const MOST: usize = 50 - 6;

/// Checks what a file writes at `at`.
pub(super) fn check(written: BTreeMap<String, String>, at: &str) -> Result<Tags, Fault> {
    if written.len() > MOST {
        return Err(Fault::new(at, format!("more than {MOST} tags: AWS takes 50, and 6 are the mark's")));
    }
    for (key, value) in &written {
        let fault = |why: String| Err(Fault::new(format!("{at}[\"{key}\"]"), why));
        if key.starts_with("aws:") {
            return fault(format!("tag {key:?} begins with aws:, which is AWS's own"));
        }
        if words::is_ours(key) {
            return fault(format!("tag {key:?} is the mark's: a hook writes it"));
        }
        if !(1..=128).contains(&key.chars().count()) || !key.chars().all(legal) {
            return fault(format!(
                "tag {key:?} is no key of 1 to 128 letters, digits, spaces and any of _.:/=+-@"
            ));
        }
        if value.chars().count() > 256 || !value.chars().all(legal) {
            return fault(format!(
                "the value of tag {key:?} is no text of at most 256 letters, digits, spaces and any of _.:/=+-@"
            ));
        }
    }
    Ok(written)
}

/// Whether a tag may have it.
pub(super) fn legal(c: char) -> bool {
    c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c)
}
