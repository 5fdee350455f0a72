//! What every hook does: arguments, config file, observe, plan, apply, outputs, report, exit code.
//!
//! A hook is one [`Provider`] and a `main` that calls [`run`]. The engine behind it owns whatever must
//! not differ between hooks: the deadline, the only retry policy, who may touch what, the re-observe
//! after a write, the report line, the exit code, signals. A provider only speaks with its back end.
//!
//! Nothing here knows a back end, and no hook knows another: what they share is the config file,
//! whose whole vocabulary is in [`config`], so that every hook can check all of it.

#![forbid(unsafe_code)]

use std::{fmt, process::ExitCode, time::Duration};

use jiff::Timestamp;

pub mod change;
pub mod cluster;
pub mod config;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod error;
pub mod exit;
pub mod marks;
pub mod outputs;
pub mod report;
pub mod retry;

mod args;
mod end;
mod engine;
#[cfg(test)]
mod shelf;
mod stop;

pub use args::Timeout;
use args::{Action, Args, Run, Verb};
use change::Change;
use config::{FeatureResources, Mark, Place};
pub use end::{End, ended, parsed, process};
use engine::Engine;
use error::Error;
use marks::{Edit, Tags};
use outputs::{Hidden, Output};
use report::Report;

/// One kind of thing that a hook provides: queues, topics, databases.
///
/// A provider is asked, and never asks: it has no retry, no clock, no deadline and no opinion on whose
/// a thing is. `observe` and `plan` write nothing. `apply` and `delete` can be repeated and can race
/// with themselves in another process.
// The futures never leave the one thread of `main`, so they owe nobody a `Send`.
#[expect(async_fn_in_trait, reason = "one thread, static dispatch: no bound on the futures is needed")]
pub trait Provider: Sized {
    /// The hook's section in the config file, and the head of its things' names in reports: `sqs`.
    const SECTION: &'static str;

    /// What the file says so that a thing without a mark is taken over.
    const ADOPT: &'static str = "adopt: true";

    /// The section as [`config`] has checked it.
    type Section;
    /// One thing as the config asks for it; displays as the thing's name in the back end.
    type Want: fmt::Display + Clone + 'static;
    /// One thing as the back end reports it.
    type Have;

    /// The hook's own section, if the file has one.
    fn section(config: &FeatureResources) -> Option<&Self::Section>;

    /// All that the section asks for, in the order of the file.
    fn wants(section: &Self::Section) -> &[Self::Want];

    /// Whether things that the section no longer names are deleted.
    fn prunes(section: &Self::Section) -> bool;

    /// What the file calls a thing.
    fn written(want: &Self::Want) -> &str;

    /// The things of the section, by their names in the back end, that have to be there before it.
    fn needs(want: &Self::Want) -> Vec<&str>;

    /// Where the back end is, for people: it stands in every error.
    fn endpoint(section: &Self::Section) -> String;

    /// Gets to know the back end, and makes sure that it is the one that is meant. Reads only.
    async fn connect(section: &Self::Section) -> Result<Self, Error>;

    /// Things that are there, are called as this copy's are, and that no want names, in the order in which
    /// they are to go. Whose they are the engine finds out. Reads only.
    async fn strays(&self, section: &Self::Section, mark: &Mark) -> Result<Vec<Self::Want>, Error>;

    /// What goes with a delete of a section that names nothing: all that bears this mark. Reads only.
    async fn remains(&self, section: &Self::Section, mark: &Mark) -> Result<Vec<Self::Want>, Error> {
        self.strays(section, mark).await
    }

    /// Where there may be marks, whosever they are: most often each thing by its name as a want displays it, with what is
    /// written on it where the back end says that too; what has marks of several things may be called otherwise, and is looked
    /// up by that name. Reads only.
    async fn listed(&self, section: &Self::Section, mark: &Mark) -> Result<Vec<Listed>, Error>;

    /// What is written on what is listed by its name alone, by the names of the things that it says whose they are; nothing
    /// where it has gone since. Reads only.
    async fn written_on(&self, _name: &str) -> Result<Vec<(String, Tags)>, Error> {
        Ok(Vec::new())
    }

    /// Why a thing that nothing asks for any more has to stay until another hook has run.
    fn held(have: &Self::Have) -> Option<String>;

    /// The want with all that it takes from other things; [`Error::Refused`] where one of those is not
    /// there, or is not what the want needs. Reads only.
    async fn resolve(&self, want: &Self::Want) -> Result<Self::Want, Error>;

    /// The thing as it is now; `None` where there is none. Reads only.
    async fn observe(&self, want: &Self::Want) -> Result<Option<Self::Have>, Error>;

    /// Where the secret of a thing is kept, if it has one that nobody chooses: in the application's own
    /// output, and nowhere else.
    fn keeps(want: &Self::Want) -> Option<&Place>;

    /// The want with its secret: the one that is kept, or a new one where none is or that one has to go.
    /// What [`Self::outputs`] then knows of a thing that is not there is written before the thing is.
    fn remember(want: Self::Want, have: Option<&Self::Have>, kept: Option<Hidden>) -> Self::Want;

    /// What is written on the thing in its own store, ours and others'; `None` where it has none, and its
    /// name says whose it is.
    fn tags(have: &Self::Have) -> Option<&Tags>;

    /// Things of other hooks that belong to it and are changed with it, by their names in reports: they
    /// have to be ours too.
    fn touches(have: &Self::Have) -> Vec<(String, &Tags)>;

    /// Whether the config takes the thing over if it is there without a mark.
    fn adopts(want: &Self::Want) -> bool;

    /// What must happen to a thing that may be made or changed; marks are none of its business. To create
    /// is the answer too where only what it belongs to is there.
    fn plan(want: &Self::Want, have: Option<&Self::Have>) -> Change;

    /// Makes the thing, or changes exactly the fields that `change` names, and writes the marks.
    /// Losing a race for a create is no error: the engine looks again.
    async fn apply(&self, want: &Self::Want, change: &Change, marks: &Edit) -> Result<(), Error>;

    /// How long the back end may report what was before, after a write.
    fn settles(&self) -> Duration;

    /// What people should know of a thing that is as it should be.
    fn warnings(want: &Self::Want, have: &Self::Have) -> Vec<String>;

    /// Deletes the thing as it was seen, which is ours; fine if it has gone already. Whoever can look again
    /// without losing it meanwhile does.
    async fn delete(&self, want: &Self::Want, have: &Self::Have) -> Result<(), Error>;

    /// What the application is told. Where `have` is `None` the thing is not there yet, and nothing is known
    /// but what it is going to keep.
    fn outputs(want: &Self::Want, have: Option<&Self::Have>) -> Vec<Output>;
}

/// A thing of a back end on which there may be a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub name: String,
    /// None where nobody has looked yet.
    pub tags: Option<Tags>,
}

/// The whole of a hook's `main`: reads the arguments and the file, does what they say, tells.
#[must_use]
pub fn run<P: Provider>() -> ExitCode {
    process(whole::<P>())
}

async fn whole<P: Provider>() -> ExitCode {
    let args = match Args::read(&format!("{}-hook", P::SECTION)) {
        Ok(args) => args,
        Err(code) => return code,
    };
    let report = Report::of_process(args.output);
    // In a box: the compiler gives up on a layout that is as deep as all of it.
    ended(&report, Box::pin(act::<P>(&args, &report, Timestamp::now()))).await
}

async fn act<P: Provider>(args: &Args, report: &Report, now: Timestamp) -> Result<End, Error> {
    let done = |last| Ok(End { code: exit::DONE, last });
    let run = match &args.action {
        Action::Schema => {
            report.text(&config::schema())?;
            return done(None);
        }
        Action::Validate { config } => {
            for thing in config::load(config)?.things() {
                report.line("valid", &thing, "")?;
            }
            return done(None);
        }
        Action::Run(run) => run,
    };
    let Run { verb, config: path, timeout, only } = run;
    let config = config::load(path)?;
    let section = P::section(&config).ok_or_else(|| {
        Error::config(format!(
            "{}: the key \"{section}\" is missing: it is what {section}-hook acts on",
            path.display(),
            section = P::SECTION
        ))
    })?;
    let engine = Engine::<P>::new(&config.mark, section, report, *timeout, now).only(only)?;
    match verb {
        Verb::Plan { exit_code } => {
            let code = if engine.plan().await? && *exit_code { exit::CHANGES } else { exit::DONE };
            Ok(End { code, last: None })
        }
        Verb::Apply => done(engine.apply().await.map(|()| None)?),
        Verb::Delete => done(engine.delete().await?),
        Verb::Marks => done(engine.marks().await.map(|()| None)?),
    }
}
