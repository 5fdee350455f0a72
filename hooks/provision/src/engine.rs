//! The loop of every hook: observe all, plan all, refuse before anything is written, apply, look again,
//! and tell the application last, never of a half-made thing.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    Provider,
    change::Change,
    config::Mark,
    error::Error,
    marks::{Edit, NotOurs, Tags},
    outputs::{self, Bundle, Output, objects::Objects},
    report::Report,
    retry::Patience,
};

/// One run of one hook.
pub(crate) struct Engine<'a, P: Provider> {
    pub(crate) mark: &'a Mark,
    pub(crate) section: &'a P::Section,
    pub(crate) report: &'a Report,
    pub(crate) patience: Patience,
    pub(crate) now: Timestamp,
    pub(crate) endpoint: String,
}

/// One thing with what is there and what must happen.
struct Item<'a, P: Provider> {
    want: &'a P::Want,
    have: Option<P::Have>,
    change: Change,
    edit: Edit,
}

/// All that is known before the first write; holds no [`Change::Refuse`] once [`Engine::admitted`].
struct Prepared<'a, P: Provider> {
    provider: P,
    items: Vec<Item<'a, P>>,
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
        Self { mark, section, report, patience: Patience::new(timeout), now, endpoint: P::endpoint(section) }
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

    /// Makes everything be as the config asks, then writes the outputs.
    pub(crate) async fn apply(&self) -> Result<(), Error> {
        let targets = Self::bundles(P::wants(self.section).iter().map(|want| (want, None)));
        self.report.expect(P::wants(self.section).iter().map(thing::<P>));
        self.report.expect(targets.iter().map(|bundle| bundle.target.to_string()));

        let prepared = self.prepare().await?;
        for (thing, change) in prepared.changes() {
            if matches!(change, Change::Refuse(_)) {
                self.report.change(&thing, change)?;
            }
        }
        self.admitted(&prepared)?;
        let Prepared { provider, items, cluster, bundles: _ } = prepared;
        let mut made = Vec::new();
        for item in items {
            let Item { want, have, change, edit } = item;
            let have = match have {
                Some(have) if change == Change::Keep => have,
                _ => self.converge(&provider, want, &change, &edit).await?,
            };
            self.report.change(&thing::<P>(want), &change)?;
            made.push((want, Some(have)));
        }
        let Some(cluster) = cluster else { return Ok(()) };
        for bundle in Self::bundles(made.iter().map(|(want, have)| (*want, have.as_ref()))) {
            let target = bundle.target.to_string();
            let written = self.patience.call(&cluster.endpoint, || cluster.write(&bundle)).await;
            let change =
                written.map_err(|error| failed(&target, "write the outputs", &cluster.endpoint, error))?;
            self.report.change(&target, &change)?;
        }
        Ok(())
    }

    pub(crate) async fn connect(&self) -> Result<P, Error> {
        let connected = self.patience.call(&self.endpoint, || P::connect(self.section)).await;
        connected.map_err(|error| failed(P::SECTION, "connect", &self.endpoint, error))
    }

    pub(crate) async fn observe(&self, provider: &P, want: &P::Want) -> Result<Option<P::Have>, Error> {
        let seen = self.patience.call(&self.endpoint, || provider.observe(want)).await;
        seen.map_err(|error| failed(&thing::<P>(want), "look it up", &self.endpoint, error))
    }

    /// A client for the cluster, if anything is to be told.
    pub(crate) async fn cluster(&self, bundles: &[Bundle]) -> Result<Option<Objects<'a>>, Error> {
        if bundles.is_empty() {
            return Ok(None);
        }
        Objects::connect(self.mark, &hook::<P>(), self.now).await.map(Some)
    }

    pub(crate) fn bundles<'w>(things: impl Iterator<Item = (&'w P::Want, Option<&'w P::Have>)>) -> Vec<Bundle>
    where
        P: 'w,
    {
        let outputs: Vec<Output> = things.flat_map(|(want, have)| P::outputs(want, have)).collect();
        outputs::bundles(outputs)
    }

    async fn prepare(&self) -> Result<Prepared<'a, P>, Error> {
        let provider = self.connect().await?;
        let mut items = Vec::new();
        for want in P::wants(self.section) {
            let have = self.observe(&provider, want).await?;
            let (change, edit) = self.judge(want, have.as_ref());
            items.push(Item { want, have, change, edit });
        }
        let bundles = Self::bundles(items.iter().map(|item| (item.want, item.have.as_ref())));
        let cluster = self.cluster(&bundles).await?;
        let mut planned = Vec::new();
        for bundle in bundles {
            let change = match &cluster {
                Some(cluster) => {
                    self.patience.call(&cluster.endpoint, || cluster.plan(&bundle)).await.map_err(
                        |error| failed(&bundle.target.to_string(), "look it up", &cluster.endpoint, error),
                    )?
                }
                None => Change::Keep,
            };
            planned.push((bundle, change));
        }
        Ok(Prepared { provider, items, cluster, bundles: planned })
    }

    /// What must happen to a thing, and to the mark on it: whose it is comes before what it looks like.
    fn judge(&self, want: &P::Want, have: Option<&P::Have>) -> (Change, Edit) {
        let Some(have) = have else { return (Change::Create, self.mark.edit(&Tags::new(), self.now)) };
        let tags = P::tags(have);
        match self.mark.claims(tags) {
            Ok(()) => {}
            Err(NotOurs::Unmarked) if P::adopts(want) => {}
            Err(NotOurs::Unmarked) => {
                let reason = format!("{}: say `adopt: true` to take it over", NotOurs::Unmarked);
                return (Change::Refuse(reason), Edit::default());
            }
            Err(not_ours) => return (Change::Refuse(not_ours.to_string()), Edit::default()),
        }
        let edit = self.mark.edit(tags, self.now);
        let mut differences = match P::plan(want, have) {
            Change::Keep => Vec::new(),
            Change::Update(differences) => differences,
            other => return (other, edit),
        };
        differences.extend(edit.differences(tags));
        (Change::of(differences), edit)
    }

    /// Applies a change and looks again: then nothing may be left to do.
    async fn converge(
        &self,
        provider: &P,
        want: &P::Want,
        change: &Change,
        edit: &Edit,
    ) -> Result<P::Have, Error> {
        let name = thing::<P>(want);
        let (mut change, mut edit) = (change.clone(), edit.clone());
        loop {
            let applied = self.patience.call(&self.endpoint, || provider.apply(want, &change, &edit)).await;
            applied.map_err(|error| failed(&name, change.word(), &self.endpoint, error))?;
            let have = self.observe(provider, want).await?;
            let (rest, next) = self.judge(want, have.as_ref());
            let error = match (rest, have) {
                (Change::Keep, Some(have)) => return Ok(have),
                (Change::Refuse(reason), _) => Error::refused(reason),
                // A create that lost a race leaves the winner's thing, which may need an update.
                (rest @ Change::Update(_), _) if change == Change::Create => {
                    (change, edit) = (rest, next);
                    continue;
                }
                (Change::Update(rest), _) => {
                    let fields = Change::Update(rest).fields();
                    Error::internal(format!("still differs after the write: {fields}"))
                }
                (Change::Create | Change::Keep, _) => Error::internal("is not there after the write"),
            };
            return Err(failed(&name, change.word(), &self.endpoint, error));
        }
    }

    /// Ends the run if anything must not be done: nothing was written yet.
    fn admitted(&self, prepared: &Prepared<'_, P>) -> Result<(), Error> {
        let mut refused = prepared.changes().filter_map(|(thing, change)| match change {
            Change::Refuse(reason) => Some(format!("{thing}: refused: {reason}")),
            Change::Keep | Change::Create | Change::Update(_) => None,
        });
        let Some(first) = refused.next() else { return Ok(()) };
        let more = match refused.count() {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        Err(Error::refused(format!("{first}{more}; nothing was written at {}", self.endpoint)))
    }
}

impl<P: Provider> Prepared<'_, P> {
    fn changes(&self) -> impl Iterator<Item = (String, &Change)> {
        let things = self.items.iter().map(|item| (thing::<P>(item.want), &item.change));
        things.chain(self.bundles.iter().map(|(bundle, change)| (bundle.target.to_string(), change)))
    }
}

/// What reports and errors call a thing: `sqs/emails-feat1`.
pub(crate) fn thing<P: Provider>(want: &P::Want) -> String {
    format!("{}/{want}", P::SECTION)
}

fn hook<P: Provider>() -> String {
    format!("{}-hook", P::SECTION)
}

/// An error in full: the thing, the act, the place, the cause, and what to do.
pub(crate) fn failed(thing: &str, act: &str, endpoint: &str, error: Error) -> Error {
    let remedy = match error {
        Error::Unreachable(_) => "; is it up, and is that its address?",
        Error::Config(_) | Error::Refused(_) | Error::Internal(_) => "",
    };
    error.worded(|cause| format!("{thing}: {act} at {endpoint}: {cause}{remedy}"))
}

#[cfg(test)]
mod tests;
