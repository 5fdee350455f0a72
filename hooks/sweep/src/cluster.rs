//! What the cluster is asked and told: Helm's records, and the Secrets and `ConfigMap`s that carry our mark.
//!
//! It reads metadata wherever they are enough: values of Secrets that are no records of Helm's never come here. It
//! decides nothing.

use std::fmt;

use feature::words;
use k8s_openapi::{
    api::core::v1::{ConfigMap, Secret},
    apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta},
};
use kube::{
    Api, Client, Resource,
    api::{DeleteParams, ListParams, Patch, PatchParams, Preconditions},
    core::{NamespaceResourceScope, PartialObjectMeta},
};
use provision::{
    cluster::{Cluster, classed},
    error::Error,
    retry::Patience,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    clock::Said,
    plan::Live,
    record::{self, Body, Head, Status},
    release::Release,
    thing::{Object, ObjectKind, Place, Thing},
};

/// The cluster, with the patience of this run.
pub(crate) struct Asked<'a> {
    pub(crate) client: Client,
    pub(crate) patience: &'a Patience<'a>,
    pub(crate) endpoint: String,
}

/// What Helm has recorded in some namespaces.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    /// All releases that are there, copies' and others'.
    pub(crate) live: Live,
    pub(crate) releases: Vec<Release>,
    /// Every record.
    pub(crate) heads: Vec<Head>,
    /// Of those the newest of each release that is there.
    pub(crate) newest: Vec<Head>,
}

impl Recorded {
    /// Whether the release has no other revision than this one.
    pub(crate) fn is_first(&self, head: &Head) -> bool {
        let same = |other: &&Head| (&other.namespace, &other.release) == (&head.namespace, &head.release);
        self.heads.iter().filter(same).count() == 1
    }
}

/// How many objects one answer of a list has.
const PAGE: u32 = 500;

impl<'a> Asked<'a> {
    /// The cluster that the pod runs in, or that KUBECONFIG names.
    pub(crate) async fn connect(patience: &'a Patience<'a>) -> Result<Self, Error> {
        let cluster = Cluster::configured(None).await?;
        let asked =
            Self { client: cluster.client().clone(), patience, endpoint: cluster.endpoint().to_owned() };
        asked.call("the cluster", "connect", || cluster.greet()).await?;
        Ok(asked)
    }

    /// The namespace of the kubeconfig, or of the pod.
    pub(crate) fn namespace(&self) -> &str {
        self.client.default_namespace()
    }

    /// The outcome of a call, made again while it can help.
    pub(crate) async fn call<T, F>(&self, thing: &str, act: &str, call: impl FnMut() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let outcome = self.patience.call(&self.endpoint, call).await;
        outcome.map_err(|error| error.worded(|cause| format!("{thing}: {act} at {}: {cause}", self.endpoint)))
    }

    /// What Helm has recorded in these namespaces.
    pub(crate) async fn recorded(&self, namespaces: &[String]) -> Result<Recorded, Error> {
        let mut recorded = Recorded::default();
        for namespace in namespaces {
            recorded.heads.extend(self.heads(namespace).await?);
        }
        for head in record::newest(recorded.heads.clone()) {
            if head.status == Status::Uninstalled {
                continue;
            }
            let key = (head.namespace.clone(), head.release.clone());
            let body = self.body(&head).await?;
            // It has gone meanwhile.
            let Some(body) = body else { continue };
            recorded.newest.push(head.clone());
            let release = Release::read(head, body);
            recorded.live.insert(key, release.as_ref().map(|release| release.feature.clone()));
            recorded.releases.extend(release);
        }
        Ok(recorded)
    }

    async fn heads(&self, namespace: &str) -> Result<Vec<Head>, Error> {
        let params = ListParams::default().labels(record::SELECTOR);
        let all = self.metadata::<Secret>(namespace, params).await?;
        Ok(all.into_iter().filter_map(|metadata| Head::read(namespace, metadata)).collect())
    }

    /// None where the record has gone.
    async fn body(&self, head: &Head) -> Result<Option<Result<Body, String>>, Error> {
        let api = Api::<Secret>::namespaced(self.client.clone(), &head.namespace);
        let get = || async { api.get_opt(&head.object).await.map_err(|error| classed(&error)) };
        let record = self.call(&head.to_string(), "read the record", get).await?;
        Ok(record.map(|record| {
            let value = record.data.unwrap_or_default().remove("release");
            Body::read(&value.ok_or("it has no release in it")?.0)
        }))
    }

    /// What carries our mark in a namespace.
    pub(crate) async fn marked(&self, namespace: &str) -> Result<Vec<Thing>, Error> {
        let others = ListParams::default().labels("owner!=helm");
        let labelled = ListParams::default().labels(words::FEATURE);
        let secrets = self.metadata::<Secret>(namespace, others).await?;
        let config_maps = self.metadata::<ConfigMap>(namespace, labelled).await?;
        let secrets = secrets.into_iter().map(|metadata| (ObjectKind::Secret, metadata));
        let config_maps = config_maps.into_iter().map(|metadata| (ObjectKind::ConfigMap, metadata));
        Ok(secrets
            .chain(config_maps)
            .flat_map(|(kind, metadata)| things(kind, namespace, metadata))
            .collect())
    }

    async fn metadata<K>(&self, namespace: &str, params: ListParams) -> Result<Vec<ObjectMeta>, Error>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + DeserializeOwned + Clone + fmt::Debug,
    {
        let api = Api::<K>::namespaced(self.client.clone(), namespace);
        let (kind, mut params) = (K::plural(&()), params.limit(PAGE));
        let mut all = Vec::new();
        loop {
            let list = || async { api.list_metadata(&params).await.map_err(|error| classed(&error)) };
            let page = self.call(&format!("{kind} in {namespace}"), "list them", list).await?;
            all.extend(page.items.into_iter().map(|item: PartialObjectMeta<K>| item.metadata));
            match page.metadata.continue_ {
                Some(rest) if !rest.is_empty() => params = params.continue_token(&rest),
                _ => return Ok(all),
            }
        }
    }

    /// Writes on a record what somebody has said of its copy's end.
    pub(crate) async fn say(&self, head: &Head, said: Said) -> Result<(), Error> {
        let api = Api::<Secret>::namespaced(self.client.clone(), &head.namespace);
        let labels = json!({"metadata": {"uid": head.uid, "labels": {(words::DUE): said.to_string()}}});
        let patch = Patch::Merge(labels);
        let params = PatchParams { field_manager: Some(words::MANAGER.to_owned()), ..PatchParams::default() };
        let write = || async {
            api.patch_metadata(&head.object, &params, &patch).await.map(drop).map_err(|error| classed(&error))
        };
        self.call(&head.to_string(), "label the record", write).await
    }

    /// Takes a revision out of Helm's records, as it was seen.
    pub(crate) async fn forget(&self, head: &Head) -> Result<(), Error> {
        let object = Object {
            kind: ObjectKind::Secret,
            namespace: head.namespace.clone(),
            name: head.object.clone(),
            uid: head.uid.clone(),
            resource_version: head.resource_version.clone(),
        };
        self.remove(&object).await
    }

    /// Deletes an object as it was seen; fine where it has gone already.
    pub(crate) async fn remove(&self, object: &Object) -> Result<(), Error> {
        let Object { kind, namespace, name, uid, resource_version } = object;
        let preconditions =
            Preconditions { uid: Some(uid.clone()), resource_version: Some(resource_version.clone()) };
        let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
        let client = || self.client.clone();
        let delete = || async {
            let deleted = match kind {
                ObjectKind::Secret => {
                    Api::<Secret>::namespaced(client(), namespace).delete(name, &params).await.map(drop)
                }
                ObjectKind::ConfigMap => {
                    Api::<ConfigMap>::namespaced(client(), namespace).delete(name, &params).await.map(drop)
                }
            };
            match deleted {
                Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
                // Somebody writes to it: it is looked at again by the next run.
                Err(kube::Error::Api(status)) if status.code == 409 => {
                    Err(Error::refused(status.message.clone()))
                }
                Err(error) => Err(classed(&error)),
                Ok(()) => Ok(()),
            }
        };
        self.call(&object.to_string(), "delete it", delete).await
    }
}

/// What of an object is a copy's: all of it, or keys in it that hooks have put there.
fn things(kind: ObjectKind, namespace: &str, metadata: ObjectMeta) -> Vec<Thing> {
    let (labels, annotations) =
        (metadata.labels.unwrap_or_default(), metadata.annotations.unwrap_or_default());
    let (Some(name), Some(uid), Some(resource_version)) =
        (metadata.name, metadata.uid, metadata.resource_version)
    else {
        return Vec::new();
    };
    let called = match kind {
        ObjectKind::Secret => format!("secret/{name}"),
        ObjectKind::ConfigMap => format!("configmap/{name}"),
    };
    let mut marks = annotations;
    // Whose it is stands in its annotations, and for which feature in its labels.
    marks.remove(words::FEATURE);
    if let Some(feature) = labels.get(words::FEATURE) {
        marks.insert(words::FEATURE.to_owned(), feature.clone());
    }
    if marks.contains_key(words::OWNER) {
        let place =
            Place::Object(Object { kind, namespace: namespace.to_owned(), name, uid, resource_version });
        return Thing::of_marks(called, &marks, place).into_iter().collect();
    }
    let merged = metadata.managed_fields.unwrap_or_default().into_iter().flat_map(|entry| merges(&entry));
    merged
        .filter_map(|(feature, owner)| {
            let marks = [(words::FEATURE.to_owned(), feature), (words::OWNER.to_owned(), owner)].into();
            let place = Place::Merged { namespace: namespace.to_owned(), name: name.clone() };
            Thing::of_marks(called.clone(), &marks, place)
        })
        .collect()
}

/// For which features whose keys these are: the field manager names the owner, and has set a label for the feature.
fn merges(entry: &ManagedFieldsEntry) -> Vec<(String, String)> {
    let owner = entry.manager.as_deref().and_then(|manager| manager.strip_prefix(words::MERGER));
    let fields = entry.fields_v1.as_ref().map(|fields| &fields.0["f:metadata"]["f:labels"]);
    let (Some(owner), Some(labels)) = (owner, fields.and_then(Value::as_object)) else { return Vec::new() };
    let features = labels.keys().filter_map(|key| key.strip_prefix("f:")?.strip_prefix(words::MERGED));
    features.map(|feature| (feature.to_owned(), owner.to_owned())).collect()
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.release)
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ObjectKind::Secret => "secret",
            ObjectKind::ConfigMap => "configmap",
        };
        write!(f, "{kind}/{}/{}", self.namespace, self.name)
    }
}
