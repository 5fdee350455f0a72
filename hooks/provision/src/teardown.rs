//! `delete`: the same wants, walked backwards. What is not ours stays, what cannot be reached is left
//! and said, and a thing that has gone already is as good as deleted.

use crate::{
    Provider,
    change::Change,
    config::Scope,
    engine::{Engine, failed, thing},
    error::Error,
    outputs::Bundle,
    outputs::objects::{Objects, Removed},
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
        let wants = P::wants(self.section);
        if self.mark.scope == Scope::Base {
            for want in wants {
                self.report.line("left", &thing::<P>(want), "base is never deleted")?;
            }
            return Ok(Some("left: base is never deleted, nothing was done".to_owned()));
        }
        let bundles = Self::bundles(wants.iter().map(|want| (want, None)));
        self.report.expect(bundles.iter().map(|bundle| bundle.target.to_string()));
        self.report.expect(wants.iter().rev().map(thing::<P>));
        let mut leftovers = Leftovers::default();
        if let Some(cluster) = self.cluster(&bundles).await? {
            for bundle in bundles.iter().rev() {
                self.remove(&cluster, bundle, &mut leftovers).await?;
            }
        }
        match self.connect().await {
            Ok(provider) => {
                for want in wants.iter().rev() {
                    let outcome = self.take_down(&provider, want).await;
                    leftovers.sort(self, thing::<P>(want), outcome)?;
                }
            }
            Err(error @ Error::Unreachable(_)) => {
                let cause = error.to_string();
                for want in wants.iter().rev() {
                    leftovers.sort(self, thing::<P>(want), Err(Error::unreachable(&*cause)))?;
                }
            }
            Err(error) => return Err(error),
        }
        leftovers.last_word()
    }

    async fn remove(
        &self,
        cluster: &Objects<'_>,
        bundle: &Bundle,
        leftovers: &mut Leftovers,
    ) -> Result<(), Error> {
        let target = bundle.target.to_string();
        let removed = self.patience.call(&cluster.endpoint, || cluster.remove(&bundle.target)).await;
        let outcome = match removed {
            Ok(Removed::Absent) => self.report.line("absent", &target, ""),
            Ok(Removed::Deleted) => self.report.line("delete", &target, ""),
            Ok(Removed::Kept(gone)) => self.report.change(&target, &Change::of(gone)),
            Err(error) => Err(failed(&target, "remove the outputs", &cluster.endpoint, error)),
        };
        leftovers.sort(self, target, outcome)
    }

    async fn take_down(&self, provider: &P, want: &P::Want) -> Result<(), Error> {
        let name = thing::<P>(want);
        let Some(have) = self.observe(provider, want).await? else {
            return self.report.line("absent", &name, "");
        };
        if let Err(not_ours) = self.mark.claims(P::tags(&have)) {
            let error = Error::refused(format!("{not_ours}, and stays"));
            return Err(failed(&name, "delete", &self.endpoint, error));
        }
        let deleted = self.patience.call(&self.endpoint, || provider.delete(want)).await;
        deleted.map_err(|error| failed(&name, "delete", &self.endpoint, error))?;
        self.report.line("delete", &name, "")
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
            Err(Error::Refused(reason)) => {
                engine.report.line("refuse", &thing, "")?;
                self.refused.push(reason);
                Ok(())
            }
            Err(Error::Unreachable(cause)) => {
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
        let left = cause.map(|cause| format!("left: {} ({cause}); delete it by hand", left.join(", ")));
        match (refused.is_empty(), left) {
            (true, left) => Ok(left),
            (false, None) => Err(Error::refused(refused.join("; "))),
            (false, Some(left)) => Err(Error::refused(format!("{}; {left}", refused.join("; ")))),
        }
    }
}
