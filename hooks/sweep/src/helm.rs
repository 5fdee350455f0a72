//! The real Helm, which uninstalls a release and runs its hooks.

use std::{path::Path, time::Duration};

use provision::{error::Error, report::Report};
use tokio::process::Command;

use crate::{child, release::Release};

/// How long Helm may wait at each of its steps; its own default.
const STEP: Duration = Duration::from_mins(5);

/// `helm uninstall`. `left` is how long it may take.
pub(crate) async fn uninstall(
    helm: &Path,
    release: &Release,
    left: Duration,
    report: &Report,
) -> Result<(), Error> {
    let name = release.owner();
    let failed = |cause: String| Error::internal(format!("{name}: uninstall by {}: {cause}", helm.display()));
    let mut command = Command::new(helm);
    command
        .args(["uninstall", &release.head.release, "--namespace", &release.head.namespace])
        .arg(format!("--timeout={}s", STEP.min(left).as_secs()));
    // What has pods is there until they are gone.
    if release.is_application() {
        command.arg("--cascade=foreground");
    }
    // Its hooks take away what its own pods use. For all others the run itself waits.
    if release.is_application() && release.has_delete_hooks() {
        command.arg(wait(helm, left).await.map_err(failed)?);
    }
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
async fn wait(helm: &Path, left: Duration) -> Result<&'static str, String> {
    let mut command = Command::new(helm);
    let ended = child::output(command.args(["version", "--template={{.Version}}"]), "", left).await;
    let ended = ended.map_err(|error| format!("ask for its version: {error}"))?;
    let output = ended.ok_or("ask for its version: out of time")?;
    let is_3 = output.status.success() && output.stdout.starts_with(b"v3.");
    Ok(if is_3 { "--wait" } else { "--wait=legacy" })
}
