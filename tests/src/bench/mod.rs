//! `make bench`: devstack beside the tools that can do the same work, on the same streams, and sqs-hook
//! beside a loop over boto3.
//!
//! Whole processes are measured, in turns, so that whatever else the machine does meets all alike.
//! What comes of it is ratios, and thresholds that they must meet (`threshold`). It never measures
//! code in process, which is not what a user waits for.

mod agree;
mod hooks;
mod measure;
mod report;
mod stores;
mod stream;
mod threshold;
mod tool;

use std::{
    env,
    fmt::Display,
    fs,
    io::{self, Write},
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use self::{
    measure::{Act, medians, peak, time},
    stream::{Crds, Recipe, Stream},
    tool::Tool,
};
use crate::repo;

/// From small to large. The rounds are many where a run is short, so that the whole takes minutes;
/// kustomize, whose time grows with the square of the objects, has fewer, and at the end none.
const RECIPES: [Recipe; 7] = [
    // No CRD is as small as that.
    Recipe { name: "10 KB, workloads", bytes: 10_000, crds: 0, rounds: 61, of_kustomize: 61 },
    Recipe { name: "100 KB, half CRDs", bytes: 100_000, crds: 50, rounds: 31, of_kustomize: 31 },
    Recipe { name: "1 MB, half CRDs", bytes: 1_000_000, crds: 50, rounds: 15, of_kustomize: 9 },
    // As in the largest charts that are about: kube-prometheus-stack, Argo CD.
    Recipe { name: "5 MB, nine tenths CRDs", bytes: 5_000_000, crds: 90, rounds: 15, of_kustomize: 9 },
    Recipe { name: "5 MB, half CRDs", bytes: 5_000_000, crds: 50, rounds: 15, of_kustomize: 3 },
    Recipe { name: "5 MB, workloads", bytes: 5_000_000, crds: 0, rounds: 15, of_kustomize: 1 },
    Recipe { name: "50 MB, half CRDs", bytes: 50_000_000, crds: 50, rounds: 5, of_kustomize: 0 },
];

/// The stream on which the tools must agree before they are measured.
const AGREE_ON: usize = 100_000;
/// The streams that are rendered once more, into a pipe.
const PIPED: usize = 5_000_000;

/// One stream, and what was measured on it.
#[derive(Debug)]
struct Measured {
    stream: Stream,
    /// Medians, in the order of [`Tool::ALL`]; nothing of a tool that was not run.
    times: Vec<Option<Duration>>,
    /// Bytes, of devstack and of yq.
    peaks: [u64; 2],
    /// `helm template` alone, and with devstack behind it, where that was measured.
    helm: Option<[Duration; 2]>,
}

impl Measured {
    fn time(&self, tool: Tool) -> Option<Duration> {
        self.times[Tool::ALL.iter().position(|each| *each == tool).expect("all have a place")]
    }

    fn ours(&self) -> Duration {
        self.time(Tool::Devstack).expect("devstack is always run")
    }

    /// The tool's time in times of devstack's.
    fn ratio(&self, tool: Tool) -> Option<f64> {
        Some(self.time(tool)?.div_duration_f64(self.ours()))
    }
}

/// Runs the command line of this process: the benchmark, or `peak PROGRAM ARGS…` for one of its parts.
///
/// Exit codes: 0 all thresholds are met, 1 one is missed, or nobody reads what is said.
#[must_use]
pub fn main() -> ExitCode {
    let mut args = env::args_os().skip(1);
    let done = match args.next() {
        None => bench(),
        Some(word) if word == "peak" => measure::say_peak(args),
        Some(word) => panic!("{}: expected nothing, or peak PROGRAM ARGS", word.display()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}

/// Returns whether all thresholds are met.
fn bench() -> io::Result<bool> {
    let write = match env::var("BENCH").as_deref() {
        Err(_) | Ok("") => false,
        Ok("write") => true,
        Ok(other) => panic!("BENCH={other}: expected write, or nothing"),
    };
    let start = Instant::now();
    let load = load();
    let _ = repo::devstack();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let streams = streams(folder.path())?;
    let measured: Vec<Measured> = streams.into_iter().map(measured).collect::<io::Result<_>>()?;
    let of_hooks = hooks::measured();
    let of_stores = stores::measured();
    let mut verdicts = threshold::verdicts(&measured);
    verdicts.extend(hooks::verdicts(&of_hooks));
    verdicts.extend(stores::verdicts(&of_stores));
    let hooks = [hooks::table(&of_hooks), stores::table(&of_stores)];
    let tables = report::tables(&measured, &hooks, &verdicts, &load);
    writeln!(io::stdout(), "{tables}")?;
    if write {
        report::write(&repo::root().join("docs/benchmarks.md"), &tables);
    }
    say(format!("the benchmark took {} s", start.elapsed().as_secs()))?;
    for missed in verdicts.iter().filter(|verdict| !verdict.met) {
        say(format!("MISSED: {missed}"))?;
    }
    Ok(verdicts.iter().all(|verdict| verdict.met))
}

fn streams(folder: &Path) -> io::Result<Vec<Stream>> {
    let start = Instant::now();
    let crds = Crds::of_modules();
    let streams: Vec<Stream> = RECIPES.iter().map(|recipe| Stream::new(recipe, folder, &crds)).collect();
    for stream in &streams {
        tool::prepare(stream);
    }
    say(format!("generate the streams: {} s", start.elapsed().as_secs()))?;
    Ok(streams)
}

fn measured(stream: Stream) -> io::Result<Measured> {
    let start = Instant::now();
    let recipe = stream.recipe;
    if recipe.bytes == AGREE_ON {
        agree::check(&stream);
    }
    // Also what warms the caches for those that come next.
    let peaks = [Tool::Devstack, Tool::Yq].map(|tool| peak(&stream.file, &tool.command(&stream)));
    let times = times(&stream);
    let helm = (recipe.bytes == PIPED).then(|| pipes(&stream));
    say(format!("measure {}: {} s", recipe.name, start.elapsed().as_secs()))?;
    Ok(Measured { stream, times, peaks, helm })
}

fn times(stream: &Stream) -> Vec<Option<Duration>> {
    let recipe = stream.recipe;
    let act = |tool: Tool| Act {
        rounds: if tool == Tool::Kustomize { recipe.of_kustomize } else { recipe.rounds },
        run: Box::new(move || time(&stream.file, vec![tool.command(stream)])),
    };
    medians(&Tool::ALL.map(act))
}

fn pipes(stream: &Stream) -> [Duration; 2] {
    let alone = || vec![stream.render()];
    let piped = || vec![stream.render(), Tool::Devstack.command(stream)];
    let nothing = Path::new("/dev/null");
    let rounds = stream.recipe.rounds;
    let medians = medians(&[
        Act { rounds, run: Box::new(|| time(nothing, alone())) },
        Act { rounds, run: Box::new(|| time(nothing, piped())) },
    ]);
    [0, 1].map(|place| medians[place].expect("there are rounds"))
}

/// How busy the machine was before all this: how many processes ran or waited, over a minute.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").expect("the load of the machine");
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// Progress, which is talk: the tables are what is asked for.
fn say(line: impl Display) -> io::Result<()> {
    writeln!(io::stderr(), "{line}")
}
