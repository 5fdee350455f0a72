//! Of a run: deploys that were killed are told, and cleared by word.

use std::collections::BTreeSet;

use provision::error::Error;

use super::{Run, uninstall::wait};
use crate::{
    cluster::Recorded,
    copies::{Copy, CopyName},
    plan,
    record::Head,
    release::Release,
    rights::Rights,
};

/// Helm's word for a first revision that is being made: to clear it is to uninstall it.
const INSTALL: &str = "pending-install";

impl Run<'_> {
    /// Deploys that were killed, but for those of copies that this run has tried to take away: nobody can deploy again until
    /// somebody clears them. The releases that it has uninstalled are gone then. Returns whether it touched anything.
    pub(super) async fn stuck(
        &mut self,
        recorded: &Recorded,
        copies: &[Copy],
        tried: &BTreeSet<&CopyName>,
        gone: &mut Vec<String>,
        rights: &Rights<'_>,
    ) -> Result<bool, Error> {
        let mut is_touched = false;
        let now = self.rules.now;
        let is_tried = |head: &Head| {
            let of_head = recorded.releases.iter().find(|release| release.head == *head);
            of_head.is_some_and(|release| tried.contains(&release.copy()))
        };
        let mut stuck: Vec<&Head> =
            recorded.newest.iter().filter(|head| head.is_stuck(now) && !is_tried(head)).collect();
        stuck.sort_by_key(|head| head.began);
        for head in stuck {
            let thing = format!("release/{head}");
            let since = format!("{} since {}", head.phase(), head.began);
            let release = recorded.releases.iter().find(|release| release.head == *head);
            if self.rules.feature.is_some_and(|of| release.is_none_or(|release| release.feature != *of)) {
                continue;
            }
            // Of a copy that has a release that is protected, or holds what is, nothing goes.
            let copy = release.map(Release::copy);
            let copy = copy.and_then(|name| copies.iter().find(|copy| copy.name == name));
            let held = copy.and_then(|copy| plan::held(copy, &self.rules));
            let stays = match release {
                None => Some("it is no copy's, and stays"),
                Some(_) if !self.options.pending => Some("--pending clears it"),
                Some(_) if held.is_some() => held.as_deref(),
                Some(release) if self.is_unseen(&release.feature) => Some(plan::UNSEEN),
                // They would take what those of its copy use that are there.
                Some(release)
                    if head.phase() == INSTALL
                        && release.has_delete_hooks()
                        && recorded.has_others(release) =>
                {
                    Some("its hooks are for when all of its copy goes")
                }
                Some(_) => None,
            };
            let Some(release) = release.filter(|_| stays.is_none()) else {
                self.report.line("stuck", &thing, &format!("{since}; {}", stays.unwrap_or_default()))?;
                continue;
            };
            let cleared = if head.phase() == INSTALL {
                let copy = release.copy();
                if !self.has_room(&copy, &thing)? || !self.may_go(release, rights).await? {
                    continue;
                }
                // What it gives others use; its own pods go before its hooks run.
                if !release.is_application()
                    && let Some(reason) = self.in_use(&copy.namespace, &copy.feature).await?
                {
                    self.report.line("left", &thing, &reason)?;
                    continue;
                }
                if self.options.dry_run {
                    Ok(())
                } else {
                    match self.is_stuck_still(head).await {
                        Ok(true) => self.by_helm(release, wait(release, &[release])).await,
                        Ok(false) => {
                            self.report.line("left", &thing, "somebody has deployed meanwhile")?;
                            continue;
                        }
                        Err(error) => Err(error),
                    }
                }
            } else if self.options.dry_run {
                Ok(())
            } else {
                self.asked.forget(head).await
            };
            is_touched = true;
            match cleared {
                Ok(()) => {
                    self.report.line("clear", &thing, &since)?;
                    if head.phase() == INSTALL {
                        self.taken.insert(release.copy());
                        gone.push(release.owner());
                    }
                }
                Err(error) => self.fail(&thing, error)?,
            }
        }
        Ok(is_touched)
    }

    /// Whether its record is what the run has read: what came before may have taken minutes.
    async fn is_stuck_still(&self, head: &Head) -> Result<bool, Error> {
        let recorded = self.asked.recorded(std::slice::from_ref(&head.namespace)).await?;
        Ok(recorded.newest.contains(head))
    }
}
