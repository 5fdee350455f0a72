//! devstack, the Helm post-renderer: a rendered chart on stdin, a feature copy of it on stdout.
//!
//! It is a pure function of its input and its settings: no network, no cluster, no clock, no
//! randomness. Every byte that it does not inject comes out as it came in: documents are parsed to
//! byte spans, edits are planned on the original text, and one place applies them.
//!
//! How a manifest travels: [`stream`] cuts the text into documents, [`node`] makes a tree of spans
//! of each, [`plan`] asks [`metadata`], [`workload`], [`isolate`] and [`route`] what is to be
//! changed, [`splice`] writes.

mod cli;
mod copy;
mod error;
mod fields;
mod isolate;
mod mapping;
mod metadata;
mod node;
mod object;
mod plan;
mod route;
mod splice;
mod stream;
mod workload;

pub use cli::main;
pub use copy::{Entry, EnvSource, EnvTarget, FeatureCopy, Isolate, Router};
pub use error::RenderError;

/// Renders the stream `input` as the feature copy that `copy` describes.
///
/// Rendering twice is rendering once. An error names file, line and column, and nothing is half
/// rendered.
pub fn render(input: &str, copy: &FeatureCopy) -> Result<String, RenderError> {
    let documents = stream::documents(input)?;
    let plan = plan::plan(&documents, copy)?;
    let mut output = splice::apply(input, 0..input.len(), plan.edits);
    for document in &plan.added {
        if !output.is_empty() && !output.ends_with('\n') {
            output.push('\n');
        }
        output.push_str("---\n");
        output.push_str(document);
    }
    Ok(output)
}
