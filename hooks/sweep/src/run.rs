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

/// With less than this left no uninstall is begun: one that is cut off in its midst is for the next run to finish.
const LAST: Duration = Duration::from_secs(30);

/// Uninstalls what is due, clears what is left, and says so.
pub(crate) async fn run(common: &Common, options: &Options<'_>, report: &Report) -> Result<(), Error> {
    let sweep = common.config.as_deref().map_or_else(|| Ok(Sweep::default()), config::load)?;
    let patience = Patience::new(common.timeout, report);
    let asked = Asked::connect(&patience).await?;
    let namespaces = common.namespaces(&sweep, &asked);
    let rules = Rules {
        now: common.now,
        feature: common.feature.as_ref(),
        most: options.most.or(sweep.most).unwrap_or(config::MOST),
        protect: &sweep.protect,
        namespaces: &namespaces,
        unasked: &sweep.unasked,
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
        let recorded = self.asked.recorded(self.rules.namespaces).await?;
        let copies = copies(recorded.releases.clone(), Vec::new());
        let rights = Rights::new(self.asked);
        let hollow = self.hollow(&recorded, &rights).await?;
        let (going, staying) = plan::going(&copies, &hollow, &self.rules);
        self.stay(&staying)?;
        let mut gone = Vec::new();
        for going in &going {
            gone.extend(self.uninstall(going, &rights).await?);
        }
        self.stuck(&recorded, &gone).await?;
        let things = self.things(sweep).await;
        let live = self.live(&gone).await?;
        let (left, staying) = plan::leftovers(&things, &live, going.len(), &self.rules);
        self.stay(&staying)?;
        for leftover in &left {
            self.clear(leftover, sweep).await?;
        }
        all(self.faults)
    }

    /// Releases whose objects kube-janitor has taken.
    async fn hollow(&self, recorded: &Recorded, rights: &Rights<'_>) -> Result<BTreeSet<String>, Error> {
        let mut hollow = BTreeSet::new();
        for release in recorded.releases.iter().filter(|release| release.is_settled()) {
            if rights.is_hollow(release).await? {
                hollow.insert(release.owner());
            }
        }
        Ok(hollow)
    }

    /// Uninstalls the releases of a copy in their order, and says which are gone: what others of it use stays where one
    /// could not go.
    async fn uninstall(&mut self, going: &Going<'_>, rights: &Rights<'_>) -> Result<Vec<String>, Error> {
        let mut gone = Vec::new();
        // Before the first of them goes it is known that all of them may.
        for release in &going.releases {
            if let Some(no) = rights.missing(release).await? {
                let thing = release.to_string();
                self.report.line("refuse", &thing, &no)?;
                self.faults.push(Error::refused(format!("{thing}: uninstall: {no}")));
                return Ok(gone);
            }
        }
        for release in &going.releases {
            let thing = release.to_string();
            if !self.options.dry_run {
                let left = self.ends.saturating_duration_since(Instant::now());
                if left < LAST {
                    self.report.line("left", &thing, "no time is left for it: the next run goes on")?;
                    self.faults
                        .push(Error::unreachable(format!("{thing}: uninstall: no time is left for it")));
                    return Ok(gone);
                }
                if let Err(error) = helm::uninstall(self.options.helm, release, left, self.report).await {
                    self.report.line("fail", &thing, &error.to_string())?;
                    self.faults.push(error);
                    return Ok(gone);
                }
            }
            self.report.line("uninstall", &thing, &going.why)?;
            gone.push(release.owner());
        }
        Ok(gone)
    }

    /// What carries our mark, in the cluster and in every back end that can be asked.
    async fn things(&mut self, sweep: &Sweep) -> Vec<Thing> {
        let (things, faults) = things(self.asked, &self.stores, sweep, self.rules.namespaces).await;
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
        let live = self.live(&[]).await?;
        if plan::leftovers(things, &live, 0, &self.rules).0.is_empty() {
            self.report.line("left", &owner.to_string(), "a release has come meanwhile")?;
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
            if let Err(error) = self.stores.clear(back_end, owner, feature).await {
                // For the queues of this owner alone: those of others can go.
                let holds = back_end == BackEnd::Sns && has(BackEnd::Sqs);
                self.faults.push(error);
                if holds {
                    return Ok(());
                }
            }
        }
        for thing in things {
            let outcome = match &thing.place {
                Place::BackEnd(_) => continue,
                Place::Merged { namespace, name } => {
                    self.stores.take_out(namespace, name, owner, feature).await
                }
                Place::Object(object) => match self.asked.remove(object).await {
                    Ok(()) => {
                        self.report.line("delete", &thing.name, &format!("of {owner}, which is no more"))
                    }
                    Err(error) => Err(error),
                },
            };
            if let Err(error) = outcome {
                self.report.line("fail", &thing.name, &error.to_string())?;
                self.faults.push(error);
            }
        }
        Ok(())
    }

    /// Deploys that were killed: nobody can deploy again until somebody clears them.
    async fn stuck(&mut self, recorded: &Recorded, gone: &[String]) -> Result<(), Error> {
        let now = self.rules.now;
        let stuck = |head: &&Head| head.is_stuck(now) && !gone.contains(&head.to_string());
        for head in recorded.newest.iter().filter(stuck) {
            let thing = format!("release/{head}");
            let since = format!("{} since {}", head.phase(), head.began);
            let release = recorded.releases.iter().find(|release| release.head == *head);
            let cleared = match release {
                None => {
                    self.report.line("stuck", &thing, &format!("{since}; it is no copy's, and stays"))?;
                    continue;
                }
                Some(_) if !self.options.pending => {
                    self.report.line("stuck", &thing, &format!("{since}; --pending clears it"))?;
                    continue;
                }
                Some(_) if self.options.dry_run => Ok(()),
                Some(release) if recorded.is_first(head) => {
                    let left = self.ends.saturating_duration_since(Instant::now());
                    helm::uninstall(self.options.helm, release, left, self.report).await
                }
                Some(_) => self.asked.forget(head).await,
            };
            match cleared {
                Ok(()) => self.report.line("clear", &thing, &since)?,
                Err(error) => {
                    self.report.line("fail", &thing, &error.to_string())?;
                    self.faults.push(error);
                }
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
) -> (Vec<Thing>, Vec<(Option<BackEnd>, Error)>) {
    let (mut things, mut faults) = (Vec::new(), Vec::new());
    for back_end in sweep.back_ends.iter() {
        match stores.marked(back_end).await {
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
