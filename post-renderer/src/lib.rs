//! devstack, the Helm post-renderer: a rendered chart on stdin, a feature copy of it on stdout.
//!
//! It is a pure function of its input and its settings: no network, no cluster, no clock, no
//! randomness. Every byte that it does not inject comes out as it came in: documents are parsed to
//! byte spans, edits are planned on the original text, and one place applies them.
//!
//! How a manifest travels: [`stream`] cuts the bytes into parts, [`document`] reads one, as far as
//! needed, to [`node`]s, [`plan`] asks [`isolate`], [`metadata`], [`workload`] and [`route`] what is
//! to be changed, [`splice`] writes.

#![forbid(unsafe_code)]

mod claims;
mod cli;
pub mod config;
mod copy;
mod document;
mod error;
mod fields;
mod isolate;
mod lean;
mod mapping;
mod metadata;
mod node;
mod object;
mod omission;
mod outline;
mod plan;
mod reach;
mod report;
mod route;
mod settings;
mod splice;
mod stream;
mod workload;

use std::io::{self, Write};

pub use cli::main;
pub use copy::{
    Annotation, BaseNamespace, ClusterScoped, Entry, EnvSource, EnvTarget, FeatureCopy, Gateway,
    HostTemplate, Isolate, Kept, Label, OnError, PodPath, Router, Routing, ServiceRoute, Swap, SwapKind,
};
pub use error::RenderError;
pub use report::{Action, Added, Change, DocumentReport, Report};
pub use route::{Answer, Candidate, Request, Target, answer};
pub use settings::Settings;
pub use splice::Edit;

/// A stream and what is to be changed in it.
#[derive(Debug)]
pub struct Rendering<'a> {
    input: &'a [u8],
    feature: String,
    plan: plan::Plan,
}

/// Plans the stream `input` as the feature copy that `copy` describes.
///
/// Rendering twice is rendering once. An error names file, line and column, and nothing is half
/// rendered.
pub fn render<'a>(input: &'a [u8], copy: &FeatureCopy) -> Result<Rendering<'a>, RenderError> {
    let plan = plan::plan(input, copy)?;
    Ok(Rendering { input, feature: copy.feature.to_string(), plan })
}

impl Rendering<'_> {
    /// Writes the copy, whole.
    pub fn write_to(&self, output: &mut impl Write) -> io::Result<()> {
        let mut last = None;
        splice::pieces(self.input, &self.plan.edits, |piece| {
            last = piece.last().copied().or(last);
            output.write_all(piece)
        })?;
        for document in &self.plan.added {
            if last.is_some_and(|last| last != b'\n') {
                output.write_all(b"\n")?;
            }
            output.write_all(b"---\n")?;
            output.write_all(document.as_bytes())?;
            last = document.bytes().last();
        }
        Ok(())
    }

    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut output = Vec::with_capacity(self.input.len() + self.input.len() / 8);
        self.write_to(&mut output).expect("a Vec takes everything");
        output
    }

    /// Whether nothing is left but white space.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        let mut blank = self.plan.added.is_empty();
        let done = splice::pieces(self.input, &self.plan.edits, |piece| {
            blank &= piece.trim_ascii().is_empty();
            // The first piece with something in it says enough.
            if blank { Ok(()) } else { Err(()) }
        });
        blank && done.is_ok()
    }

    /// What is to be said of each document that cannot be read and is passed.
    pub fn passed(&self) -> impl Iterator<Item = String> {
        let passed = self.plan.documents.iter().filter(|document| document.passed);
        passed.filter_map(|document| document.note.as_deref().map(error::shown))
    }

    /// The changes of the input, sorted and disjoint; what is added follows it.
    #[must_use]
    pub fn edits(&self) -> &[Edit] {
        &self.plan.edits
    }

    /// What is changed, for people and programs.
    #[must_use]
    pub fn report(&self) -> Report {
        report::report(self.input, &self.feature, &self.plan)
    }
}
