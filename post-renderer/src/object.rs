//! The Kubernetes objects of a document. Never looks into what a kind means.

use crate::{document::Document, node::Node};

/// One object: a mapping with `apiVersion`, `kind` and `metadata`.
pub struct Object<'n, 'a> {
    pub root: &'n Node<'a>,
    pub kind: &'n str,
    pub api_version: &'n str,
    pub metadata: &'n Node<'a>,
    /// Whether it is an item of a List.
    pub listed: bool,
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

    /// Whether Helm runs it as a hook instead of keeping it as a part of the release.
    pub fn is_hook(&self) -> bool {
        self.metadata.read_at(&["annotations", "helm.sh/hook"]).is_some()
    }
}

/// The objects of a document, those of a List one by one, or why there is none.
pub fn objects<'n, 'a>(document: &'n Document<'a>) -> Result<Vec<Object<'n, 'a>>, Absent> {
    let mut objects = Vec::new();
    let mut absent = Absent::Empty;
    for root in &document.roots {
        match root.read("items") {
            Some(items) if root.read_text("kind").is_some_and(|kind| kind.ends_with("List")) => {
                absent = Absent::EmptyList;
                for item in items.items() {
                    match object(item) {
                        Ok(object) => objects.push(Object { listed: true, ..object }),
                        Err(why) => absent = why,
                    }
                }
            }
            _ => match object(root) {
                Ok(object) => objects.push(object),
                Err(Absent::Empty) => {}
                Err(why) => absent = why,
            },
        }
    }
    if objects.is_empty() { Err(absent) } else { Ok(objects) }
}

fn object<'n, 'a>(root: &'n Node<'a>) -> Result<Object<'n, 'a>, Absent> {
    if root.is_null() {
        return Err(Absent::Empty);
    }
    if root.resolved().entries().is_empty() {
        return Err(Absent::NoMapping);
    }
    // `kind: 5` is a number to Helm, which then finds no kind.
    let text = |key| root.read(key).filter(|node| node.is_text()).and_then(Node::scalar);
    let (Some(kind), Some(api_version)) = (text("kind"), text("apiVersion")) else {
        return Err(Absent::NoKind);
    };
    let metadata = root.read("metadata").ok_or(Absent::NoMetadata)?;
    Ok(Object { root, kind, api_version, metadata, listed: false })
}
