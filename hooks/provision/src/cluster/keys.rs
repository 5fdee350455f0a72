//! What must happen to an object for a field manager to have its keys there, and no others. Pure.

use std::collections::BTreeMap;

use super::Found;
use crate::change::{Difference, NONE};

/// What differs between the keys that `manager` is to have, with their values as they stand in the object's
/// JSON (none where one is not known yet), and those that it has.
///
/// # Errors
/// With the reason, where a key belongs to somebody else: it is never taken.
pub fn differences(
    found: &Found,
    manager: &str,
    values: &BTreeMap<String, Option<String>>,
) -> Result<Vec<Difference>, String> {
    let owned = found.owned();
    let own = found.owned_by(manager);
    let mut differences = Vec::new();
    for (key, value) in values {
        let have = found.data.get(key);
        let same = value.as_ref().map(|value| have == Some(value));
        // What one hook has by another name it gives up before it tells.
        let same_hook = |name: &str| {
            name.strip_prefix(manager).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let other = owned.iter().find(|(name, keys)| !same_hook(name) && keys.contains(key.as_str()));
        // Where the value is not known yet and the key is ours too, it will most likely be the same.
        let clash = if own.contains(key.as_str()) { same == Some(false) } else { same != Some(true) };
        if let (Some((other, _)), true) = (other, clash) {
            return Err(format!(
                "its key {key} belongs to field manager {other:?}: take the key out, and the next apply sets it"
            ));
        }
        let from = if have.is_some() { "another value" } else { NONE };
        match same {
            Some(true) if own.contains(key.as_str()) => {}
            Some(true) => differences.push(Difference::new(key, "not ours", "ours")),
            Some(false) => differences.push(Difference::new(key, from, "set")),
            None => differences.push(Difference::new(key, from, "known after apply")),
        }
    }
    differences.extend(gone(found, manager, |key| !values.contains_key(key)));
    Ok(differences)
}

/// Those keys of `manager` that go.
pub fn gone<'a>(
    found: &'a Found,
    manager: &str,
    goes: impl Fn(&str) -> bool + 'a,
) -> impl Iterator<Item = Difference> + 'a {
    let own = found.owned_by(manager).into_iter();
    own.filter(move |key| goes(key)).map(|key| Difference::new(key, "set", NONE))
}
