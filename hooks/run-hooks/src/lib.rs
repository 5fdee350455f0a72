//! Runs the hooks that lie beside it, one after the other, in one container.
//!
//! Helm shows the log of a Job's containers and never that of its init containers: as init containers the
//! hooks would keep order, and keep to themselves why they failed. What a hook says and how it ends is passed on, and
//! an Event of the Job says why it failed. This does nothing else: no config, no back end, no retry.

#![forbid(unsafe_code)]

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::{ExitCode, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use clap::{Parser, ValueEnum};
use provision::{Timeout, exit};
use rustix::process::{Pid, kill_process};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    signal::unix::{Signal, SignalKind, signal},
};

mod event;

use event::Job;

/// Run hooks one after the other.
#[derive(Debug, Parser)]
#[command(name = "run-hooks")]
struct Args {
    /// What each hook is to do: apply ends with the first that fails, delete goes on
    #[arg(value_enum)]
    verb: Verb,
    /// The hooks in their order, each without the -hook at its end
    #[arg(required = true, value_parser = word)]
    hooks: Vec<String>,
    /// The file of kind `FeatureResources`
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// How long all of them together may take: a whole number with s or m
    #[arg(long, default_value = "120s", value_name = "TIME")]
    timeout: Timeout,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Verb {
    Apply,
    Delete,
}

fn word(text: &str) -> Result<String, String> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase()) {
        return Ok(text.to_owned());
    }
    Err("is no word of lower-case letters, such as sqs".to_owned())
}

/// The whole of `main`.
#[must_use]
pub fn run() -> ExitCode {
    provision::process(whole())
}

async fn whole() -> ExitCode {
    let args = match provision::parsed(Args::try_parse()) {
        Ok(args) => args,
        Err(code) => return code,
    };
    let beside = std::env::current_exe().ok().and_then(|path| path.parent().map(Path::to_path_buf));
    let mut said = String::new();
    let first = match sequence(&args, &beside.unwrap_or_default(), &mut said).await {
        Ok(first) => first,
        Err(line) => Some(First { code: exit::INTERNAL, line }),
    };
    match first {
        Some(first) => fail(first, &said).await,
        None => exit::DONE.into(),
    }
}

/// What the first hook that failed said last, and its exit code.
struct First {
    code: exit::Code,
    line: String,
}

/// Leaves the reason where it is looked for; it is the last line, whatever was `said` before.
async fn fail(first: First, said: &str) -> ExitCode {
    let First { code, line } = first;
    let mut is_last = line == said;
    let mut also = |error: String| {
        talk(&error);
        is_last = false;
    };
    if let Some(job) = Job::of_environment()
        && let Err(error) = job.failed(&line).await
    {
        also(error);
    }
    if let Err(error) = provision::report::leave(&line) {
        also(format!("leave the reason for Kubernetes: {error}"));
    }
    if !is_last {
        talk(&line);
    }
    code.into()
}

/// Runs them to the first that fails, if one does. The last line that one of them wrote is in `said`.
async fn sequence(args: &Args, beside: &Path, said: &mut String) -> Result<Option<First>, String> {
    let Args { verb, hooks, config, timeout } = args;
    let ends = Instant::now() + timeout.get();
    let listen = |kind| signal(kind).map_err(|error| format!("listen for signals: {error}"));
    let mut signals = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    let mut first: Option<First> = None;
    let mut rest = hooks.as_slice();
    while let Some((hook, others)) = rest.split_first() {
        let left = ends.saturating_duration_since(Instant::now());
        // A delete that waits in vain leaves the others their share.
        let share = u32::try_from(rest.len()).unwrap_or(u32::MAX);
        let left = if *verb == Verb::Delete { left / share } else { left };
        if left < Duration::from_secs(1) {
            let line = format!(
                "not run: {}: the hooks before took all of {}s",
                words(rest),
                timeout.get().as_secs()
            );
            first.get_or_insert(First { code: exit::UNREACHABLE, line });
            break;
        }
        rest = others;
        let program = beside.join(format!("{hook}-hook"));
        let child = Command::new(&program)
            .arg(verb.to_possible_value().expect("no word is hidden").get_name())
            .arg(format!("--config={}", config.display()))
            .arg(format!("--timeout={}s", left.as_secs()))
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("run {}: {error}", program.display()))?;
        let end = wait(child, &mut signals).await.map_err(|error| format!("{hook}-hook: {error}"))?;
        said.clone_from(&end.last);
        if !end.status.success() {
            first.get_or_insert(First { code: code(end.status), line: end.last });
            if *verb == Verb::Apply {
                break;
            }
        }
        if end.stopped && !rest.is_empty() {
            let line = format!("stopped; not run: {}; run it again", words(rest));
            first.get_or_insert(First { code: exit::INTERNAL, line });
            break;
        }
    }
    Ok(first)
}

fn words(hooks: &[String]) -> String {
    hooks.iter().map(|hook| format!("{hook}-hook")).collect::<Vec<_>>().join(", ")
}

/// How a hook ended.
struct End {
    status: ExitStatus,
    /// Whether it was told to stop.
    stopped: bool,
    /// The last line of its stderr, which is passed on as it comes.
    last: String,
}

/// Waits for a hook, and passes on what it says and that it is to stop.
async fn wait(mut child: Child, signals: &mut (Signal, Signal)) -> io::Result<End> {
    let (terminate, interrupt) = signals;
    let mut lines = child.stderr.take().map(|err| BufReader::new(err).lines());
    let (mut stopped, mut last) = (false, String::new());
    loop {
        let line = async {
            match &mut lines {
                Some(lines) => lines.next_line().await,
                None => Ok(None),
            }
        };
        tokio::select! {
            line = line => match line? {
                Some(line) => {
                    talk(&line);
                    last = line;
                }
                None => break,
            },
            _ = terminate.recv() => stopped = pass_on(&child)?,
            _ = interrupt.recv() => stopped = pass_on(&child)?,
        }
    }
    Ok(End { status: child.wait().await?, stopped, last })
}

/// Only the hook knows what it has not done; one that has ended in this moment has said all.
fn pass_on(child: &Child) -> io::Result<bool> {
    if let Some(id) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
        kill_process(id, rustix::process::Signal::TERM)?;
    }
    Ok(true)
}

/// A hook's own exit code; one that was killed has none.
fn code(status: ExitStatus) -> exit::Code {
    status.code().and_then(exit::Code::of).unwrap_or(exit::INTERNAL)
}

fn talk(line: &str) {
    drop(writeln!(io::stderr(), "{line}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Args, clap::Error> {
        Args::try_parse_from(std::iter::once("run-hooks").chain(words.split_whitespace()))
    }

    #[test]
    fn hooks_are_words_and_there_is_at_least_one() {
        let args = parse("apply sqs sns --config f --timeout=2m").expect("legal");
        assert_eq!((args.verb, args.hooks), (Verb::Apply, vec!["sqs".to_owned(), "sns".to_owned()]));
        assert_eq!(args.timeout.get(), Duration::from_mins(2));
        for words in ["apply --config f", "plan sqs --config f", "apply ../x --config f", "apply sqs"] {
            assert!(parse(words).is_err(), "{words}");
        }
    }
}
