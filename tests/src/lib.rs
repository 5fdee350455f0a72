//! The harness of the acceptance suite: it builds what users get, starts the lab, deploys with the
//! real helmfile and asks through the real router. Cases are in `it/`, this holds none.

pub mod repo;
