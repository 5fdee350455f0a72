//! Of a run: deploys that were killed are told, and cleared by word.

use provision::error::Error;

use super::Run;
use crate::{cluster::Recorded, copies::Copy, plan, record::Head, release::Release, rights::Rights};

/// Helm's word for a first revision that is being made: to clear it is to uninstall it.
const INSTALL: &str = "pending-install";

impl Run<'_> {
    /// Deploys that were killed: nobody can deploy again until somebody clears them. Returns whether anything was tried.
    pub(super) async fn stuck(
        &mut self,
        recorded: &Recorded,
        copies: &[Copy],
        gone: &[String],
        rights: &Rights<'_>,
    ) -> Result<bool, Error> {
        let mut tried = false;
        let now = self.rules.now;
        let stuck = |head: &&Head| head.is_stuck(now) && !gone.contains(&head.to_string());
        let mut stuck: Vec<&Head> = recorded.newest.iter().filter(stuck).collect();
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
                self.taken.insert(copy);
                if self.options.dry_run {
                    Ok(())
                } else {
                    match self.is_stuck_still(head).await {
                        Ok(true) => self.by_helm(release).await,
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
            tried = true;
            match cleared {
                Ok(()) => self.report.line("clear", &thing, &since)?,
                Err(error) => self.fail(&thing, error)?,
            }
        }
        Ok(tried)
    }

    /// Whether its record is what the run has read: what came before may have taken minutes.
    async fn is_stuck_still(&self, head: &Head) -> Result<bool, Error> {
        let recorded = self.asked.recorded(std::slice::from_ref(&head.namespace)).await?;
        Ok(recorded.newest.contains(head))
    }
}
