//! What the demo's two services share: who answers, where their settings come from, how they are
//! served and stopped, and how the context of a request goes on to the next call.
//!
//! They are ordinary services, as somebody else would have written them: nothing here chooses a
//! route, and no answer depends on who deployed the service.

#![forbid(unsafe_code)]

mod answer;
mod chain;
mod environment;
mod propagation;
mod serve;
mod service;

pub use answer::{Answer, Hop};
pub use chain::chain;
pub use environment::{Environment, EnvironmentError};
pub use propagation::Propagation;
pub use serve::{ServeError, health, run, serve};
pub use service::Service;
