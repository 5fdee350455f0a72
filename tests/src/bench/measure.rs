//! One measurement: a process or a pipe of them, from its start to its end, or the most memory that
//! one has held.

use std::{
    env,
    ffi::OsString,
    fs::File,
    io::{self, Write},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use wait4::Wait4;

use crate::process;

/// What is measured again and again.
pub struct Act<'a> {
    pub rounds: usize,
    pub run: Box<dyn Fn() -> Duration + 'a>,
}

/// The median of each act, if it has rounds at all. They take turns, and each round begins with another one.
#[must_use]
pub fn medians(acts: &[Act<'_>]) -> Vec<Option<Duration>> {
    let rounds = acts.iter().map(|act| act.rounds).max().unwrap_or_default();
    let mut times = vec![Vec::new(); acts.len()];
    for round in 0..rounds {
        for place in 0..acts.len() {
            let turn = (round + place) % acts.len();
            if round < acts[turn].rounds {
                times[turn].push((acts[turn].run)());
            }
        }
    }
    times.into_iter().map(median).collect()
}

/// How long the pipe takes to read `input` and to end. What comes out of it is dropped.
///
/// # Panics
/// When one of its processes cannot be started, or fails.
#[must_use]
pub fn time(input: &Path, mut pipe: Vec<Command>) -> Duration {
    let mut stdin = Stdio::from(open(input));
    let last = pipe.len() - 1;
    let mut children = Vec::with_capacity(pipe.len());
    let start = Instant::now();
    for (place, command) in pipe.iter_mut().enumerate() {
        command.stdin(stdin).stdout(if place == last { Stdio::null() } else { Stdio::piped() });
        let mut child = spawn(command);
        stdin = child.stdout.take().map_or_else(Stdio::null, Stdio::from);
        children.push(child);
    }
    for (child, command) in children.iter_mut().zip(&pipe) {
        let status = child.wait().expect("it is our child");
        assert!(status.success(), "{}: {status}", command.get_program().display());
    }
    start.elapsed()
}

/// The most memory in bytes that the command has held while it read `input`.
///
/// A process is charged with what its parent held when it was started; so the parent is a fresh one.
#[must_use]
pub fn peak(input: &Path, command: &Command) -> u64 {
    let mut parent = Command::new(env::current_exe().expect("this program's own path"));
    parent.arg("peak").arg(command.get_program()).args(command.get_args()).stdin(open(input));
    process::output_of(&mut parent).trim().parse().expect("a number of bytes")
}

/// What that parent does: runs the program on its own stdin, and says the bytes.
pub fn say_peak(mut args: impl Iterator<Item = OsString>) -> io::Result<bool> {
    let mut command = Command::new(args.next().expect("a program"));
    let ended = spawn(command.args(args).stdout(Stdio::null())).wait4()?;
    assert!(ended.status.success(), "{}: {}", command.get_program().display(), ended.status);
    writeln!(io::stdout(), "{}", ended.rusage.maxrss)?;
    Ok(true)
}

fn spawn(command: &mut Command) -> Child {
    command.spawn().unwrap_or_else(|error| panic!("start {}: {error}", command.get_program().display()))
}

fn open(input: &Path) -> File {
    File::open(input).unwrap_or_else(|error| panic!("open {}: {error}", input.display()))
}

fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort();
    times.get(times.len() / 2).copied()
}
