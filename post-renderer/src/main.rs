#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    post_renderer::main()
}
