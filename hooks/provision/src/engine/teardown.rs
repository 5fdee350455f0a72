//! `delete`: everything with our mark, what needs others before them. What is not ours stays, what
//! cannot be reached is left and said, and a thing that has gone already is as good as deleted.

use std::collections::BTreeSet;

use super::{Engine, failed, order, thing};
use crate::{
    Provider,
    change::Change,
    config::Scope,
    error::Error,
    outputs::{
        Bundle,
        objects::{Objects, Removed},
    },
    retry::Pauses,
};

/// What a delete could not do.
#[derive(Default)]
struct Leftovers {
    /// Somebody else's, or the back end's own no.
    refused: Vec<String>,
    /// Out of reach or out of time: the names, and the first cause.
    left: Vec<String>,
    cause: Option<String>,
}

impl<P: Provider> Engine<'_, P> {
    /// Deletes outputs, then things, last made first gone. The text is the last word where something
    /// was left that is nobody's fault.
    pub(crate) async fn delete(&self) -> Result<Option<String>, Error> {
        let wants: Vec<P::Want> =
            P::wants(self.section).iter().filter(|want| self.chosen(want)).cloned().collect();
        let wants: Vec<P::Want> =
            order::groups::<P, _>(wants, |want| want).into_iter().flatten().rev().collect();
        if self.mark.scope == Scope::Base {
            for want in &wants {
                self.report.line("left", &thing::<P>(want), "base is never deleted")?;
            }
            return Ok(Some("left: base is never deleted, nothing was done".to_owned()));
        }
        let bundles = Self::bundles(wants.iter().map(|want| (want, None)));
        self.report.expect(bundles.iter().map(|bundle| bundle.target.to_string()));
        self.report.expect(wants.iter().map(thing::<P>));
        let mut leftovers = Leftovers::default();
        if let Some(cluster) = self.cluster(&bundles).await? {
            for bundle in bundles.iter().rev() {
                self.untell(&cluster, bundle, &mut leftovers).await?;
            }
        }
        match self.connect().await {
            Ok(provider) => {
                for want in &wants {
                    let outcome = self.take_down(&provider, want).await;
                    leftovers.sort(self, thing::<P>(want), outcome)?;
                }
                for stray in self.strays_to_delete(&provider, &mut leftovers).await? {
                    let outcome = self.take_down(&provider, &stray).await;
                    leftovers.sort(self, thing::<P>(&stray), outcome)?;
                }
            }
            Err(error @ Error::Unreachable { .. }) => {
                let cause = error.to_string();
                for want in &wants {
                    leftovers.sort(self, thing::<P>(want), Err(Error::unreachable(&*cause)))?;
                }
            }
            Err(error) => return Err(error),
        }
        leftovers.last_word()
    }

    /// What earlier configs asked for; where it cannot be found out, that is a leftover too.
    async fn strays_to_delete(&self, provider: &P, leftovers: &mut Leftovers) -> Result<Vec<P::Want>, Error> {
        if !self.only.is_empty() {
            return Ok(Vec::new());
        }
        let (section, mark) = (self.section, self.mark);
        let found = if P::wants(section).is_empty() {
            self.patience.call(&self.endpoint, || provider.remains(section, mark)).await
        } else {
            self.patience.call(&self.endpoint, || provider.strays(section, mark)).await
        };
        match self.ours(provider, found, &BTreeSet::new()).await {
            Ok(strays) => Ok(strays.into_iter().map(|item| item.want).collect()),
            Err(error) => {
                leftovers.sort(self, format!("{}/*", P::SECTION), Err(error))?;
                Ok(Vec::new())
            }
        }
    }

    async fn untell(
        &self,
        cluster: &Objects<'_>,
        bundle: &Bundle,
        leftovers: &mut Leftovers,
    ) -> Result<(), Error> {
        let target = bundle.target.to_string();
        let keys = bundle.keys();
        // All that this hook has there, unless only some things go.
        let goes = |key: &str| self.only.is_empty() || keys.iter().any(|other| other == key);
        let removed = self.patience.call(cluster.endpoint(), || cluster.remove(&bundle.target, goes)).await;
        let outcome = match removed {
            Ok(Removed::Absent) => self.report.line("absent", &target, ""),
            Ok(Removed::Deleted) => self.report.line("delete", &target, ""),
            Ok(Removed::Kept(gone)) => self.report.change(&target, &Change::of(gone)),
            Err(error) => Err(failed(&target, "remove the outputs", cluster.endpoint(), error)),
        };
        leftovers.sort(self, target, outcome)
    }

    async fn take_down(&self, provider: &P, want: &P::Want) -> Result<(), Error> {
        let word = if self.remove(provider, want).await? { "delete" } else { "absent" };
        self.report.line(word, &thing::<P>(want), "")
    }

    /// Deletes a thing of ours; false where there is none. Whose it is is looked up before every try.
    pub(super) async fn remove(&self, provider: &P, want: &P::Want) -> Result<bool, Error> {
        let name = thing::<P>(want);
        let error = |error| failed(&name, "delete", &self.endpoint, error);
        let mut pauses = Pauses::default();
        let mut sent = false;
        loop {
            let Some(have) = self.observe(provider, want).await? else { return Ok(sent) };
            if matches!(P::plan(want, Some(&have)), Change::Create(_)) {
                return Ok(sent);
            }
            if let Err(not_ours) = self.owns(&have) {
                return Err(error(Error::refused(format!("{not_ours}, and stays"))));
            }
            match self.patience.once(provider.delete(want, &have)).await {
                Ok(()) => return Ok(true),
                Err(lost @ Error::Unreachable { .. }) => {
                    self.patience.pause(&self.endpoint, &mut pauses, lost).await.map_err(error)?;
                    sent = true;
                }
                Err(other) => return Err(error(other)),
            }
        }
    }
}

impl Leftovers {
    /// Puts the outcome for one thing where it belongs; only a fault of ours ends the walk.
    fn sort<P: Provider>(
        &mut self,
        engine: &Engine<'_, P>,
        thing: String,
        outcome: Result<(), Error>,
    ) -> Result<(), Error> {
        match outcome {
            Ok(()) => Ok(()),
            Err(Error::Refused(reason) | Error::Denied(reason)) => {
                engine.report.line("refuse", &thing, "")?;
                self.refused.push(reason);
                Ok(())
            }
            Err(Error::Unreachable { text: cause, .. }) => {
                engine.report.line("left", &thing, "")?;
                self.left.push(thing);
                self.cause.get_or_insert(cause);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn last_word(self) -> Result<Option<String>, Error> {
        let Self { refused, left, cause } = self;
        let left = cause.map(|cause| format!("left: {} ({cause}); sweep removes it", left.join(", ")));
        match (refused.is_empty(), left) {
            (true, left) => Ok(left),
            (false, None) => Err(Error::refused(refused.join("; "))),
            (false, Some(left)) => Err(Error::refused(format!("{}; {left}", refused.join("; ")))),
        }
    }
}
