//! The harness of the acceptance suite and of the demo: it builds what users get, starts the lab,
//! deploys with the real Helm and helmfile, and asks through the real router.
//!
//! What is promised stands in `it/` as cases; the table of requests stands here, since the demo
//! shows it and the suite asserts it.

#![forbid(unsafe_code)]

pub mod account;
pub mod archive;
pub mod bench;
pub mod charts;
pub mod cluster;
pub mod emulator;
pub mod frames;
pub mod gate;
pub mod generate;
pub mod helm;
pub mod hook;
pub mod http;
pub mod images;
#[cfg(feature = "back-ends")]
pub mod kafka;
pub mod lab;
pub mod oracle;
pub mod place;
pub mod poll;
#[cfg(feature = "back-ends")]
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod queues;
pub mod release;
pub mod repo;
pub mod routing;
pub mod rules;
pub mod stores;
pub mod sweep;
pub mod witness;
