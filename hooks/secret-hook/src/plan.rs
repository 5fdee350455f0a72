//! What must happen to a Secret of the cluster, by what is there. Pure.

use std::collections::{BTreeMap, BTreeSet};

use feature::words;
use provision::{
    change::{Change, Difference, NONE},
    cluster::{self, Found},
    config::secret::{Cloned, Conflict, Content},
};

use super::{Have, content};

/// The field manager of what is cloned.
pub(crate) const MANAGER: &str = "devstack/secret-hook/clone";

/// The field manager of what this hook's outputs tell, in a Secret that it has cloned, too.
pub(crate) const TOLD: &str = "devstack/secret-hook";

/// What Helm writes on what it has installed.
const HELMS: &str = "meta.helm.sh/release-name";

/// What must happen. Of what is only to go nothing is known but whether there is anything to take away.
pub(crate) fn plan(want: &Cloned, have: Option<&Have>) -> Change {
    let Some(content) = &want.content else {
        let nothing = |have: &Have| have.tags.is_none() && !have.found.is_said_by(&want.merger());
        return if have.is_some_and(nothing) { Change::Create(Vec::new()) } else { Change::Keep };
    };
    let Some(have) = have else { return Change::Create(fields(want, content)) };
    if have.is_others() { of_others(want, content, &have.found) } else { of_ours(want, content, &have.found) }
}

fn of_ours(want: &Cloned, content: &Content, found: &Found) -> Change {
    if let Some(refused) = retyped(content, found) {
        return refused;
    }
    let held = !found.held_by(words::MANAGER).is_empty();
    let found = found.taken_over(words::MANAGER, MANAGER);
    if let Some(refused) = labelled(content, &found) {
        return refused;
    }
    let mut differences = match cluster::differences(&found, MANAGER, &values(own(content, &found))) {
        Ok(differences) => differences,
        Err(reason) => return Change::Refuse(reason),
    };
    if found.immutable && (!want.immutable || !differences.is_empty()) {
        return Change::Refuse("it is immutable: choose another name, or say `immutable: true`".to_owned());
    }
    if !found.is_said_by(MANAGER) && !content.data.is_empty() {
        // Another hook has made it, for its outputs.
        return Change::Create(fields(want, content));
    }
    differences.extend(metadata(want, content, &found));
    let merger = want.merger();
    if held {
        differences.push(Difference::new(OWNER, words::MANAGER, MANAGER));
    } else if found.is_said_by(&merger) {
        differences.push(Difference::new(OWNER, merger, MANAGER));
    }
    Change::of(differences)
}

fn of_others(want: &Cloned, content: &Content, found: &Found) -> Change {
    let refuse = |why: &str| Change::Refuse(why.to_owned());
    match want.conflict {
        Conflict::Fail => {
            refuse("it exists without a mark of ours, and has keys that were merged into it before")
        }
        Conflict::Skip if found.is_said_by(&want.merger()) => {
            Change::of(vec![Difference::new(OWNER, want.merger(), NONE)])
        }
        Conflict::Skip => Change::Keep,
        Conflict::Merge => merged(want, content, found),
        Conflict::Adopt => {
            if let Some(release) = found.annotations.get(HELMS) {
                return Change::Refuse(format!(
                    "it is of the Helm release {release}, and would go with the copy: `conflict: merge` adds keys to it"
                ));
            }
            if found.immutable {
                return refuse("it is immutable: choose another name, or say `immutable: true`");
            }
            if let Some(other) = found.marks.get(words::FEATURE).filter(|other| !is_of(want, other)) {
                return Change::Refuse(format!("it belongs to feature {other}"));
            }
            if found.has_others(&[MANAGER, words::MANAGER, &want.merger()]) {
                return refuse("other copies have put keys into it, and would lose them");
            }
            retyped(content, found)
                .or_else(|| labelled(content, found))
                .unwrap_or_else(|| Change::of(taken(found, content)))
        }
    }
}

fn is_of(want: &Cloned, feature: &str) -> bool {
    want.feature.as_ref().is_some_and(|own| own.as_str() == feature)
}

/// A label that somebody else has set to another value.
fn labelled(content: &Content, found: &Found) -> Option<Change> {
    content.labels.iter().filter(|(key, value)| found.labels.get(*key).is_some_and(|have| have != *value)).find_map(
        |(key, _)| {
            let other = found.other_of_label(key, MANAGER)?;
            Some(Change::Refuse(format!(
                "its label {key} belongs to field manager {other:?}: take the label off, and the next apply sets it"
            )))
        },
    )
}

fn retyped(content: &Content, found: &Found) -> Option<Change> {
    let kind = found.kind.as_deref().unwrap_or(NONE);
    (kind != content.kind).then(|| {
        Change::Refuse(format!(
            "its type is {kind}, and to be {}, which cannot be changed: choose another name",
            content.kind
        ))
    })
}

/// The keys of a clone but for those that another hook tells there: it may be about to give them up.
pub(crate) fn own<'a>(content: &'a Content, found: &Found) -> BTreeMap<&'a str, &'a str> {
    let hooks = format!("{}/", words::MANAGER);
    let owned = found.owned();
    let of_hooks = owned.iter().filter(|(name, _)| name.starts_with(&hooks) && **name != MANAGER);
    let told: BTreeSet<&str> = of_hooks.flat_map(|(_, keys)| keys.iter().copied()).collect();
    let data = content.data.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    data.filter(|(key, _)| !told.contains(key)).collect()
}

/// The keys that are put into a Secret of somebody else's: those that nobody there has.
pub(crate) fn added<'a>(want: &Cloned, content: &'a Content, found: &Found) -> BTreeMap<&'a str, &'a str> {
    let merger = want.merger();
    let own = found.owned_by(&merger);
    let theirs: BTreeSet<&str> =
        found.data.keys().map(String::as_str).filter(|key| !own.contains(key)).collect();
    let data = content.data.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    data.filter(|(key, _)| !theirs.contains(key)).collect()
}

/// The label on a Secret of somebody else's that has keys of a feature.
pub(crate) fn merged_label(want: &Cloned) -> String {
    format!("{}{}", words::MERGED, want.feature.as_ref().map_or("base", |feature| feature.as_str()))
}

// No key has a space.
const LABEL: &str = "label ";
const FROM: &str = "cloned from";
const TYPE: &str = "of type";
const FROZEN: &str = "made immutable";
const OWNER: &str = "field manager";

fn merged(want: &Cloned, content: &Content, found: &Found) -> Change {
    let values = values(added(want, content, found));
    if let Some(why) = content::never(found) {
        return Change::Refuse(format!("{why}: nothing is added to it"));
    }
    match cluster::differences(found, &want.merger(), &values) {
        Ok(differences) if found.immutable && !differences.is_empty() => {
            Change::Refuse("it is immutable, and nothing can be added to it".to_owned())
        }
        Ok(differences)
            if differences.is_empty() && values.is_empty() && found.is_said_by(&want.merger()) =>
        {
            Change::of(vec![Difference::new(OWNER, want.merger(), NONE)])
        }
        Ok(differences) => Change::of(differences),
        Err(reason) => Change::Refuse(reason),
    }
}

/// What differs where everything is taken, whosever it is.
fn taken(found: &Found, content: &Content) -> Vec<Difference> {
    let from = |key: &String| if found.data.contains_key(key) { "another's" } else { NONE };
    content.data.keys().map(|key| Difference::new(key, from(key), "set")).collect()
}

fn fields(want: &Cloned, content: &Content) -> Vec<Difference> {
    let keys = content.data.keys().map(|key| Difference::new(key, NONE, "set"));
    let labels =
        content.labels.iter().map(|(key, value)| Difference::new(format!("{LABEL}{key}"), NONE, value));
    let from = want.from.iter().map(|from| Difference::new(FROM, NONE, from.to_string()));
    let immutable = want.immutable.then(|| Difference::new(FROZEN, NONE, "true"));
    [Difference::new(TYPE, NONE, &content.kind)]
        .into_iter()
        .chain(from)
        .chain(keys)
        .chain(labels)
        .chain(immutable)
        .collect()
}

fn metadata(want: &Cloned, content: &Content, found: &Found) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut differ = |field: String, have: Option<&String>, want: Option<&String>| {
        if have != want {
            let text = |value: Option<&String>| value.cloned().unwrap_or_else(|| NONE.to_owned());
            differences.push(Difference::new(field, text(have), text(want)));
        }
    };
    let from = want.from.as_ref().map(ToString::to_string);
    differ(FROM.to_owned(), found.annotations.get(words::CLONED_FROM), from.as_ref());
    let said = found.labels_of(MANAGER);
    let known: BTreeSet<&str> = content.labels.keys().map(String::as_str).chain(said).collect();
    for key in known.into_iter().filter(|key| !words::is_ours(key)) {
        differ(format!("{LABEL}{key}"), found.labels.get(key), content.labels.get(key));
    }
    differences
}

/// As [`cluster::differences`] takes them.
fn values(data: BTreeMap<&str, &str>) -> BTreeMap<String, Option<String>> {
    data.into_iter().map(|(key, value)| (key.to_owned(), Some(value.to_owned()))).collect()
}
