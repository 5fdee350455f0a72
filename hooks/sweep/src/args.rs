//! The command line.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use feature::{FeatureName, Ttl};
use jiff::Timestamp;
use provision::{Timeout, exit, report::Format};

use crate::{cluster::Asked, config::Sweep};

/// What sweep was asked to do.
#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) verb: Verb,
    pub(crate) common: Common,
}

#[derive(Debug)]
pub(crate) enum Verb {
    Run { dry_run: bool, most: Option<usize>, pending: bool, helm: PathBuf, output: Format },
    List { as_text: As },
    Extend { ttl: Ttl },
    Keep,
    Expire,
}

/// What all verbs take.
#[derive(Debug)]
pub(crate) struct Common {
    pub(crate) config: Option<PathBuf>,
    /// None: those of the file, or else the one of the kubeconfig.
    pub(crate) namespaces: Vec<String>,
    pub(crate) feature: Option<FeatureName>,
    pub(crate) now: Timestamp,
    pub(crate) timeout: Duration,
}

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum As {
    /// Columns, for people
    Text,
    /// One JSON object for each copy
    Json,
    /// A table, for a comment on a pull request
    Markdown,
}

impl Common {
    /// The namespaces that are meant: those of the command line, of the file, or the one of the kubeconfig.
    pub(crate) fn namespaces(&self, sweep: &Sweep, asked: &Asked<'_>) -> Vec<String> {
        let said =
            [&self.namespaces, &sweep.namespaces].into_iter().find(|namespaces| !namespaces.is_empty());
        said.cloned().unwrap_or_else(|| vec![asked.namespace().to_owned()])
    }
}

impl Args {
    /// The process's own arguments; the exit code to end with where they ask for help or are wrong.
    pub(crate) fn read() -> Result<Self, ExitCode> {
        Self::parse(std::env::args_os()).map_err(|error| {
            let code = if error.use_stderr() { exit::CONFIG } else { exit::DONE };
            // Help that nobody can read (a closed pipe) is no reason for another exit code.
            drop(error.print());
            code.into()
        })
    }

    fn parse<T: Into<std::ffi::OsString> + Clone>(
        words: impl IntoIterator<Item = T>,
    ) -> Result<Self, clap::Error> {
        let Line { word } = Line::from_arg_matches(&Line::command().try_get_matches_from(words)?)?;
        let one = |verb, One { feature, namespaces, at, timeout }| {
            let common = Common {
                config: None,
                namespaces,
                feature: Some(feature),
                now: at.unwrap_or_else(Timestamp::now),
                timeout: timeout.get(),
            };
            Self { verb, common }
        };
        let all = |verb, All { config, feature, namespaces, at, timeout }| {
            let now = at.unwrap_or_else(Timestamp::now);
            Self { verb, common: Common { config, namespaces, feature, now, timeout: timeout.get() } }
        };
        Ok(match word {
            Word::Run { dry_run, most, pending, helm, output, common } => {
                all(Verb::Run { dry_run, most, pending, helm, output }, common)
            }
            Word::List { output, common } => all(Verb::List { as_text: output }, common),
            Word::Extend { ttl, common } => one(Verb::Extend { ttl }, common),
            Word::Keep { common } => one(Verb::Keep, common),
            Word::Expire { common } => one(Verb::Expire, common),
        })
    }
}

/// Takes away what has expired, and says what there is.
#[derive(Parser)]
#[command(name = "sweep")]
struct Line {
    #[command(subcommand)]
    word: Word,
}

#[derive(Subcommand)]
enum Word {
    /// Uninstall the copies that are due, and clear every back end of what has no copy any more
    Run {
        /// Say what would go; touch nothing
        #[arg(long)]
        dry_run: bool,
        /// How many copies may go in this run (the file's, or 20): the oldest
        #[arg(long, value_name = "COUNT")]
        most: Option<usize>,
        /// Clear releases of copies that have been pending for more than an hour
        #[arg(long)]
        pending: bool,
        /// The Helm that uninstalls
        #[arg(long, value_name = "FILE", default_value = "helm")]
        helm: PathBuf,
        /// How stdout reports each thing
        #[arg(long, value_enum, default_value_t = Format::Text)]
        output: Format,
        #[command(flatten)]
        common: All,
    },
    /// Say which copies there are, until when, and what they hold
    List {
        /// How the list is written
        #[arg(long, value_enum, default_value_t = As::Text)]
        output: As,
        #[command(flatten)]
        common: All,
    },
    /// Let a copy live for a ttl from now, if it would not live as long anyway
    Extend {
        /// How long from now: one number and one of s, m, h, d, w
        #[arg(long)]
        ttl: Ttl,
        #[command(flatten)]
        common: One,
    },
    /// Let a copy live until somebody says otherwise
    Keep {
        #[command(flatten)]
        common: One,
    },
    /// Let a copy be due now, unless it is deployed again
    Expire {
        #[command(flatten)]
        common: One,
    },
}

#[derive(clap::Args)]
struct All {
    /// The file of kind `FeatureSweep`
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// This feature alone; for run: whether it is due or not
    #[arg(long)]
    feature: Option<FeatureName>,
    /// A namespace, instead of the file's; can be given more than once
    #[arg(long = "namespace", short, value_name = "NAME")]
    namespaces: Vec<String>,
    /// The moment to take for now, such as 2026-11-30T20:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// How long all of it may take: a whole number with s or m
    #[arg(long, default_value = "10m", value_name = "TIME")]
    timeout: Timeout,
}

#[derive(clap::Args)]
struct One {
    /// The feature whose copy it is
    #[arg(long)]
    feature: FeatureName,
    /// Its namespace (the kubeconfig's); can be given more than once
    #[arg(long = "namespace", short, value_name = "NAME")]
    namespaces: Vec<String>,
    /// The moment to take for now, such as 2026-11-30T20:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// How long all of it may take: a whole number with s or m
    #[arg(long, default_value = "1m", value_name = "TIME")]
    timeout: Timeout,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Args, clap::Error> {
        Args::parse(std::iter::once("sweep").chain(words.split_whitespace()))
    }

    #[test]
    fn a_run_has_defaults_and_may_be_of_one_feature() {
        let Args { verb, common } = parse("run").expect("legal");
        let Verb::Run { dry_run, most, pending, helm, output } = verb else { panic!("a run") };
        assert_eq!((dry_run, most, pending, output), (false, None, false, Format::Text));
        assert_eq!((helm, common.config, common.feature), (PathBuf::from("helm"), None, None));
        assert_eq!(common.timeout, Duration::from_mins(10));
        let Args { common, .. } =
            parse("run --feature=feat1 -n demo --namespace=other --at=2026-11-30T20:00:00Z").expect("legal");
        assert_eq!(common.namespaces, ["demo", "other"]);
        assert_eq!(common.feature.map(|feature| feature.to_string()).as_deref(), Some("feat1"));
        assert_eq!(common.now.to_string(), "2026-11-30T20:00:00Z");
    }

    #[test]
    fn what_is_no_command_line_is_refused() {
        let cases = [
            "",
            "extend --feature=feat1",
            "extend --feature=feat1 --ttl=1h30m",
            "extend --ttl=6h",
            "keep",
            "keep --feature=base",
            "expire --feature=Feat1",
            "run --feature=",
            "run --at=noon",
            "run --most=-1",
            "list --output=yaml",
            "list --dry-run",
        ];
        for words in cases {
            assert!(parse(words).is_err(), "{words}");
        }
    }
}
