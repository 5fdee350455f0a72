//! Pods of a copy: what leads it to its own things, and to base's services from a namespace of its own.

mod swap;
mod variables;

use crate::{
    copy::{EnvTarget, FeatureCopy, Isolate, Swap},
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

/// What pods of the stream have that flags speak of.
#[derive(Debug, Default)]
pub struct Met {
    pub containers: Vec<ContainerName>,
    /// The numbers of the swaps that met a reference.
    pub swaps: Vec<usize>,
}

impl Met {
    /// Fails on what was asked for pods and met none: the copy would use base's.
    pub fn check(&self, copy: &FeatureCopy) -> Result<(), RenderError> {
        let none =
            |target: &&EnvTarget| !self.containers.iter().any(|container| container.is_meant_by(target));
        if let Some(target) = copy.env.iter().find(none) {
            return Err(no_container(target, &self.containers));
        }
        match copy.swaps.iter().enumerate().find(|(index, _)| !self.swaps.contains(index)) {
            None => Ok(()),
            Some((_, Swap { kind, old, new })) => Err(RenderError::Copy {
                what: format!("--swap={}/{old}={new}: no pod of the stream refers to {old}", kind.word()),
            }),
        }
    }
}

impl ContainerName {
    pub fn is_meant_by(&self, target: &EnvTarget) -> bool {
        target.workload.as_ref().is_none_or(|workload| *workload == self.workload)
            && target.container.as_ref().is_none_or(|container| *container == self.name)
    }
}

/// Whether a copy asks for anything in its pods beside labels.
pub fn is_asked(copy: &FeatureCopy) -> bool {
    let base = matches!(&copy.isolate, Isolate::Off { base: Some(_) });
    base || !copy.env.is_empty() || !copy.swaps.is_empty()
}

/// Gives the pods of an object what the copy asks for, and says in `met` what they have.
pub fn of_pods(
    document: &Document<'_>,
    object: &Object<'_, '_>,
    copy: &FeatureCopy,
    met: &mut Met,
    changes: &mut Vec<Change>,
) -> Result<Vec<Edit>, RenderError> {
    let mut edits = Vec::new();
    if !is_asked(copy) {
        return Ok(edits);
    }
    for (path, spec) in pod_specs(object, copy) {
        let mut references = swap::of_pod(spec, &path);
        for list in ["initContainers", "containers"] {
            for container in spec.read(list).map(Node::items).unwrap_or_default() {
                let Some(name) = container.read_text("name") else { continue };
                let name = ContainerName {
                    workload: object.name().unwrap_or_default().to_owned(),
                    name: name.to_owned(),
                };
                let path = format!("{path}.{list}[{}]", name.name);
                let container = container.resolved();
                let env = format!("{path}.env");
                edits.extend(variables::set(document, container, &name, &env, &copy.env, changes)?);
                let replaced = |variable: &str| {
                    copy.env.iter().any(|target| target.name == variable && name.is_meant_by(target))
                };
                references.extend(swap::of_container(container, &path, replaced));
                met.containers.push(name);
            }
        }
        for reference in references {
            edits.extend(swap::apply(document, &reference, &copy.swaps, &mut met.swaps, changes)?);
        }
        if let Isolate::Off { base: Some(base) } = &copy.isolate {
            edits.extend(search(document, spec, &path, &base.search, changes)?);
        }
    }
    Ok(edits)
}

/// The specs of an object's pods, with their paths.
pub fn pod_specs<'n, 'a>(object: &Object<'n, 'a>, copy: &'n FeatureCopy) -> Vec<(String, &'n Node<'a>)> {
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

fn no_container(target: &EnvTarget, containers: &[ContainerName]) -> RenderError {
    let present: Vec<String> =
        containers.iter().map(|container| format!("{}/{}", container.workload, container.name)).collect();
    let present = if present.is_empty() { "none".to_owned() } else { present.join(", ") };
    RenderError::Copy {
        what: format!(
            "--env names a container for {} that is not in the stream, which has {present}",
            target.name
        ),
    }
}

/// Lets pods find base's services by short name, after those of their own namespace.
fn search(
    document: &Document<'_>,
    spec: &Node<'_>,
    path: &str,
    domain: &str,
    changes: &mut Vec<Change>,
) -> Result<Option<Edit>, RenderError> {
    let item = mapping::quoted(domain);
    let config = mapping::own(document, spec, "dnsConfig")?;
    let searches = config.map(|config| mapping::own(document, config, "searches")).transpose()?.flatten();
    let present = searches.map(Node::items).unwrap_or_default();
    let kept = present.iter().any(|search| search.resolved().scalar() == Some(domain));
    let action = if kept { Action::Kept } else { Action::Added };
    let at = searches.or(config).unwrap_or(spec).span.start;
    changes.push(Change::new(&format!("{path}.dnsConfig"), ("searches", domain), action, at));
    match (config, searches) {
        _ if kept => Ok(None),
        (_, Some(searches)) => mapping::put_items_first(document, searches, &[item]).map(Some),
        (Some(config), None) => {
            mapping::put_first(document, config, &[("searches", format!("[{item}]"))]).map(Some)
        }
        (None, None) => {
            let config = format!("{{\"searches\": [{item}]}}");
            mapping::put_first(document, spec, &[("dnsConfig", config)]).map(Some)
        }
    }
}
