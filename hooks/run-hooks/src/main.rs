#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    run_hooks::run()
}
