//! The demo's back service: says that it answered, puts messages into an SQS queue and events into a
//! Kafka topic, shows what it read from both itself, and keeps orders in a database.
//!
//! It knows one of each, the one that it was given, and never makes or changes a queue, a topic or a
//! table. What it was not given, and what is away, keeps it from nothing else.

#![forbid(unsafe_code)]

mod error;
mod events;
mod inbox;
mod link;
mod orders;
mod queue;
mod reader;
mod routes;
mod worker;

use std::{error::Error, future::pending, process::ExitCode, sync::Arc};

use hop::{Environment, EnvironmentError, Service};

use crate::{
    events::{Address, Events},
    inbox::Inbox,
    orders::Orders,
    queue::Queue,
    reader::Reader,
    routes::{Api, Stores},
};

/// Serves until SIGTERM, while queue and topic are read.
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
    let orders = environment.text("DATABASE_URL")?.map(|url| Orders::at(&url)).transpose()?;
    let address = address(&environment)?;
    let reader = address.as_ref().map(Reader::of).transpose()?;
    let events = address.map(Events::at).transpose()?;
    let (received, consumed) = (Arc::<Inbox>::default(), Arc::<Inbox>::default());
    let stores = Stores {
        queue: queue.clone(),
        received: received.clone(),
        orders,
        events,
        consumed: consumed.clone(),
    };
    let worker = async {
        match &queue {
            Some(queue) => worker::work(queue, &received).await,
            None => pending().await,
        }
    };
    let reading = async {
        match &reader {
            Some(reader) => reader.read(&consumed).await,
            None => pending().await,
        }
    };
    tokio::select! {
        served = hop::serve(port, Api::new(service, stores).router()) => Ok(served?),
        never = worker => match never {},
        never = reading => match never {},
    }
}

/// The topic and the group, where all that it takes is given.
fn address(environment: &Environment) -> Result<Option<Address>, EnvironmentError> {
    let [bootstrap, topic, group] =
        ["KAFKA_BOOTSTRAP", "EVENTS_TOPIC", "EVENTS_GROUP"].map(|name| environment.text(name));
    let (Some(bootstrap), Some(topic), Some(group)) = (bootstrap?, topic?, group?) else { return Ok(None) };
    Ok(Some(Address { bootstrap, topic, group }))
}

#[cfg(test)]
mod tests;
