//! The cluster's side of outputs: reads, writes and deletes objects in the owner's namespace.
//!
//! Every write names the object's uid (or creates it), so that it never falls on a successor.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::{
    Api, Client, Config,
    api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams, Preconditions},
};
use serde_json::{Value, json};

use super::{Bundle, Found, Hidden};
use crate::{
    change::{Change, Difference, NONE},
    config::{Mark, Place, Target, TargetKind},
    error::{Error, root_cause},
    marks::Tags,
};
use feature::words;

/// How long one request may take.
const REQUEST: Duration = Duration::from_secs(10);

/// The objects of one owner, seen by one hook.
pub(crate) struct Objects<'a> {
    client: Client,
    /// Where the cluster is, for people.
    pub(crate) endpoint: String,
    mark: &'a Mark,
    manager: String,
    now: Timestamp,
}

/// What became of an object when a hook took its keys away.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Removed {
    Absent,
    Deleted,
    /// Another hook still has keys in it.
    Kept(Vec<Difference>),
}

impl<'a> Objects<'a> {
    /// A client for the cluster that the pod runs in, or that KUBECONFIG names. Talks to nobody.
    pub(crate) async fn connect(mark: &'a Mark, hook: &str, now: Timestamp) -> Result<Self, Error> {
        let mut config = Config::infer().await.map_err(|error| {
            Error::config(format!(
                "outputs need a cluster, and there is none: {} (in a pod: a service account; else set KUBECONFIG)",
                root_cause(&error)
            ))
        })?;
        config.read_timeout = Some(REQUEST);
        let endpoint = config.cluster_url.to_string().trim_end_matches('/').to_owned();
        let client = Client::try_from(config)
            .map_err(|error| Error::config(format!("cluster {endpoint}: {}", root_cause(&error))))?;
        Ok(Self { client, endpoint, mark, manager: super::manager(hook), now })
    }

    /// What must happen to the object.
    pub(crate) async fn plan(&self, bundle: &Bundle) -> Result<Change, Error> {
        let found = self.read(&bundle.target).await?;
        Ok(bundle.plan(found.as_ref(), self.mark, &self.manager, self.now))
    }

    /// What is kept at a place in an object of ours.
    pub(crate) async fn kept(&self, place: &Place) -> Result<Option<Hidden>, Error> {
        let found = self.read(&place.target).await?.filter(|found| self.mark.claims(&found.marks).is_ok());
        let value = found.as_ref().and_then(|found| found.data.get(&place.key));
        Ok(value.and_then(|value| super::decoded(place.target.kind, value)))
    }

    /// Makes the object hold the bundle beside what this hook has there already, if each key of `before` is
    /// what it was; none where somebody else has written since.
    pub(crate) async fn add(
        &self,
        bundle: Bundle,
        before: &BTreeMap<String, Option<Hidden>>,
    ) -> Result<Option<Change>, Error> {
        let found = self.read(&bundle.target).await?;
        let now = |key: &String| {
            let value = found.as_ref().and_then(|found| found.data.get(key));
            value.and_then(|value| super::decoded(bundle.target.kind, value))
        };
        if before.iter().any(|(key, before)| now(key) != *before) {
            return Ok(None);
        }
        let bundle = bundle.beside(found.as_ref(), &self.manager);
        self.make_hold(&bundle, found, true).await.map(Some)
    }

    /// Makes the object hold the bundle and nothing else of this hook's, and says what that took. Can be
    /// repeated at any point.
    pub(crate) async fn write(&self, bundle: &Bundle) -> Result<Change, Error> {
        let found = self.read(&bundle.target).await?;
        self.make_hold(bundle, found, false).await
    }

    /// `exact` is to write nothing where the object has changed since it was read.
    async fn make_hold(
        &self,
        bundle: &Bundle,
        mut found: Option<Found>,
        exact: bool,
    ) -> Result<Change, Error> {
        let change = bundle.plan(found.as_ref(), self.mark, &self.manager, self.now);
        match &change {
            Change::Keep => return Ok(change),
            Change::Refuse(reason) => return Err(Error::refused(reason.clone())),
            Change::Create(_) => found = Some(self.create(&bundle.target).await?),
            Change::Update(_) | Change::Delete => {}
        }
        if let Some(found) = found {
            let data = json!(bundle.data()?);
            if exact {
                // Before the mark: a write of ours is a change of the object, too.
                self.write_data(&bundle.target, &found, &data, exact).await?;
            }
            if !self.mark.edit(&found.marks, self.now).is_empty() {
                self.write_mark(&bundle.target, &found).await?;
            }
            if !exact {
                self.write_data(&bundle.target, &found, &data, exact).await?;
            }
        }
        match self.plan(bundle).await? {
            Change::Keep => Ok(change),
            Change::Refuse(reason) => Err(Error::refused(reason)),
            rest => {
                let fields: Vec<&str> = rest.differences().iter().map(|d| d.field.as_str()).collect();
                Err(Error::internal(format!("still differs after the write: {}", fields.join(", "))))
            }
        }
    }

    /// Takes those of this hook's keys away that `goes` names; the last hook of the owner deletes the object.
    pub(crate) async fn remove(
        &self,
        target: &Target,
        goes: impl Fn(&str) -> bool,
    ) -> Result<Removed, Error> {
        let Some(mut found) = self.read(target).await? else { return Ok(Removed::Absent) };
        self.mark
            .claims(&found.marks)
            .map_err(|not_ours| Error::refused(format!("{not_ours}, and stays")))?;
        let own = found.owned.get(&self.manager).cloned().unwrap_or_default();
        let (gone, stay): (Vec<String>, Vec<String>) = own.into_iter().partition(|key| goes(key));
        let gone: Vec<Difference> = gone.iter().map(|key| Difference::new(key, "set", NONE)).collect();
        if !stay.is_empty() || found.others(&self.manager) {
            if !gone.is_empty() {
                let stay: BTreeMap<_, _> = stay.iter().map(|key| (key, found.data.get(key))).collect();
                found = self.write_data(target, &found, &json!(stay), false).await?;
            }
            if !stay.is_empty() || found.others(&self.manager) {
                return Ok(Removed::Kept(gone));
            }
        }
        let preconditions =
            Preconditions { uid: Some(found.uid), resource_version: Some(found.resource_version) };
        let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
        match self.api(target).delete(&target.name, &params).await {
            Ok(_) => Ok(Removed::Deleted),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(Removed::Deleted),
            Err(error) => Err(classed(&error)),
        }
    }

    async fn read(&self, target: &Target) -> Result<Option<Found>, Error> {
        let object = self.api(target).get_opt(&target.name).await.map_err(|error| classed(&error))?;
        object.map(Found::read).transpose()
    }

    /// A create, not an apply: an apply would put our mark on an object that somebody else makes in
    /// this very moment. What it writes never changes while the object lives, so the manager `devstack`
    /// may own it twice, by this write and by [`Self::write_mark`].
    async fn create(&self, target: &Target) -> Result<Found, Error> {
        let mut tags = self.mark.written(self.now);
        tags.retain(|key, _| key == words::OWNER || key == words::FEATURE);
        let object = serde_json::from_value(Self::object(target, None, &tags))
            .map_err(|error| Error::internal(format!("write an object as JSON: {error}")))?;
        let params = PostParams { field_manager: Some(words::MANAGER.to_owned()), ..PostParams::default() };
        let made = self.api(target).create(&params, &object).await.map_err(|error| classed(&error))?;
        Found::read(made)
    }

    async fn write_mark(&self, target: &Target, found: &Found) -> Result<Found, Error> {
        let body = Self::object(target, Some(found), &self.mark.written(self.now));
        self.apply(target, &PatchParams::apply(words::MANAGER).force(), body).await
    }

    async fn write_data(
        &self,
        target: &Target,
        found: &Found,
        data: &Value,
        exact: bool,
    ) -> Result<Found, Error> {
        let resource = resource(target.kind);
        let mut body = json!({
            "apiVersion": resource.api_version, "kind": resource.kind,
            "metadata": {"name": target.name, "uid": found.uid},
            "data": data,
        });
        if exact {
            body["metadata"]["resourceVersion"] = json!(found.resource_version);
        }
        self.apply(target, &PatchParams::apply(&self.manager), body).await
    }

    async fn apply(&self, target: &Target, params: &PatchParams, body: Value) -> Result<Found, Error> {
        let patched = self.api(target).patch(&target.name, params, &Patch::Apply(body)).await;
        Found::read(patched.map_err(|error| classed(&error))?)
    }

    /// The object without data: its name, its mark and, for a Secret, its type.
    fn object(target: &Target, found: Option<&Found>, tags: &Tags) -> Value {
        let (labels, annotations): (serde_json::Map<_, _>, serde_json::Map<_, _>) = tags
            .iter()
            .map(|(key, value)| (key.clone(), json!(value)))
            .partition(|(key, _)| key == words::FEATURE);
        let resource = resource(target.kind);
        let mut object = json!({
            "apiVersion": resource.api_version, "kind": resource.kind,
            "metadata": {"name": target.name, "labels": labels, "annotations": annotations},
        });
        if let Some(found) = found {
            object["metadata"]["uid"] = json!(found.uid);
        }
        if target.kind == TargetKind::Secret {
            let opaque = || "Opaque".to_owned();
            object["type"] = json!(found.and_then(|found| found.secret_type.clone()).unwrap_or_else(opaque));
        }
        object
    }

    fn api(&self, target: &Target) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), self.mark.owner.namespace(), &resource(target.kind))
    }
}

fn resource(kind: TargetKind) -> ApiResource {
    match kind {
        TargetKind::Secret => ApiResource::erase::<Secret>(&()),
        TargetKind::ConfigMap => ApiResource::erase::<ConfigMap>(&()),
    }
}

/// The cluster's no, by what can be done about it.
fn classed(error: &kube::Error) -> Error {
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
