//! The back ends, by their hooks: each is a process of its own beside this one, which gets its file on stdin.
//!
//! What a back end speaks, whose a thing is and how often something is tried is the hooks' business.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use feature::{FeatureName, Owner};
use provision::{error::Error, exit, report::Report};
use serde::Deserialize;
use tokio::process::Command;

use crate::{
    child,
    config::{BackEnd, BackEnds},
    thing::Thing,
};

/// The hooks that lie beside this binary, and where their back ends are.
pub(crate) struct Stores<'a> {
    beside: PathBuf,
    back_ends: &'a BackEnds,
    report: &'a Report,
}

/// A line of a hook's report.
#[derive(Debug, Deserialize)]
struct Line {
    change: String,
    thing: String,
    #[serde(default)]
    reason: String,
}

/// How long one back end is waited for at most: others wait behind it.
const PATIENCE: Duration = Duration::from_mins(2);

/// What a hook needs beyond that to say so.
const GRACE: Duration = Duration::from_secs(10);

impl<'a> Stores<'a> {
    pub(crate) fn beside(back_ends: &'a BackEnds, report: &'a Report) -> Self {
        let here = std::env::current_exe().ok().and_then(|path| path.parent().map(Path::to_path_buf));
        Self { beside: here.unwrap_or_default(), back_ends, report }
    }

    /// What carries a copy's mark in a back end.
    pub(crate) async fn marked(&self, back_end: BackEnd, left: Duration) -> Result<Vec<Thing>, Error> {
        let file = self.back_ends.file_to_look(back_end);
        let (out, ended) = self.hook(back_end, "marks", &file, left).await?;
        ended?;
        let mut things = Vec::new();
        for line in out.lines() {
            let thing = Thing::of_line(back_end, line);
            things.extend(thing.map_err(|error| nonsense(back_end, "marks", &error))?);
        }
        Ok(things)
    }

    /// Deletes all that an owner has in a back end for a feature, and reports it. Returns whether
    /// anything was.
    pub(crate) async fn clear(
        &self,
        back_end: BackEnd,
        owner: &Owner,
        feature: &FeatureName,
        left: Duration,
    ) -> Result<bool, Error> {
        self.delete(back_end, &self.back_ends.file_to_delete(back_end, owner, feature), left).await
    }

    /// Takes the keys of an owner out of a Secret that is somebody else's.
    pub(crate) async fn take_out(
        &self,
        namespace: &str,
        name: &str,
        owner: &Owner,
        feature: &FeatureName,
        left: Duration,
    ) -> Result<bool, Error> {
        let file = BackEnds::file_to_take_out(namespace, name, owner, feature);
        self.delete(BackEnd::Secret, &file, left).await
    }

    async fn delete(&self, back_end: BackEnd, file: &str, left: Duration) -> Result<bool, Error> {
        let (out, ended) = self.hook(back_end, "delete", file, left).await?;
        let (mut stays, mut is_any) = (None, false);
        for line in out.lines() {
            let line: Line = serde_json::from_str(line)
                .map_err(|error| nonsense(back_end, "delete", &error.to_string()))?;
            let Line { change, thing, reason } = line;
            self.report.line(&change, &thing, &reason)?;
            if change == "left" {
                stays.get_or_insert(thing);
            } else {
                is_any |= change == "delete";
            }
        }
        ended?;
        // A hook's delete ends well where a back end is down, for Helm's sake.
        stays.map_or(Ok(is_any), |thing| {
            Err(Error::unreachable(format!("{thing}: is left, and the next run tries again")))
        })
    }

    /// What a hook says on stdout, and how it ended.
    async fn hook(
        &self,
        back_end: BackEnd,
        verb: &str,
        file: &str,
        left: Duration,
    ) -> Result<(String, Result<(), Error>), Error> {
        let program = self.beside.join(format!("{back_end}-hook"));
        let failed = |act: &str, error: &dyn std::fmt::Display| {
            Error::internal(format!("{back_end}: {act} {}: {error}", program.display()))
        };
        let patience = PATIENCE.min(left).max(Duration::from_secs(1));
        let mut command = Command::new(&program);
        command.args([verb, "--config=/dev/stdin", "--output=json"]);
        command.arg(format!("--timeout={}s", patience.as_secs()));
        let ended = child::output(&mut command, file, patience + GRACE).await;
        let Some(output) = ended.map_err(|error| failed("run", &error))? else {
            return Err(Error::unreachable(format!("{back_end}: {} {verb}: out of time", program.display())));
        };
        let last =
            child::talk(self.report, &format!("{back_end}-hook"), &String::from_utf8_lossy(&output.stderr));
        let out = String::from_utf8(output.stdout).map_err(|error| failed("read the report of", &error))?;
        let ended = match output.status.code().and_then(exit::Code::of) {
            Some(exit::DONE) => Ok(()),
            Some(exit::UNREACHABLE) => Err(Error::unreachable(last)),
            Some(exit::REFUSED) => Err(Error::refused(last)),
            Some(exit::CONFIG) => Err(Error::config(last)),
            _ => Err(Error::internal(format!("{last} ({})", output.status))),
        };
        Ok((out, ended))
    }
}

fn nonsense(back_end: BackEnd, verb: &str, error: &str) -> Error {
    Error::internal(format!("{back_end}: a line of {back_end}-hook {verb}: {error}"))
}
