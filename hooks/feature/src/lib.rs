//! The vocabulary of both halves of devstack, the post-renderer and the hooks: what a feature is
//! called, how long a copy lives, which header leads to it, what is written on the things that we
//! make, and what those things are called.
//!
//! Every type here is parsed once and cannot be wrong afterwards. Nothing here does IO, and nothing
//! here knows Helm, Kubernetes or a back end.

#![forbid(unsafe_code)]

pub mod words;

mod header;
mod name;
mod names;
mod owner;
mod ttl;

pub use header::{Header, HeaderError};
pub use name::{FeatureName, FeatureNameError};
pub use names::{is_cut, shortened, suffixed};
pub use owner::{Owner, OwnerError};
pub use ttl::{Ttl, TtlError};
