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

use crate::{error::StoreError, events::Events, inbox::Inbox, orders::Orders, queue::Queue};

/// The routes of `api`. A router may lead any path to this service, so what comes before the last
/// segment of a path is not looked at.
pub(crate) struct Api {
    hop: Hop,
    propagation: Propagation,
    stores: Stores,
}

/// What this pod was given, and what it has read of it.
#[derive(Default)]
pub(crate) struct Stores {
    pub(crate) queue: Option<Queue>,
    pub(crate) received: Arc<Inbox>,
    pub(crate) orders: Option<Orders>,
    pub(crate) events: Option<Events>,
    pub(crate) consumed: Arc<Inbox>,
}

/// What is in a store, and who says so.
#[derive(Serialize)]
struct Shown<T> {
    service: String,
    release: String,
    feature: String,
    #[serde(flatten)]
    what: T,
}

#[derive(Serialize)]
struct Received {
    queue: Option<String>,
    messages: Vec<String>,
}

#[derive(Serialize)]
struct Consumed {
    topic: String,
    group: String,
    events: Vec<String>,
}

/// What was put into a store, and who did it.
#[derive(Serialize)]
struct Done<T> {
    hops: Vec<Hop>,
    #[serde(flatten)]
    what: T,
}

#[derive(Serialize)]
struct Sent {
    queue: String,
    id: String,
}

#[derive(Serialize)]
struct Added {
    id: i32,
}

#[derive(Serialize)]
struct Produced {
    topic: String,
    partition: i32,
    offset: i64,
}

/// Why a store was not asked, or what it said.
enum Refusal {
    Missing(&'static str),
    Store(StoreError),
}

const NO_QUEUE: Refusal = Refusal::Missing("no queue, since QUEUE_URL is not set");
const NO_DATABASE: Refusal = Refusal::Missing("no database, since DATABASE_URL is not set");
const NO_TOPIC: Refusal =
    Refusal::Missing("no topic, since KAFKA_BOOTSTRAP, EVENTS_TOPIC and EVENTS_GROUP are not all set");

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Api {
    pub(crate) fn new(service: Service, stores: Stores) -> Self {
        Self { hop: service.hop, propagation: service.propagation, stores }
    }

    pub(crate) fn router(self) -> Router {
        hop::health().fallback_service(get(read).post(write).with_state(Arc::new(self)))
    }

    fn answer(&self, status: StatusCode, error: Option<String>) -> Response {
        (status, Json(Answer { hops: vec![self.hop.clone()], error })).into_response()
    }

    fn shown(&self, what: Result<impl Serialize, Refusal>) -> Response {
        let Hop { service, release, feature, .. } = self.hop.clone();
        self.told(StatusCode::OK, what.map(|what| Shown { service, release, feature, what }))
    }

    fn done(&self, status: StatusCode, what: Result<impl Serialize, Refusal>) -> Response {
        self.told(status, what.map(|what| Done { hops: vec![self.hop.clone()], what }))
    }

    fn told(&self, status: StatusCode, answer: Result<impl Serialize, Refusal>) -> Response {
        match answer {
            Ok(answer) => (status, Json(answer)).into_response(),
            Err(Refusal::Missing(what)) => {
                self.answer(StatusCode::SERVICE_UNAVAILABLE, Some(what.to_owned()))
            }
            Err(Refusal::Store(error)) => self.answer(StatusCode::BAD_GATEWAY, Some(error.to_string())),
        }
    }
}

impl Stores {
    fn received(&self) -> Received {
        let queue = self.queue.as_ref().map(|queue| queue.url().to_owned());
        Received { queue, messages: self.received.bodies() }
    }

    fn consumed(&self) -> Result<Consumed, Refusal> {
        let address = &self.events.as_ref().ok_or(NO_TOPIC)?.address;
        let (topic, group) = (address.topic.clone(), address.group.clone());
        Ok(Consumed { topic, group, events: self.consumed.bodies() })
    }

    async fn rows(&self) -> Result<impl Serialize, Refusal> {
        Ok(self.orders.as_ref().ok_or(NO_DATABASE)?.all().await?)
    }

    async fn send(&self, body: String, context: &HeaderMap) -> Result<Sent, Refusal> {
        let queue = self.queue.as_ref().ok_or(NO_QUEUE)?;
        Ok(Sent { id: queue.send(body, context).await?, queue: queue.url().to_owned() })
    }

    async fn add(&self, item: &str) -> Result<Added, Refusal> {
        Ok(Added { id: self.orders.as_ref().ok_or(NO_DATABASE)?.add(item).await? })
    }

    async fn produce(&self, body: &str, context: &HeaderMap) -> Result<Produced, Refusal> {
        let events = self.events.as_ref().ok_or(NO_TOPIC)?;
        let (partition, offset) = events.produce(body, context).await?;
        Ok(Produced { topic: events.address.topic.clone(), partition, offset })
    }
}

async fn read(State(api): State<Arc<Api>>, uri: Uri) -> Response {
    match last_segment(&uri) {
        "messages" => api.shown(Ok(api.stores.received())),
        "orders" => api.shown(api.stores.rows().await),
        "events" => api.shown(api.stores.consumed()),
        _ => api.answer(StatusCode::OK, None),
    }
}

async fn write(State(api): State<Arc<Api>>, uri: Uri, request: HeaderMap, body: String) -> Response {
    let place = last_segment(&uri);
    if !["messages", "orders", "events"].contains(&place) {
        let error = format!("post to {}: only /messages, /orders and /events take a body", uri.path());
        return api.answer(StatusCode::NOT_FOUND, Some(error));
    }
    if body.is_empty() {
        return api
            .answer(StatusCode::BAD_REQUEST, Some(format!("post to {}: the body is empty", uri.path())));
    }
    let context = api.propagation.carry(&request);
    match place {
        "messages" => api.done(StatusCode::ACCEPTED, api.stores.send(body, &context).await),
        "orders" => api.done(StatusCode::CREATED, api.stores.add(&body).await),
        _ => api.done(StatusCode::CREATED, api.stores.produce(&body, &context).await),
    }
}

fn last_segment(uri: &Uri) -> &str {
    uri.path().rsplit('/').next().unwrap_or_default()
}
