//! What every hook does: arguments, config file, observe, plan, apply, outputs, report, exit code.
//!
//! A hook is one [`Provider`] and a `main` that calls [`run`]. The engine behind it owns whatever must
//! not differ between hooks: the deadline, the only retry policy, who may touch what, the re-observe
//! after a write, the report line, the exit code, signals. A provider only speaks with its back end.
//!
//! Nothing here knows a back end, and no hook knows another: what they share is the config file,
//! whose whole vocabulary is in [`config`], so that every hook can check all of it.

use std::{
    fmt,
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use jiff::Timestamp;

pub mod change;
pub mod config;
pub mod error;
pub mod exit;
pub mod marks;
pub mod outputs;

mod args;
mod engine;
mod report;
mod retry;
mod stop;
mod teardown;

use args::{Action, Args};
use change::Change;
use config::FeatureResources;
use engine::Engine;
use error::Error;
use marks::{Edit, Tags};
use outputs::Output;
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

    /// The section as [`config`] has checked it.
    type Section;
    /// One thing as the config asks for it; displays as the thing's name in the back end.
    type Want: fmt::Display + 'static;
    /// One thing as the back end reports it.
    type Have;

    /// The hook's own section, if the file has one.
    fn section(config: &FeatureResources) -> Option<&Self::Section>;

    /// All that the section asks for, in the order in which it is to be made.
    fn wants(section: &Self::Section) -> &[Self::Want];

    /// Where the back end is, for people: it stands in every error.
    fn endpoint(section: &Self::Section) -> String;

    /// Gets ready to talk to the back end.
    async fn connect(section: &Self::Section) -> Result<Self, Error>;

    /// The thing as it is now; `None` where there is none.
    async fn observe(&self, want: &Self::Want) -> Result<Option<Self::Have>, Error>;

    /// What is written on the thing in its own store, ours and others'.
    fn tags(have: &Self::Have) -> &Tags;

    /// Whether the config takes the thing over if it is there without a mark.
    fn adopts(want: &Self::Want) -> bool;

    /// What must happen to a thing that is there and may be changed; marks are none of its business.
    fn plan(want: &Self::Want, have: &Self::Have) -> Change;

    /// Makes the thing, or changes exactly the fields that `change` names, and writes the marks.
    /// Losing a race for a create is no error: the engine looks again.
    async fn apply(&self, want: &Self::Want, change: &Change, marks: &Edit) -> Result<(), Error>;

    /// Deletes the thing; fine if it has gone already.
    async fn delete(&self, want: &Self::Want) -> Result<(), Error>;

    /// What the application is told. Where `have` is `None` the thing is not there yet, and the values
    /// are unknown.
    fn outputs(want: &Self::Want, have: Option<&Self::Have>) -> Vec<Output>;
}

/// The whole of a hook's `main`: reads the arguments and the file, does what they say, tells.
pub async fn run<P: Provider>() -> ExitCode {
    let args = match Args::read(&format!("{}-hook", P::SECTION)) {
        Ok(args) => args,
        Err(code) => return code,
    };
    let report = Report::new(args.output, Box::new(io::stdout()));
    let outcome = tokio::select! {
        biased;
        outcome = act::<P>(&args, &report, Timestamp::now()) => outcome,
        stopped = stop::asked(&report) => Err(stopped),
    };
    let (code, last) = match outcome {
        Ok(end) => (end.code, end.last),
        Err(error) => (error.exit(), Some(error.to_string())),
    };
    let line = last.as_deref().map_or_else(|| report.summary(), str::to_owned);
    if let Err(error) = report::leave(&line) {
        // The termination log is a copy of what stderr says: without it nothing is lost.
        talk(&format!("{}: write the summary: {error}", report::TERMINATION_LOG));
    }
    if let Some(last) = last {
        // A container's two streams are read apart and put into one log: the last word is to be its last line.
        tokio::time::sleep(SETTLE).await;
        talk(&last);
    }
    code.into()
}

/// How long whoever reads stdout is given before stderr's last line.
const SETTLE: Duration = Duration::from_millis(50);

/// What a run that did not fail ends with.
struct End {
    code: exit::Code,
    /// The last line of stderr, where there is something to say.
    last: Option<String>,
}

async fn act<P: Provider>(args: &Args, report: &Report, now: Timestamp) -> Result<End, Error> {
    let config = config::load(&args.config)?;
    let section = P::section(&config).ok_or_else(|| {
        Error::config(format!(
            "{}: the key \"{section}\" is missing: it is what {section}-hook acts on",
            args.config.display(),
            section = P::SECTION
        ))
    })?;
    let engine = Engine::<P>::new(&config.mark, section, report, args.timeout, now);
    match args.action {
        Action::Plan { exit_code } => {
            let code = if engine.plan().await? && exit_code { exit::CHANGES } else { exit::DONE };
            Ok(End { code, last: None })
        }
        Action::Apply => engine.apply().await.map(|()| End { code: exit::DONE, last: None }),
        Action::Delete => engine.delete().await.map(|last| End { code: exit::DONE, last }),
    }
}

/// One line to people. Where stderr is closed nobody listens, and there is nowhere left to say so.
fn talk(line: &str) {
    drop(writeln!(io::stderr(), "{line}"));
}
