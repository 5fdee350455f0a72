//! How a process of ours runs and ends: told to stop it stops, its last line says why it failed, and Kubernetes is left
//! a copy of that.

use std::{
    future::Future,
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use crate::{
    error::Error,
    exit,
    report::{self, Report},
    stop,
};

/// What a run that did not fail ends with.
pub struct End {
    pub code: exit::Code,
    /// The last line of stderr, where there is something to say.
    pub last: Option<String>,
}

/// What `whole` ends with, in a runtime of one thread.
#[must_use]
pub fn process(whole: impl Future<Output = ExitCode>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            drop(writeln!(io::stderr(), "start: {error}"));
            return exit::INTERNAL.into();
        }
    };
    let code = runtime.block_on(Box::pin(whole));
    // A name that is being looked up is not waited for: a nameserver may be silent for long.
    runtime.shutdown_background();
    code
}

/// What a command line says; the exit code to end with where it asks for help or is wrong, which is then told.
pub fn parsed<T>(outcome: Result<T, clap::Error>) -> Result<T, ExitCode> {
    outcome.map_err(|error| {
        let code = if error.use_stderr() { exit::CONFIG } else { exit::DONE };
        // Help that nobody can read (a closed pipe) is no reason for another exit code.
        drop(error.print());
        code.into()
    })
}

/// Carries out `act` to its end, or until the process is told to stop by SIGTERM or SIGINT, and says its last word: an
/// error, what the end has to say, or for Kubernetes alone the summary of the report.
pub async fn ended(report: &Report, act: impl Future<Output = Result<End, Error>>) -> ExitCode {
    let outcome = tokio::select! {
        biased;
        outcome = Box::pin(act) => outcome,
        stopped = stop::asked(report) => Err(stopped),
    };
    let (code, last) = match outcome {
        Ok(End { code, last }) => (code, last),
        Err(error) => (error.exit(), Some(error.to_string())),
    };
    let line = last.as_deref().map_or_else(|| report.summary(), str::to_owned);
    if let Err(error) = report::leave(&line) {
        // The termination log is a copy of what stderr says: without it nothing is lost.
        report.talk(&format!("{}: write the summary: {error}", report::TERMINATION_LOG));
    }
    if let Some(last) = last {
        // A container's two streams are read apart and put into one log: the last word is to be its last line.
        tokio::time::sleep(SETTLE).await;
        report.talk(&last);
    }
    code.into()
}

/// How long whoever reads stdout is given before stderr's last line.
const SETTLE: Duration = Duration::from_millis(50);
