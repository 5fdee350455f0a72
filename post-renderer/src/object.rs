//! The Kubernetes objects of a document. Never looks into what a kind means.

use crate::{node::Node, stream::Document};

/// One object: a mapping with `apiVersion`, `kind` and `metadata`.
pub struct Object<'n> {
    pub root: &'n Node,
    pub kind: &'n str,
    pub api_version: &'n str,
    pub metadata: &'n Node,
}

impl<'n> Object<'n> {
    pub fn name(&self) -> Option<&'n str> {
        self.metadata.get("name")?.scalar()
    }

    pub fn namespace(&self) -> Option<&'n str> {
        self.metadata.get("namespace")?.scalar()
    }

    /// Whether Helm runs it as a hook instead of keeping it as a part of the release.
    pub fn is_hook(&self) -> bool {
        self.metadata.get("annotations").is_some_and(|annotations| annotations.get("helm.sh/hook").is_some())
    }
}

/// The objects of a document, those of a List one by one. What has no kind is no object.
pub fn objects<'n>(document: &'n Document<'_>) -> Vec<Object<'n>> {
    let mut objects = Vec::new();
    for root in &document.roots {
        let kind = root.get("kind").and_then(Node::scalar);
        match root.get("items") {
            Some(items) if kind.is_some_and(|kind| kind.ends_with("List")) => {
                objects.extend(items.items().iter().filter_map(object));
            }
            _ => objects.extend(object(root)),
        }
    }
    objects
}

fn object(root: &Node) -> Option<Object<'_>> {
    Some(Object {
        root,
        kind: root.get("kind")?.scalar()?,
        api_version: root.get("apiVersion")?.scalar()?,
        metadata: root.get("metadata")?,
    })
}
