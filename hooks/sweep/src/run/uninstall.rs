//! Of a run: the releases of a copy go, by Helm and in their order.

use std::{collections::BTreeMap, time::Duration};

use provision::{error::Error, retry::Patience};

use super::Run;
use crate::{
    copies::Copy,
    helm::{self, Wait},
    plan::Going,
    release::Release,
    rights::Rights,
};

/// With less than this left no uninstall is begun: one that is cut off in its midst is for the next run to finish.
const LAST: Duration = Duration::from_secs(30);

/// How long pods may take to end whose release is gone.
const PODS: Duration = Duration::from_mins(2);

impl Run<'_> {
    /// Uninstalls the releases of a copy in their order, and says which are gone: what others of it use stays where one
    /// could not go.
    pub(super) async fn uninstall(
        &mut self,
        going: &Going<'_>,
        rights: &Rights<'_>,
    ) -> Result<Vec<String>, Error> {
        // Before the first of them goes it is known that all of them may.
        for release in &going.releases {
            if !self.may_go(release, rights).await? {
                return Ok(Vec::new());
            }
        }
        let mut gone = Vec::new();
        // What the whole copy uses goes after its pods; the pods of one that lives use it still.
        let mut waits = going.releases.len() == going.copy.releases.len();
        for release in &going.releases {
            let thing = release.to_string();
            if !self.options.dry_run {
                let wait = wait(release, &going.releases);
                if waits && !release.is_application() {
                    waits = false;
                    if let Err(error) = self.without_pods(going.copy, &gone).await {
                        self.fail(&going.copy.name.to_string(), error)?;
                        return Ok(gone);
                    }
                }
                // Its hooks take what other applications may use, too. Its own pods end by its uninstall alone.
                if wait == Wait::Helm {
                    let before = going.releases.iter().filter(|release| gone.contains(&release.owner()));
                    if let Err(error) = self.without_objects(before.copied(), rights).await {
                        self.fail(&thing, error)?;
                        return Ok(gone);
                    }
                }
                match self.is_as_planned(going, &gone).await {
                    Ok(true) => {}
                    Ok(false) => {
                        let reason = "somebody has deployed meanwhile, or said until when it lives";
                        self.report.line("left", &thing, reason)?;
                        return Ok(gone);
                    }
                    Err(error) => {
                        self.fail(&thing, error)?;
                        return Ok(gone);
                    }
                }
                if let Err(error) = self.by_helm(release, wait).await {
                    self.fail(&thing, error)?;
                    return Ok(gone);
                }
            }
            self.report.line("uninstall", &thing, &going.why)?;
            gone.push(release.owner());
        }
        if waits
            && !self.options.dry_run
            && let Err(error) = self.without_pods(going.copy, &gone).await
        {
            self.fail(&going.copy.name.to_string(), error)?;
        }
        Ok(gone)
    }

    /// Whether nothing keeps Helm from taking the release away; it is reported where something does.
    pub(super) async fn may_go(&mut self, release: &Release, rights: &Rights<'_>) -> Result<bool, Error> {
        let thing = release.to_string();
        match rights.missing(release).await {
            Ok(None) => return Ok(true),
            Ok(Some(no)) => {
                self.report.line("refuse", &thing, &no)?;
                self.faults.push(Error::refused(format!("{thing}: uninstall: {no}")));
            }
            Err(error) => self.fail(&thing, error)?,
        }
        Ok(false)
    }

    /// Helm 4 does not wait for all pods of what it uninstalls. Where nothing went just now, none is about to end: others are
    /// not to wait for those that never do.
    async fn without_pods(&self, copy: &Copy, gone: &[String]) -> Result<(), Error> {
        let most = if gone.is_empty() { Duration::from_secs(1) } else { PODS };
        let patience = Patience::new(most.min(self.asked.patience.left()), self.report);
        self.asked.without_pods(&copy.name.namespace, &copy.name.feature, &patience).await
    }

    /// Waits until the objects of releases that are gone are gone, too: those that have pods go after them.
    async fn without_objects(
        &self,
        releases: impl Iterator<Item = &Release>,
        rights: &Rights<'_>,
    ) -> Result<(), Error> {
        let patience = Patience::new(PODS.min(self.asked.patience.left()), self.report);
        for release in releases {
            let gone = || async {
                match Box::pin(rights.remains(release)).await? {
                    None => Ok(()),
                    Some(object) => Err(Error::unreachable(format!("{object} is there still"))),
                }
            };
            patience.call(&self.asked.endpoint, gone).await.map_err(|error| {
                error.worded(|cause| format!("{release}: wait until its objects are gone: {cause}"))
            })?;
        }
        Ok(())
    }

    pub(super) async fn by_helm(&self, release: &Release, wait: Wait) -> Result<(), Error> {
        let left = self.asked.patience.left();
        if left < LAST {
            return Err(Error::unreachable(format!(
                "{release}: uninstall: no time is left: the next run goes on"
            )));
        }
        helm::uninstall(self.options.helm, release, wait, left, self.report).await
    }

    /// Whether the copy is what it was when the run began, but for those of its releases that are gone: what came before it may
    /// have taken minutes.
    async fn is_as_planned(&self, going: &Going<'_>, gone: &[String]) -> Result<bool, Error> {
        let Going { copy, .. } = going;
        let recorded = self.asked.recorded(std::slice::from_ref(&copy.name.namespace)).await?;
        let known = |releases: &[Release]| -> BTreeMap<_, _> {
            let of = releases.iter().filter(|release| release.feature == copy.name.feature);
            let of = of.filter(|release| !gone.contains(&release.owner()));
            of.map(|release| (release.head.uid.clone(), release.head.resource_version.clone())).collect()
        };
        Ok(known(&recorded.releases) == known(&copy.releases))
    }
}

/// How one of the releases that go is waited for.
pub(super) fn wait(release: &Release, releases: &[&Release]) -> Wait {
    let brings_hooks = |release: &Release| release.is_application() && release.has_delete_hooks();
    if brings_hooks(release) {
        // They take away what its own pods use.
        Wait::Helm
    } else if release.is_application() && releases.iter().any(|release| brings_hooks(release)) {
        Wait::Objects
    } else {
        Wait::No
    }
}
