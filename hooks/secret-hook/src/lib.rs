//! Gives a copy its own Secrets: clones of others, and what the file says.
//!
//! Knows Secrets and nothing else: what the file may say is in [`provision::config::secret`], when and how often
//! something is done is the engine's. It writes by server-side apply as its own field managers, takes what is somebody
//! else's only where the file says `conflict: adopt`, and never deletes a Secret to make it again. No value reaches a
//! report, a log or an error.

use std::{collections::BTreeSet, time::Duration};

use feature::{FeatureName, words};
use provision::{
    Listed, Provider,
    change::Change,
    cluster::{self, Cluster, Found},
    config::{
        FeatureResources, Mark, Place, TargetKind,
        secret::{self, Cloned, Conflict, Site, Value},
    },
    error::Error,
    marks::{Edit, Tags},
    outputs::{Hidden, Output},
};

mod content;
mod plan;
mod write;

use content::Sources;
use plan::{MANAGER, TOLD};

/// The Secrets of one cluster.
pub struct Secrets {
    cluster: Cluster,
}

/// A Secret as the cluster has it.
pub struct Have {
    found: Found,
    /// None: it is somebody else's, and stays so.
    tags: Option<Tags>,
}

impl Have {
    /// Whether it is somebody else's, whatever the file says of it.
    fn is_others(&self) -> bool {
        has_no_owner(&self.found)
    }

    /// Whether it is taken over.
    fn is_unmarked(&self) -> bool {
        self.tags.is_some() && self.is_others()
    }
}

impl Provider for Secrets {
    const SECTION: &'static str = "secret";
    const ADOPT: &'static str = "conflict: adopt";

    type Section = secret::Secrets;
    type Want = Cloned;
    type Have = Have;

    fn section(config: &FeatureResources) -> Option<&secret::Secrets> {
        config.secret.as_ref()
    }

    fn wants(section: &secret::Secrets) -> &[Cloned] {
        &section.secrets
    }

    fn prunes(section: &secret::Secrets) -> bool {
        section.prune
    }

    fn written(want: &Cloned) -> &str {
        &want.written
    }

    fn needs(_: &Cloned) -> Vec<&str> {
        Vec::new()
    }

    fn endpoint(section: &secret::Secrets) -> String {
        cluster::endpoint(section.kubeconfig.as_deref())
    }

    async fn connect(section: &secret::Secrets) -> Result<Self, Error> {
        let cluster = Cluster::configured(section.kubeconfig.as_deref()).await?;
        cluster.greet().await?;
        Ok(Self { cluster })
    }

    async fn strays(&self, section: &secret::Secrets, mark: &Mark) -> Result<Vec<Cloned>, Error> {
        let Some(feature) = mark.scope.feature().filter(|_| section.prune) else {
            // Who does not prune needs no right to look at Secrets that are none of the file's.
            return Ok(Vec::new());
        };
        let whole = format!("{}={feature}", words::FEATURE);
        let mut strays = self.labelled(section, mark, &whole, Conflict::Fail).await?;
        strays.extend(self.merged(section, mark, feature).await?);
        Ok(strays)
    }

    /// Whichever hooks have keys in it: what they have told is of no use to anybody any more.
    async fn remains(&self, section: &secret::Secrets, mark: &Mark) -> Result<Vec<Cloned>, Error> {
        let Some(feature) = mark.scope.feature().filter(|_| section.prune) else { return Ok(Vec::new()) };
        // What has been put into Secrets of somebody else's; all else goes whole.
        let mut remains = self.merged(section, mark, feature).await?;
        let owner = mark.owner.to_string();
        for namespace in namespaces(section, mark) {
            for (name, tags) in self.cluster.marked(TargetKind::Secret, namespace).await? {
                let is = |key: &str, value| tags.get(key).map(String::as_str) == value;
                if is(words::OWNER, Some(owner.as_str())) && is(words::FEATURE, Some(feature.as_str())) {
                    let site = Site { namespace: namespace.to_owned(), name };
                    remains.push(Cloned { whole: true, ..Cloned::left_over(site, Conflict::Fail, mark) });
                }
            }
        }
        Ok(remains)
    }

    /// In the owner's namespace, and in those that the file names.
    async fn listed(&self, section: &secret::Secrets, mark: &Mark) -> Result<Vec<Listed>, Error> {
        let mut listed = Vec::new();
        for namespace in namespaces(section, mark) {
            let marked = self.cluster.marked(TargetKind::Secret, namespace).await?;
            listed.extend(marked.into_iter().map(|(name, tags)| {
                let site = Site { namespace: namespace.to_owned(), name };
                Listed { name: site.to_string(), tags: Some(tags) }
            }));
        }
        Ok(listed)
    }

    fn held(have: &Have) -> Option<String> {
        let held = is_whole_or_gone(&have.found) && have.found.has_others(&[MANAGER, TOLD, words::MANAGER]);
        held.then(|| "other hooks have keys in it, without which it would have to go whole".to_owned())
    }

    async fn resolve(&self, want: &Cloned) -> Result<Cloned, Error> {
        let mut sources = Sources::new();
        for site in want.sources() {
            let found = self.cluster.get(&site.at()).await?;
            let found = found.ok_or_else(|| Error::refused(format!("there is no secret {site} to clone")))?;
            content::may_be_cloned(site, &found, &want.to.namespace)?;
            sources.insert(site.clone(), found);
        }
        let mut want = want.clone();
        let content = content::made(&want, &sources)?;
        if want.immutable {
            let named = format!("{}-{}", want.to.name, content::suffix(&content, &sources));
            want.to.name = feature::shortened(&named, secret::MAX_NAME);
        }
        want.content = Some(content);
        Ok(want)
    }

    async fn observe(&self, want: &Cloned) -> Result<Option<Have>, Error> {
        let found = match (want.immutable, &want.content) {
            // What it holds is in its name, and is not known.
            (true, None) => self.any_of(want).await?,
            _ => self.cluster.get(&want.to.at()).await?,
        };
        Ok(found.map(|found| {
            let unmarked = has_no_owner(&found);
            let left = matches!(want.conflict, Conflict::Skip | Conflict::Merge);
            let may_be_merged = want.conflict == Conflict::Fail || want.content.is_none();
            let merged = may_be_merged && found.is_said_by(&want.merger());
            let tags = (!unmarked || !(left || merged)).then(|| found.marks.clone());
            Have { found, tags }
        }))
    }

    fn keeps(_: &Cloned) -> Option<&Place> {
        None
    }

    fn remember(want: Cloned, _: Option<&Have>, _: Option<Hidden>) -> Cloned {
        want
    }

    fn tags(have: &Have) -> Option<&Tags> {
        have.tags.as_ref()
    }

    fn touches(_: &Have) -> Vec<(String, &Tags)> {
        Vec::new()
    }

    fn adopts(want: &Cloned) -> bool {
        want.conflict == Conflict::Adopt
    }

    fn plan(want: &Cloned, have: Option<&Have>) -> Change {
        plan::plan(want, have)
    }

    async fn apply(&self, want: &Cloned, change: &Change, marks: &Edit) -> Result<(), Error> {
        let Some(content) = &want.content else {
            return Err(Error::internal("what it is to hold is not known"));
        };
        let at = want.to.at();
        match self.observe(want).await? {
            None => self.create(want, content, marks, &at).await,
            Some(Have { found, tags: None }) => self.merge(want, content, &found, &at).await,
            Some(have) => self.update(want, content, have, change, marks, &at).await,
        }
    }

    fn settles(&self) -> Duration {
        Duration::ZERO
    }

    fn warnings(want: &Cloned, have: &Have) -> Vec<String> {
        let Some(content) = &want.content else { return Vec::new() };
        let (set, why) = match (&have.tags, want.conflict) {
            (None, Conflict::Merge) => {
                (plan::added(want, content, &have.found), "it has keys of its own that stay as they are")
            }
            (None, _) => return vec!["it is nobody's of ours, and left as it is".to_owned()],
            (Some(_), _) => (
                plan::own(content, &have.found),
                "another hook still tells keys of it, and the next apply sets them",
            ),
        };
        let others: Vec<&str> =
            content.data.keys().map(String::as_str).filter(|key| !set.contains_key(key)).collect();
        if others.is_empty() { Vec::new() } else { vec![format!("{why}: {}", others.join(", "))] }
    }

    async fn delete(&self, want: &Cloned, have: &Have) -> Result<(), Error> {
        let site = Site { namespace: want.to.namespace.clone(), name: have.found.name.clone() };
        let (at, merger) = (site.at(), want.merger());
        if have.tags.is_none() {
            return self.give_back(&at, &have.found, &merger).await.map(drop);
        }
        let own = [MANAGER, words::MANAGER, &merger];
        if want.whole || is_whole_or_gone(&have.found) || !have.found.has_others(&own) {
            return self.cluster.delete(&at, &have.found).await;
        }
        let found = self.handed_over(&at, &have.found).await?;
        let found = self.untell(want, &at, &found).await?;
        let found = self.give_back(&at, &found, MANAGER).await?;
        let found = self.give_back(&at, &found, &merger).await?;
        if found.has_others(&[]) { Ok(()) } else { self.cluster.delete(&at, &found).await }
    }

    fn outputs(want: &Cloned, have: Option<&Have>) -> Vec<Output> {
        let value = |value: Value| {
            let Have { found, .. } = have?;
            match value {
                Value::Name => Some(found.name.clone().into()),
                Value::Checksum => Some(checksum(want, found).into()),
            }
        };
        want.outputs
            .iter()
            .map(|bound| Output { place: bound.place.clone(), value: value(bound.value) })
            .collect()
    }
}

impl Secrets {
    /// Those with these labels that this hook has made, or put keys into where they are merged.
    async fn labelled(
        &self,
        section: &secret::Secrets,
        mark: &Mark,
        labels: &str,
        conflict: Conflict,
    ) -> Result<Vec<Cloned>, Error> {
        let mut made = Vec::new();
        for namespace in namespaces(section, mark) {
            for found in self.cluster.list(TargetKind::Secret, namespace, labels).await? {
                let site = Site { namespace: namespace.to_owned(), name: found.name.clone() };
                let mut stray = Cloned::left_over(site, conflict, mark);
                stray.others = section.told(namespace, &stray.to.name);
                if is_made(&found, &stray) {
                    made.push(stray);
                }
            }
        }
        Ok(made)
    }

    /// Secrets of somebody else's into which it has put keys for the feature.
    async fn merged(
        &self,
        section: &secret::Secrets,
        mark: &Mark,
        feature: &FeatureName,
    ) -> Result<Vec<Cloned>, Error> {
        self.labelled(section, mark, &format!("{}{feature}", words::MERGED), Conflict::Merge).await
    }

    /// One of those that were made of an immutable one, whatever it held.
    async fn any_of(&self, want: &Cloned) -> Result<Option<Found>, Error> {
        let Some(feature) = &want.feature else { return Ok(None) };
        let labels = format!("{}={feature}", words::FEATURE);
        let found = self.cluster.list(TargetKind::Secret, &want.to.namespace, &labels).await?;
        let owner = want.owner.to_string();
        let is_of = |found: &Found| {
            let hash = found.name.strip_prefix(&want.to.name).and_then(|rest| rest.strip_prefix('-'));
            let is_hash =
                |hash: &str| hash.len() == content::SUFFIX && hash.bytes().all(|b| b.is_ascii_hexdigit());
            found.immutable
                && hash.is_some_and(is_hash)
                && is_made(found, want)
                && found.marks.get(words::OWNER) == Some(&owner)
        };
        Ok(found.into_iter().find(is_of))
    }
}

/// Where the Secrets of a file are.
fn namespaces<'a>(section: &'a secret::Secrets, mark: &'a Mark) -> BTreeSet<&'a str> {
    let named = section.secrets.iter().map(|want| want.to.namespace.as_str());
    named.chain([mark.owner.namespace()]).collect()
}

/// Whether no mark of ours says whose it is.
fn has_no_owner(found: &Found) -> bool {
    !found.marks.contains_key(words::OWNER)
}

/// Whether it cannot be without keys: its type asks for some, or nobody can change it.
fn is_whole_or_gone(found: &Found) -> bool {
    found.immutable || found.kind.as_deref().is_some_and(content::needs_keys)
}

/// Whether this hook has made it, or put keys into it.
fn is_made(found: &Found, want: &Cloned) -> bool {
    if want.conflict == Conflict::Merge {
        return found.is_said_by(&want.merger());
    }
    found.is_said_by(MANAGER) || !found.held_by(words::MANAGER).is_empty()
}

/// Of the keys that this hook has cloned; of all but what it tells there, where the Secret is somebody else's.
fn checksum(want: &Cloned, found: &Found) -> String {
    let handed_over = found.taken_over(words::MANAGER, MANAGER);
    let mut own = handed_over.owned_by(MANAGER);
    let merger = want.merger();
    own.extend(handed_over.owned_by(&merger));
    let theirs = own.is_empty() && has_no_owner(found);
    let data = found.data.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let data = data.filter(|(key, _)| own.contains(key) || (theirs && !want.others.contains(*key)));
    content::checksum(&found.uid, found.kind.as_deref().unwrap_or_default(), data)
}

#[cfg(test)]
mod tests;
