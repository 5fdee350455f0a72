//! The only integration binary of the repository. Each module is one part of what is promised.

mod copies;
mod drivers;
mod failures;
mod fidelity;
mod golden;
mod hostile;
mod property;
mod routes;
mod stage;
mod tidy;
mod workloads;
