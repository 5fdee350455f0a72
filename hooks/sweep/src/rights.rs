//! Whether Helm may take a release away, asked before it starts: of one that may not delete a hook's Role, Helm loses the
//! record all the same, and the hook that would have cleaned up never runs.
//!
//! Nothing here writes: the cluster is asked for its opinion, or for what would happen.

use std::{cell::RefCell, collections::BTreeMap};

use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::{
    Api,
    api::{ApiResource, PostParams},
    core::{DynamicObject, GroupVersionKind},
    discovery::{Scope, pinned_kind},
};
use provision::{cluster::classed, error::Error};

use crate::{beyond, cluster::Asked, manifest::Object, release::Release};

/// What the cluster may do with each kind, as far as it has been asked.
pub(crate) struct Rights<'a> {
    asked: &'a Asked<'a>,
    /// By API version and kind.
    kinds: RefCell<BTreeMap<(String, String), Known>>,
}

/// A kind's resource; none where the cluster does not know it.
type Known = Option<(ApiResource, Scope)>;

/// One thing that Helm will do.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Act {
    verb: &'static str,
    group: String,
    /// With its subresource behind a slash.
    resource: String,
    namespace: Option<String>,
    name: Option<String>,
}

/// What Helm does with its own records.
const RECORDS: [(&str, &str); 4] =
    [("list", "secrets"), ("get", "secrets"), ("update", "secrets"), ("delete", "secrets")];
/// What Helm does until a hook's Job is done, and to show its log.
const JOBS: [(&str, &str); 6] = [
    ("get", "jobs"),
    ("list", "jobs"),
    ("watch", "jobs"),
    ("list", "pods"),
    ("get", "pods"),
    ("get", "pods/log"),
];

impl<'a> Rights<'a> {
    pub(crate) fn new(asked: &'a Asked<'a>) -> Self {
        Self { asked, kinds: RefCell::default() }
    }

    /// What keeps Helm from taking the release away; nothing where nothing does.
    pub(crate) async fn missing(&self, release: &Release) -> Result<Option<String>, Error> {
        let body = match &release.body {
            Ok(body) => body,
            Err(reason) => return Ok(Some(format!("its record cannot be read: {reason}"))),
        };
        let namespace = release.head.namespace.as_str();
        let hooks = body.hooks.iter().filter(|hook| hook.deletes());
        let hooks: Vec<&Object> = hooks.map(|hook| &hook.object).collect();
        let mut acts = acts_on("", &RECORDS, namespace);
        // It waits until they are gone, by looking at all of their kind.
        let of_objects: &[_] = &["get", "list", "watch", "delete"];
        let of_hooks: &[_] = &["get", "list", "watch", "create", "patch", "delete"];
        let going = || body.objects.iter().filter(|object| !is_left_alone(object));
        let objects = going().map(|object| (object, of_objects));
        for (object, verbs) in objects.chain(hooks.iter().map(|object| (*object, of_hooks))) {
            match self.acts(object, verbs, namespace).await? {
                Ok(more) => acts.extend(more),
                Err(unknown) => return Ok(Some(unknown)),
            }
        }
        if hooks.iter().any(|object| object.kind() == "Job") {
            let (jobs, pods) = JOBS.split_at(3);
            acts.extend(acts_on("batch", jobs, namespace));
            acts.extend(acts_on("", pods, namespace));
        }
        let mut known: Vec<Act> = Vec::new();
        for act in acts {
            if !known.contains(&act) {
                if let Some(no) = self.may_not(&act).await? {
                    return Ok(Some(no));
                }
                known.push(act);
            }
        }
        if let Some(no) = self.beyond(release, going(), &hooks).await? {
            return Ok(Some(no));
        }
        for object in hooks.into_iter().filter(|object| object.api_version().starts_with("rbac.")) {
            if let Some(no) = self.may_not_grant(object, namespace).await? {
                return Ok(Some(no));
            }
        }
        Ok(None)
    }

    /// What of the release is beyond its namespace, and not known there for its own.
    async fn beyond(
        &self,
        release: &Release,
        objects: impl Iterator<Item = &Object>,
        hooks: &[&Object],
    ) -> Result<Option<String>, Error> {
        let namespace = release.head.namespace.as_str();
        for object in objects {
            if !self.is_beyond(object, namespace).await? {
                continue;
            }
            let Some(api) = self.api(object, namespace).await? else { continue };
            let get = || async { api.get_metadata_opt(object.name()).await.map_err(|error| classed(&error)) };
            let found = self.asked.call(&release.owner(), "look for its objects", get).await?;
            if found.is_some_and(|found| !beyond::is_of(&found.metadata, release)) {
                let fault = "does not say by Helm's annotations that it is of this release";
                return Ok(Some(format!("{object}, which is not in {namespace}, {fault}")));
            }
        }
        for object in hooks {
            if self.is_beyond(object, namespace).await? && !beyond::is_for_clones(object, namespace) {
                return Ok(Some(format!(
                    "its hook {object} is not in {namespace}, and sweep would make it there"
                )));
            }
        }
        Ok(None)
    }

    async fn is_beyond(&self, object: &Object, namespace: &str) -> Result<bool, Error> {
        let is_clusters = self.kind(object).await?.is_some_and(|(_, scope)| scope == Scope::Cluster);
        Ok(is_clusters || object.namespace().is_some_and(|of| of != namespace))
    }

    /// Whether it is known that none of its objects is there any more, though somebody has said that kube-janitor may take them.
    pub(crate) async fn is_hollow(&self, release: &Release) -> Result<bool, Error> {
        let Ok(body) = &release.body else { return Ok(false) };
        if release.janitor.is_none() || body.objects.is_empty() {
            return Ok(false);
        }
        Ok(self.found(release, body.objects.iter()).await?.is_none())
    }

    /// An object of a release that is gone which is there still.
    pub(crate) async fn remains<'r>(&self, release: &'r Release) -> Result<Option<&'r Object>, Error> {
        let objects = release.body.iter().flat_map(|body| &body.objects);
        self.found(release, objects.filter(|object| !is_left_alone(object))).await
    }

    /// The first of the objects that is there, or of which nobody knows.
    async fn found<'r>(
        &self,
        release: &Release,
        objects: impl Iterator<Item = &'r Object>,
    ) -> Result<Option<&'r Object>, Error> {
        for object in objects {
            let Some(api) = self.api(object, &release.head.namespace).await? else { return Ok(Some(object)) };
            let name = object.name();
            let get = || async {
                match api.get_metadata_opt(name).await {
                    // Who may not look does not know.
                    Err(kube::Error::Api(status)) if status.code == 403 => Ok(true),
                    found => found.map(|found| found.is_some()).map_err(|error| classed(&error)),
                }
            };
            if self.asked.call(&release.owner(), "look for its objects", get).await? {
                return Ok(Some(object));
            }
        }
        Ok(None)
    }

    async fn acts(
        &self,
        object: &Object,
        verbs: &[&'static str],
        namespace: &str,
    ) -> Result<Result<Vec<Act>, String>, Error> {
        let Some((resource, scope)) = self.kind(object).await? else {
            let (kind, version) = (object.kind(), object.api_version());
            return Ok(Err(format!("the cluster does not know kind {kind} of {version}, which is in it")));
        };
        let namespace = object.namespace().unwrap_or(namespace);
        let act = |verb| Act {
            verb,
            group: resource.group.clone(),
            resource: resource.plural.clone(),
            namespace: (scope == Scope::Namespaced).then(|| namespace.to_owned()),
            // The others are not about one that has a name.
            name: ["get", "patch", "delete"].contains(&verb).then(|| object.name().to_owned()),
        };
        Ok(Ok(verbs.iter().map(|verb| act(*verb)).collect()))
    }

    async fn may_not(&self, act: &Act) -> Result<Option<String>, Error> {
        let Act { verb, group, resource, namespace, name } = act;
        let (of, part) =
            resource.split_once('/').map_or((resource.as_str(), None), |(of, part)| (of, Some(part)));
        let review = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec {
                resource_attributes: Some(ResourceAttributes {
                    verb: Some((*verb).to_owned()),
                    group: Some(group.clone()),
                    resource: Some(of.to_owned()),
                    subresource: part.map(str::to_owned),
                    namespace: namespace.clone(),
                    name: name.clone(),
                    ..ResourceAttributes::default()
                }),
                ..SelfSubjectAccessReviewSpec::default()
            },
            ..SelfSubjectAccessReview::default()
        };
        let api = Api::<SelfSubjectAccessReview>::all(self.asked.client.clone());
        let params = PostParams::default();
        let ask = || async { api.create(&params, &review).await.map_err(|error| classed(&error)) };
        let review = self.asked.call("its own rights", "ask for them", ask).await?;
        if review.status.is_some_and(|status| status.allowed) {
            return Ok(None);
        }
        let dot = if group.is_empty() { "" } else { "." };
        let place = namespace.as_ref().map_or_else(String::new, |namespace| format!(" in {namespace}"));
        let name = name.as_ref().map_or_else(String::new, |name| format!(" {name}"));
        Ok(Some(format!("sweep may not {verb} {resource}{dot}{group}{name}{place}")))
    }

    /// Whoever makes a Role has to have all that it grants: only a trial says so.
    async fn may_not_grant(&self, object: &Object, namespace: &str) -> Result<Option<String>, Error> {
        let (kind, name) = (object.kind(), object.name());
        let Some(api) = self.api(object, namespace).await? else { return Ok(None) };
        let trial: DynamicObject = serde_json::from_value(object.json().clone())
            .map_err(|error| Error::internal(format!("{kind} {name}: read it: {error}")))?;
        let params = PostParams { dry_run: true, ..PostParams::default() };
        let create = || async {
            match api.create(&params, &trial).await {
                Ok(_) => Ok(None),
                // It is there from another phase: who may is asked before that. A binding is made after its Role, which a
                // trial leaves out.
                Err(kube::Error::Api(status)) if [404, 409].contains(&status.code) => Ok(None),
                Err(kube::Error::Api(status)) if (400..500).contains(&status.code) && status.code != 429 => {
                    Ok(Some(status.message.clone()))
                }
                Err(error) => Err(classed(&error)),
            }
        };
        let no = self.asked.call(&format!("{kind} {name}"), "try to make it", create).await?;
        // Each right has a line of its own there, and a last line is to say all.
        Ok(no.map(|no| {
            format!("sweep may not make the {kind} that its hooks run by: {}", no.replace('\n', " "))
        }))
    }

    async fn api(&self, object: &Object, namespace: &str) -> Result<Option<Api<DynamicObject>>, Error> {
        let namespace = object.namespace().unwrap_or(namespace);
        let client = self.asked.client.clone();
        Ok(self.kind(object).await?.map(|(resource, scope)| match scope {
            Scope::Namespaced => Api::namespaced_with(client, namespace, &resource),
            Scope::Cluster => Api::all_with(client, &resource),
        }))
    }

    async fn kind(&self, object: &Object) -> Result<Known, Error> {
        let key = (object.api_version().to_owned(), object.kind().to_owned());
        if let Some(known) = self.kinds.borrow().get(&key) {
            return Ok(known.clone());
        }
        let (group, version) = key.0.split_once('/').unwrap_or(("", &key.0));
        let kind = GroupVersionKind::gvk(group, version, &key.1);
        let find = || async {
            match pinned_kind(&self.asked.client, &kind).await {
                Ok((resource, capabilities)) => Ok(Some((resource, capabilities.scope))),
                Err(kube::Error::Discovery(_)) => Ok(None),
                Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
                Err(error) => Err(classed(&error)),
            }
        };
        let found = self.asked.call(&format!("kind {} of {}", key.1, key.0), "look for it", find).await?;
        self.kinds.borrow_mut().insert(key, found.clone());
        Ok(found)
    }
}

/// Whether Helm leaves an object alone whose release goes: one with a policy that it does not know, too
/// (`pkg/action/resource_policy.go` of Helm 3 and 4).
fn is_left_alone(object: &Object) -> bool {
    object.annotation("helm.sh/resource-policy").is_some()
}

fn acts_on(group: &str, verbs: &[(&'static str, &str)], namespace: &str) -> Vec<Act> {
    let act = |(verb, resource): &(&'static str, &str)| Act {
        verb,
        group: group.to_owned(),
        resource: (*resource).to_owned(),
        namespace: Some(namespace.to_owned()),
        name: None,
    };
    verbs.iter().map(act).collect()
}
