//! Takes away what has expired: the releases of a copy by Helm, and then what is left of it in every back end.
//!
//! What Helm has recorded says which copies there are, and until when ([`copies`], [`clock`]); what carries our mark
//! says what they hold ([`thing`]). From both comes what a run does, as data ([`plan`]); the real Helm uninstalls
//! ([`helm`]), and the hooks delete ([`stores`]): this neither knows a back end nor takes anything apart itself, but
//! for Secrets and `ConfigMap`s. Without the cluster's word nothing is deleted, and nothing of base ever is.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use args::Verb;
use provision::{
    End, ended,
    error::Error,
    exit, process,
    report::{Format, Report},
};

mod args;
mod beyond;
mod child;
mod clock;
mod cluster;
mod config;
mod copies;
mod due;
mod helm;
mod list;
mod manifest;
mod plan;
mod record;
mod release;
mod rights;
mod run;
mod stores;
mod thing;

/// The whole of `main`.
#[must_use]
pub fn run() -> ExitCode {
    process(async {
        let verb = match Verb::read() {
            Ok(verb) => verb,
            Err(code) => return code,
        };
        let format = if let Verb::Run { output, .. } = &verb { *output } else { Format::Text };
        let report = Report::of_process(format);
        ended(&report, Box::pin(act(&verb, &report))).await
    })
}

async fn act(verb: &Verb, report: &Report) -> Result<End, Error> {
    match verb {
        Verb::Run { dry_run, most, pending, helm, output: _, of } => {
            let options = run::Options { dry_run: *dry_run, most: *most, pending: *pending, helm };
            run::run(of, &options, report).await
        }
        Verb::List { output, of } => list::list(of, *output, report).await,
        Verb::Extend { ttl, of } => due::extend(of, ttl, report).await,
        Verb::Keep { of } => due::keep(of, report).await,
        Verb::Expire { of } => due::expire(of, report).await,
    }?;
    Ok(End { code: exit::DONE, last: None })
}
