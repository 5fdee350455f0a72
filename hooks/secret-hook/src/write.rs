//! The writes: each of them leaves a Secret that the next run can go on with.

use std::collections::{BTreeMap, BTreeSet};

use feature::words;
use provision::{
    change::Change,
    cluster::{At, Found, marked},
    config::secret::{Cloned, Conflict, Content},
    error::Error,
    marks::{Edit, is_of_mark, whose},
};
use serde_json::json;

use super::{
    Have, Secrets,
    plan::{self, MANAGER, TOLD},
};

impl Secrets {
    /// With its keys at once, since a type asks for them from the beginning; all else is applied to it then.
    pub(crate) async fn create(
        &self,
        want: &Cloned,
        content: &Content,
        marks: &Edit,
        at: &At,
    ) -> Result<(), Error> {
        let mut body = marked(&marks.whose);
        body["type"] = json!(content.kind);
        if !content.data.is_empty() {
            body["data"] = json!(content.data);
        }
        if want.immutable {
            body["immutable"] = json!(true);
        }
        let made = self.cluster.create(at, words::MANAGER, &body).await?;
        let made = self.handed_over(at, &made).await?;
        let made = self.write(want, content, &made, at).await?;
        self.write_mark(content, marks, &made, at).await
    }

    /// Into a Secret of somebody else's.
    pub(crate) async fn merge(
        &self,
        want: &Cloned,
        content: &Content,
        found: &Found,
        at: &At,
    ) -> Result<(), Error> {
        let added = plan::added(want, content, found);
        if want.conflict != Conflict::Merge || added.is_empty() {
            return self.give_back(at, found, &want.merger()).await.map(drop);
        }
        let body = json!({"metadata": {"labels": {(plan::merged_label(want)): ""}}, "data": added});
        // Two copies that add one key at once would both have it, and each could change it no more.
        self.cluster.apply_unless_changed(at, found, &want.merger(), &body).await.map(drop)
    }

    pub(crate) async fn update(
        &self,
        want: &Cloned,
        content: &Content,
        have: Have,
        change: &Change,
        marks: &Edit,
        at: &At,
    ) -> Result<(), Error> {
        let taken_over = have.is_unmarked();
        let mut found = have.found;
        if (taken_over && want.conflict != Conflict::Adopt)
            || (!taken_over && whose(&found.marks) != marks.whose)
        {
            // Somebody has made it since it was planned: the engine looks again.
            return Ok(());
        }
        if taken_over {
            // Whose it is and whose its keys are is said at once, or not at all where somebody else was first.
            let keys = content.data.keys().map(String::as_str).filter(|key| found.data.contains_key(*key));
            let keys: BTreeSet<&str> = keys.collect();
            found = self.cluster.hand_over(at, &found, &keys, MANAGER, marks).await?;
        }
        found = self.handed_over(at, &found).await?;
        if change.fields().iter().any(|field| !is_of_mark(field)) {
            found = self.write(want, content, &found, at).await?;
        }
        found = self.give_back(at, &found, &want.merger()).await?;
        self.write_mark(content, marks, &found, at).await
    }

    /// What it is to hold, with what is said of that.
    async fn write(&self, want: &Cloned, content: &Content, found: &Found, at: &At) -> Result<Found, Error> {
        let mut body = json!({"metadata": {"labels": content.labels}});
        let own = plan::own(content, found);
        // Who says that there is no key owns that, and others could add none.
        if !own.is_empty() {
            body["data"] = json!(own);
        }
        if let Some(from) = &want.from {
            body["metadata"]["annotations"] = json!({(words::CLONED_FROM): from.to_string()});
        }
        if want.immutable {
            body["immutable"] = json!(true);
        }
        self.cluster.apply(at, found, MANAGER, false, &body).await
    }

    /// The whole mark: what of it is not said goes.
    async fn write_mark(&self, content: &Content, marks: &Edit, found: &Found, at: &At) -> Result<(), Error> {
        if marks.is_empty() {
            return Ok(());
        }
        let mut tags = found.marks.clone();
        tags.retain(|key, _| is_of_mark(key) && !marks.remove.contains(key));
        tags.extend(marks.set.clone());
        let mut body = marked(&tags);
        body["type"] = json!(content.kind);
        self.cluster.apply(at, found, words::MANAGER, true, &body).await.map(drop)
    }

    /// With the keys that a create has left to `devstack` given to whom they belong.
    pub(crate) async fn handed_over(&self, at: &At, found: &Found) -> Result<Found, Error> {
        let held = found.held_by(words::MANAGER);
        if held.is_empty() {
            return Ok(found.clone());
        }
        self.cluster.hand_over(at, found, &held, MANAGER, &Edit::default()).await
    }

    /// Without whatever a manager has in it.
    pub(crate) async fn give_back(&self, at: &At, found: &Found, manager: &str) -> Result<Found, Error> {
        if !found.is_said_by(manager) {
            return Ok(found.clone());
        }
        if found.has_nobodys_keys() {
            // An apply of nothing would take all of `data` along: keys that were written as `stringData` by an apply belong
            // to nobody.
            return self.cluster.take_out(at, found, manager).await;
        }
        self.cluster.apply(at, found, manager, false, &json!({})).await
    }

    /// Without what its outputs have told, but for what the file still tells.
    pub(crate) async fn untell(&self, want: &Cloned, at: &At, found: &Found) -> Result<Found, Error> {
        let (told, gone): (Vec<&str>, Vec<&str>) =
            found.owned_by(TOLD).into_iter().partition(|key| want.others.contains(*key));
        if gone.is_empty() {
            return Ok(found.clone());
        }
        let told: BTreeMap<&str, &String> = told.iter().map(|key| (*key, &found.data[*key])).collect();
        self.cluster.apply(at, found, TOLD, false, &json!({"data": told})).await
    }
}
