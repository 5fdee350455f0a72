//! What a request says of itself, in either protocol of AWS or in Kubernetes'. No IO.

use std::{str, time::Duration};

use hyper::http::request::Parts;

/// A request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Of its signature, such as `sqs`; empty where there is none. So are `region` and `key_id`.
    pub service: String,
    /// Such as `CreateQueue`; where it is not said, the method and the path: `PATCH /api/v1/namespaces/a/secrets/b`.
    pub action: String,
    pub region: String,
    /// The access key that signed it.
    pub key_id: String,
    /// What a key that is only lent is sent with; empty where there is none.
    pub session_token: String,
    /// When it came, since the proxy began.
    pub at: Duration,
    pub body: String,
    /// What the back end answered, or what was said in its place, whether or not the client heard it. None as long
    /// as there is no answer.
    pub status: Option<u16>,
}

impl Call {
    /// The request with this head and this body, without an answer yet.
    pub(super) fn of(head: &Parts, body: &[u8], at: Duration) -> Self {
        let headers = &head.headers;
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let scope = text("authorization").split_once("Credential=").map_or("", |(_, rest)| rest);
        // KEY/DATE/REGION/SERVICE/aws4_request
        let mut scope = scope.split(',').next().unwrap_or_default().split('/');
        let key_id = scope.next().unwrap_or_default().to_owned();
        let region = scope.nth(1).unwrap_or_default().to_owned();
        let service = scope.next().unwrap_or_default().to_owned();
        let session_token = text("x-amz-security-token").to_owned();
        let body = String::from_utf8_lossy(body).into_owned();
        let action = match text(TARGET).rsplit_once('.') {
            Some((_, action)) => action.to_owned(),
            None => {
                let said = body.split('&').find_map(|pair| pair.strip_prefix("Action="));
                said.map_or_else(|| format!("{} {}", head.method, head.uri.path()), str::to_owned)
            }
        };
        Self { service, action, region, key_id, session_token, at, body, status: None }
    }

    /// Whether it may change something.
    #[must_use]
    pub fn writes(&self) -> bool {
        writes(&self.action)
    }
}

/// The header that names the action in the JSON protocol, which SQS speaks. SNS and STS say it in a form.
pub(super) const TARGET: &str = "x-amz-target";

/// Whether an action may change something. What is not known to read only does.
#[must_use]
pub fn writes(action: &str) -> bool {
    !["Get", "List", "GET "].iter().any(|verb| action.starts_with(verb))
}
