//! `make bench`: devstack beside the tools that can do the same work.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    acceptance::bench::main()
}
