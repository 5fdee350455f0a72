//! Requests through the router, and who answers them.

use std::{collections::BTreeMap, fmt, process::Output, time::Duration};

use reqwest::blocking;
use serde::Deserialize;

use super::application::BASE;
use crate::{lab::lab, process};

/// Who answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    Base,
    /// The copy for this feature.
    Copy(String),
    /// The router, or whatever else is not the application.
    Status(u16),
    Nobody(String),
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base => f.write_str("base"),
            Self::Copy(feature) => f.write_str(feature),
            Self::Status(status) => write!(f, "{status}"),
            Self::Nobody(error) => write!(f, "no answer: {error}"),
        }
    }
}

/// What a request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub by: By,
    /// The response header by which a copy's routes say who answered.
    pub named: Option<String>,
    /// The request's headers as they reached the application, with names in lower case.
    pub headers: Headers,
}

type Headers = BTreeMap<String, Vec<String>>;

/// What the application says of itself and of the request.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Seen {
    pub release: String,
    pub headers: Headers,
}

impl Seen {
    #[must_use]
    pub fn by(&self) -> By {
        match self.release.strip_prefix(BASE) {
            Some("") => By::Base,
            Some(rest) => By::Copy(rest.trim_start_matches('-').to_owned()),
            None => By::Nobody(format!("release {:?}, which is not of this application", self.release)),
        }
    }
}

/// A client that keeps its connections to a router.
#[derive(Clone, Debug)]
pub struct Client {
    router: &'static str,
    http: blocking::Client,
}

impl Client {
    /// # Panics
    /// When the machine has nothing to make a client of.
    #[must_use]
    pub fn new(router: &'static str) -> Self {
        let http = blocking::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build();
        Self { router, http: http.expect("a client") }
    }

    /// Asks for the application at `host`. A header may stand more than once.
    #[must_use]
    pub fn get(&self, host: &str, headers: &[(&str, &str)]) -> Answer {
        let request = self.http.get(format!("{}/", self.router)).header("host", host);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let nobody = |error: reqwest::Error| Answer {
            by: By::Nobody(error.to_string()),
            named: None,
            headers: Headers::new(),
        };
        let response = match request.send() {
            Ok(response) => response,
            Err(error) => return nobody(error),
        };
        let status = response.status().as_u16();
        let named = response.headers().get(feature::words::RESPONSE_HEADER);
        let named = named.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let body = match response.text() {
            Ok(body) => body,
            Err(error) => return nobody(error),
        };
        match serde_json::from_str::<Seen>(&body) {
            Ok(seen) if status == 200 => Answer { by: seen.by(), named, headers: seen.headers },
            _ => Answer { by: By::Status(status), named, headers: Headers::new() },
        }
    }
}

/// What the client of another protocol got: see `tests/lab/go/witness`.
#[derive(Debug, Deserialize)]
pub struct Testimony {
    pub seen: Seen,
    /// The answer's headers, with names in lower case.
    pub headers: Headers,
    /// What the protocol is about, in words.
    pub facts: Vec<String>,
}

/// Asks in another protocol: `grpc`, `websocket`, `events`, `upload`.
///
/// # Errors
/// With what the client says, when there is no answer or one that is not right.
pub fn testify(
    protocol: &str,
    router: &str,
    host: &str,
    headers: &[(&str, &str)],
) -> Result<Testimony, String> {
    // The address of a Service has no port where that is the usual one.
    let router = router.trim_start_matches("http://");
    let router = if router.contains(':') { router.to_owned() } else { format!("{router}:80") };
    let mut command = lab().command("witness");
    command.args(["ask", protocol, &format!("--router={router}"), &format!("--host={host}")]);
    command.args(headers.iter().map(|(name, value)| format!("--header={name}: {value}")));
    let output: Output = process::run(&mut command);
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout).expect("the client prints JSON"))
    } else {
        Err(process::said(&command, &output))
    }
}
