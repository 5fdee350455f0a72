//! Programs that sweep runs: the real Helm, and the hooks beside it. They are given this process's environment.

use std::{
    io,
    process::{Output, Stdio},
    time::Duration,
};

use provision::report::Report;
use tokio::{io::AsyncWriteExt, process::Command, time::timeout};

/// Runs a program with this input to its end; none where it has not ended in this time, and was killed.
///
/// # Errors
/// When it cannot be started or waited for.
pub(crate) async fn output(
    command: &mut Command,
    input: &str,
    within: Duration,
) -> io::Result<Option<Output>> {
    let streams = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = streams.kill_on_drop(true).spawn()?;
    let stdin = child.stdin.take();
    let write = async {
        if let Some(mut stdin) = stdin {
            // One that ends before it has read says why itself.
            drop(stdin.write_all(input.as_bytes()).await);
        }
    };
    let both = async { tokio::join!(child.wait_with_output(), write).0 };
    timeout(within, both).await.ok().transpose()
}

/// Hands on what a program says to people, and returns the last line of it.
pub(crate) fn talk(report: &Report, program: &str, said: &str) -> String {
    let mut last = "it said nothing";
    for line in said.lines().filter(|line| !line.trim().is_empty()) {
        report.talk(&format!("{program}: {line}"));
        last = line;
    }
    last.to_owned()
}
