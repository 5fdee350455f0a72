//! Runs the hooks that lie beside it, one after the other, in one container.
//!
//! Helm shows the log of a Job's containers and never that of its init containers: as init containers the
//! hooks would keep order, and keep to themselves why they failed. This does nothing else: no config, no
//! back end, no retry; what a hook says and how it ends is passed on.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::{ExitCode, ExitStatus},
    time::{Duration, Instant},
};

use clap::{Parser, ValueEnum};
use provision::{Timeout, exit};
use rustix::process::{Pid, kill_process};
use tokio::{
    process::{Child, Command},
    signal::unix::{Signal, SignalKind, signal},
};

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
pub async fn run() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let code = if error.use_stderr() { exit::CONFIG } else { exit::DONE };
            // Help that nobody can read (a closed pipe) is no reason for another exit code.
            drop(error.print());
            return code.into();
        }
    };
    let beside = std::env::current_exe().ok().and_then(|path| path.parent().map(Path::to_path_buf));
    match sequence(&args, &beside.unwrap_or_default()).await {
        Ok(code) => code,
        Err(error) => {
            talk(&error);
            exit::INTERNAL.into()
        }
    }
}

/// Runs them; the exit code is the first that is not 0.
async fn sequence(args: &Args, beside: &Path) -> Result<ExitCode, String> {
    let Args { verb, hooks, config, timeout } = args;
    let ends = Instant::now() + timeout.get();
    let listen = |kind| signal(kind).map_err(|error| format!("listen for signals: {error}"));
    let mut signals = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    let mut first = None;
    for (done, hook) in hooks.iter().enumerate() {
        let left = ends.saturating_duration_since(Instant::now());
        // A delete that waits in vain leaves the others their share.
        let others = u32::try_from(hooks.len() - done).unwrap_or(u32::MAX);
        let left = if *verb == Verb::Delete { left / others } else { left };
        if left < Duration::from_secs(1) {
            talk(&format!(
                "{hook}-hook: not run: the hooks before it took all of {}s",
                timeout.get().as_secs()
            ));
            return Ok(first.unwrap_or(exit::UNREACHABLE).into());
        }
        let program = beside.join(format!("{hook}-hook"));
        let child = Command::new(&program)
            .arg(verb.to_possible_value().expect("no word is hidden").get_name())
            .arg(format!("--config={}", config.display()))
            .arg(format!("--timeout={}s", left.as_secs()))
            .spawn()
            .map_err(|error| format!("run {}: {error}", program.display()))?;
        let (status, stopped) =
            wait(child, &mut signals).await.map_err(|error| format!("{hook}-hook: {error}"))?;
        if !status.success() {
            first.get_or_insert(code(status));
        }
        if stopped || (*verb == Verb::Apply && !status.success()) {
            break;
        }
    }
    Ok(first.unwrap_or(exit::DONE).into())
}

/// Waits for a hook, and passes on that it is to stop; whether that came.
async fn wait(mut child: Child, signals: &mut (Signal, Signal)) -> io::Result<(ExitStatus, bool)> {
    let (terminate, interrupt) = signals;
    tokio::select! {
        biased;
        status = child.wait() => return Ok((status?, false)),
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    // Only the hook knows what it has not done; one that has ended in this moment has said all.
    let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(id) = id {
        kill_process(id, rustix::process::Signal::TERM)?;
    }
    Ok((child.wait().await?, true))
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
