//! The cluster's side of outputs: objects in the owner's namespace, as one hook sees and writes them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Bundle, Hidden};
use crate::{
    change::{Change, Difference},
    cluster::{self, At, Cluster, Found},
    config::{Mark, Place, Target, TargetKind},
    error::Error,
    marks::{Tags, whose},
};
use feature::words;

/// The objects of one owner, seen by one hook.
pub(crate) struct Objects<'a> {
    cluster: Cluster,
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
    /// Talks to nobody.
    pub(crate) async fn connect(mark: &'a Mark, hook: &str, now: Timestamp) -> Result<Self, Error> {
        let cluster = Cluster::configured(None).await;
        let cluster =
            cluster.map_err(|error| error.worded(|cause| format!("outputs need a cluster: {cause}")))?;
        Ok(Self { cluster, mark, manager: super::manager(hook), now })
    }

    /// Where the cluster is, for people.
    pub(crate) fn endpoint(&self) -> &str {
        self.cluster.endpoint()
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
        let gone: Vec<Difference> = cluster::gone(&found, &self.manager, &goes).collect();
        let stays: BTreeMap<String, Option<String>> = found
            .owned_by(&self.manager)
            .into_iter()
            .filter(|key| !goes(key))
            .map(|key| (key.to_owned(), found.data.get(key).cloned()))
            .collect();
        if !stays.is_empty() || found.has_others(&[&self.manager]) {
            if !gone.is_empty() {
                let body = json!({"data": stays});
                found = self.cluster.apply(&self.at(target), &found, &self.manager, false, &body).await?;
            }
            if !stays.is_empty() || found.has_others(&[&self.manager]) {
                return Ok(Removed::Kept(gone));
            }
        }
        self.cluster.delete(&self.at(target), &found).await.map(|()| Removed::Deleted)
    }

    async fn read(&self, target: &Target) -> Result<Option<Found>, Error> {
        self.cluster.get(&self.at(target)).await
    }

    /// A create, not an apply: an apply would put our mark on an object that somebody else makes in
    /// this very moment. What it writes never changes while the object lives, so the manager `devstack`
    /// may own it twice, by this write and by [`Self::write_mark`].
    async fn create(&self, target: &Target) -> Result<Found, Error> {
        let body = metadata(target.kind, None, &whose(&self.mark.written(self.now)));
        self.cluster.create(&self.at(target), words::MANAGER, &body).await
    }

    async fn write_mark(&self, target: &Target, found: &Found) -> Result<Found, Error> {
        let body = metadata(target.kind, found.kind.as_deref(), &self.mark.written(self.now));
        self.cluster.apply(&self.at(target), found, words::MANAGER, true, &body).await
    }

    /// `exact` is to write nothing where the object has changed since it was read.
    async fn write_data(
        &self,
        target: &Target,
        found: &Found,
        data: &Value,
        exact: bool,
    ) -> Result<Found, Error> {
        let (at, body) = (self.at(target), json!({"data": data}));
        if exact {
            self.cluster.apply_unless_changed(&at, found, &self.manager, &body).await
        } else {
            self.cluster.apply(&at, found, &self.manager, false, &body).await
        }
    }

    fn at(&self, target: &Target) -> At {
        let Target { kind, name } = target;
        At { kind: *kind, namespace: self.mark.owner.namespace().to_owned(), name: name.clone() }
    }
}

/// An object without data: its mark and, for a Secret, its type.
fn metadata(kind: TargetKind, secret: Option<&str>, tags: &Tags) -> Value {
    let mut body = cluster::marked(tags);
    if kind == TargetKind::Secret {
        body["type"] = json!(secret.unwrap_or("Opaque"));
    }
    body
}
