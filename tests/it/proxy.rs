//! The proxy that counts and breaks requests, so that what other tests conclude from it holds.

mod back_end;
mod emulators;
mod faults;
mod records;

use std::time::Duration;

use acceptance::proxy::Proxy;
use reqwest::blocking::{Client, RequestBuilder};

use back_end::BackEnd;

/// Long for what comes, and only ever waited out by a test that fails.
const LONG: Duration = Duration::from_secs(10);

/// Requests of one action each, as the JSON protocol says them, to the proxy.
struct Caller {
    client: Client,
    url: String,
}

impl Caller {
    fn of(proxy: &Proxy) -> Self {
        Self::patient_for(LONG, proxy)
    }

    fn patient_for(patience: Duration, proxy: &Proxy) -> Self {
        let client = Client::builder().no_proxy().timeout(patience).build().expect("a client");
        Self { client, url: proxy.url().to_owned() }
    }

    fn post(&self) -> RequestBuilder {
        self.client.post(&self.url)
    }

    /// The status, or why there is none.
    fn asks_for(&self, action: &str) -> Result<u16, reqwest::Error> {
        let request = self.post().header("x-amz-target", format!("AmazonSQS.{action}"));
        request.body("{}").send().map(|answer| answer.status().as_u16())
    }
}

/// Whether the connection was there, and was closed without an answer.
fn is_closed(outcome: &Result<u16, reqwest::Error>) -> bool {
    outcome.as_ref().is_err_and(|error| !error.is_timeout() && !error.is_connect())
}
