//! The Kubernetes objects of a document. Never looks into what a kind means.

use crate::{
    document::Document,
    node::{Node, Value},
};

/// One object: a mapping with `apiVersion`, `kind` and `metadata`.
pub struct Object<'n, 'a> {
    pub root: &'n Node<'a>,
    pub kind: &'n str,
    pub api_version: &'n str,
    pub metadata: &'n Node<'a>,
    /// Whether it is an item of a list.
    pub listed: bool,
    /// Whether Helm runs it, or the list that it is in, as a hook instead of keeping it as a part of the
    /// release.
    pub hook: bool,
}

/// Why a document, or a node of it, has no object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    Empty,
    NoMapping,
    NoKind,
    NoMetadata,
    EmptyList,
}

impl<'n> Object<'n, '_> {
    pub fn name(&self) -> Option<&'n str> {
        self.metadata.read_text("name")
    }

    pub fn namespace(&self) -> Option<&'n str> {
        self.metadata.read_text("namespace")
    }

    /// A key, of those that can be changed in every object, that stands twice.
    pub fn doubled(&self) -> Option<&'static str> {
        let twice = |map: &Node<'_>, key: &str| {
            map.resolved().entries().iter().filter(|(k, _)| k.scalar() == Some(key)).count() > 1
        };
        let of_metadata = |key: &&'static str| twice(self.metadata, key);
        let metadata = twice(self.root, "metadata").then_some("metadata");
        metadata.or_else(|| ["labels", "annotations"].into_iter().find(of_metadata))
    }
}

/// The objects of a document, and why there is none at a place where one could be.
///
/// What has `items` is a list to Kubernetes, whatever its kind, and an item without a kind is of the
/// list's: a `ConfigMap` in a `ConfigMapList`.
pub fn objects<'n, 'a>(document: &'n Document<'a>) -> Vec<Result<Object<'n, 'a>, (usize, Absent)>> {
    let mut found = Vec::new();
    for root in &document.roots {
        let listed = root.read("items").filter(|items| matches!(items.value, Value::Seq { .. }));
        let Some(items) = listed else {
            found.push(object(root, None).map_err(|why| (root.span.start, why)));
            continue;
        };
        for item in items.items() {
            found.push(object(item, Some(root)).map_err(|why| (item.span.start, why)));
        }
        if items.items().is_empty() {
            found.push(Err((root.span.start, Absent::EmptyList)));
        }
    }
    if found.is_empty() {
        found.push(Err((0, Absent::Empty)));
    }
    found
}

fn object<'n, 'a>(root: &'n Node<'a>, list: Option<&'n Node<'a>>) -> Result<Object<'n, 'a>, Absent> {
    if root.is_null() {
        return Err(Absent::Empty);
    }
    if root.resolved().entries().is_empty() {
        return Err(Absent::NoMapping);
    }
    // `kind: 5` is a number to Helm, which then finds no kind.
    let text = |node: &'n Node<'a>, key| node.read(key).filter(|node| node.is_text()).and_then(Node::scalar);
    let own = text(root, "kind").zip(text(root, "apiVersion"));
    let of_list = || {
        let list = list.filter(|_| root.read("kind").is_none())?;
        Some((text(list, "kind")?.strip_suffix("List")?, text(list, "apiVersion")?))
    };
    let (kind, api_version) = own.or_else(of_list).ok_or(Absent::NoKind)?;
    let metadata = root.read("metadata").ok_or(Absent::NoMetadata)?;
    let hook = |node: &Node<'_>| node.read_at(&["metadata", "annotations", "helm.sh/hook"]).is_some();
    let hook = hook(root) || list.is_some_and(hook);
    Ok(Object { root, kind, api_version, metadata, listed: list.is_some(), hook })
}
