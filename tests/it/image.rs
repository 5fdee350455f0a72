//! The image of the hooks, and that of sweep: what is in them, how they come about, and that each program speaks TLS.

mod contents;
mod handshake;
mod listed;
mod twice;

/// The programs that are in the image: names of one file.
const PROGRAMS: [&str; 7] =
    ["database-hook", "kafka-hook", "run-hooks", "secret-hook", "sns-hook", "sqs-hook", "sweep"];
