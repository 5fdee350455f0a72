//! An application behind each kind of route that a chart can have: `tests/charts/witness` as base and as
//! copies, and who answers a request for it. Its service says so itself (`tests/lab/go/witness`).

mod answer;
mod application;
mod watch;

pub use answer::{Answer, By, Client, Testimony, testify};
pub use application::{Application, Route, release};
pub use watch::{Tally, Watch};
