#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    sweep::run()
}
