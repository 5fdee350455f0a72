use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    provision::run::<sqs_hook::Queues>().await
}
