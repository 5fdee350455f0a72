//! `make bench`: devstack beside the tools that can do the same work.

use std::process::ExitCode;

fn main() -> ExitCode {
    acceptance::bench::main()
}
