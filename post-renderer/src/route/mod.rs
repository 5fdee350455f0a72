//! How requests reach a copy: the chart's own routes edited in place, preview hosts, entries.
//!
//! Base's objects are never touched: a copy's route lies beside them and wins by its priority.

mod generated;
mod ingressroute;
mod matchers;
mod preview;
mod rule;

use crate::{
    copy::{FeatureCopy, Router},
    document::Document,
    error::RenderError,
    object::Object,
    report::Change,
    splice::Edit,
};

/// The changes that one route asks for.
#[derive(Debug, Default)]
pub struct Routed {
    pub edits: Vec<Edit>,
    pub changes: Vec<Change>,
    /// Documents beside it: the middlewares that its rules name.
    pub added: Vec<String>,
}

/// The changes to a route of the chart; none to an entry that an earlier rendering added.
pub fn in_place(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    copy: &FeatureCopy,
) -> Result<Routed, RenderError> {
    if copy.entries.iter().any(|entry| object.name() == Some(&generated::entry_name(entry, copy))) {
        return Ok(Routed::default());
    }
    ingressroute::in_place(document, object, copy)
}

/// The preview hosts of services that have no copy, as documents of their own; `present` are the names
/// of the stream's routes.
pub fn entries(present: &[String], copy: &FeatureCopy) -> Result<Vec<String>, RenderError> {
    if copy.router == Router::None {
        return Ok(Vec::new());
    }
    let mut added = Vec::new();
    let mut names = Vec::new();
    for entry in &copy.entries {
        let name = generated::entry_name(entry, copy);
        if names.contains(&name) {
            let what = format!("--entry={}: another entry has the same name, {name}", entry.host);
            return Err(RenderError::Copy { what });
        }
        // What an earlier rendering added is there already.
        if !present.contains(&name) {
            added.extend(generated::entry(&name, entry, copy)?);
        }
        names.push(name);
    }
    Ok(added)
}
