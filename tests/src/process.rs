//! Running other programs. A program that fails ends the harness with all that it said.

use std::process::{Command, Output};

/// Runs to success and returns stdout.
///
/// # Panics
/// When the program cannot be started or fails, with both of its streams.
#[must_use]
pub fn output_of(command: &mut Command) -> String {
    let output = run(command);
    assert!(output.status.success(), "{}", said(command, &output));
    String::from_utf8(output.stdout).expect("a program's output is text")
}

/// Runs to whatever end.
///
/// # Panics
/// When the program cannot be started.
#[must_use]
pub fn run(command: &mut Command) -> Output {
    match command.output() {
        Ok(output) => output,
        Err(error) => panic!("start {}: {error}", command.get_program().display()),
    }
}

/// The command line, how it ended and what it said.
#[must_use]
pub fn said(command: &Command, output: &Output) -> String {
    let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy()).collect();
    format!(
        "{} {}: {}\n{}{}",
        command.get_program().display(),
        args.join(" "),
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
