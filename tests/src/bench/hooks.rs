//! The hooks beside a loop over boto3 that does the same, at the lab's LocalStack: fifty queues, each with a
//! dead-letter queue.

use std::{
    env, fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{
    measure::{Act, medians, peak, time},
    threshold::{Verdict, megabytes},
};
use crate::{hook, proxy::Proxy, repo};

/// How often each is measured.
const ROUNDS: usize = 7;
/// Queues that send their dead letters somewhere.
const QUEUES: usize = 50;
/// The most seconds that a first and a second apply may take.
const APPLY: f64 = 3.0;
const AGAIN: f64 = 1.0;
/// From the start of the process to its first request, in milliseconds.
const READY: f64 = 50.0;
/// Peak memory in bytes.
const MEMORY: u64 = 40_000_000;

/// What was measured of sqs-hook.
pub struct Hooks {
    /// The first apply, of the hook and of boto3.
    apply: [Duration; 2],
    /// One that finds nothing to do.
    again: [Duration; 2],
    /// From the start to the first request.
    ready: Duration,
    /// Bytes.
    peak: u64,
    /// Of an apply that finds nothing to do: reading calls, writing calls.
    calls: [usize; 2],
}

/// Starts the lab's LocalStack, which nothing else is measured beside, and measures; `BOTO3` names a Python
/// that has boto3.
///
/// # Panics
/// When either is not there.
#[must_use]
pub fn measured() -> Hooks {
    let lab = Command::new(repo::root().join("tests/lab/lab")).args(["up", "localstack"]).status();
    assert!(lab.expect("the lab's script starts").success(), "tests/lab/lab up localstack");
    let url = env::var("LOCALSTACK_URL").expect("LOCALSTACK_URL: where LocalStack is");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (apply, again) = times(&url, &folder);
    Hooks {
        apply,
        again,
        ready: ready(&url, &folder),
        peak: held(&url, &folder),
        calls: calls(&url, &folder),
    }
}

fn times(url: &str, folder: &TempDir) -> ([Duration; 2], [Duration; 2]) {
    let nothing = Path::new("/dev/null");
    let ours = |verb: &str| time(nothing, vec![sqs_hook(verb, url, folder)]);
    let theirs = |verb: &str| time(nothing, vec![boto3(verb, url)]);
    let first = |run: &dyn Fn(&str) -> Duration| {
        let took = run("apply");
        run("delete");
        took
    };
    let apply = medians(&[
        Act { rounds: ROUNDS, run: Box::new(|| first(&ours)) },
        Act { rounds: ROUNDS, run: Box::new(|| first(&theirs)) },
    ]);
    ours("apply");
    theirs("apply");
    let again = medians(&[
        Act { rounds: ROUNDS, run: Box::new(|| ours("apply")) },
        Act { rounds: ROUNDS, run: Box::new(|| theirs("apply")) },
    ]);
    ours("delete");
    theirs("delete");
    let both = |times: Vec<Option<Duration>>| [0, 1].map(|place| times[place].expect("there are rounds"));
    (both(apply), both(again))
}

fn ready(url: &str, folder: &TempDir) -> Duration {
    let proxy = Proxy::before(url);
    // Calls are timed from the proxy's start, which was a little before.
    let up = Instant::now();
    let mut times = Vec::new();
    for _ in 0..3 * ROUNDS {
        let mut command = sqs_hook("plan", proxy.url(), folder);
        proxy.clear();
        let began = up.elapsed();
        assert!(command.output().expect("the hook starts").status.success(), "plan");
        times.push(proxy.calls().first().expect("a call").at.saturating_sub(began));
    }
    times.sort();
    times[times.len() / 2]
}

fn held(url: &str, folder: &TempDir) -> u64 {
    let peak = peak(Path::new("/dev/null"), &sqs_hook("apply", url, folder));
    let _ = time(Path::new("/dev/null"), vec![sqs_hook("delete", url, folder)]);
    peak
}

fn calls(url: &str, folder: &TempDir) -> [usize; 2] {
    let proxy = Proxy::before(url);
    let run = |verb| time(Path::new("/dev/null"), vec![sqs_hook(verb, proxy.url(), folder)]);
    run("apply");
    proxy.clear();
    run("apply");
    let (writes, reads): (Vec<_>, Vec<_>) = proxy.calls().into_iter().partition(crate::proxy::Call::writes);
    run("delete");
    [reads.len(), writes.len()]
}

fn sqs_hook(verb: &str, url: &str, folder: &TempDir) -> Command {
    let queues: String = (0..QUEUES)
        .map(|number| {
            format!(
                "    - name: bench{number}\n      attributes: {{visibilityTimeout: 31, redrivePolicy: \
                 {{deadLetterQueue: bench{number}-dlq, maxReceiveCount: 5}}}}\n      tags: {{team: bench}}\n    - \
                 {{name: bench{number}-dlq, tags: {{team: bench}}}}\n"
            )
        })
        .collect();
    let text = hook::file(
        "bench",
        &format!("sqs:\n  endpointUrl: {url}\n  region: ap-south-1\n  queues:\n{queues}"),
    );
    let path = folder.path().join("resources.yaml");
    fs::write(&path, text).expect("the file is written");
    let mut command = Command::new(repo::image_binaries().join("sqs-hook"));
    command.arg(verb).arg("--config").arg(path).env_clear();
    command
}

fn boto3(verb: &str, url: &str) -> Command {
    let python = env::var_os("BOTO3").expect("BOTO3: a Python that has boto3");
    let mut command = Command::new(python);
    command.arg(repo::root().join("tests/bench/queues.py")).args([url, verb]);
    command
}

/// The thresholds of the numbers, and what was measured.
#[must_use]
pub fn verdicts(hooks: &Hooks) -> Vec<Verdict> {
    let Hooks { apply, again, ready: first, peak, calls: [reads, writes] } = hooks;
    let seconds = |what: &str, [ours, _]: &[Duration; 2], most: f64| Verdict {
        what: format!("{what} of {QUEUES} queues with dead-letter queues"),
        limit: format!("at most {most} s"),
        got: format!("{:.2} s", ours.as_secs_f64()),
        met: ours.as_secs_f64() <= most,
    };
    let milliseconds = first.as_secs_f64() * 1e3;
    vec![
        seconds("the first apply", apply, APPLY),
        seconds("the second apply", again, AGAIN),
        Verdict {
            what: "reading calls of the second apply, for each queue".to_owned(),
            limit: "at most 2, and 1 for the run".to_owned(),
            got: format!("{reads} for {}", 2 * QUEUES),
            met: *reads <= 2 * 2 * QUEUES + 1,
        },
        Verdict {
            what: "writing calls of the second apply".to_owned(),
            limit: "none".to_owned(),
            got: writes.to_string(),
            met: *writes == 0,
        },
        Verdict {
            what: "from the start of sqs-hook to its first request".to_owned(),
            limit: format!("at most {READY} ms"),
            got: format!("{milliseconds:.1} ms"),
            met: milliseconds <= READY,
        },
        Verdict {
            what: "peak memory of the first apply".to_owned(),
            limit: format!("at most {} MB", megabytes(MEMORY)),
            got: format!("{} MB", megabytes(*peak)),
            met: *peak <= MEMORY,
        },
    ]
}

/// The table of the times, as Markdown.
#[must_use]
pub fn table(hooks: &Hooks) -> String {
    let mut table = format!(
        "| {QUEUES} queues with dead-letter queues, LocalStack | sqs-hook | boto3 in a loop | boto3 / sqs-hook |\n\
         | --- | ---: | ---: | ---: |\n"
    );
    for (what, [ours, theirs]) in [("first apply", &hooks.apply), ("second apply", &hooks.again)] {
        let (one, other) = (ours.as_secs_f64(), theirs.as_secs_f64());
        table += &format!("| {what} | {one:.2} s | {other:.2} s | {:.1} |\n", other / one);
    }
    table
}
