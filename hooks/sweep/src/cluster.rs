//! What the cluster is asked and told: Helm's records, and the Secrets and `ConfigMap`s that carry our mark.
//!
//! It reads metadata wherever they are enough: values of Secrets that are no records of Helm's never come here. It
//! decides nothing.

use std::{cell::RefCell, collections::BTreeMap, fmt, rc::Rc};

use feature::{FeatureName, words};
use k8s_openapi::{
    api::core::v1::{ConfigMap, Namespace, Pod, Secret},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams, Preconditions},
    core::{NamespaceResourceScope, PartialObjectMeta},
};
use provision::{
    cluster::{Cluster, classed},
    error::Error,
    retry::Patience,
};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::{
    clock::Said,
    plan::{For, Live},
    record::{self, Body, Contents, Head, Status},
    release::Release,
    thing::{Object, ObjectKind, Thing},
};

/// The cluster, with the patience of this run.
pub(crate) struct Asked<'a> {
    pub(crate) client: Client,
    pub(crate) patience: &'a Patience<'a>,
    pub(crate) endpoint: String,
    /// What records hold that were read, by uid and version: it is looked again often, and most are as they were.
    bodies: RefCell<BTreeMap<(String, String), Contents>>,
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
    /// Whether its copy has other releases.
    pub(crate) fn has_others(&self, release: &Release) -> bool {
        let of_copy = |other: &&Release| {
            (&other.head.namespace, &other.feature) == (&release.head.namespace, &release.feature)
        };
        self.releases.iter().filter(of_copy).count() > 1
    }
}

/// How often records are read anew of which one has gone meanwhile.
const READS: usize = 5;

/// How many objects one answer of a list has.
const PAGE: u32 = 500;

impl<'a> Asked<'a> {
    /// The cluster that the pod runs in, or that KUBECONFIG names.
    pub(crate) async fn connect(patience: &'a Patience<'a>) -> Result<Self, Error> {
        let cluster = Cluster::configured(None).await?;
        let asked = Self {
            client: cluster.client().clone(),
            patience,
            endpoint: cluster.endpoint().to_owned(),
            bodies: RefCell::default(),
        };
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
            let Recorded { live, releases, heads, newest } = self.recorded_in(namespace).await?;
            recorded.live.extend(live);
            recorded.releases.extend(releases);
            recorded.heads.extend(heads);
            recorded.newest.extend(newest);
        }
        Ok(recorded)
    }

    async fn recorded_in(&self, namespace: &str) -> Result<Recorded, Error> {
        'again: for _ in 0..READS {
            let mut recorded = Recorded { heads: self.heads(namespace).await?, ..Recorded::default() };
            for head in record::newest(recorded.heads.clone()) {
                if head.status == Status::Uninstalled {
                    continue;
                }
                // Of a release whose newest record went while it was read nobody knows whether it is gone.
                let Some(body) = self.body(&head).await? else { continue 'again };
                let key = (head.namespace.clone(), head.release.clone());
                recorded.newest.push(head.clone());
                let release = Release::read(head, body);
                recorded.live.insert(key, For::of(release.as_ref()));
                recorded.releases.extend(release);
            }
            return Ok(recorded);
        }
        let moved = "records go while they are read";
        Err(Error::unreachable(format!("releases in {namespace}: read them at {}: {moved}", self.endpoint)))
    }

    /// Makes sure that a namespace is there, and that Helm keeps its records in it as Secrets: where there seem to be none
    /// everything would be taken for what has no release.
    pub(crate) async fn keeps_records(&self, namespace: &str) -> Result<(), Error> {
        let api = Api::<Namespace>::all(self.client.clone());
        let get = || async { api.get_metadata_opt(namespace).await.map_err(|error| classed(&error)) };
        if self.call(&format!("namespace {namespace}"), "look for it", get).await?.is_none() {
            let place = &self.endpoint;
            return Err(Error::refused(format!(
                "there is no namespace {namespace} at {place}: is it the cluster that is meant?"
            )));
        }
        let others = ListParams::default().labels(record::SELECTOR);
        if self.metadata::<ConfigMap>(namespace, others).await?.is_empty() {
            return Ok(());
        }
        let fault = "Helm keeps records in ConfigMaps, and sweep reads those in Secrets alone (HELM_DRIVER)";
        Err(Error::refused(format!("namespace {namespace}: {fault}")))
    }

    /// A pod of the copy that runs still, but for those of hooks.
    pub(crate) async fn pod(&self, namespace: &str, feature: &FeatureName) -> Result<Option<String>, Error> {
        let list = || self.running(namespace, feature);
        self.call(&format!("pods of {namespace}/{feature}"), "list them", list).await
    }

    /// Waits until no such pod runs any more: what they use goes after them.
    pub(crate) async fn without_pods(
        &self,
        namespace: &str,
        feature: &FeatureName,
        patience: &Patience<'_>,
    ) -> Result<(), Error> {
        let gone = || async {
            match self.running(namespace, feature).await? {
                None => Ok(()),
                Some(pod) => Err(Error::unreachable(format!("pod {pod} runs still"))),
            }
        };
        let place = &self.endpoint;
        patience.call(place, gone).await.map_err(|error| {
            error.worded(|cause| {
                format!("{namespace}/{feature}: wait until its pods are gone at {place}: {cause}")
            })
        })
    }

    async fn running(&self, namespace: &str, feature: &FeatureName) -> Result<Option<String>, Error> {
        let api = Api::<Pod>::namespaced(self.client.clone(), namespace);
        let labels = format!("{}={feature},app.kubernetes.io/name!=devstack-hooks", words::FEATURE);
        let params =
            ListParams::default().labels(&labels).fields("status.phase!=Succeeded,status.phase!=Failed");
        let pods = api.list_metadata(&params).await.map_err(|error| classed(&error))?;
        Ok(pods.items.first().map(ResourceExt::name_any))
    }

    async fn heads(&self, namespace: &str) -> Result<Vec<Head>, Error> {
        let params = ListParams::default().labels(record::SELECTOR);
        let all = self.metadata::<Secret>(namespace, params).await?;
        let heads = all.into_iter().map(|metadata| Head::read(namespace, metadata));
        heads
            .collect::<Result<_, _>>()
            .map_err(|what| Error::refused(format!("releases in {namespace}: {what}")))
    }

    /// None where the record has gone.
    async fn body(&self, head: &Head) -> Result<Option<Contents>, Error> {
        let version = (head.uid.clone(), head.resource_version.clone());
        if let Some(body) = self.bodies.borrow().get(&version) {
            return Ok(Some(body.clone()));
        }
        let api = Api::<Secret>::namespaced(self.client.clone(), &head.namespace);
        let get = || async { api.get_opt(&head.object).await.map_err(|error| classed(&error)) };
        let Some(record) = self.call(&head.to_string(), "read the record", get).await? else {
            return Ok(None);
        };
        let value = record.data.unwrap_or_default().remove("release");
        let body = value
            .ok_or("it has no release in it".to_owned())
            .and_then(|value| Body::read(&value.0))
            .map(Rc::new);
        self.bodies.borrow_mut().insert(version, body.clone());
        Ok(Some(body))
    }

    /// What of the Secrets in a namespace carries our mark.
    pub(crate) async fn secrets(&self, namespace: &str) -> Result<Vec<Thing>, Error> {
        let others = ListParams::default().labels("owner!=helm");
        let secrets = self.metadata::<Secret>(namespace, others).await?.into_iter();
        Ok(secrets.flat_map(|metadata| Thing::of_object(ObjectKind::Secret, namespace, metadata)).collect())
    }

    /// What of the `ConfigMap`s does.
    pub(crate) async fn config_maps(&self, namespace: &str) -> Result<Vec<Thing>, Error> {
        let labelled = ListParams::default().labels(words::FEATURE);
        let all = self.metadata::<ConfigMap>(namespace, labelled).await?.into_iter();
        Ok(all.flat_map(|metadata| Thing::of_object(ObjectKind::ConfigMap, namespace, metadata)).collect())
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
