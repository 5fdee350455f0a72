//! What the hooks for SQS and SNS share: how AWS or an emulator is spoken to, what its errors mean, when
//! two values of an attribute are the same, what reports call them, statements in the policy of a queue, and
//! the calls that read queues.
//!
//! Nothing here writes to a back end.

#![forbid(unsafe_code)]

pub mod error;
pub mod field;
pub mod policy;
pub mod queue;
pub mod session;
pub mod value;
