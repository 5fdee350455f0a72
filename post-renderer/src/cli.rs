//! The command line: flags, variables and file to settings; stdin to stdout; errors to where each
//! Helm shows them.

use std::{
    env, fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    str::FromStr,
};

use clap::{CommandFactory, Parser, error::ErrorKind};
use clap_complete::Shell;

use crate::{FeatureCopy, Rendering, config, settings::Settings};

/// A Helm post-renderer: reads a rendered chart, writes a feature copy of it.
#[derive(Parser, Debug)]
#[command(name = "devstack", version, args_conflicts_with_subcommands = true)]
struct Args {
    #[command(flatten)]
    asked: Asked,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(clap::Args, Debug)]
struct Asked {
    /// A file of settings of the kind `FeatureCopy`.
    #[arg(long, env = "DEVSTACK_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Say what would be injected into a rendered chart, where, or why nothing.
    Explain {
        #[command(flatten)]
        asked: Box<Asked>,
        /// The rendered chart; stdin unless given.
        file: Option<PathBuf>,
    },
    /// Print the JSON Schema of the --config file.
    Schema,
    /// Print what completes the command line in a shell.
    Completions {
        #[arg(value_enum)]
        shell: Shell,
    },
}

/// Why nothing was done: the exit code and the message.
type Failure = (u8, String);

/// Runs the command line of this process.
///
/// Exit codes: 0 done, 1 the stream could not be rendered, 2 wrong usage.
#[must_use]
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            return done(write(error.to_string().as_bytes()), false);
        }
        Err(error) => {
            let message = error.to_string();
            let explains = env::args_os().nth(1).is_some_and(|word| word == "explain");
            return done(Err((2, message.trim_start_matches("error: ").trim_end().to_owned())), !explains);
        }
    };
    let Args { asked, command } = args;
    match command {
        None => done(render(asked), true),
        Some(Command::Explain { asked, file }) => done(explain(*asked, file.as_deref()), false),
        Some(Command::Schema) => done(write(config::schema().as_bytes()), false),
        Some(Command::Completions { shell }) => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "devstack", &mut text);
            done(write(&text), false)
        }
    }
}

impl FeatureCopy {
    /// The copy that `flags` ask for, as the command line would take them without a file.
    pub fn from_flags<'a>(flags: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let words = std::iter::once("devstack").chain(flags);
        let args = Args::try_parse_from(words).map_err(|error| error.to_string())?;
        args.asked.settings.copy()?.ok_or_else(|| "--base asks for no copy".to_owned())
    }
}

fn done(result: Result<(), Failure>, renders: bool) -> ExitCode {
    let Err((code, message)) = result else { return ExitCode::SUCCESS };
    // Helm 4 throws away what a failing plugin says, but shows a document separator that it cannot
    // read: so the message travels as one, and Helm fails by it. Below another plugin the name is that
    // one's: helm-diff under Helm 3, which would take the message for a manifest.
    if renders && env::var_os("HELM_PLUGIN_NAME").is_some_and(|name| name == "devstack") {
        let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
        if writeln!(io::stdout(), "\n--- devstack: error: {line}").is_ok() {
            return ExitCode::SUCCESS;
        }
    }
    match writeln!(io::stderr(), "devstack: error: {message}") {
        Ok(()) | Err(_) => ExitCode::from(code),
    }
}

fn render(asked: Asked) -> Result<(), Failure> {
    let settings = settings(asked)?;
    let report = settings.report.clone();
    let copy = settings.copy().map_err(|message| (2, message))?;
    let input = read_stdin()?;
    let Some(copy) = copy else { return write_stream(&input) };
    let rendering = crate::render(&input, &copy).map_err(|error| (1, error.to_string()))?;
    if let Some(file) = report {
        write_report(&file, &rendering)?;
    }
    for note in rendering.passed() {
        // Talk that nobody may be there to hear.
        let _ = writeln!(io::stderr(), "devstack: {note}");
    }
    if rendering.is_blank() {
        return write_stream(b"");
    }
    let mut stdout = io::stdout().lock();
    finish(rendering.write_to(&mut stdout).and_then(|()| stdout.flush()))
}

fn explain(asked: Asked, file: Option<&Path>) -> Result<(), Failure> {
    let settings = settings(asked)?;
    let report = settings.report.clone();
    let copy = settings.copy().map_err(|message| (2, message))?;
    let input = match file {
        None => read_stdin()?,
        Some(file) => fs::read(file).map_err(|error| (1, format!("read {}: {error}", file.display())))?,
    };
    let Some(copy) = copy else { return write(b"base: what comes in goes out, byte for byte\n") };
    let rendering = crate::render(&input, &copy).map_err(|error| (1, error.to_string()))?;
    if let Some(file) = report {
        write_report(&file, &rendering)?;
    }
    write(rendering.report().text().as_bytes())
}

/// The flags, then the variables, then the file.
fn settings(Asked { config, settings }: Asked) -> Result<Settings, Failure> {
    let settings = settings.over(Settings {
        env: lines("DEVSTACK_ENV")?,
        entries: lines("DEVSTACK_ENTRY")?,
        labels: lines("DEVSTACK_LABEL")?,
        annotations: lines("DEVSTACK_ANNOTATION")?,
        pod_paths: lines("DEVSTACK_POD_PATH")?,
        ..Settings::default()
    });
    let Some(path) = config else { return Ok(settings) };
    let name = path.display().to_string();
    let text = fs::read_to_string(&path).map_err(|error| (2, format!("--config: read {name}: {error}")))?;
    let file = config::read(&name, &text).map_err(|error| (2, format!("--config: {error}")))?;
    Ok(settings.over(file))
}

/// The variable of a flag that can stand more than once: one value on each line.
fn lines<T: FromStr<Err = String>>(variable: &str) -> Result<Vec<T>, Failure> {
    let Some(text) = env::var_os(variable) else { return Ok(Vec::new()) };
    let text = text.into_string().map_err(|_| (2, format!("{variable}: it is not UTF-8")))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| line.trim().parse().map_err(|error| (2, format!("{variable}: {error}")))).collect()
}

fn read_stdin() -> Result<Vec<u8>, Failure> {
    let mut input = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut input)
        .map_err(|error| (1, format!("read the stream from stdin: {error}")))?;
    Ok(input)
}

fn write_report(file: &Path, rendering: &Rendering<'_>) -> Result<(), Failure> {
    let report = serde_json::to_string_pretty(&rendering.report()).expect("a report is JSON") + "\n";
    fs::write(file, report).map_err(|error| (1, format!("--report: write {}: {error}", file.display())))
}

fn write_stream(bytes: &[u8]) -> Result<(), Failure> {
    // Helm 3 would take nothing at all for a release without objects, Helm 4 for an error.
    write(if bytes.trim_ascii().is_empty() { b"# devstack: no object is left\n" } else { bytes })
}

fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    finish(stdout.write_all(bytes).and_then(|()| stdout.flush()))
}

/// Whoever stopped reading has what it wanted.
fn finish(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err((1, format!("write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_what_clap_takes_for_one() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_switch_is_on_alone_and_what_its_value_says() {
        let flags = ["--feature=a", "--isolate=off", "--base=false", "--janitor"];
        assert!(FeatureCopy::from_flags(flags).expect("legal").janitor);
        assert!(FeatureCopy::from_flags(["--janitor=perhaps"]).is_err());
    }
}
