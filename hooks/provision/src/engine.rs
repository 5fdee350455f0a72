//! What every run begins with: reach the back end, look at everything, plan everything, and refuse before
//! anything is written.

use std::{collections::BTreeSet, time::Duration};

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use crate::{
    Provider,
    change::Change,
    config::{Mark, Place, Scope},
    error::Error,
    marks::{Edit, NotOurs, Tags},
    outputs::{self, Bundle, Hidden, objects::Objects},
    report::Report,
    retry::Patience,
};

mod apply;
mod marked;
mod order;
mod teardown;

/// How many things are looked at or changed at once: back ends throttle more.
const AT_ONCE: usize = 8;

/// One run of one hook.
pub(crate) struct Engine<'a, P: Provider> {
    mark: &'a Mark,
    section: &'a P::Section,
    report: &'a Report,
    patience: Patience<'a>,
    now: Timestamp,
    endpoint: String,
    /// Names in the file; none is all.
    only: &'a [String],
}

/// One thing with what is there and what must happen.
struct Item<P: Provider> {
    want: P::Want,
    have: Option<P::Have>,
    change: Change,
    edit: Edit,
    /// What was kept of it in the application's output, where anything is.
    kept: Option<Hidden>,
}

impl<P: Provider> Item<P> {
    /// Whether it is there and may be told of.
    fn is_ours(&self) -> bool {
        self.have.is_some() && !matches!(self.change, Change::Refuse(_))
    }
}

/// All that is known before the first write.
struct Prepared<'a, P: Provider> {
    provider: P,
    /// What the run is about.
    items: Vec<Item<P>>,
    /// What `--only` leaves alone, which still is told.
    others: Vec<Item<P>>,
    /// Ours, and no longer asked for.
    strays: Vec<Item<P>>,
    cluster: Option<Objects<'a>>,
    bundles: Vec<(Bundle, Change)>,
}

impl<'a, P: Provider> Engine<'a, P> {
    pub(crate) fn new(
        mark: &'a Mark,
        section: &'a P::Section,
        report: &'a Report,
        timeout: Duration,
        now: Timestamp,
    ) -> Self {
        let endpoint = P::endpoint(section);
        Self { mark, section, report, patience: Patience::new(timeout, report), now, endpoint, only: &[] }
    }

    /// The same for these things alone, by their names in the file.
    pub(crate) fn only(self, only: &'a [String]) -> Result<Self, Error> {
        let known: Vec<&str> = P::wants(self.section).iter().map(P::written).collect();
        match only.iter().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(Error::config(format!(
                "--only={name}: the section {} has {}",
                P::SECTION,
                known.join(", ")
            ))),
            None => Ok(Self { only, ..self }),
        }
    }

    /// Reports what [`Self::apply`] would do; whether that is anything.
    pub(crate) async fn plan(&self) -> Result<bool, Error> {
        let prepared = self.prepare().await?;
        for (thing, change) in prepared.changes() {
            self.report.change(&thing, change)?;
        }
        self.admitted(&prepared)?;
        Ok(prepared.changes().any(|(_, change)| *change != Change::Keep))
    }

    async fn connect(&self) -> Result<P, Error> {
        let connected = self.patience.reach(&self.endpoint, || P::connect(self.section)).await;
        connected.map_err(|error| failed(P::SECTION, CONNECT, &self.endpoint, error))
    }

    async fn observe(&self, provider: &P, want: &P::Want) -> Result<Option<P::Have>, Error> {
        let seen = self.patience.call(&self.endpoint, || provider.observe(want)).await;
        seen.map_err(|error| failed(&thing::<P>(want), "look it up", &self.endpoint, error))
    }

    /// A client for the cluster, if anything is to be told.
    async fn cluster(&self, bundles: &[Bundle]) -> Result<Option<Objects<'a>>, Error> {
        if bundles.is_empty() {
            return Ok(None);
        }
        Objects::connect(self.mark, &hook::<P>(), self.now).await.map(Some)
    }

    fn bundles<'w>(things: impl Iterator<Item = (&'w P::Want, Option<&'w P::Have>)>) -> Vec<Bundle>
    where
        P: 'w,
    {
        outputs::bundles(things.flat_map(|(want, have)| P::outputs(want, have)))
    }

    fn chosen(&self, want: &P::Want) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == P::written(want))
    }

    async fn prepare(&self) -> Result<Prepared<'a, P>, Error> {
        let provider = self.connect().await?;
        let targets = Self::bundles(P::wants(self.section).iter().map(|want| (want, None)));
        let cluster = self.cluster(&targets).await?;
        let looked = P::wants(self.section).iter().map(|want| self.look(&provider, cluster.as_ref(), want));
        let looked: Vec<_> = stream::iter(looked).buffered(AT_ONCE).collect().await;
        let looked: Vec<Item<P>> = looked.into_iter().collect::<Result<_, _>>()?;
        // What a thing is called may depend on what it is made of.
        let named = looked.iter().map(|item| item.want.to_string()).collect();
        let strays = self.strays(&provider, &named).await?;
        let (items, others) = looked.into_iter().partition(|item| self.chosen(&item.want));
        let mut prepared = Prepared { provider, items, others, strays, cluster, bundles: Vec::new() };
        let bundles = Self::bundles(prepared.told());
        let Some(cluster) = &prepared.cluster else { return Ok(prepared) };
        for bundle in bundles {
            let planned = self.patience.call(cluster.endpoint(), || cluster.plan(&bundle)).await;
            let change = planned.map_err(|error| {
                failed(&bundle.target.to_string(), "look it up", cluster.endpoint(), error)
            })?;
            prepared.bundles.push((bundle, change));
        }
        Ok(prepared)
    }

    /// One thing, complete and judged. What cannot be had for it is a refusal like any other.
    async fn look(
        &self,
        provider: &P,
        cluster: Option<&Objects<'_>>,
        want: &P::Want,
    ) -> Result<Item<P>, Error> {
        let refused = |want, reason| Item {
            want,
            have: None,
            change: Change::Refuse(reason),
            edit: Edit::default(),
            kept: None,
        };
        let want = match self.patience.call(&self.endpoint, || provider.resolve(want)).await {
            Ok(want) => want,
            Err(Error::Refused(reason)) => return Ok(refused(want.clone(), reason)),
            Err(error) => {
                return Err(failed(&thing::<P>(want), "look up what it needs", &self.endpoint, error));
            }
        };
        let have = self.observe(provider, &want).await?;
        let (want, kept) = match (P::keeps(&want).cloned(), cluster) {
            (Some(place), Some(cluster)) => {
                let kept = self.kept(cluster, &place).await?;
                (P::remember(want, have.as_ref(), kept.clone()), kept)
            }
            _ => (want, None),
        };
        let (change, edit) = self.judge(&want, have.as_ref());
        Ok(Item { want, have, change, edit, kept })
    }

    async fn kept(&self, cluster: &Objects<'_>, place: &Place) -> Result<Option<Hidden>, Error> {
        let kept = self.patience.call(cluster.endpoint(), || cluster.kept(place)).await;
        kept.map_err(|error| failed(&place.target.to_string(), "look it up", cluster.endpoint(), error))
    }

    /// What is ours and no longer asked for; whose a thing is its mark alone says.
    async fn strays(&self, provider: &P, named: &BTreeSet<String>) -> Result<Vec<Item<P>>, Error> {
        if !P::prunes(self.section) || !self.only.is_empty() || self.mark.scope == Scope::Base {
            return Ok(Vec::new());
        }
        let mut strays = Vec::new();
        let found = self.patience.call(&self.endpoint, || provider.strays(self.section, self.mark)).await;
        for stray in self.ours(provider, found, named).await? {
            match stray.have.as_ref().and_then(P::held) {
                Some(reason) => self.report.line("left", &thing::<P>(&stray.want), &reason)?,
                None => strays.push(stray),
            }
        }
        Ok(strays)
    }

    /// Those with our mark that are none of these.
    async fn ours(
        &self,
        provider: &P,
        found: Result<Vec<P::Want>, Error>,
        named: &BTreeSet<String>,
    ) -> Result<Vec<Item<P>>, Error> {
        let mut strays = Vec::new();
        let found =
            found.map_err(|error| failed(P::SECTION, "look for what is left over", &self.endpoint, error))?;
        for want in found.into_iter().filter(|want| !named.contains(&want.to_string())) {
            // Other teams' things are called so too, and may be nobody's business but theirs.
            let have = match self.observe(provider, &want).await {
                Err(Error::Refused(_)) => continue,
                have => have?,
            };
            if have.as_ref().is_some_and(|have| self.owns(have).is_ok()) {
                strays.push(Item { want, have, change: Change::Delete, edit: Edit::default(), kept: None });
            }
        }
        Ok(strays)
    }

    /// What must happen to a thing, and to the mark on it: whose it is comes before what it looks like.
    fn judge(&self, want: &P::Want, have: Option<&P::Have>) -> (Change, Edit) {
        let Some(have) = have else { return (P::plan(want, None), self.mark.edit(&Tags::new(), self.now)) };
        match self.mark_of(have) {
            Ok(()) => {}
            Err(NotOurs::Unmarked) if P::adopts(want) => {}
            Err(NotOurs::Unmarked) => {
                let reason = format!("{}: say `{}` to take it over", NotOurs::Unmarked, P::ADOPT);
                return (Change::Refuse(reason), Edit::default());
            }
            Err(not_ours) => return (Change::Refuse(not_ours.to_string()), Edit::default()),
        }
        if let Err(reason) = self.touched(have) {
            return (Change::Refuse(reason), Edit::default());
        }
        let nothing = Tags::new();
        let (tags, edit) = match P::tags(have) {
            Some(tags) => (tags, self.mark.edit(tags, self.now)),
            None => (&nothing, Edit::default()),
        };
        let mut differences = match P::plan(want, Some(have)) {
            Change::Keep => Vec::new(),
            Change::Update(differences) => differences,
            other => return (other, edit),
        };
        differences.extend(edit.differences(tags));
        (Change::of(differences), edit)
    }

    /// Whether a thing that is there is ours, with all that is changed with it; the reason where it is not.
    fn owns(&self, have: &P::Have) -> Result<(), String> {
        self.mark_of(have).map_err(|not_ours| not_ours.to_string())?;
        self.touched(have)
    }

    fn mark_of(&self, have: &P::Have) -> Result<(), NotOurs> {
        P::tags(have).map_or(Ok(()), |tags| self.mark.claims(tags))
    }

    fn touched(&self, have: &P::Have) -> Result<(), String> {
        for (name, tags) in P::touches(have) {
            self.mark
                .claims(tags)
                .map_err(|not_ours| format!("{name}, which it would change: {not_ours}"))?;
        }
        Ok(())
    }

    /// Ends the run if anything must not be done: nothing was written yet.
    fn admitted(&self, prepared: &Prepared<'_, P>) -> Result<(), Error> {
        let mut refused = prepared.changes().filter_map(|(thing, change)| match change {
            Change::Refuse(reason) => Some(format!("{thing}: refused: {reason}")),
            _ => None,
        });
        let Some(first) = refused.next() else { return Ok(()) };
        let rest = refused.count();
        let more = if rest == 0 { String::new() } else { format!(" (and {rest} more refused)") };
        Err(Error::refused(format!("{first}{more}; nothing was written at {}", self.endpoint)))
    }
}

impl<P: Provider> Prepared<'_, P> {
    /// Things, then objects of outputs, in the order in which they are written.
    fn changes(&self) -> impl Iterator<Item = (String, &Change)> {
        let item = |item: &'_ Item<P>| thing::<P>(&item.want);
        let things = self.items.iter().map(move |it| (item(it), &it.change));
        let objects = self.bundles.iter().map(|(bundle, change)| (bundle.target.to_string(), change));
        let strays = self.strays.iter().map(move |it| (item(it), &it.change));
        things.chain(objects).chain(strays)
    }

    /// The things whose values the application gets: those of this run, and of all others those that are there.
    fn told(&self) -> impl Iterator<Item = (&P::Want, Option<&P::Have>)> {
        let others = self.others.iter().filter(|item| item.is_ours());
        self.items.iter().chain(others).map(|item| (&item.want, item.have.as_ref()))
    }
}

/// What reports and errors call a thing: `sqs/emails-feat1`.
fn thing<P: Provider>(want: &P::Want) -> String {
    format!("{}/{want}", P::SECTION)
}

fn hook<P: Provider>() -> String {
    format!("{}-hook", P::SECTION)
}

/// The first contact, as an error calls it.
const CONNECT: &str = "connect";

/// An error in full: the thing, the act, the place, the cause, and what to do.
fn failed(thing: &str, act: &str, endpoint: &str, error: Error) -> Error {
    let remedy = match error {
        Error::Denied(_) => "; are these its credentials?",
        // What has answered before is up, and that is its address.
        Error::Unreachable { .. } if act == CONNECT => "; is it up, and is that its address?",
        Error::Unreachable { .. } | Error::Config(_) | Error::Refused(_) | Error::Internal(_) => "",
    };
    error.worded(|cause| format!("{thing}: {act} at {endpoint}: {cause}{remedy}"))
}

#[cfg(test)]
mod tests;
