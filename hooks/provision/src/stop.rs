//! Being told to stop: Kubernetes sends SIGTERM, and a process with id 1 that does not listen to it
//! is killed half a minute later without a word.

use tokio::signal::unix::{SignalKind, signal};

use crate::{error::Error, report::Report};

/// Returns when the process is told to stop, with what is not done. Whoever waits for this drops the
/// work at its next await: a call that was sent may still be carried out, and a rerun finds that.
pub(crate) async fn asked(report: &Report) -> Error {
    let (mut terminate, mut interrupt) =
        match signal(SignalKind::terminate()).and_then(|t| Ok((t, signal(SignalKind::interrupt())?))) {
            Ok(signals) => signals,
            Err(error) => return Error::internal(format!("listen for signals: {error}")),
        };
    let name = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    };
    let undone = report.undone();
    let undone = if undone.is_empty() { "nothing".to_owned() } else { undone.join(", ") };
    Error::internal(format!("stopped by {name}; not done: {undone}; run it again"))
}
