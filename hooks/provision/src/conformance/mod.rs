//! The sixteen laws that every hook keeps, checked through the engine against whatever back end a
//! [`Subject`] brings: the real one in the acceptance suite, and one in memory that is broken on purpose once
//! for each law, by which the suite itself is checked.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    future::{Future, poll_fn},
    io::{self, Write},
    pin::pin,
    rc::Rc,
    task::Poll,
    time::Duration,
};

use feature::{FeatureName, words};
use jiff::Timestamp;

use crate::{
    Provider,
    config::{Mark, Scope},
    engine::Engine,
    error::Error,
    outputs::Output,
    report::{Format, Report},
};

mod laws;

pub use laws::LAWS;

/// A hook's provider with a back end, as the laws need them. Things of two features and of base come to
/// different names in one back end.
#[expect(async_fn_in_trait, reason = "one thread, static dispatch: no bound on the futures is needed")]
pub trait Subject {
    type Provider: Provider;

    /// The field in which [`Variant::Changed`] differs from [`Variant::Plain`].
    const FIELD: &'static str;
    /// What is in the names of all its things, and of nobody else's in the back end, where others work at the same time.
    const WORD: &'static str;
    /// A part of the credentials in use, which nobody must ever read anywhere.
    const SECRET: &'static str;

    /// What a file asks for; no feature is base.
    fn section(&self, feature: Option<&str>, variant: Variant) -> <Self::Provider as Provider>::Section;

    /// Changes [`Self::FIELD`] of the feature's things, as somebody would who knows nothing of us.
    async fn drift(&self, feature: &str);

    /// Makes a thing of the kind that the hook makes, without a mark. [`Self::clean`] takes it away.
    async fn stranger(&self);

    /// All that the back end has of a feature's or base's things, but for times; nothing where it has none.
    async fn state(&self, feature: Option<&str>) -> String;

    /// Nothing in the back end that this subject could have made.
    async fn clean(&self);

    /// How often the back end has been contacted.
    fn contacts(&self) -> usize;
}

/// What a file asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    Plain,
    /// As [`Variant::Plain`], with outputs of everything.
    Told,
    Changed,
    /// Something of it cannot be had, and nothing else differs from [`Variant::Plain`].
    Impossible,
    /// As [`Variant::Plain`], at an address where nobody is.
    Down,
}

/// A law that does not hold.
#[derive(Debug)]
pub struct Broken {
    pub law: &'static str,
    pub why: String,
}

/// The laws that do not hold for a subject.
pub async fn broken<S: Subject>(subject: &S) -> Vec<Broken> {
    let mut broken = Vec::new();
    for (number, law) in (1..).zip(LAWS) {
        subject.clean().await;
        let bench = Bench { subject, said: Rc::default(), reported: Rc::default() };
        let mut outcome = Box::pin(bench.check(number)).await;
        if outcome.is_ok() && bench.said.borrow().contains(S::SECRET) {
            outcome = Err(format!("a secret was told: {}", bench.said.borrow()));
        }
        if let Err(why) = outcome {
            broken.push(Broken { law, why });
        }
    }
    subject.clean().await;
    broken
}

/// Where one law is tried.
struct Bench<'s, S: Subject> {
    subject: &'s S,
    /// Everything that was told, reports and errors.
    said: Rc<RefCell<String>>,
    /// The reports alone: what a run says while it waits is none.
    reported: Rc<RefCell<String>>,
}

/// How long a run may take; where nobody is, the whole of it is waited.
const TIMEOUT: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_secs(2);

impl<S: Subject> Bench<'_, S> {
    async fn run<T>(
        &self,
        feature: Option<&str>,
        variant: Variant,
        verb: impl AsyncFnOnce(&Engine<'_, S::Provider>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mark = mark(feature);
        let section = self.subject.section(feature, variant);
        let (said, reported) = (|| Rc::clone(&self.said), Rc::clone(&self.reported));
        let out = Box::new(Paper(vec![said(), reported]));
        let report = Report::new(Format::Text, out, Box::new(Paper(vec![said()])));
        let timeout = if variant == Variant::Down { SHORT } else { TIMEOUT };
        let engine = Engine::<S::Provider>::new(&mark, &section, &report, timeout, Timestamp::UNIX_EPOCH);
        // On the heap, and so are the laws: a test's thread has a small stack.
        let outcome = Box::pin(verb(&engine)).await;
        if let Err(error) = &outcome {
            self.said.borrow_mut().push_str(&error.to_string());
        }
        outcome
    }

    async fn apply(&self, feature: Option<&str>, variant: Variant) -> Result<(), Error> {
        self.run(feature, variant, async |engine| engine.apply().await).await
    }

    async fn plan(&self, feature: Option<&str>, variant: Variant) -> Result<bool, Error> {
        self.run(feature, variant, async |engine| engine.plan().await).await
    }

    async fn delete(&self, feature: &str) -> Result<Option<String>, Error> {
        self.run(Some(feature), Variant::Plain, async |engine| engine.delete().await).await
    }

    /// The things of this subject, whosever, that are said to bear a mark.
    async fn marks(&self) -> Result<BTreeSet<String>, Error> {
        self.heard();
        self.run(Some("law1"), Variant::Plain, async |engine| engine.marks().await).await?;
        let told = self.heard();
        let thing = |line: &str| Some(line.strip_prefix("marked  ")?.split_once("  owner ")?.0.to_owned());
        told.lines()
            .map(|line| thing(line).ok_or_else(|| Error::internal(format!("what is this line? {line}"))))
            .filter(|thing| thing.as_ref().map_or(true, |thing| thing.contains(S::WORD)))
            .collect()
    }

    /// Those of a feature's or base's things that bear a mark.
    async fn marked(&self, feature: Option<&str>) -> Result<BTreeSet<String>, Error> {
        let section = self.subject.section(feature, Variant::Plain);
        let provider = S::Provider::connect(&section).await?;
        let mut marked = BTreeSet::new();
        for want in S::Provider::wants(&section) {
            let have = provider.observe(want).await?;
            let tags = have.as_ref().and_then(S::Provider::tags);
            if tags.is_some_and(|tags| tags.contains_key(words::OWNER)) {
                marked.insert(format!("{}/{want}", S::Provider::SECTION));
            }
        }
        Ok(marked)
    }

    /// What applications would be told now, by somebody who has just connected.
    async fn outputs(&self, feature: &str) -> Result<Vec<Output>, Error> {
        let section = self.subject.section(Some(feature), Variant::Told);
        let provider = S::Provider::connect(&section).await?;
        let mut outputs = Vec::new();
        for want in S::Provider::wants(&section) {
            let have = provider.observe(want).await?;
            outputs.extend(S::Provider::outputs(want, have.as_ref()));
        }
        Ok(outputs)
    }

    /// What was reported since the last time.
    fn heard(&self) -> String {
        std::mem::take(&mut self.reported.borrow_mut())
    }
}

fn mark(feature: Option<&str>) -> Mark {
    let copy = |feature: &str| Scope::Copy {
        feature: feature.parse::<FeatureName>().expect("a feature"),
        by: None,
        source: None,
        ttl: "1h".parse().expect("a ttl"),
    };
    Mark { owner: "laws/suite".parse().expect("an owner"), scope: feature.map_or(Scope::Base, copy) }
}

/// Lets a future go on until it waits for the n-th time, and then ends it as a kill would; its outcome
/// if it comes before.
async fn killed<T>(future: impl Future<Output = T>, mut waits: usize) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending if waits == 0 => Poll::Ready(None),
        Poll::Pending => {
            waits -= 1;
            Poll::Pending
        }
    })
    .await
}

/// What is written stands on all of them.
struct Paper(Vec<Rc<RefCell<String>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for page in &self.0 {
            page.borrow_mut().push_str(&String::from_utf8_lossy(bytes));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
