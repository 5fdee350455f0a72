//! The Kubernetes objects of a document. Never looks into what a kind means.

use crate::{
    document::{Document, Part},
    fields,
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
    /// Its objects cannot be changed, and must not pass.
    AliasedList,
}

impl<'n> Object<'n, '_> {
    pub fn name(&self) -> Option<&'n str> {
        self.metadata.read_text("name")
    }

    /// For people: `Service shop`.
    pub fn said(&self) -> String {
        format!("{} {}", self.kind, self.name().unwrap_or_default())
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

/// By what Kubernetes tells an object from others.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub struct Identity {
    pub group: String,
    pub kind: String,
    pub namespace: Option<String>,
    pub name: String,
}

impl Identity {
    pub fn of(object: &Object<'_, '_>) -> Self {
        Self {
            group: fields::group(object.api_version).to_owned(),
            kind: object.kind.to_owned(),
            namespace: object.namespace().map(str::to_owned),
            name: object.name().unwrap_or_default().to_owned(),
        }
    }

    /// That of a document that we wrote, or of the chart's with words of ours in it; `None` where the latter
    /// needs a directive that it has lost.
    pub fn of_text(text: &str) -> Option<Self> {
        let part = Part { span: 0..text.len(), index: 0 };
        let wanted = |_: &str, _: &str| Some(vec!["metadata".to_owned()]);
        let document = Document::read(text.as_bytes(), &part, wanted).ok()?;
        objects(&document).into_iter().flatten().next().map(|object| Self::of(&object))
    }
}

/// The objects of a document, and why there is none at a place where one could be.
///
/// What has `items` is a list to Kubernetes, whatever its kind, in another list too, and an item without a
/// kind is of the list's: a `ConfigMap` in a `ConfigMapList`.
pub fn objects<'n, 'a>(document: &'n Document<'a>) -> Vec<Result<Object<'n, 'a>, (usize, Absent)>> {
    let mut found = Vec::new();
    for root in &document.roots {
        collect(root, None, false, &mut found);
    }
    if found.is_empty() {
        found.push(Err((0, Absent::Empty)));
    }
    found
}

type Found<'n, 'a> = Vec<Result<Object<'n, 'a>, (usize, Absent)>>;

/// `hook` is whether Helm runs the list as one.
fn collect<'n, 'a>(root: &'n Node<'a>, list: Option<&'n Node<'a>>, hook: bool, found: &mut Found<'n, 'a>) {
    let hook = hook || root.read_at(&["metadata", "annotations", "helm.sh/hook"]).is_some();
    let items = root.read("items").filter(|items| matches!(items.value, Value::Seq { .. }));
    match items.map(Node::items) {
        None => found.push(object(root, list, hook).map_err(|why| (root.span.start, why))),
        Some([]) => found.push(Err((root.span.start, Absent::EmptyList))),
        // Aliases of lists of aliases would come to more than any memory holds.
        Some(_) if list.is_some() && matches!(root.value, Value::Alias(_)) => {
            found.push(Err((root.span.start, Absent::AliasedList)));
        }
        Some(items) => items.iter().for_each(|item| collect(item, Some(root), hook, found)),
    }
}

fn object<'n, 'a>(
    root: &'n Node<'a>,
    list: Option<&'n Node<'a>>,
    hook: bool,
) -> Result<Object<'n, 'a>, Absent> {
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
    Ok(Object { root, kind, api_version, metadata, listed: list.is_some(), hook })
}
