//! `apply`: group after group, each thing until nothing is left to do to it, then the outputs, then what
//! nothing asks for any more.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use super::{AT_ONCE, Engine, Item, Prepared, failed, order, thing};
use crate::{
    Provider,
    change::Change,
    config::Target,
    error::Error,
    marks::Edit,
    outputs::{self, objects::Objects},
    retry::Pauses,
};

impl<P: Provider> Engine<'_, P> {
    /// Makes everything be as the config asks, then writes the outputs. What one thing cannot have does
    /// not keep others from theirs, unless they need it.
    pub(crate) async fn apply(&self) -> Result<(), Error> {
        let wants = P::wants(self.section);
        self.report.expect(wants.iter().filter(|want| self.chosen(want)).map(thing::<P>));
        let targets = Self::bundles(wants.iter().map(|want| (want, None)));
        self.report.expect(targets.iter().map(|bundle| bundle.target.to_string()));

        let prepared = self.prepare().await?;
        for (thing, change) in prepared.changes() {
            if matches!(change, Change::Refuse(_)) {
                self.report.change(&thing, change)?;
            }
        }
        self.admitted(&prepared)?;
        let Prepared { provider, mut items, others, strays, cluster, bundles: _ } = prepared;
        self.report.expect(strays.iter().map(|stray| thing::<P>(&stray.want)));
        let mut made = others;
        made.retain(Item::is_ours);
        let kept = match &cluster {
            Some(cluster) => self.keep(cluster, &mut items).await?,
            None => BTreeMap::new(),
        };
        made.extend(self.make(&provider, items).await?);
        if let Some(cluster) = cluster {
            self.tell(&cluster, &made, kept).await?;
        }
        for stray in strays {
            let name = thing::<P>(&stray.want);
            self.remove(&provider, &stray.want).await?;
            self.report.change(&name, &stray.change)?;
        }
        Ok(())
    }

    /// All things, what others need before those that need it.
    async fn make(&self, provider: &P, items: Vec<Item<P>>) -> Result<Vec<Item<P>>, Error> {
        let mut made = Vec::new();
        let mut errors = Vec::new();
        let mut missing = BTreeSet::new();
        for group in order::groups::<P, _>(items, |item| &item.want) {
            let mut ready = Vec::new();
            for item in group {
                match P::needs(&item.want).into_iter().find(|need| missing.contains(*need)) {
                    Some(need) => {
                        let reason = format!("it needs {}/{need}, which could not be made", P::SECTION);
                        self.report.line("left", &thing::<P>(&item.want), &reason)?;
                        missing.insert(item.want.to_string());
                    }
                    None => ready.push(item),
                }
            }
            let outcomes = ready.into_iter().map(|item| self.settle(provider, item));
            let mut outcomes = stream::iter(outcomes).buffered(AT_ONCE);
            while let Some((item, outcome)) = outcomes.next().await {
                let name = thing::<P>(&item.want);
                match outcome {
                    Ok(have) => {
                        self.report.change(&name, &item.change)?;
                        for warning in P::warnings(&item.want, &have) {
                            self.report.talk(&format!("warning: {name}: {warning}"));
                        }
                        made.push(Item { have: Some(have), ..item });
                    }
                    Err(error) => {
                        self.report.line("fail", &name, &error.to_string())?;
                        missing.insert(item.want.to_string());
                        errors.push(error);
                    }
                }
            }
        }
        all(errors)?;
        Ok(made)
    }

    async fn settle(&self, provider: &P, mut item: Item<P>) -> (Item<P>, Result<P::Have, Error>) {
        let outcome = match (item.have.take(), &item.change) {
            (Some(have), Change::Keep) => Ok(have),
            _ => self.converge(provider, &item.want, &item.change, &item.edit).await,
        };
        (item, outcome)
    }

    /// Applies a change and looks again: then nothing may be left to do. After a write of which nobody
    /// knows whether it was carried out, what is there says what is done next.
    async fn converge(
        &self,
        provider: &P,
        want: &P::Want,
        change: &Change,
        edit: &Edit,
    ) -> Result<P::Have, Error> {
        let name = thing::<P>(want);
        let (mut change, mut edit) = (change.clone(), edit.clone());
        let mut pauses = Pauses::default();
        loop {
            let error = |error| failed(&name, change.word(), &self.endpoint, error);
            let sent = match self.patience.once(provider.apply(want, &change, &edit)).await {
                Ok(()) => true,
                Err(lost @ Error::Unreachable { .. }) => {
                    self.patience.pause(&self.endpoint, &mut pauses, lost).await.map_err(error)?;
                    false
                }
                Err(other) => return Err(error(other)),
            };
            let sent = sent.then_some(&change);
            let (have, rest, next) = self.look_again(provider, want, sent).await?;
            match (rest, have) {
                (Change::Keep, Some(have)) => return Ok(have),
                (Change::Refuse(reason), _) => return Err(error(Error::refused(reason))),
                // Nothing was done, or a create lost a race and left the winner's thing, or it takes a thing's
                // own name to say the rest, or somebody has deleted or changed what was to be changed.
                (rest @ (Change::Create(_) | Change::Update(_)), _)
                    if sent.is_none()
                        || match (&change, &rest) {
                            (Change::Create(_), Change::Update(_))
                            | (Change::Update(_), Change::Create(_)) => true,
                            (Change::Update(_), Change::Update(rest)) => {
                                !rest.iter().any(|difference| change.touches(&difference.field))
                            }
                            _ => false,
                        } =>
                {
                    (change, edit) = (rest, next);
                }
                (Change::Update(rest), _) => {
                    let fields: Vec<&str> = rest.iter().map(|difference| difference.field.as_str()).collect();
                    let text = format!("still differs after the write: {}", fields.join(", "));
                    return Err(error(Error::internal(text)));
                }
                (Change::Create(_) | Change::Keep | Change::Delete, _) => {
                    return Err(error(Error::internal(
                        "is not there after the write: has somebody deleted it?",
                    )));
                }
            }
        }
    }

    /// What is there after a write: looked at until it is what was written, or as long as the back end may
    /// go on reporting what was before.
    async fn look_again(
        &self,
        provider: &P,
        want: &P::Want,
        sent: Option<&Change>,
    ) -> Result<(Option<P::Have>, Change, Edit), Error> {
        let began = Instant::now();
        let mut pauses = Pauses::default();
        loop {
            let have = self.observe(provider, want).await?;
            let (rest, next) = self.judge(want, have.as_ref());
            // What a create leaves to an update is no report of what was before.
            let settled = match sent {
                None => true,
                Some(Change::Create(_)) => matches!(rest, Change::Keep | Change::Update(_)),
                Some(_) => matches!(rest, Change::Keep | Change::Refuse(_)),
            };
            if settled || began.elapsed() >= provider.settles() {
                return Ok((have, rest, next));
            }
            let late = Error::unreachable("it reports still what was before the write");
            let waited = self.patience.pause(&self.endpoint, &mut pauses, late).await;
            waited.map_err(|error| failed(&thing::<P>(want), "look it up", &self.endpoint, error))?;
        }
    }

    /// Writes what things are going to keep, before they get it: whoever is killed in between finds it again,
    /// and of two at once the second one takes what the first has written.
    async fn keep(
        &self,
        cluster: &Objects<'_>,
        items: &mut [Item<P>],
    ) -> Result<BTreeMap<Target, Change>, Error> {
        let mut kept = BTreeMap::new();
        loop {
            let changed = || items.iter().filter(|item| item.change != Change::Keep);
            let known = changed().flat_map(|item| P::outputs(&item.want, None));
            let mut overtaken = false;
            for bundle in outputs::bundles(known.filter(|output| output.value.is_some())) {
                let places = changed().filter_map(|item| Some((P::keeps(&item.want)?, item.kept.clone())));
                let here = places.filter(|(place, _)| place.target == bundle.target);
                let before = here.map(|(place, kept)| (place.key.clone(), kept)).collect();
                let target = bundle.target.to_string();
                let written =
                    self.patience.call(cluster.endpoint(), || cluster.add(bundle.clone(), &before)).await;
                let written = written
                    .map_err(|error| failed(&target, "write the secret", cluster.endpoint(), error))?;
                match written {
                    Some(change) => drop(kept.insert(bundle.target, change)),
                    None => overtaken = true,
                }
            }
            if !overtaken {
                return Ok(kept);
            }
            for item in &mut *items {
                let Some(place) = P::keeps(&item.want).cloned() else { continue };
                let now = self.kept(cluster, &place).await?;
                if now != item.kept && now.is_some() {
                    item.want = P::remember(item.want.clone(), None, now.clone());
                }
                item.kept = now;
            }
        }
    }

    /// Writes the outputs of what is there; `kept` is what was done to objects before.
    async fn tell(
        &self,
        cluster: &Objects<'_>,
        made: &[Item<P>],
        mut kept: BTreeMap<Target, Change>,
    ) -> Result<(), Error> {
        for bundle in Self::bundles(made.iter().map(|item| (&item.want, item.have.as_ref()))) {
            let target = bundle.target.to_string();
            let written = self.patience.call(cluster.endpoint(), || cluster.write(&bundle)).await;
            let change =
                written.map_err(|error| failed(&target, "write the outputs", cluster.endpoint(), error))?;
            let change = kept.remove(&bundle.target).unwrap_or(Change::Keep).and(change);
            self.report.change(&target, &change)?;
        }
        Ok(())
    }
}

/// One error that says all of them; its class is the first one's.
fn all(errors: Vec<Error>) -> Result<(), Error> {
    let mut errors = errors.into_iter();
    let Some(first) = errors.next() else { return Ok(()) };
    let rest: Vec<String> = errors.map(|error| error.to_string()).collect();
    Err(if rest.is_empty() { first } else { first.worded(|text| format!("{text}; {}", rest.join("; "))) })
}
