//! The command line: flags, variables and file to settings; stdin to stdout; errors to where each
//! Helm shows them.

use std::{
    env,
    ffi::OsString,
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{ArgAction, CommandFactory, Parser, error::ErrorKind};
use clap_complete::Shell;
use serde::Serialize;

use crate::{FeatureCopy, Report, Request, config, error::shown, settings::Settings};

/// A Helm post-renderer: reads a rendered chart, writes a feature copy of it.
#[derive(Parser, Debug)]
#[command(name = "devstack", version, args_conflicts_with_subcommands = true, after_help = VARIABLES)]
struct Args {
    #[command(flatten)]
    asked: Asked,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(clap::Args, Debug)]
struct Asked {
    /// A file of settings of the kind `FeatureCopy`.
    #[arg(long, value_name = "FILE")]
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
        /// Say instead who would answer a request, 'METHOD URL', by the routes that come out.
        #[arg(long, value_name = "REQUEST")]
        request: Option<Request>,
        /// A header of the request: 'NAME: VALUE'. Can be given more than once.
        #[arg(short = 'H', value_name = "HEADER", requires = "request")]
        headers: Vec<String>,
        /// Rendered charts, read as one stream; stdin unless given.
        files: Vec<PathBuf>,
    },
    /// Print the JSON Schema of the --config file.
    Schema,
    /// Print what completes the command line in a shell.
    Completions {
        #[arg(value_enum)]
        shell: Shell,
    },
}

const VARIABLES: &str = "Each flag has a variable, which counts where the flag is not given: --ttl has DEVSTACK_TTL. \
     The variable of a flag that can be given more than once has a value on each line. A flag goes before its \
     variable, a variable before the --config file.";

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
            let explains = env::args_os().nth(1).is_some_and(|word| word == "explain");
            return done(Err((2, said(&error))), !explains);
        }
    };
    let Args { asked, command } = args;
    match command {
        None => done(render(asked), true),
        Some(Command::Explain { asked, request, headers, files }) => {
            let request = request.map(|request| with_headers(request, &headers)).transpose();
            done(request.and_then(|request| explain(*asked, request.as_ref(), &files)), false)
        }
        Some(Command::Schema) => done(write(config::schema().as_bytes()), false),
        Some(Command::Completions { shell }) => done(write(&completions(shell)), false),
    }
}

impl FeatureCopy {
    /// The copy that `flags` ask for, as the command line takes them where there is neither variable
    /// nor file.
    pub fn from_flags<'a>(flags: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let words = std::iter::once("devstack").chain(flags);
        let args = Args::try_parse_from(words).map_err(|error| said(&error))?;
        args.asked.settings.copy()?.ok_or_else(|| "--base asks for no copy".to_owned())
    }
}

fn completions(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "devstack", &mut text);
    text
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
    let Some(copy) = copy else {
        write_report(report.as_deref(), &Report::default())?;
        return write_stream(&input);
    };
    let rendering = crate::render(&input, &copy).map_err(|error| (1, error.to_string()))?;
    if report.is_some() {
        write_report(report.as_deref(), &rendering.report())?;
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

fn explain(asked: Asked, request: Option<&Request>, files: &[PathBuf]) -> Result<(), Failure> {
    let settings = settings(asked)?;
    let report = settings.report.clone();
    let routing = settings.routing().map_err(|message| (2, message))?;
    let copy = settings.copy().map_err(|message| (2, message))?;
    let input = match files {
        [] => read_stdin()?,
        files => read_files(files)?,
    };
    let rendering = copy.map(|copy| crate::render(&input, &copy)).transpose();
    let rendering = rendering.map_err(|error| (1, error.to_string()))?;
    if let Some(request) = request {
        let stream = rendering.map_or(input.clone(), |rendering| rendering.to_vec());
        let answer = crate::answer(&stream, request, &routing).map_err(|error| (1, error.to_string()))?;
        write_report(report.as_deref(), &answer)?;
        return write(answer.text().as_bytes());
    }
    let Some(rendering) = rendering else {
        write_report(report.as_deref(), &Report::default())?;
        return write(b"base: what comes in goes out, byte for byte\n");
    };
    let said = rendering.report();
    write_report(report.as_deref(), &said)?;
    write(said.text().as_bytes())
}

fn with_headers(mut request: Request, headers: &[String]) -> Result<Request, Failure> {
    for line in headers {
        request.header(line).map_err(|error| (2, format!("-H: {error}")))?;
    }
    Ok(request)
}

/// The files as one stream of documents.
fn read_files(files: &[PathBuf]) -> Result<Vec<u8>, Failure> {
    let mut input = Vec::new();
    for file in files {
        if !input.is_empty() {
            input.extend(b"\n---\n");
        }
        input.extend(fs::read(file).map_err(|error| (1, format!("read {}: {error}", file.display())))?);
    }
    Ok(input)
}

/// The flags, then the variables, then the file.
fn settings(flags: Asked) -> Result<Settings, Failure> {
    let variables = variables(|name| env::var_os(name)).map_err(|message| (2, message))?;
    let settings = flags.settings.over(variables.settings);
    let Some(path) = flags.config.or(variables.config) else { return Ok(settings) };
    let name = path.display().to_string();
    let text = fs::read_to_string(&path).map_err(|error| (2, format!("--config: read {name}: {error}")))?;
    let file = config::read(&name, &text).map_err(|error| (2, format!("--config: {error}")))?;
    Ok(settings.over(file))
}

/// What the variables ask for, read as the flags that they stand for. An empty one asks for nothing,
/// as CI systems have it for what is not set.
fn variables(read: impl Fn(&str) -> Option<OsString>) -> Result<Asked, String> {
    let mut words = vec!["devstack".to_owned()];
    for flag in Args::command().get_arguments() {
        let Some(long) = flag.get_long() else { continue };
        let variable = format!("DEVSTACK_{}", long.replace('-', "_").to_uppercase());
        let Some(value) = read(&variable) else { continue };
        let value = value.into_string().map_err(|_| format!("{variable}: it is not UTF-8"))?;
        let values = match flag.get_action() {
            ArgAction::Append => value.lines().filter(|line| !line.trim().is_empty()).collect(),
            _ if value.is_empty() => Vec::new(),
            _ => vec![value.as_str()],
        };
        let from = words.len();
        words.extend(values.iter().map(|value| format!("--{long}={value}")));
        let alone = std::iter::once(&words[0]).chain(&words[from..]);
        Args::try_parse_from(alone).map_err(|error| format!("{variable}: {}", said(&error)))?;
    }
    Args::try_parse_from(&words).map(|args| args.asked).map_err(|error| said(&error))
}

/// How many lines of clap's are said.
const MOST_LINES: usize = 20;

/// What clap has to say, without the word that we put before it ourselves.
fn said(error: &clap::Error) -> String {
    let text = error.to_string();
    // It quotes what was given, whatever that is, and has some lines of its own.
    let lines = text.trim_start_matches("error: ").trim_end().lines().take(MOST_LINES).map(shown);
    lines.collect::<Vec<_>>().join("\n")
}

fn read_stdin() -> Result<Vec<u8>, Failure> {
    let mut input = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut input)
        .map_err(|error| (1, format!("read the stream from stdin: {error}")))?;
    Ok(input)
}

fn write_report(file: Option<&Path>, report: &impl Serialize) -> Result<(), Failure> {
    let Some(file) = file else { return Ok(()) };
    let report = serde_json::to_string_pretty(report).expect("a report is JSON") + "\n";
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
    use clap::ValueEnum;

    use super::*;
    use crate::EnvSource;

    #[test]
    fn the_command_line_is_what_clap_takes_for_one() {
        Args::command().debug_assert();
    }

    #[test]
    fn what_completes_the_command_line_knows_every_flag_in_every_shell() {
        for shell in Shell::value_variants() {
            let text = String::from_utf8(completions(*shell)).expect("UTF-8");
            let missing: Vec<_> = Args::command()
                .get_arguments()
                .filter_map(|flag| flag.get_long().map(str::to_owned))
                .filter(|long| !text.contains(long.as_str()))
                .collect();
            assert!(missing.is_empty(), "{shell}: {missing:?}");
        }
    }

    fn copy_of(flags: &[&str], set: &[(&str, &str)]) -> Result<Option<FeatureCopy>, String> {
        let flags = Args::try_parse_from(std::iter::once(&"devstack").chain(flags)).expect("legal flags");
        let read = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
        flags.asked.settings.over(variables(read)?.settings).copy()
    }

    #[test]
    fn a_variable_counts_where_its_flag_is_not_given() {
        let set = [("DEVSTACK_FEATURE", "b"), ("DEVSTACK_ISOLATE", "off"), ("DEVSTACK_TTL", "1h")];
        let copy = copy_of(&["--ttl=2h"], &set).expect("legal").expect("no base");
        assert_eq!((copy.feature.as_str(), copy.ttl.as_str()), ("b", "2h"));
        assert!(copy_of(&["--base"], &set).expect("legal").is_none(), "the flag goes before the variable");
        let base = [("DEVSTACK_BASE", "true"), ("DEVSTACK_ISOLATE", "off")];
        assert!(copy_of(&["--feature=a"], &base).expect("legal").is_some());
    }

    #[test]
    fn the_variable_of_a_list_has_a_value_on_each_line_as_it_stands() {
        let env = "A=value: b \r\n\n \nB=secret/s/k";
        let set = [("DEVSTACK_ENV", env), ("DEVSTACK_ISOLATE", "off"), ("DEVSTACK_JANITOR", "")];
        let copy = copy_of(&["--feature=a"], &set).expect("legal").expect("no base");
        assert_eq!(copy.env.len(), 2);
        assert_eq!(copy.env[0].source, EnvSource::Value(" b ".to_owned()));
    }

    #[test]
    fn a_wrong_variable_is_named() {
        let error = copy_of(&["--feature=a"], &[("DEVSTACK_TTL", "bogus")]).expect_err("no ttl");
        assert!(error.starts_with("DEVSTACK_TTL: invalid value 'bogus'"), "{error}");
        let both = [("DEVSTACK_BASE", "1"), ("DEVSTACK_FEATURE", "a")];
        let error = copy_of(&[], &both).expect_err("one of them");
        assert!(error.contains("exclude one another"), "{error}");
    }

    #[test]
    fn a_switch_is_on_alone_and_what_its_value_says() {
        let flags = ["--feature=a", "--isolate=off", "--base=false", "--janitor"];
        assert!(FeatureCopy::from_flags(flags).expect("legal").janitor);
        assert!(FeatureCopy::from_flags(["--janitor=perhaps"]).is_err());
    }
}
