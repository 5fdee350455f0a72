//! The only integration binary of the repository. Each module is one part of what is promised.

mod golden;
