//! The charts that users install: what they render, whether a cluster takes it, and what they do there.

mod admitted;
mod five;
mod instances;
mod phases;
mod renders;
mod schemas;
