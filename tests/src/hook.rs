//! The hooks as the programs that they are: what they are given, and all that comes of it.
//!
//! A hook sees no variable of the test's own environment and no home: what it knows it was given.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use feature::words;
use serde_json::Value;
use tempfile::TempDir;
use wait4::Wait4;

use crate::{process, repo};

/// A hook with its environment.
#[derive(Clone, Debug)]
pub struct Hook {
    program: PathBuf,
    /// What starts it: a program and its arguments; nothing is the hook itself.
    starter: Vec<String>,
    env: BTreeMap<String, String>,
}

/// A hook at work. It is killed where the test forgets it.
#[derive(Debug)]
pub struct Running {
    /// None once it has been waited for.
    child: Option<Child>,
    began: Instant,
    stdout: Option<JoinHandle<String>>,
    stderr: Option<JoinHandle<Vec<(Duration, String)>>>,
    /// The file and the home, for as long as it runs.
    _folder: TempDir,
}

/// What came of a hook.
#[derive(Clone, Debug)]
pub struct Ended {
    /// None where a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    /// The lines of stderr, and when each came since the start.
    pub told: Vec<(Duration, String)>,
    pub wall: Duration,
    /// The most memory in bytes that it held, or that the test's own process held when it was started: whichever
    /// is more.
    pub rss: u64,
}

/// A hook's file of a copy: the head with this feature and the owner `demo/FEATURE`, then the rest.
#[must_use]
pub fn file(feature: &str, rest: &str) -> String {
    format!("{}feature: {feature}\nowner: demo/{feature}\n{rest}\n", head())
}

/// A hook's file of base, whose owner is `demo/OWNER`.
#[must_use]
pub fn base_file(owner: &str, rest: &str) -> String {
    format!("{}base: true\nowner: demo/{owner}\n{rest}\n", head())
}

/// What every hook's file begins with: its version and kind.
#[must_use]
pub fn head() -> String {
    format!("apiVersion: {}\nkind: {}\n", words::API_VERSION, words::FEATURE_RESOURCES)
}

impl Hook {
    #[must_use]
    pub fn sqs() -> Self {
        Self::named("sqs-hook")
    }

    #[must_use]
    pub fn sns() -> Self {
        Self::named("sns-hook")
    }

    #[must_use]
    pub fn kafka() -> Self {
        Self::named("kafka-hook")
    }

    #[must_use]
    pub fn database() -> Self {
        Self::named("database-hook")
    }

    #[must_use]
    pub fn secret() -> Self {
        Self::named("secret-hook")
    }

    /// Several of them by `run-hooks`: their words come first among a run's arguments.
    #[must_use]
    pub fn several() -> Self {
        Self::named("run-hooks")
    }

    /// What takes away what has expired, with the hooks beside it.
    #[must_use]
    pub fn sweep() -> Self {
        Self::named("sweep")
    }

    fn named(name: &str) -> Self {
        let program = repo::image_binaries().join(name);
        Self { program, starter: Vec::new(), env: BTreeMap::new() }
    }

    /// The same with one more variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The same, started by another program, which gets the hook's path and arguments behind these words.
    #[must_use]
    pub fn under(self, starter: &[&str]) -> Self {
        Self { starter: starter.iter().map(|word| (*word).to_owned()).collect(), ..self }
    }

    /// Runs to its end with this file.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn run(&self, verb: &str, config: &str, args: &[&str]) -> Ended {
        self.spawn(verb, config, args).wait()
    }

    /// The same, and it has to end with 0.
    ///
    /// # Panics
    /// When it does not, with all that it said.
    #[expect(clippy::must_use_candidate, reason = "that it went well is often all")]
    pub fn does(&self, verb: &str, config: &str, args: &[&str]) -> Ended {
        self.run(verb, config, args).ends_with(0)
    }

    /// Starts it with this file.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn spawn(&self, verb: &str, config: &str, args: &[&str]) -> Running {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("config.yaml");
        fs::write(&path, config).expect("the config file is written");
        let mut command = self.command();
        command.arg(verb);
        // A schema is of no file, and some words of sweep's need none.
        if !config.is_empty() {
            command.arg("--config").arg(&path);
        }
        command.args(args).env("HOME", folder.path()).envs(&self.env);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let began = Instant::now();
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("start {}: {error}", command.get_program().display()));
        let stdout = child.stdout.take().map(|out| thread::spawn(move || text(out)));
        let stderr = child.stderr.take().map(|err| thread::spawn(move || lines(err, began)));
        Running { child: Some(child), began, stdout, stderr, _folder: folder }
    }

    fn command(&self) -> Command {
        let mut command = match self.starter.split_first() {
            None => Command::new(&self.program),
            Some((program, args)) => {
                let mut command = Command::new(program);
                command.args(args).arg(&self.program);
                command
            }
        };
        // What starts it is found where the test finds programs.
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command
    }
}

impl Running {
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("at work").id()
    }

    /// Sends a signal, such as `TERM`.
    ///
    /// # Panics
    /// When there is nobody to send it to.
    pub fn signal(&self, signal: &str) {
        let mut kill = Command::new("kill");
        let _ = process::output_of(kill.arg(format!("-{signal}")).arg(self.pid().to_string()));
    }

    /// Whether it has not ended yet.
    ///
    /// # Panics
    /// When Linux does not say.
    #[must_use]
    pub fn is_running(&self) -> bool {
        // Not asked for by waiting: what has been waited for says no more how much memory it held.
        let stat =
            fs::read_to_string(format!("/proc/{}/stat", self.pid())).expect("it has not been waited for");
        let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next());
        state != Some('Z')
    }

    /// Kills it, as a node that dies does, and says what came of it.
    #[must_use]
    pub fn kill(mut self) -> Ended {
        self.child.as_mut().expect("at work").kill().expect("it can be killed");
        self.wait()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it writes what is no text.
    #[must_use]
    pub fn wait(mut self) -> Ended {
        let ended = self.child.take().expect("at work").wait4().expect("it is our child");
        let wall = self.began.elapsed();
        let stdout = self.stdout.take().expect("read once").join().expect("stdout is read");
        let told = self.stderr.take().expect("read once").join().expect("stderr is read");
        let stderr = told.iter().map(|(_, line)| format!("{line}\n")).collect();
        Ended { code: ended.status.code(), stdout, stderr, told, wall, rss: ended.rusage.maxrss }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Ended {
    /// It, where its exit code is this.
    ///
    /// # Panics
    /// When it is another, with all that it said.
    #[must_use = "and what did it say?"]
    pub fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.said());
        self
    }

    /// How it ended and what it said, for people.
    #[must_use]
    pub fn said(&self) -> String {
        let Self { code, stdout, stderr, wall, .. } = self;
        format!("exit code {code:?} after {wall:?}\nstdout:\n{stdout}stderr:\n{stderr}")
    }

    /// The lines of the report, without the spaces between columns: `create sqs/emails-feat1 delaySeconds: 3`.
    #[must_use]
    pub fn report(&self) -> Vec<String> {
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        self.stdout.lines().map(words).collect()
    }

    /// The lines of the report of a run with `--output=json`.
    ///
    /// # Panics
    /// When one of them is no JSON.
    #[must_use]
    pub fn json(&self) -> Vec<Value> {
        let read =
            |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {}", self.said()));
        self.stdout.lines().map(read).collect()
    }

    /// The last line of stderr.
    #[must_use]
    pub fn last_line(&self) -> &str {
        self.told.last().map_or("", |(_, line)| line)
    }
}

fn text(mut out: impl Read) -> String {
    let mut text = String::new();
    out.read_to_string(&mut text).expect("stdout is text");
    text
}

fn lines(err: impl Read, began: Instant) -> Vec<(Duration, String)> {
    let lines = BufReader::new(err).lines();
    lines.map(|line| (began.elapsed(), line.expect("stderr is text"))).collect()
}
