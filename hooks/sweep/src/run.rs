//! A run: reads what there is, carries out the plan, and tells. What cannot be done for one copy keeps nothing from others.

use std::{collections::BTreeSet, path::Path, time::Duration};

use provision::{error::Error, report::Report, retry::Patience};
use tokio::time::Instant;

use crate::{
    args::Common,
    cluster::{Asked, Recorded},
    config::{self, BackEnd, Sweep},
    copies::copies,
    helm,
    plan::{self, Going, Leftover, Live, Rules, Staying},
    record::Head,
    release::Release,
    rights::Rights,
    stores::Stores,
    thing::{Place, Thing},
};

/// What of the command line is a run's alone.
pub(crate) struct Options<'a> {
    pub(crate) dry_run: bool,
    pub(crate) most: Option<usize>,
    pub(crate) pending: bool,
    pub(crate) helm: &'a Path,
}

/// One run.
struct Run<'a> {
    asked: &'a Asked<'a>,
    stores: Stores<'a>,
    options: &'a Options<'a>,
    rules: Rules<'a>,
    report: &'a Report,
    ends: Instant,
    /// What went wrong, and kept nothing from going on.
    faults: Vec<Error>,
    /// Back ends that cannot be asked.
    down: BTreeSet<BackEnd>,
}

/// Helm's word for a first revision that is being made: to clear it is to uninstall it.
const INSTALL: &str = "pending-install";

/// With less than this left no uninstall is begun: one that is cut off in its midst is for the next run to finish.
const LAST: Duration = Duration::from_secs(30);

/// How long pods may take to end whose release is gone.
const PODS: Duration = Duration::from_mins(2);

/// Uninstalls what is due, clears what is left, and says so.
pub(crate) async fn run(common: &Common, options: &Options<'_>, report: &Report) -> Result<(), Error> {
    let sweep = common.config.as_deref().map_or_else(|| Ok(Sweep::default()), config::load)?;
    let patience = Patience::new(common.timeout, report);
    let asked = Asked::connect(&patience).await?;
    let namespaces = common.namespaces(&sweep, &asked);
    if let Some(unasked) =
        namespaces.iter().find(|name| sweep.unasked.iter().any(|pattern| pattern.matches(name)))
    {
        let fault =
            format!("--namespace={unasked}: of that no Helm can be asked, as the file says (unasked)");
        return Err(Error::config(fault));
    }
    let rules = Rules {
        now: common.now,
        feature: common.feature.as_ref(),
        most: options.most.or(sweep.most).unwrap_or(config::MOST),
        protect: &sweep.protect,
        namespaces: &namespaces,
        // Whoever names namespaces means those alone.
        unasked: if common.namespaces.is_empty() { &sweep.unasked } else { &[] },
    };
    let run = Run {
        asked: &asked,
        stores: Stores::beside(&sweep.back_ends, report),
        options,
        rules,
        report,
        ends: Instant::now() + common.timeout,
        faults: Vec::new(),
        down: BTreeSet::new(),
    };
    run.whole(&sweep).await
}

impl Run<'_> {
    async fn whole(mut self, sweep: &Sweep) -> Result<(), Error> {
        for namespace in self.rules.namespaces {
            self.asked.keeps_records(namespace).await?;
        }
        let recorded = self.asked.recorded(self.rules.namespaces).await?;
        let copies = copies(recorded.releases.clone(), Vec::new());
        let rights = Rights::new(self.asked);
        let hollow = self.hollow(&recorded, &rights).await?;
        let (going, staying) = plan::going(&copies, &hollow, &self.rules);
        self.stay(&staying)?;
        let (mut gone, mut count) = (Vec::new(), 0);
        for going in &going {
            if count == self.rules.most {
                self.report.line("left", &going.copy.name(), &plan::too_many(&self.rules))?;
                continue;
            }
            let releases = self.uninstall(going, &rights).await?;
            count += usize::from(!releases.is_empty());
            gone.extend(releases);
        }
        self.stuck(&recorded, &gone, &rights).await?;
        let things = self.things(sweep).await;
        let live = self.live(&gone).await?;
        let (left, staying) = plan::leftovers(&things, &live, count, &self.rules);
        self.stay(&staying)?;
        for leftover in &left {
            self.clear(leftover, sweep).await?;
        }
        all(self.faults)
    }

    /// Releases whose objects kube-janitor has taken.
    async fn hollow(&mut self, recorded: &Recorded, rights: &Rights<'_>) -> Result<BTreeSet<String>, Error> {
        let mut hollow = BTreeSet::new();
        for release in recorded.releases.iter().filter(|release| release.is_settled()) {
            match rights.is_hollow(release).await {
                Ok(true) => drop(hollow.insert(release.owner())),
                Ok(false) => {}
                Err(error) => self.fail(&release.to_string(), error)?,
            }
        }
        Ok(hollow)
    }

    /// Uninstalls the releases of a copy in their order, and says which are gone: what others of it use stays where one
    /// could not go.
    async fn uninstall(&mut self, going: &Going<'_>, rights: &Rights<'_>) -> Result<Vec<String>, Error> {
        // Before the first of them goes it is known that all of them may.
        for release in &going.releases {
            if !self.may_go(release, rights).await? {
                return Ok(Vec::new());
            }
        }
        let mut gone = Vec::new();
        for release in &going.releases {
            let thing = release.to_string();
            if !self.options.dry_run {
                if !self.is_as_planned(going, &gone).await? {
                    self.report.line(
                        "left",
                        &thing,
                        "somebody has deployed meanwhile, or said until when it lives",
                    )?;
                    return Ok(gone);
                }
                if let Err(error) = self.by_helm(going, release).await {
                    self.fail(&thing, error)?;
                    return Ok(gone);
                }
            }
            self.report.line("uninstall", &thing, &going.why)?;
            gone.push(release.owner());
        }
        Ok(gone)
    }

    /// Whether nothing keeps Helm from taking the release away; it is reported where something does.
    async fn may_go(&mut self, release: &Release, rights: &Rights<'_>) -> Result<bool, Error> {
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

    /// One release, and then its pods: Helm 4 does not wait for all of them.
    async fn by_helm(&self, going: &Going<'_>, release: &Release) -> Result<(), Error> {
        let left = self.left();
        if left < LAST {
            return Err(Error::unreachable(format!(
                "{release}: uninstall: no time is left: the next run goes on"
            )));
        }
        helm::uninstall(self.options.helm, release, left, self.report).await?;
        if release.is_application() {
            let patience = Patience::new(PODS.min(self.left()), self.report);
            let Asked { client, endpoint, patience: _ } = self.asked;
            let asked = Asked { client: client.clone(), patience: &patience, endpoint: endpoint.clone() };
            asked.without_pods(&going.copy.namespace, &going.copy.feature).await?;
        }
        Ok(())
    }

    /// Whether the copy is what it was when the run began, but for those of its releases that are gone: what came before it may
    /// have taken minutes.
    async fn is_as_planned(&self, going: &Going<'_>, gone: &[String]) -> Result<bool, Error> {
        let Going { copy, .. } = going;
        let recorded = self.asked.recorded(std::slice::from_ref(&copy.namespace)).await?;
        let known = |releases: &[Release]| -> BTreeSet<_> {
            let of = releases.iter().filter(|release| release.feature == copy.feature);
            let of = of.filter(|release| !gone.contains(&release.owner()));
            of.map(|release| (release.head.uid.clone(), release.said.map(|said| format!("{said:?}"))))
                .collect()
        };
        Ok(known(&recorded.releases) == known(&copy.releases))
    }

    fn fail(&mut self, thing: &str, error: Error) -> Result<(), Error> {
        self.report.line("fail", thing, &error.to_string())?;
        self.faults.push(error);
        Ok(())
    }

    fn left(&self) -> Duration {
        self.ends.saturating_duration_since(Instant::now())
    }

    /// What carries our mark, in the cluster and in every back end that can be asked.
    async fn things(&mut self, sweep: &Sweep) -> Vec<Thing> {
        let (things, faults) =
            things(self.asked, &self.stores, sweep, self.rules.namespaces, self.left()).await;
        for (back_end, error) in faults {
            self.down.extend(back_end);
            self.faults.push(error);
        }
        things
    }

    /// The releases that are there now; in a dry run those that would be gone are not.
    async fn live(&self, gone: &[String]) -> Result<Live, Error> {
        let mut live = self.asked.recorded(self.rules.namespaces).await?.live;
        if self.options.dry_run {
            live.retain(|(namespace, release), _| !gone.contains(&format!("{namespace}/{release}")));
        }
        Ok(live)
    }

    /// Deletes what is left of one owner's, unless a release has come meanwhile.
    async fn clear(&mut self, leftover: &Leftover, sweep: &Sweep) -> Result<(), Error> {
        let Leftover { owner, feature, things } = leftover;
        if self.options.dry_run {
            for thing in things {
                self.report.line("delete", &thing.name, &format!("of {owner}, which is no more"))?;
            }
            return Ok(());
        }
        let has = |back_end: BackEnd| things.iter().any(|thing| thing.place == Place::BackEnd(back_end));
        for back_end in sweep.back_ends.iter() {
            // Of a topic of base's, to which a copy has subscribed, only the copy's queue has a record.
            let concerned = has(back_end) || back_end == BackEnd::Sns && has(BackEnd::Sqs);
            if !concerned || self.down.contains(&back_end) {
                continue;
            }
            if back_end == BackEnd::Sqs && self.down.contains(&BackEnd::Sns) {
                let reason = "sns cannot be asked, and subscriptions that end in its queues are to go first";
                self.report.line("left", &owner.to_string(), reason)?;
                continue;
            }
            if !self.is_left_still(leftover).await? {
                return Ok(());
            }
            if let Err(error) = self.stores.clear(back_end, owner, feature, self.left()).await {
                self.faults.push(error);
                if back_end == BackEnd::Sns && has(BackEnd::Sqs) {
                    return Ok(());
                }
            }
        }
        if !self.is_left_still(leftover).await? {
            return Ok(());
        }
        for thing in things {
            let outcome = match &thing.place {
                Place::BackEnd(_) => continue,
                Place::Merged { namespace, name } => {
                    self.stores.take_out(namespace, name, owner, feature, self.left()).await
                }
                Place::Object(object) => match self.asked.remove(object).await {
                    Ok(()) => {
                        self.report.line("delete", &thing.name, &format!("of {owner}, which is no more"))
                    }
                    Err(error) => Err(error),
                },
            };
            if let Err(error) = outcome {
                self.fail(&thing.name, error)?;
            }
        }
        Ok(())
    }

    /// Whether no release has come since the run looked; it is reported where one has.
    async fn is_left_still(&self, leftover: &Leftover) -> Result<bool, Error> {
        let namespace = leftover.owner.namespace().to_owned();
        if !self.rules.namespaces.contains(&namespace) {
            return Ok(true);
        }
        let live = self.asked.recorded(&[namespace]).await?.live;
        let left = !plan::leftovers(&leftover.things, &live, 0, &self.rules).0.is_empty();
        if !left {
            self.report.line("left", &leftover.owner.to_string(), "a release has come meanwhile")?;
        }
        Ok(left)
    }

    /// Deploys that were killed: nobody can deploy again until somebody clears them.
    async fn stuck(
        &mut self,
        recorded: &Recorded,
        gone: &[String],
        rights: &Rights<'_>,
    ) -> Result<(), Error> {
        let now = self.rules.now;
        let stuck = |head: &&Head| head.is_stuck(now) && !gone.contains(&head.to_string());
        for head in recorded.newest.iter().filter(stuck) {
            let thing = format!("release/{head}");
            let since = format!("{} since {}", head.phase(), head.began);
            let release = recorded.releases.iter().find(|release| release.head == *head);
            if self.rules.feature.is_some_and(|of| release.is_none_or(|release| release.feature != *of)) {
                continue;
            }
            let stays = match release {
                None => Some("it is no copy's, and stays"),
                Some(_) if !self.options.pending => Some("--pending clears it"),
                Some(release) if release.is_protected(self.rules.protect) => Some("it is protected"),
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
                if !self.may_go(release, rights).await? {
                    continue;
                }
                if self.options.dry_run {
                    Ok(())
                } else {
                    helm::uninstall(self.options.helm, release, self.left(), self.report).await
                }
            } else if self.options.dry_run {
                Ok(())
            } else {
                self.asked.forget(head).await
            };
            match cleared {
                Ok(()) => self.report.line("clear", &thing, &since)?,
                Err(error) => self.fail(&thing, error)?,
            }
        }
        Ok(())
    }

    fn stay(&self, staying: &[Staying]) -> Result<(), Error> {
        staying.iter().try_for_each(|Staying { thing, reason }| self.report.line("left", thing, reason))
    }
}

/// What carries our mark; with what could not be asked, and of which back end that is.
pub(crate) async fn things(
    asked: &Asked<'_>,
    stores: &Stores<'_>,
    sweep: &Sweep,
    namespaces: &[String],
    left: Duration,
) -> (Vec<Thing>, Vec<(Option<BackEnd>, Error)>) {
    let (mut things, mut faults) = (Vec::new(), Vec::new());
    for back_end in sweep.back_ends.iter() {
        match stores.marked(back_end, left / 4).await {
            Ok(marked) => things.extend(marked),
            Err(error) => faults.push((Some(back_end), error)),
        }
    }
    for namespace in namespaces {
        match asked.marked(namespace).await {
            Ok(marked) => things.extend(marked),
            Err(error) => faults.push((None, error)),
        }
    }
    (things, faults)
}

/// The last word of a run: all that went wrong, in the class of the first.
pub(crate) fn all(faults: Vec<Error>) -> Result<(), Error> {
    let mut faults = faults.into_iter();
    let Some(first) = faults.next() else { return Ok(()) };
    let rest: Vec<String> = faults.map(|error| error.to_string()).collect();
    Err(if rest.is_empty() { first } else { first.worded(|text| format!("{text}; {}", rest.join("; "))) })
}
