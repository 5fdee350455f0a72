//! The command line: flags and variables to settings; stdin to stdout; errors to where each
//! Helm shows them.

use std::{
    env,
    ffi::OsString,
    io::{self, Read, Write},
    process::ExitCode,
};

use clap::{Parser, builder::BoolishValueParser, error::ErrorKind};
use feature::{FeatureName, FeatureNameError, Header, Ttl, words};

use crate::{
    copy::{self, Entry, EnvTarget, FeatureCopy, Isolate, Router},
    isolate,
};

/// A Helm post-renderer: reads a rendered chart, writes a feature copy of it.
#[derive(Parser, Debug)]
#[command(name = "devstack", version)]
struct Args {
    /// The feature that this copy is for: a DNS label of at most 30 characters.
    #[arg(long, env = "DEVSTACK_FEATURE", value_name = "NAME")]
    feature: Option<String>,
    /// Render base instead: what comes in goes out, byte for byte.
    #[arg(long, env = "DEVSTACK_BASE", value_parser = BoolishValueParser::new())]
    base: bool,
    /// The name of the copy's Helm release, which its objects must bear (helmfile: {{ .Release.Name }}).
    #[arg(long, env = "DEVSTACK_RELEASE", value_name = "NAME", value_parser = copy::release)]
    release: Option<String>,
    /// How long the copy lives: one number and one of s m h d w, or forever.
    #[arg(long, env = "DEVSTACK_TTL", value_name = "TTL", default_value = words::DEFAULT_TTL)]
    ttl: Ttl,
    /// Also write the ttl where kube-janitor reads it.
    #[arg(long, env = "DEVSTACK_JANITOR", value_parser = BoolishValueParser::new())]
    janitor: bool,
    /// The person behind the copy.
    #[arg(long, env = "DEVSTACK_BY", value_name = "TEXT", value_parser = copy::note)]
    by: Option<String>,
    /// The link behind the copy: a branch, a pull request.
    #[arg(long, env = "DEVSTACK_SOURCE", value_name = "TEXT", value_parser = copy::note)]
    source: Option<String>,
    /// The request header that names the feature, and the key of the baggage member that does.
    #[arg(long, env = "DEVSTACK_HEADER", value_name = "NAME", default_value = words::DEFAULT_HEADER)]
    header: Header,
    /// The router that the routes are written for.
    #[arg(long, env = "DEVSTACK_ROUTER", value_enum, default_value_t = Router::Traefik)]
    router: Router,
    /// Whether the copy is checked to be apart from base.
    #[arg(long, env = "DEVSTACK_ISOLATE", value_enum, default_value_t = IsolateArg::Check)]
    isolate: IsolateArg,
    /// A variable for containers of the copy: [[WORKLOAD/]CONTAINER:]NAME=secret/NAME/KEY or …=value:TEXT.
    #[arg(long, value_name = "VARIABLE")]
    env: Vec<EnvTarget>,
    /// A preview host for a service that has no copy: HOST=SERVICE[:PORT].
    #[arg(long, value_name = "ENTRY")]
    entry: Vec<Entry>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum IsolateArg {
    /// Names and selectors must contain the release.
    Check,
    /// No check, for a namespace of the copy's own.
    Off,
}

/// Runs the command line of this process.
///
/// Exit codes: 0 done, 1 the stream could not be rendered, 2 wrong usage.
#[must_use]
pub fn main() -> ExitCode {
    let (code, message) = match run(env::args_os()) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(failure) => failure,
    };
    // Helm 4 throws away what a failing plugin says, but shows a document separator that it cannot
    // read: so the message travels as one, and Helm fails by it.
    if env::var_os("HELM_PLUGIN_DIR").is_some() {
        let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
        if writeln!(io::stdout(), "\n--- devstack: error: {line}").is_ok() {
            return ExitCode::SUCCESS;
        }
    }
    match writeln!(io::stderr(), "devstack: error: {message}") {
        Ok(()) | Err(_) => ExitCode::from(code),
    }
}

fn run(args: impl Iterator<Item = OsString>) -> Result<(), (u8, String)> {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            return write(&error.to_string());
        }
        Err(error) => return Err((2, error.to_string().trim_start_matches("error: ").trim_end().to_owned())),
    };
    let copy = settings(args).map_err(|message| (2, message))?;
    let mut input = Vec::new();
    io::stdin()
        .read_to_end(&mut input)
        .map_err(|error| (1, format!("read the stream from stdin: {error}")))?;
    let input = String::from_utf8(input).map_err(|error| {
        (1, format!("the stream is no UTF-8 at byte {}", error.utf8_error().valid_up_to()))
    })?;
    let output = match copy {
        None => input,
        Some(copy) => crate::render(&input, &copy).map_err(|error| (1, error.to_string()))?,
    };
    // Helm 3 would take nothing at all for a release without objects, Helm 4 for an error.
    write(if output.trim().is_empty() { "# devstack: the stream was empty\n" } else { &output })
}

fn write(text: &str) -> Result<(), (u8, String)> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err((1, format!("write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}

/// The copy that is asked for; `None` is base.
fn settings(args: Args) -> Result<Option<FeatureCopy>, String> {
    let Args { feature, base, release, ttl, janitor, by, source, header, router, isolate, env, entry } = args;
    if base {
        return match feature {
            None => Ok(None),
            Some(_) => Err("--base and --feature exclude one another".to_owned()),
        };
    }
    let feature = feature.ok_or(FeatureNameError::Empty).and_then(|name| name.parse::<FeatureName>());
    let feature = feature.map_err(|error| format!("--feature: {error}; --base renders base"))?;
    if router == Router::None && !entry.is_empty() {
        return Err("--entry is a route, and --router=none writes none".to_owned());
    }
    let isolate = match (isolate, release) {
        (IsolateArg::Off, None) => Isolate::Off,
        (IsolateArg::Check, Some(release)) if isolate::contains(&release, feature.as_str()) => {
            Isolate::Check { release }
        }
        (IsolateArg::Check, Some(release)) => {
            return Err(format!(
                "--release={release} does not contain the feature {feature}, so that it may be base's: call the \
                 copy's release such as {release}-{feature}"
            ));
        }
        (IsolateArg::Off, Some(_)) => return Err("--release is for --isolate=check".to_owned()),
        (IsolateArg::Check, None) => {
            return Err(
                "--release is missing: without the release's name it cannot be checked that the copy \
                        is apart from base (helmfile: --release={{ .Release.Name }}); --isolate=off is for a \
                        namespace of the copy's own"
                    .to_owned(),
            );
        }
    };
    Ok(Some(FeatureCopy { feature, header, ttl, janitor, by, source, router, isolate, env, entries: entry }))
}
