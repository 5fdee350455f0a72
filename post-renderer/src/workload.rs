//! Containers of a copy: the variables that lead it to its own things.

use crate::{
    copy::{EnvSource, EnvTarget, FeatureCopy},
    document::Document,
    error::RenderError,
    fields, mapping,
    node::Node,
    object::Object,
    report::{Action, Change},
    splice::Edit,
};

/// A container of the stream, as `--env` addresses it.
#[derive(Clone, Debug)]
pub struct ContainerName {
    pub workload: String,
    pub name: String,
}

impl ContainerName {
    pub fn is_meant_by(&self, target: &EnvTarget) -> bool {
        target.workload.as_ref().is_none_or(|workload| *workload == self.workload)
            && target.container.as_ref().is_none_or(|container| *container == self.name)
    }
}

/// Gives the containers of an object every variable that means them, and adds their names to
/// `containers`.
pub fn variables(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    copy: &FeatureCopy,
    containers: &mut Vec<ContainerName>,
    changes: &mut Vec<Change>,
) -> Result<Vec<Edit>, RenderError> {
    let mut edits = Vec::new();
    if copy.env.is_empty() {
        return Ok(edits);
    }
    for (path, node) in pod_specs(object, copy) {
        for list in ["initContainers", "containers"] {
            for container in node.read(list).map(Node::items).unwrap_or_default() {
                let Some(name) = container.read_text("name") else { continue };
                let name = ContainerName {
                    workload: object.name().unwrap_or_default().to_owned(),
                    name: name.to_owned(),
                };
                let path = format!("{path}.{list}[{}].env", name.name);
                edits.extend(set(document, container.resolved(), &name, &path, &copy.env, changes)?);
                containers.push(name);
            }
        }
    }
    Ok(edits)
}

/// The specs of an object's pods, with their paths.
fn pod_specs<'n, 'a>(object: &Object<'n, 'a>, copy: &'n FeatureCopy) -> Vec<(String, &'n Node<'a>)> {
    if object.kind == "Pod" && object.api_version == "v1" {
        return object.root.read("spec").map(|spec| ("spec".to_owned(), spec)).into_iter().collect();
    }
    fields::pod_metadata(object.api_version, object.kind, &copy.pod_paths)
        .flat_map(|(path, _)| fields::find(object.root, path))
        .filter(|found| found.key == "metadata")
        .filter_map(|found| {
            let path = found.path.trim_end_matches("metadata");
            Some((format!("{path}spec"), found.parent.read("spec")?))
        })
        .collect()
}

/// Sets every variable that means the container: replaced where it is, else added.
fn set(
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
