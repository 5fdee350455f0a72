//! Pod templates of a copy: the feature's label, and the variables that lead it to its own things.

use crate::{
    copy::{EnvSource, EnvTarget, FeatureCopy},
    error::RenderError,
    fields, mapping, metadata,
    node::Node,
    object::Object,
    splice::Edit,
    stream::Document,
};

/// A container of the stream, as `--env` addresses it.
pub struct Container<'n> {
    pub workload: &'n str,
    pub name: &'n str,
    node: &'n Node,
}

impl Container<'_> {
    pub fn is_meant_by(&self, target: &EnvTarget) -> bool {
        target.workload.as_deref().is_none_or(|workload| workload == self.workload)
            && target.container.as_deref().is_none_or(|container| container == self.name)
    }
}

/// The label on the pod template, unless an upgrade could not change it.
pub fn label_edits(
    document: &Document<'_>,
    object: &Object<'_>,
    copy: &FeatureCopy,
) -> Result<Vec<Edit>, RenderError> {
    let Some(kind) = fields::pod_template(object.kind) else { return Ok(Vec::new()) };
    // A hook's Job is made anew each time, any other Job's template can never be changed.
    let mutable = kind.mutable || (kind.kind == "Job" && object.is_hook());
    match object.root.at(kind.path) {
        Some(template) if mutable => metadata::template_edits(document, template, copy),
        _ => Ok(Vec::new()),
    }
}

/// The containers of an object's pods, init containers first.
pub fn containers<'n>(object: &Object<'n>) -> Vec<Container<'n>> {
    let spec = fields::template_of(object.kind, object.root).and_then(|template| template.get("spec"));
    let lists = ["initContainers", "containers"].into_iter().filter_map(|list| spec?.get(list));
    lists
        .flat_map(Node::items)
        .filter_map(|node| {
            let name = node.get("name")?.scalar()?;
            Some(Container { workload: object.name().unwrap_or_default(), name, node })
        })
        .collect()
}

/// Gives `container` every variable of `targets` that means it: replaced where it is, else added.
pub fn env_edits(
    document: &Document<'_>,
    container: &Container<'_>,
    targets: &[EnvTarget],
) -> Result<Vec<Edit>, RenderError> {
    let present = container.node.get("env");
    let mut edits = Vec::new();
    let mut missing = Vec::new();
    let mine: Vec<&EnvTarget> = targets.iter().filter(|target| container.is_meant_by(target)).collect();
    for (index, target) in mine.iter().enumerate() {
        if mine[..index].iter().any(|other| other.name == target.name) {
            let Container { workload, name, node: _ } = container;
            let what = format!("--env names {} twice for the container {workload}/{name}", target.name);
            return Err(RenderError::Copy { what });
        }
        let wanted = variable(target);
        let entries = present.map(Node::items).unwrap_or_default();
        // Of a name that stands twice Kubernetes takes the last.
        match entries
            .iter()
            .rev()
            .find(|entry| entry.get("name").and_then(Node::scalar) == Some(&target.name))
        {
            Some(entry) if document.stream[entry.span.clone()] == wanted => {}
            Some(entry) => edits.push(mapping::replace(document, entry, &wanted)?),
            None => missing.push(wanted),
        }
    }
    if !missing.is_empty() {
        edits.push(match present {
            Some(env) => mapping::put_items_first(document, env, &missing)?,
            None => {
                let env = format!("[{}]", missing.join(", "));
                mapping::put_first(document, container.node, &[("env", env)])?
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
