//! The demo's back service: says that it answered, puts messages into an SQS queue, and shows what
//! its own worker took out of it.
//!
//! It knows one queue, the one that it was given, and never makes or changes a queue.

mod inbox;
mod queue;
mod routes;
mod worker;

use std::{error::Error, process::ExitCode, sync::Arc};

use hop::{Environment, Service};

use crate::{inbox::Inbox, queue::Queue, routes::Api};

/// Serves until SIGTERM, while the worker reads the queue.
#[must_use]
pub fn run() -> ExitCode {
    hop::run(start(Environment::of_this_process()))
}

async fn start(environment: Environment) -> Result<(), Box<dyn Error>> {
    let service = Service::read("api", &environment)?;
    let port = service.port;
    let queue = match environment.text("QUEUE_URL")? {
        Some(url) => Some(Queue::of_this_process(url).await),
        None => None,
    };
    let inbox = Arc::<Inbox>::default();
    let serving = hop::serve(port, Api::new(service, queue.clone(), inbox.clone()).router());
    match queue {
        Some(queue) => tokio::select! {
            served = serving => served?,
            never = worker::work(&queue, &inbox) => match never {},
        },
        None => serving.await?,
    }
    Ok(())
}

#[cfg(test)]
mod tests;
