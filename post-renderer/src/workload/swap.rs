//! References of pods to Secrets and `ConfigMap`s, which lead a copy to its own instead of base's.

use crate::{
    copy::{Swap, SwapKind},
    document::Document,
    error::RenderError,
    mapping,
    node::Node,
    report::{Action, Change},
    splice::Edit,
};

/// A place in a pod that names a Secret or a `ConfigMap`.
pub struct Reference<'n, 'a> {
    pub path: String,
    parent: &'n Node<'a>,
    key: &'static str,
    kind: SwapKind,
}

/// Where sources of volumes name a Secret, and by which key.
const OF_SOURCES: &[(&[&str], &str)] = &[
    (&["azureFile"], "secretName"),
    (&["cephfs", "secretRef"], "name"),
    (&["cinder", "secretRef"], "name"),
    (&["csi", "nodePublishSecretRef"], "name"),
    (&["flexVolume", "secretRef"], "name"),
    (&["iscsi", "secretRef"], "name"),
    (&["rbd", "secretRef"], "name"),
    (&["scaleIO", "secretRef"], "name"),
    (&["storageos", "secretRef"], "name"),
];

/// The references of the variables of a container, but for those that `replaced` names.
pub fn of_container<'n, 'a>(
    container: &'n Node<'a>,
    path: &str,
    replaced: impl Fn(&str) -> bool,
) -> Vec<Reference<'n, 'a>> {
    let mut found = Vec::new();
    for item in container.read("env").map(Node::items).unwrap_or_default() {
        let name = item.read_text("name").unwrap_or_default();
        let Some(from) = item.read("valueFrom").filter(|_| !replaced(name)) else { continue };
        let path = format!("{path}.env[{name}].valueFrom");
        found.extend(pair(from, &path, ("secretKeyRef", "name"), ("configMapKeyRef", "name")));
    }
    for (index, item) in container.read("envFrom").map(Node::items).unwrap_or_default().iter().enumerate() {
        let path = format!("{path}.envFrom[{index}]");
        found.extend(pair(item.resolved(), &path, ("secretRef", "name"), ("configMapRef", "name")));
    }
    found
}

/// The references of a pod beside its containers'.
pub fn of_pod<'n, 'a>(spec: &'n Node<'a>, path: &str) -> Vec<Reference<'n, 'a>> {
    let mut found = Vec::new();
    for volume in spec.read("volumes").map(Node::items).unwrap_or_default() {
        let path = format!("{path}.volumes[{}]", volume.read_text("name").unwrap_or_default());
        let volume = volume.resolved();
        found.extend(pair(volume, &path, ("secret", "secretName"), ("configMap", "name")));
        let sources = volume.read_at(&["projected", "sources"]).map(Node::items).unwrap_or_default();
        for (index, source) in sources.iter().enumerate() {
            let path = format!("{path}.projected.sources[{index}]");
            found.extend(pair(source.resolved(), &path, ("secret", "name"), ("configMap", "name")));
        }
        for (source, key) in OF_SOURCES {
            let Some(parent) = volume.read_at(source) else { continue };
            let path = format!("{path}.{}", source.join("."));
            found.push(Reference { path, parent, key, kind: SwapKind::Secret });
        }
    }
    for (index, item) in spec.read("imagePullSecrets").map(Node::items).unwrap_or_default().iter().enumerate()
    {
        let path = format!("{path}.imagePullSecrets[{index}]");
        found.push(Reference { path, parent: item.resolved(), key: "name", kind: SwapKind::Secret });
    }
    found
}

/// Changes one reference where a swap means it; `met` takes the number of the swap, and where an earlier
/// rendering may have made it those of all that bring the name.
pub fn apply(
    document: &Document<'_>,
    reference: &Reference<'_, '_>,
    swaps: &[Swap],
    met: &mut Vec<usize>,
    changes: &mut Vec<Change>,
) -> Result<Option<Edit>, RenderError> {
    let Reference { path, parent, key, kind } = reference;
    let Some(name) = parent.read_text(key) else { return Ok(None) };
    let of_kind = || swaps.iter().enumerate().filter(|(_, swap)| swap.kind == *kind);
    let taken = of_kind().find(|(_, swap)| swap.old == name);
    met.extend(taken.map(|(index, _)| index));
    met.extend(of_kind().filter(|(_, swap)| swap.new == name).map(|(index, _)| index));
    let Some((_, swap)) = taken.or_else(|| of_kind().find(|(_, swap)| swap.new == name)) else {
        return Ok(None);
    };
    let node = mapping::own(document, parent, key)?;
    let at = node.unwrap_or(parent).span.start;
    let action = if swap.old == name { Action::Replaced } else { Action::Kept };
    changes.push(Change::new(path, (key, &swap.new), action, at));
    match node {
        _ if action == Action::Kept => Ok(None),
        Some(node) => mapping::replace(document, node, &mapping::quoted(&swap.new)).map(Some),
        None => {
            Err(document.unsupported(parent, "a reference that comes from a merge key", ": write it out"))
        }
    }
}

/// The references of one mapping, which names a Secret or a `ConfigMap`.
fn pair<'n, 'a>(
    node: &'n Node<'a>,
    path: &str,
    (secret, secret_name): (&str, &'static str),
    (map, map_name): (&str, &'static str),
) -> Vec<Reference<'n, 'a>> {
    let one = |key: &str, name, kind| {
        let parent = node.read(key)?;
        Some(Reference { path: format!("{path}.{key}"), parent, key: name, kind })
    };
    let found = [one(secret, secret_name, SwapKind::Secret), one(map, map_name, SwapKind::ConfigMap)];
    found.into_iter().flatten().collect()
}
