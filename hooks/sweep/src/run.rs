//! A run: reads what there is, carries out the plan, and tells. What cannot be done for one copy keeps nothing from others.

use std::{collections::BTreeSet, num::NonZeroUsize, path::Path, time::Duration};

use feature::FeatureName;
use provision::{error::Error, report::Report, retry::Patience};

use crate::{
    args::All,
    cluster::{Asked, Recorded},
    config::{self, BackEnd, Sweep},
    copies::{CopyName, copies},
    plan::{self, Live, Rules, Staying},
    rights::Rights,
    stores::Stores,
    thing::Thing,
};

mod clear;
mod stuck;
mod uninstall;

/// What of the command line is a run's alone.
pub(crate) struct Options<'a> {
    pub(crate) dry_run: bool,
    pub(crate) most: Option<NonZeroUsize>,
    pub(crate) pending: bool,
    pub(crate) helm: &'a Path,
}

/// One run.
struct Run<'a> {
    asked: &'a Asked<'a>,
    stores: Stores<'a>,
    sweep: &'a Sweep,
    options: &'a Options<'a>,
    rules: Rules<'a>,
    report: &'a Report,
    /// How many copies it may take away.
    most: NonZeroUsize,
    /// Those that it has taken.
    taken: BTreeSet<CopyName>,
    /// What went wrong, and kept nothing from going on.
    faults: Vec<Error>,
    /// Back ends that cannot be asked.
    down: BTreeSet<BackEnd>,
    /// Whether the cluster does not say which Secrets and `ConfigMap`s there are.
    is_blind: bool,
}

/// With less than this left nothing more is cleared: a hook that is cut off says nothing.
const LAST: Duration = Duration::from_secs(2);

/// Uninstalls what is due, clears what is left, and says so.
pub(crate) async fn run(all: &All, options: &Options<'_>, report: &Report) -> Result<(), Error> {
    let sweep = all.sweep()?;
    let patience = Patience::new(all.timeout(), report);
    let asked = Asked::connect(&patience).await?;
    let namespaces = all.namespaces(&sweep, &asked)?;
    let mut run = Run {
        asked: &asked,
        stores: Stores::beside(&sweep.back_ends, report),
        sweep: &sweep,
        options,
        rules: all.rules(&sweep, &namespaces),
        report,
        most: options.most.or(sweep.most).unwrap_or(config::MOST),
        taken: BTreeSet::new(),
        faults: Vec::new(),
        down: BTreeSet::new(),
        is_blind: false,
    };
    if let Err(error) = run.steps().await {
        run.faults.push(error);
    }
    every(run.faults)
}

impl Run<'_> {
    async fn steps(&mut self) -> Result<(), Error> {
        for namespace in self.rules.namespaces {
            self.asked.keeps_records(namespace).await?;
        }
        let recorded = self.asked.recorded(self.rules.namespaces).await?;
        // What a copy holds keeps it from going only where something is protected.
        let protects = !self.rules.protect.is_empty();
        let held = if protects { self.things().await } else { Vec::new() };
        let copies = copies(recorded.releases.clone(), held.clone());
        let rights = Rights::new(self.asked);
        let hollow = self.hollow(&recorded, &rights).await?;
        let (going, staying) = plan::going(&copies, &hollow, &self.rules);
        self.stay(&staying)?;
        self.report.expect(going.iter().flat_map(|going| &going.releases).map(ToString::to_string));
        let (mut tried, mut gone) = (BTreeSet::new(), Vec::new());
        for going in &going {
            let copy = &going.copy.name;
            if self.is_unseen(&copy.feature) {
                self.report.line("left", &copy.to_string(), plan::UNSEEN)?;
                continue;
            }
            if !self.has_room(copy, &copy.to_string())? {
                continue;
            }
            tried.insert(copy);
            let releases = self.uninstall(going, &rights).await?;
            if !releases.is_empty() {
                self.taken.insert(copy.clone());
            }
            gone.extend(releases);
        }
        let is_touched =
            self.stuck(&recorded, &copies, &tried, &mut gone, &rights).await? || !tried.is_empty();
        // Where marks alone say when things go they are read as late as can be.
        let is_known = protects && !is_touched && self.rules.unasked.is_empty();
        let things = if is_known { held } else { self.things().await };
        let live = self.live(&gone).await?;
        let (left, staying) = plan::leftovers(&things, &live, &self.rules);
        self.stay(&staying)?;
        self.report.expect(left.iter().flat_map(|leftover| &leftover.things).map(|thing| thing.name.clone()));
        for leftover in &left {
            if self.asked.patience.left() < LAST {
                return Err(Error::unreachable(format!(
                    "{}: no time is left: the next run goes on",
                    leftover.name()
                )));
            }
            let copy = leftover.copy();
            if self.is_unseen(&leftover.feature) {
                self.report.line("left", &leftover.name(), plan::UNSEEN)?;
                continue;
            }
            if !self.has_room(&copy, &leftover.name())? {
                continue;
            }
            match self.clear(leftover).await {
                // What nobody can take leaves the room to others.
                Ok(false) => {}
                Ok(true) => drop(self.taken.insert(copy)),
                Err(error) => self.fail(&leftover.name(), error)?,
            }
        }
        Ok(())
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

    /// Whether one more copy may go; it is reported where it may not.
    fn has_room(&self, copy: &CopyName, name: &str) -> Result<bool, Error> {
        if self.taken.len() < self.most.get() || self.taken.contains(copy) {
            return Ok(true);
        }
        let reason = format!("{} copies have gone in this run: the next one goes on", self.most);
        self.report.line("left", name, &reason)?;
        Ok(false)
    }

    /// Whether a copy may hold something that is protected and that nobody names. A back end that is down now may be there
    /// when a hook comes to it; in the cluster a file calls things as it likes.
    fn is_unseen(&self, feature: &FeatureName) -> bool {
        let in_back_ends = !self.down.is_empty() && self.rules.may_protect(feature);
        in_back_ends || self.is_blind && !self.rules.protect.is_empty()
    }

    /// Why what a copy uses stays that has no release which could say until when it runs. Somebody else than Helm has deployed
    /// it, or Helm's records are elsewhere (`HELM_DRIVER=sql`).
    async fn in_use(&self, namespace: &str, feature: &FeatureName) -> Result<Option<String>, Error> {
        let pod = self.asked.pod(namespace, feature).await?;
        Ok(pod.map(|pod| format!("pod {pod} of {feature} runs, and no release of Helm says until when")))
    }

    fn fail(&mut self, thing: &str, error: Error) -> Result<(), Error> {
        self.report.line("fail", thing, &error.to_string())?;
        self.faults.push(error);
        Ok(())
    }

    /// What carries our mark, in the cluster and in every back end that can be asked.
    async fn things(&mut self) -> Vec<Thing> {
        let (things, faults) =
            things(self.asked, &self.stores, self.sweep, self.rules.namespaces, &self.down).await;
        for (back_end, error) in faults {
            self.is_blind |= back_end.is_none();
            self.down.extend(back_end);
            // What the cluster did not say the first time either is told once.
            if self.faults.iter().all(|known| known.to_string() != error.to_string()) {
                self.faults.push(error);
            }
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

    fn stay(&self, staying: &[Staying]) -> Result<(), Error> {
        staying.iter().try_for_each(|Staying { thing, reason }| self.report.line("left", thing, reason))
    }
}

/// What carries our mark, but for what is in back ends that are known to be down; with what could not be asked, and of which
/// back end that is.
pub(crate) async fn things(
    asked: &Asked<'_>,
    stores: &Stores<'_>,
    sweep: &Sweep,
    namespaces: &[String],
    down: &BTreeSet<BackEnd>,
) -> (Vec<Thing>, Vec<(Option<BackEnd>, Error)>) {
    let (mut things, mut faults) = (Vec::new(), Vec::new());
    for back_end in sweep.back_ends.iter().filter(|back_end| !down.contains(back_end)) {
        match stores.marked(back_end, asked.patience.left() / 4).await {
            Ok(marked) => things.extend(marked),
            Err(error) => faults.push((Some(back_end), error)),
        }
    }
    let mut ask = |outcome: Result<Vec<Thing>, Error>| match outcome {
        Ok(marked) => things.extend(marked),
        Err(error) => faults.push((None, error)),
    };
    for namespace in namespaces {
        ask(asked.secrets(namespace).await);
        ask(asked.config_maps(namespace).await);
    }
    for namespace in sweep.neighbours.iter().filter(|neighbour| !namespaces.contains(neighbour)) {
        ask(asked.secrets(namespace).await);
    }
    (things, faults)
}

/// The last word of a run: all that went wrong, in the class of the first.
pub(crate) fn every(faults: Vec<Error>) -> Result<(), Error> {
    let mut faults = faults.into_iter();
    let Some(first) = faults.next() else { return Ok(()) };
    let rest: Vec<String> = faults.map(|error| error.to_string()).collect();
    Err(if rest.is_empty() { first } else { first.worded(|text| format!("{text}; {}", rest.join("; "))) })
}
