#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    all_hooks::run()
}
