//! The command line.

use std::{num::NonZeroUsize, path::PathBuf, process::ExitCode, time::Duration};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use feature::{FeatureName, Ttl};
use jiff::Timestamp;
use provision::{Timeout, config::secret::Pattern, error::Error, parsed, report::Format};

use crate::{
    cluster::Asked,
    config::{self, Sweep},
    plan::Rules,
};

/// What sweep was asked to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Uninstall the copies that are due, and clear every back end of what has no copy any more
    Run {
        /// Say what would go; touch nothing
        #[arg(long)]
        dry_run: bool,
        /// How many copies may go in this run (the file's, or 20): the oldest
        #[arg(long, value_name = "COUNT")]
        most: Option<NonZeroUsize>,
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
        of: All,
    },
    /// Say which copies there are, until when, and what they hold
    List {
        /// How the list is written
        #[arg(long, value_enum, default_value_t = As::Text)]
        output: As,
        #[command(flatten)]
        of: All,
    },
    /// Let a copy live for a ttl from now, if it would not live as long anyway
    Extend {
        /// How long from now: one number and one of s, m, h, d, w
        #[arg(long)]
        ttl: Ttl,
        #[command(flatten)]
        of: One,
    },
    /// Let a copy live until somebody says otherwise
    Keep {
        #[command(flatten)]
        of: One,
    },
    /// Let a copy be due now, unless it is deployed again
    Expire {
        #[command(flatten)]
        of: One,
    },
}

/// What those take that are about all copies.
#[derive(Debug, clap::Args)]
pub(crate) struct All {
    /// The file of kind `FeatureSweep`
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// This feature alone; for run: whether it is due or not
    #[arg(long)]
    pub(crate) feature: Option<FeatureName>,
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

/// What those take that are about one copy.
#[derive(Debug, clap::Args)]
pub(crate) struct One {
    /// The feature whose copy it is
    #[arg(long)]
    pub(crate) feature: FeatureName,
    /// Its namespace (the kubeconfig's); can be given more than once
    #[arg(long = "namespace", short, value_name = "NAME")]
    namespaces: Vec<String>,
    /// How long all of it may take: a whole number with s or m
    #[arg(long, default_value = "1m", value_name = "TIME")]
    timeout: Timeout,
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

/// Takes away what has expired, and says what there is.
#[derive(Parser)]
#[command(name = "sweep")]
struct Line {
    #[command(subcommand)]
    verb: Verb,
}

impl Verb {
    /// The process's own arguments; the exit code to end with where they ask for help or are wrong.
    pub(crate) fn read() -> Result<Self, ExitCode> {
        parsed(Self::parse(std::env::args_os()))
    }

    fn parse<T: Into<std::ffi::OsString> + Clone>(
        words: impl IntoIterator<Item = T>,
    ) -> Result<Self, clap::Error> {
        let Line { verb } = Line::from_arg_matches(&Line::command().try_get_matches_from(words)?)?;
        Ok(verb)
    }
}

impl All {
    /// The file; without one, what holds then.
    pub(crate) fn sweep(&self) -> Result<Sweep, Error> {
        self.config.as_deref().map_or_else(|| Ok(Sweep::default()), config::load)
    }

    /// The namespaces whose releases are asked for: those of the command line, of the file, or the one of the kubeconfig.
    pub(crate) fn namespaces(&self, sweep: &Sweep, asked: &Asked<'_>) -> Result<Vec<String>, Error> {
        let said =
            [&self.namespaces, &sweep.namespaces].into_iter().find(|namespaces| !namespaces.is_empty());
        let namespaces = said.cloned().unwrap_or_else(|| vec![asked.namespace().to_owned()]);
        match namespaces.iter().find(|name| sweep.unasked.iter().any(|pattern| pattern.matches(name))) {
            Some(name) => Err(Error::config(format!(
                "namespace {name}: of that no Helm can be asked, as the file says (unasked)"
            ))),
            None => Ok(namespaces),
        }
    }

    /// Namespaces of which no Helm is asked: whoever names namespaces means those alone.
    fn unasked<'a>(&self, sweep: &'a Sweep) -> &'a [Pattern] {
        if self.namespaces.is_empty() { &sweep.unasked } else { &[] }
    }

    /// What a run or a list goes by.
    pub(crate) fn rules<'a>(&'a self, sweep: &'a Sweep, namespaces: &'a [String]) -> Rules<'a> {
        Rules {
            now: self.now(),
            feature: self.feature.as_ref(),
            protect: &sweep.protect,
            namespaces,
            unasked: self.unasked(sweep),
        }
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.timeout.get()
    }

    fn now(&self) -> Timestamp {
        self.at.unwrap_or_else(Timestamp::now)
    }
}

impl One {
    pub(crate) fn namespaces(&self, asked: &Asked<'_>) -> Vec<String> {
        if self.namespaces.is_empty() { vec![asked.namespace().to_owned()] } else { self.namespaces.clone() }
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.timeout.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Verb, clap::Error> {
        Verb::parse(std::iter::once("sweep").chain(words.split_whitespace()))
    }

    #[test]
    fn a_run_has_defaults_and_may_be_of_one_feature() {
        let Verb::Run { dry_run, most, pending, helm, output, of } = parse("run").expect("legal") else {
            panic!("a run")
        };
        assert_eq!((dry_run, most, pending, output), (false, None, false, Format::Text));
        assert_eq!(helm, PathBuf::from("helm"));
        assert_eq!((&of.config, &of.feature, of.timeout()), (&None, &None, Duration::from_mins(10)));
        let words = "run --feature=feat1 -n demo --namespace=other --at=2026-11-30T20:00:00Z";
        let Verb::Run { of, .. } = parse(words).expect("legal") else { panic!("a run") };
        assert_eq!(of.namespaces, ["demo", "other"]);
        assert_eq!(of.now().to_string(), "2026-11-30T20:00:00Z");
        assert_eq!(of.feature.map(|feature| feature.to_string()).as_deref(), Some("feat1"));
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
            "run --most=0",
            "list --output=yaml",
            "list --dry-run",
            "keep --feature=feat1 --at=2026-11-30T20:00:00Z",
        ];
        for words in cases {
            assert!(parse(words).is_err(), "{words}");
        }
    }
}
