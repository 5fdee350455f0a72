//! Requests through the router, and what answers them.

use std::time::Duration;

use reqwest::blocking::Client;
use serde::Deserialize;

use crate::lab::lab;

/// Who took part in an answer, in order.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Hop {
    pub service: String,
    pub release: String,
    pub feature: String,
}

/// An answer of the demo's services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// The response header by which a copy's routes say who answered.
    pub feature_header: Option<String>,
    pub hops: Vec<Hop>,
    pub body: String,
}

/// A request for a host, sent to the router. An error is one of the connection.
#[derive(Debug, Clone)]
pub struct Router {
    client: Client,
}

impl Default for Router {
    fn default() -> Self {
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().expect("a client");
        Self { client }
    }
}

impl Router {
    pub fn get(&self, host: &str, path: &str, headers: &[(&str, &str)]) -> Result<Answer, reqwest::Error> {
        let request = self.client.get(format!("{}{path}", lab().router)).header("host", host);
        Self::send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)))
    }

    pub fn post(
        &self,
        host: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, reqwest::Error> {
        let request =
            self.client.post(format!("{}{path}", lab().router)).header("host", host).body(body.to_owned());
        Self::send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)))
    }

    fn send(request: reqwest::blocking::RequestBuilder) -> Result<Answer, reqwest::Error> {
        #[derive(Deserialize)]
        struct Body {
            hops: Vec<Hop>,
        }
        let response = request.send()?;
        let status = response.status().as_u16();
        let header = response.headers().get(feature::words::RESPONSE_HEADER);
        let feature_header = header.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let body = response.text()?;
        // What is no answer of the demo's (a router's 404, a list of messages) has no hops.
        let hops = serde_json::from_str::<Body>(&body).map_or_else(|_| Vec::new(), |body| body.hops);
        Ok(Answer { status, feature_header, hops, body })
    }
}
