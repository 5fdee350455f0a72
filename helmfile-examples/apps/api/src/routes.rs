use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse as _, Response},
    routing::get,
};
use hop::{Answer, Hop, Propagation, Service};
use serde::Serialize;

use crate::{inbox::Inbox, queue::Queue};

/// The routes of `api`. A router may lead any path to this service, so what comes before the last
/// segment of a path is not looked at.
pub(crate) struct Api {
    hop: Hop,
    propagation: Propagation,
    queue: Option<Queue>,
    inbox: Arc<Inbox>,
}

#[derive(Serialize)]
struct Sent {
    hops: Vec<Hop>,
    queue: String,
    id: String,
}

#[derive(Serialize)]
struct Received {
    service: String,
    release: String,
    feature: String,
    queue: Option<String>,
    messages: Vec<String>,
}

impl Api {
    pub(crate) fn new(service: Service, queue: Option<Queue>, inbox: Arc<Inbox>) -> Self {
        Self { hop: service.hop, propagation: service.propagation, queue, inbox }
    }

    pub(crate) fn router(self) -> Router {
        hop::health().fallback_service(get(read).post(write).with_state(Arc::new(self)))
    }

    fn answer(&self, status: StatusCode, error: Option<String>) -> Response {
        (status, Json(Answer { hops: vec![self.hop.clone()], error })).into_response()
    }

    fn received(&self) -> Received {
        let Hop { service, release, feature, .. } = self.hop.clone();
        let queue = self.queue.as_ref().map(|queue| queue.url().to_owned());
        Received { service, release, feature, queue, messages: self.inbox.bodies() }
    }

    async fn send(&self, request: &HeaderMap, body: String) -> Response {
        let Some(queue) = &self.queue else {
            let error = "send: no queue, since QUEUE_URL is not set".to_owned();
            return self.answer(StatusCode::SERVICE_UNAVAILABLE, Some(error));
        };
        match queue.send(body, &self.propagation.carry(request)).await {
            Ok(id) => {
                let sent = Sent { hops: vec![self.hop.clone()], queue: queue.url().to_owned(), id };
                (StatusCode::ACCEPTED, Json(sent)).into_response()
            }
            Err(error) => self.answer(StatusCode::BAD_GATEWAY, Some(error.to_string())),
        }
    }
}

async fn read(State(api): State<Arc<Api>>, uri: Uri) -> Response {
    if is_messages(&uri) { Json(api.received()).into_response() } else { api.answer(StatusCode::OK, None) }
}

async fn write(State(api): State<Arc<Api>>, uri: Uri, request: HeaderMap, body: String) -> Response {
    if !is_messages(&uri) {
        let error = format!("post to {}: only /messages takes a body", uri.path());
        api.answer(StatusCode::NOT_FOUND, Some(error))
    } else if body.is_empty() {
        api.answer(StatusCode::BAD_REQUEST, Some(format!("post to {}: the body is empty", uri.path())))
    } else {
        api.send(&request, body).await
    }
}

fn is_messages(uri: &Uri) -> bool {
    uri.path().rsplit('/').next() == Some("messages")
}
