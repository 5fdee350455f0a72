//! The programs of the image in one file, which is the one by whose name it is called.
//!
//! Each alone brings its own copy of what all of them share, the cluster's client, TLS, the config: that would be three
//! images' worth. Nothing that a program does is here, and none knows that it is not alone.

#![forbid(unsafe_code)]

use std::{
    env,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use provision::exit;

/// The whole of a `main`.
type Main = fn() -> ExitCode;

/// Each program and its `main`.
const PROGRAMS: [(&str, Main); 7] = [
    ("database-hook", provision::run::<database_hook::Server>),
    ("kafka-hook", provision::run::<kafka_hook::Broker>),
    ("run-hooks", run_hooks::run),
    ("secret-hook", provision::run::<secret_hook::Secrets>),
    ("sns-hook", provision::run::<sns_hook::Topics>),
    ("sqs-hook", provision::run::<sqs_hook::Queues>),
    ("sweep", sweep::run),
];

/// The whole of `main`. Called by a name of its own, it has no word but `--list`, which prints the others, one a line.
#[must_use]
pub fn run() -> ExitCode {
    let mut words = env::args_os();
    let called = words.next().unwrap_or_default();
    let name = Path::new(&called).file_name().unwrap_or_default();
    if let Some((_, run)) = PROGRAMS.iter().find(|(program, _)| *program == name) {
        return run();
    }
    let names = PROGRAMS.map(|(program, _)| program).join("\n");
    // Whoever does not read it has no use for it.
    if words.next().is_some_and(|word| word == "--list") {
        drop(writeln!(io::stdout(), "{names}"));
        return exit::DONE.into();
    }
    drop(writeln!(io::stderr(), "{}: is called by the name of what it is to be:\n{names}", called.display()));
    exit::CONFIG.into()
}
