//! Secrets and `ConfigMap`s of a Kubernetes cluster: read with who owns which of their keys, made, applied as a
//! field manager, deleted as they were seen.
//!
//! It decides nothing. Every write names the object's uid (or creates it), so that it never falls on a
//! successor. Bodies of requests never reach a report, a log or an error.

use std::{collections::BTreeSet, env, fmt, path::Path, time::Duration};

use k8s_openapi::{
    ByteString,
    api::core::v1::{ConfigMap, Secret},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{
    Api, Client, Config,
    api::{
        ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams, Preconditions,
    },
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::{Map, Value, json};

use crate::{
    config::TargetKind,
    error::{Error, root_cause},
    marks::{Edit, Tags},
};
use feature::words;

mod found;
mod keys;

pub use found::{Found, marks};
pub use keys::{differences, gone};

/// How long one request may take.
const REQUEST: Duration = Duration::from_secs(10);

/// How many objects one answer of a list has.
const PAGE: u32 = 500;

/// The cluster that the pod runs in, or that a kubeconfig names.
pub struct Cluster {
    client: Client,
    endpoint: String,
}

/// Where an object is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    pub kind: TargetKind,
    pub namespace: String,
    pub name: String,
}

impl Cluster {
    /// A client for the cluster that the kubeconfig names; without one, for the cluster that the pod runs in or
    /// that KUBECONFIG names. Talks to nobody.
    pub async fn configured(kubeconfig: Option<&Path>) -> Result<Self, Error> {
        let config = match kubeconfig {
            Some(path) => named(path).await,
            None => Config::infer().await.map_err(|error| {
                Error::config(format!(
                    "there is no cluster: {} (in a pod: a service account; else set KUBECONFIG)",
                    root_cause(&error)
                ))
            }),
        };
        let mut config = config?;
        config.read_timeout = Some(REQUEST);
        let endpoint = config.cluster_url.to_string().trim_end_matches('/').to_owned();
        let client = Client::try_from(config)
            .map_err(|error| Error::config(format!("cluster {endpoint}: {}", root_cause(&error))))?;
        Ok(Self { client, endpoint })
    }

    /// Where the cluster is, for people.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What speaks with the cluster, for whoever asks for other objects than these.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Asks for its version, which everybody may who is known.
    pub async fn greet(&self) -> Result<(), Error> {
        self.client.apiserver_version().await.map(drop).map_err(|error| classed(&error))
    }

    /// The object; `None` where there is none.
    pub async fn get(&self, at: &At) -> Result<Option<Found>, Error> {
        let object = self.api(at).get_opt(&at.name).await.map_err(|error| classed(&error))?;
        object.map(Found::read).transpose()
    }

    /// The objects of a kind in a namespace whose labels match, in the order of their names.
    pub async fn list(&self, kind: TargetKind, namespace: &str, labels: &str) -> Result<Vec<Found>, Error> {
        let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), namespace, &resource(kind));
        let mut params = ListParams::default().labels(labels).limit(PAGE);
        let mut found = Vec::new();
        loop {
            let page = api.list(&params).await.map_err(|error| classed(&error))?;
            found.extend(page.items.into_iter().map(Found::read).collect::<Result<Vec<_>, _>>()?);
            match page.metadata.continue_ {
                Some(rest) if !rest.is_empty() => params = params.continue_token(&rest),
                _ => return Ok(found),
            }
        }
    }

    /// The names of those objects of a kind in a namespace that say whose they are, with what is written on them. Of no
    /// object more is asked for than its metadata.
    pub async fn marked(&self, kind: TargetKind, namespace: &str) -> Result<Vec<(String, Tags)>, Error> {
        let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), namespace, &resource(kind));
        let mut params = ListParams::default().limit(PAGE);
        let mut marked = Vec::new();
        loop {
            let page = api.list_metadata(&params).await.map_err(|error| classed(&error))?;
            marked.extend(page.items.into_iter().filter_map(|object| {
                let ObjectMeta { name, labels, annotations, .. } = object.metadata;
                let tags = found::marks(&labels.unwrap_or_default(), annotations.unwrap_or_default());
                tags.contains_key(words::OWNER).then_some((name?, tags))
            }));
            match page.metadata.continue_ {
                Some(rest) if !rest.is_empty() => params = params.continue_token(&rest),
                _ => return Ok(marked),
            }
        }
    }

    /// Makes the object; [`Error::Unreachable`] where one has the name by now: whoever looks again sees it.
    pub async fn create(&self, at: &At, manager: &str, body: &Value) -> Result<Found, Error> {
        let object = serde_json::from_value(at.with(body))
            .map_err(|error| Error::internal(format!("write an object as JSON: {error}")))?;
        let params = PostParams { field_manager: Some(manager.to_owned()), ..PostParams::default() };
        let made = self.api(at).create(&params, &object).await.map_err(|error| classed(&error))?;
        Found::read(made)
    }

    /// Makes the object hold what `body` says of it, and nothing else that `manager` had said before. A key that
    /// belongs to somebody else is refused, unless it is `forced`.
    pub async fn apply(
        &self,
        at: &At,
        found: &Found,
        manager: &str,
        forced: bool,
        body: &Value,
    ) -> Result<Found, Error> {
        let params = PatchParams::apply(manager);
        let params = if forced { params.force() } else { params };
        let mut body = at.with(body);
        body["metadata"]["uid"] = json!(found.uid);
        let patched = self.api(at).patch(&at.name, &params, &Patch::Apply(body)).await;
        Found::read(patched.map_err(|error| classed(&error))?)
    }

    /// The same, where nobody has written to the object since it was read.
    pub async fn apply_unless_changed(
        &self,
        at: &At,
        found: &Found,
        manager: &str,
        body: &Value,
    ) -> Result<Found, Error> {
        let mut body = body.clone();
        body["metadata"]["resourceVersion"] = json!(found.resource_version);
        self.apply(at, found, manager, false, &body).await
    }

    /// Without the keys and labels that are this manager's alone; all else stays, whosever it is. Nothing happens where
    /// somebody has written to the object since it was read.
    pub async fn take_out(&self, at: &At, found: &Found, manager: &str) -> Result<Found, Error> {
        let others: BTreeSet<&str> = found
            .owned()
            .into_iter()
            .filter(|(name, _)| *name != manager)
            .flat_map(|(_, keys)| keys)
            .collect();
        let keys = found.owned_by(manager).into_iter().filter(|key| !others.contains(key));
        let data: Map<String, Value> = keys.map(|key| (key.to_owned(), Value::Null)).collect();
        let labels = found.labels_of(manager).into_iter();
        let labels = labels.filter(|label| found.other_of_label(label, manager).is_none());
        let labels: Map<String, Value> = labels.map(|label| (label.to_owned(), Value::Null)).collect();
        let metadata = json!({"uid": found.uid, "resourceVersion": found.resource_version, "labels": labels});
        let patch = Patch::Merge(json!({"metadata": metadata, "data": data}));
        let params = PatchParams { field_manager: Some(manager.to_owned()), ..PatchParams::default() };
        let patched = self.api(at).patch(&at.name, &params, &patch).await;
        Found::read(patched.map_err(|error| classed(&error))?)
    }

    /// Gives keys of `data`, whosever they are, to `manager`, as if that had applied them; whose the object is, and what
    /// no longer holds of its mark, is written too, at once. Nothing of what the object holds changes, and nothing at all where somebody has written to it
    /// since it was read.
    pub async fn hand_over(
        &self,
        at: &At,
        found: &Found,
        keys: &BTreeSet<&str>,
        manager: &str,
        mark: &Edit,
    ) -> Result<Found, Error> {
        let mut body = marked(&mark.whose);
        for key in &mark.remove {
            let of = if key == words::FEATURE { "labels" } else { "annotations" };
            body["metadata"][of][key] = Value::Null;
        }
        body["metadata"]["uid"] = json!(found.uid);
        body["metadata"]["resourceVersion"] = json!(found.resource_version);
        body["metadata"]["managedFields"] = json!(found.given(keys, manager));
        let params = PatchParams { field_manager: Some(words::MANAGER.to_owned()), ..PatchParams::default() };
        let patched = self.api(at).patch(&at.name, &params, &Patch::Merge(body)).await;
        Found::read(patched.map_err(|error| classed(&error))?)
    }

    /// Deletes the object as it was found; fine where it has gone already.
    pub async fn delete(&self, at: &At, found: &Found) -> Result<(), Error> {
        let preconditions = Preconditions {
            uid: Some(found.uid.clone()),
            resource_version: Some(found.resource_version.clone()),
        };
        let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
        match self.api(at).delete(&at.name, &params).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(error) => Err(classed(&error)),
        }
    }

    fn api(&self, at: &At) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &at.namespace, &resource(at.kind))
    }
}

impl At {
    /// A body with what says which object it is about.
    fn with(&self, body: &Value) -> Value {
        let resource = resource(self.kind);
        let mut body = body.clone();
        body["apiVersion"] = json!(resource.api_version);
        body["kind"] = json!(resource.kind);
        body["metadata"]["name"] = json!(self.name);
        body
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.kind, self.namespace, self.name)
    }
}

/// A body that says a mark: the feature is a label, by which things are found, and the rest annotations.
#[must_use]
pub fn marked(tags: &Tags) -> Value {
    let (labels, annotations): (Map<_, _>, Map<_, _>) = tags
        .iter()
        .map(|(key, value)| (key.clone(), json!(value)))
        .partition(|(key, _)| key == words::FEATURE);
    json!({"metadata": {"labels": labels, "annotations": annotations}})
}

/// A value of a Secret as it stands in its JSON.
#[must_use]
pub fn encoded(value: Vec<u8>) -> String {
    let json = serde_json::to_value(ByteString(value)).expect("bytes become a JSON string");
    json.as_str().unwrap_or_default().to_owned()
}

/// The opposite of [`encoded`]; nothing where it is no base64, which the cluster never says.
#[must_use]
pub fn decoded(value: &str) -> Vec<u8> {
    serde_json::from_value(value.into()).map_or_else(|_| Vec::new(), |ByteString(bytes)| bytes)
}

/// Where the cluster is that [`Cluster::configured`] leads to, before anybody is asked.
#[must_use]
pub fn endpoint(kubeconfig: Option<&Path>) -> String {
    let read = kubeconfig.map_or_else(Kubeconfig::read, Kubeconfig::read_from).ok();
    let of_file = read.and_then(|read| {
        let context = read.current_context?;
        let context = read.contexts.into_iter().find(|named| named.name == context)?.context?;
        let cluster = read.clusters.into_iter().find(|named| named.name == context.cluster)?;
        cluster.cluster?.server
    });
    of_file
        .or_else(|| env::var("KUBERNETES_SERVICE_HOST").ok().map(|host| format!("https://{host}")))
        .unwrap_or_else(|| "the cluster".to_owned())
}

async fn named(path: &Path) -> Result<Config, Error> {
    let wrong = |error: &kube::config::KubeconfigError| {
        Error::config(format!("the kubeconfig {}: {}", path.display(), root_cause(error)))
    };
    let read = Kubeconfig::read_from(path).map_err(|error| wrong(&error))?;
    Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await.map_err(|error| wrong(&error))
}

fn resource(kind: TargetKind) -> ApiResource {
    match kind {
        TargetKind::Secret => ApiResource::erase::<Secret>(&()),
        TargetKind::ConfigMap => ApiResource::erase::<ConfigMap>(&()),
    }
}

/// The cluster's no, by what can be done about it.
#[must_use]
pub fn classed(error: &kube::Error) -> Error {
    let kube::Error::Api(status) = error else {
        return match error {
            kube::Error::HyperError(_) | kube::Error::Service(_) => Error::unreachable(root_cause(error)),
            other => Error::internal(root_cause(other)),
        };
    };
    let owned = |cause: &kube::core::response::StatusCause| cause.reason == "FieldManagerConflict";
    match status.code {
        409 if status.details.iter().flat_map(|details| &details.causes).any(owned) => {
            Error::refused(status.message.clone())
        }
        // A uid or resourceVersion that has moved on, or a name that was taken: read again and see.
        409 | 429 | 500.. => Error::unreachable(status.message.clone()),
        401 | 403 | 404 | 422 => Error::refused(status.message.clone()),
        _ => Error::internal(status.message.clone()),
    }
}
