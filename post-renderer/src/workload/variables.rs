//! Variables of containers: replaced where they are, else added.

use super::ContainerName;
use crate::{
    copy::{EnvSource, EnvTarget},
    document::Document,
    error::RenderError,
    mapping,
    node::Node,
    report::{Action, Change},
    splice::Edit,
};

/// Sets every variable that means the container: replaced where it is, else added.
pub fn set(
    document: &Document<'_>,
    container: &Node<'_>,
    name: &ContainerName,
    path: &str,
    targets: &[EnvTarget],
    changes: &mut Vec<Change>,
) -> Result<Vec<Edit>, RenderError> {
    let present = mapping::own(document, container, "env")?;
    let mut edits = Vec::new();
    let mut missing = Vec::new();
    let mine: Vec<&EnvTarget> = targets.iter().filter(|target| name.is_meant_by(target)).collect();
    for (index, target) in mine.iter().enumerate() {
        if mine[..index].iter().any(|other| other.name == target.name) {
            let ContainerName { workload, name } = name;
            let what = format!("--env names {} twice for the container {workload}/{name}", target.name);
            return Err(RenderError::Copy { what });
        }
        let wanted = variable(target);
        let entries = present.map(Node::items).unwrap_or_default();
        // Of a name that stands twice Kubernetes takes the last.
        let entry = entries.iter().rev().find(|entry| entry.read_text("name") == Some(&target.name));
        let action = match entry {
            Some(entry) if document.text[entry.span.clone()] == wanted => Action::Kept,
            Some(entry) => {
                edits.push(mapping::replace(document, entry, &wanted)?);
                Action::Replaced
            }
            None => {
                missing.push(wanted);
                Action::Added
            }
        };
        let at = entry.or(present).unwrap_or(container).span.start;
        changes.push(Change::new(path, (&target.name, &said(target)), action, at));
    }
    if !missing.is_empty() {
        edits.push(match present {
            Some(env) => mapping::put_items_first(document, env, &missing)?,
            None => {
                let env = format!("[{}]", missing.join(", "));
                mapping::put_first(document, container, &[("env", env)])?
            }
        });
    }
    Ok(edits)
}

fn variable(target: &EnvTarget) -> String {
    let name = mapping::quoted(&target.name);
    match &target.source {
        EnvSource::Value(value) => format!("{{\"name\": {name}, \"value\": {}}}", mapping::quoted(value)),
        EnvSource::Secret { name: secret, key } => format!(
            "{{\"name\": {name}, \"valueFrom\": {{\"secretKeyRef\": {{\"name\": {}, \"key\": {}}}}}}}",
            mapping::quoted(secret),
            mapping::quoted(key)
        ),
    }
}

/// Where a variable's value comes from, as the flag says it.
fn said(target: &EnvTarget) -> String {
    match &target.source {
        EnvSource::Value(value) => format!("value:{value}"),
        EnvSource::Secret { name, key } => format!("secret/{name}/{key}"),
    }
}
