#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    provision::run::<secret_hook::Secrets>()
}
