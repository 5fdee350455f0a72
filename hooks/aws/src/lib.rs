//! What the hooks for SQS and SNS share: how AWS or an emulator is spoken to, what its errors mean, when
//! two values of an attribute are the same, what reports call them, and statements in the policy of a queue.
//!
//! Nothing here knows a queue or a topic, and nothing here writes to a back end.

pub mod error;
pub mod field;
pub mod policy;
pub mod session;
pub mod value;
