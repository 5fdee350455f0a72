//! Of a run: what has no release any more goes, each back end's by its hook and the cluster's by its name.

use provision::error::Error;

use super::Run;
use crate::{
    config::BackEnd,
    plan::{self, Leftover, Live},
    thing::{Place, Thing},
};

/// Why queues stay.
const SUBSCRIBED: &str = "subscriptions that end in its queues are to go first, and could not";

impl Run<'_> {
    /// Deletes what is left of one owner's, unless a release has come meanwhile. Returns whether anything of it went.
    pub(super) async fn clear(&mut self, leftover: &Leftover) -> Result<bool, Error> {
        let Leftover { owner, feature, things } = leftover;
        let reason = format!("of {owner}, which is no more");
        // In a dry run those of what would have gone run still.
        let is_going = self.options.dry_run && self.taken.contains(&leftover.copy());
        if !is_going
            && self.rules.asks(owner.namespace())
            && let Some(reason) = self.in_use(owner.namespace(), feature).await?
        {
            self.report.line("left", &owner.to_string(), &reason)?;
            return Ok(false);
        }
        if self.options.dry_run {
            let stays = |thing: &&Thing| {
                thing.place == Place::BackEnd(BackEnd::Sqs) && self.down.contains(&BackEnd::Sns)
            };
            if things.iter().any(|thing| stays(&thing)) {
                self.report.line("left", &owner.to_string(), SUBSCRIBED)?;
            }
            let mut going = things.iter().filter(|thing| !stays(thing));
            going.try_for_each(|thing| self.report.line("delete", &thing.name, &reason))?;
            return Ok(true);
        }
        let has = |back_end: BackEnd| things.iter().any(|thing| thing.place == Place::BackEnd(back_end));
        let mut taken = false;
        let mut sns_failed = self.down.contains(&BackEnd::Sns);
        for back_end in self.sweep.back_ends.iter().filter(|back_end| has(*back_end)) {
            if back_end == BackEnd::Sqs && sns_failed {
                self.report.line("left", &owner.to_string(), SUBSCRIBED)?;
                continue;
            }
            if !self.is_left_still(leftover, Some(back_end)).await? {
                // What a release uses stays everywhere; what marks say is of one back end.
                if self.rules.asks(owner.namespace()) {
                    return Ok(taken);
                }
                sns_failed |= back_end == BackEnd::Sns;
                continue;
            }
            match self.stores.clear(back_end, owner, feature, self.asked.patience.left()).await {
                Ok(true) => taken = true,
                Ok(false) => self.untaken(back_end, things)?,
                Err(error) => {
                    sns_failed |= back_end == BackEnd::Sns;
                    self.fail(&owner.to_string(), error)?;
                }
            }
        }
        if !self.is_left_still(leftover, None).await? {
            return Ok(taken);
        }
        for thing in things {
            let outcome = match &thing.place {
                Place::BackEnd(_) => continue,
                Place::Merged { namespace, name } => self
                    .stores
                    .take_out(namespace, name, owner, feature, self.asked.patience.left())
                    .await
                    .map(drop),
                Place::Object(object) => match self.asked.remove(object).await {
                    Ok(()) => self.report.line("delete", &thing.name, &reason),
                    Err(error) => Err(error),
                },
            };
            match outcome {
                Ok(()) => taken = true,
                Err(error) => self.fail(&thing.name, error)?,
            }
        }
        Ok(taken)
    }

    /// Says which things bear a mark and are none that their hook would have made: whoever has renamed them knows why.
    fn untaken(&self, back_end: BackEnd, things: &[Thing]) -> Result<(), Error> {
        let reason = format!("{back_end}-hook knows it by no name that a copy's has");
        let of = things.iter().filter(|thing| thing.place == Place::BackEnd(back_end));
        of.map(|thing| &thing.name).try_for_each(|name| self.report.line("left", name, &reason))
    }

    /// Whether no release has come since the run looked, or where marks alone say when things go, whether those in the back end
    /// still say it; it is reported where it is otherwise.
    async fn is_left_still(&mut self, leftover: &Leftover, back_end: Option<BackEnd>) -> Result<bool, Error> {
        let Leftover { owner, feature, things } = leftover;
        let namespace = owner.namespace();
        let (things, live, reason) = if self.rules.asks(namespace) {
            let live = self.asked.recorded(&[namespace.to_owned()]).await?.live;
            (things.clone(), live, "a release has come meanwhile")
        } else {
            let Some(back_end) = back_end else { return Ok(true) };
            if self.down.contains(&back_end) {
                self.report.line("left", &owner.to_string(), &format!("{back_end} cannot be asked"))?;
                return Ok(false);
            }
            let mut marked = match self.stores.marked(back_end, self.asked.patience.left() / 4).await {
                Ok(marked) => marked,
                Err(error) => {
                    // Others are not to wait for it again.
                    self.down.insert(back_end);
                    self.fail(&owner.to_string(), error)?;
                    return Ok(false);
                }
            };
            marked.retain(|thing| thing.owner == *owner && thing.feature == *feature);
            (marked, Live::new(), "its marks say another moment by now, or are gone")
        };
        let left = !plan::leftovers(&things, &live, &self.rules).0.is_empty();
        if !left {
            self.report.line("left", &owner.to_string(), reason)?;
        }
        Ok(left)
    }
}
