use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    provision::run::<sns_hook::Topics>().await
}
