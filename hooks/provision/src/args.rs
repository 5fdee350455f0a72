//! The command line of every hook.

use std::{path::PathBuf, process::ExitCode, str::FromStr, time::Duration};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::{end::parsed, report::Format};

/// What a hook was asked to do.
#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) action: Action,
    pub(crate) output: Format,
}

#[derive(Debug)]
pub(crate) enum Action {
    /// Print the JSON Schema of the file.
    Schema,
    /// Check the file, and nothing else.
    Validate {
        config: PathBuf,
    },
    Run(Run),
}

/// What needs the back end.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) verb: Verb,
    pub(crate) config: PathBuf,
    pub(crate) timeout: Duration,
    /// Names in the file; none is all.
    pub(crate) only: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Plan { exit_code: bool },
    Apply,
    Delete,
    Marks,
}

impl Args {
    /// The process's own arguments; the exit code to end with where they ask for help or are wrong.
    pub(crate) fn read(hook: &str) -> Result<Self, ExitCode> {
        parsed(Self::parse(hook, std::env::args_os()))
    }

    fn parse<T: Into<std::ffi::OsString> + Clone>(
        hook: &str,
        words: impl IntoIterator<Item = T>,
    ) -> Result<Self, clap::Error> {
        let command = Line::command().bin_name(hook);
        let Line { command } = Line::from_arg_matches(&command.try_get_matches_from(words)?)?;
        let run = |verb, common, chosen| {
            let Common { config, output, timeout: Timeout(timeout) } = common;
            let Chosen { only } = chosen;
            Self { action: Action::Run(Run { verb, config, timeout, only }), output }
        };
        Ok(match command {
            Word::Plan { exit_code, common, chosen } => run(Verb::Plan { exit_code }, common, chosen),
            Word::Apply { common, chosen } => run(Verb::Apply, common, chosen),
            Word::Delete { common, chosen } => run(Verb::Delete, common, chosen),
            Word::Marks { common } => run(Verb::Marks, common, Chosen::default()),
            Word::Validate { config, output } => Self { action: Action::Validate { config }, output },
            Word::Schema => Self { action: Action::Schema, output: Format::Text },
        })
    }
}

/// Gives a copy of an application what it needs of its own.
#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: Word,
}

#[derive(Subcommand)]
enum Word {
    /// Say what apply would do; write nothing
    Plan {
        /// End with 3 where there are changes
        #[arg(long)]
        exit_code: bool,
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        chosen: Chosen,
    },
    /// Make what the config asks for, and tell the application
    Apply {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        chosen: Chosen,
    },
    /// Delete what the config names and apply has made, or where a section names nothing all that is its owner's
    Delete {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        chosen: Chosen,
    },
    /// Name all that bears a mark, whosever it is; write nothing
    Marks {
        #[command(flatten)]
        common: Common,
    },
    /// Check the whole file without talking to anybody
    Validate {
        /// The file of kind `FeatureResources`
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// How stdout reports each thing
        #[arg(long, value_enum, default_value_t = Format::Text)]
        output: Format,
    },
    /// Print the JSON Schema of the file
    Schema,
}

#[derive(clap::Args)]
struct Common {
    /// The file of kind `FeatureResources`
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// How stdout reports each thing
    #[arg(long, value_enum, default_value_t = Format::Text)]
    output: Format,
    /// How long all of it may take: a whole number with s or m
    #[arg(long, default_value = "120s", value_name = "TIME")]
    timeout: Timeout,
}

#[derive(Default, clap::Args)]
struct Chosen {
    /// Touch this thing alone, by its name in the file; can be given more than once
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
}

/// How long something may take: a whole number with `s` or `m`, a second at least and a day at most.
#[derive(Clone, Copy, Debug)]
pub struct Timeout(Duration);

impl Timeout {
    #[must_use]
    pub fn get(self) -> Duration {
        self.0
    }
}

impl FromStr for Timeout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || "is no whole number with s or m behind it (such as 120s or 2m)".to_owned();
        let (digits, each) = text
            .strip_suffix('s')
            .map(|digits| (digits, 1))
            .or_else(|| text.strip_suffix('m').map(|digits| (digits, 60)))
            .ok_or_else(wrong)?;
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        match digits.parse::<u64>().ok().and_then(|count| count.checked_mul(each)) {
            Some(0) => Err("is no time at all".to_owned()),
            Some(seconds @ 1..=86_400) => Ok(Self(Duration::from_secs(seconds))),
            _ => Err("is more than a day".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Args, clap::Error> {
        Args::parse("sqs-hook", std::iter::once("sqs-hook").chain(words.split_whitespace()))
    }

    fn run(words: &str) -> (Run, Format) {
        let args = parse(words).expect(words);
        let Action::Run(run) = args.action else { panic!("{words} needs no back end") };
        (run, args.output)
    }

    #[test]
    fn each_verb_takes_a_file_and_has_defaults() {
        let cases = [
            ("plan --config f", Verb::Plan { exit_code: false }),
            ("plan --config=f --exit-code", Verb::Plan { exit_code: true }),
            ("apply --config f", Verb::Apply),
            ("delete --config f", Verb::Delete),
            ("marks --config f", Verb::Marks),
        ];
        for (words, expected) in cases {
            let (Run { verb, config, timeout, only }, output) = run(words);
            assert_eq!((verb, output, timeout), (expected, Format::Text, Duration::from_mins(2)));
            assert_eq!((config, only), (PathBuf::from("f"), vec![]));
        }
        let (Run { timeout, only, .. }, output) =
            run("apply --config f --output=json --timeout=5m --only=a --only=b");
        assert_eq!((output, timeout), (Format::Json, Duration::from_mins(5)));
        assert_eq!(only, ["a", "b"]);
    }

    #[test]
    fn checking_the_file_and_its_schema_need_no_back_end() {
        let args = parse("validate --config f --output=json").expect("legal");
        assert!(matches!(args.action, Action::Validate { config } if config.as_os_str() == "f"));
        assert!(matches!(parse("schema").expect("legal").action, Action::Schema));
    }

    #[test]
    fn what_is_no_command_line_is_refused() {
        let cases = [
            "",
            "apply",
            "apply --config f --exit-code",
            "apply --config f --output=yaml",
            "apply --config f --timeout=2",
            "apply --config f --timeout=1m30s",
            "apply --config f --timeout=0s",
            "apply --config f --timeout=-1s",
            "apply --config f --timeout=9999999999m",
            "apply --config f extra",
            "create --config f",
            "marks",
            "marks --config f --only=a",
            "schema --config f",
            "validate",
            "validate --config f --timeout=5s",
        ];
        for words in cases {
            let error = parse(words).expect_err(words);
            assert!(error.use_stderr() || words.is_empty(), "{words}");
        }
    }
}
