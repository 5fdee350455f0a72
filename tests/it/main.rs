//! The only integration binary of the repository. Each module is one part of what is promised.

#![forbid(unsafe_code)]

mod charts;
mod conformance;
mod copies;
mod crds;
mod databases;
mod drivers;
mod failures;
mod fidelity;
mod golden;
mod hooks;
mod hostile;
mod image;
mod isolation;
mod kafka;
mod lean;
mod own;
mod pages;
mod property;
mod proxy;
mod routers;
mod routes;
mod rules;
mod secrets;
mod stage;
mod stores;
mod sweep;
mod tidy;
mod workloads;
