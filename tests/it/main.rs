//! The only integration binary of the repository. Each module is one part of what is promised.

mod copies;
mod failures;
mod golden;
mod routes;
mod stage;
mod tidy;
