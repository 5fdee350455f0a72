//! The real Helm, which uninstalls a release and runs its hooks.

use std::{path::Path, time::Duration};

use provision::{error::Error, report::Report};
use tokio::process::Command;

use crate::{child, release::Release};

/// How long Helm may wait at each of its steps; its own default.
const STEP: Duration = Duration::from_mins(5);

/// What is waited for before an uninstall says that it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Nothing: the names are free at once, for who deploys again.
    No,
    /// Nothing, but what has pods is there until they are gone: others look for it.
    Objects,
    /// Until all is gone, before the release's last hooks run.
    Helm,
}

/// `helm uninstall`. `left` is how long it may take.
pub(crate) async fn uninstall(
    helm: &Path,
    release: &Release,
    wait: Wait,
    left: Duration,
    report: &Report,
) -> Result<(), Error> {
    let name = release.owner();
    let failed = |cause: String| Error::internal(format!("{name}: uninstall by {}: {cause}", helm.display()));
    let mut command = Command::new(helm);
    command.args(["uninstall", &release.head.release, "--namespace", &release.head.namespace]);
    if wait != Wait::No {
        command.arg("--cascade=foreground");
    }
    let mut steps = 1;
    if wait == Wait::Helm {
        command.arg(wait_flag(helm, left).await.map_err(failed)?);
        // Its hooks before, all that goes, and its hooks behind.
        steps = 3;
    }
    command.arg(format!("--timeout={}s", STEP.min(left / steps).as_secs()));
    // It is to speak with the cluster that was asked, and to find the records that were read.
    for (name, _) in std::env::vars_os() {
        let is_others =
            |name: &str| name.starts_with("HELM_KUBE") || ["HELM_DRIVER", "HELM_NAMESPACE"].contains(&name);
        if name.to_str().is_some_and(is_others) {
            command.env_remove(&name);
        }
    }
    let ended = child::output(&mut command, "", left).await;
    let Some(output) = ended.map_err(|error| failed(format!("run it: {error}")))? else {
        return Err(Error::unreachable(format!("{name}: uninstall by {}: out of time", helm.display())));
    };
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    let last = child::talk(report, "helm", &said.join("\n"));
    if output.status.success() { Ok(()) } else { Err(failed(format!("{last} ({})", output.status))) }
}

/// The flag by which Helm waits, before the hooks that run last, until all is gone. How Helm 4 waits unless it is told otherwise
/// it takes a Deployment that is about to go for a failure, and runs those hooks at once.
async fn wait_flag(helm: &Path, left: Duration) -> Result<&'static str, String> {
    let mut command = Command::new(helm);
    let ended = child::output(command.args(["version", "--template={{.Version}}"]), "", left).await;
    let ended = ended.map_err(|error| format!("ask for its version: {error}"))?;
    let output = ended.ok_or("ask for its version: out of time")?;
    let is_3 = output.status.success() && output.stdout.starts_with(b"v3.");
    Ok(if is_3 { "--wait" } else { "--wait=legacy" })
}
