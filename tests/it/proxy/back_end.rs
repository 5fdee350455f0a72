//! A small server in the place of the real back end, which remembers what it heard.

use std::{
    net::TcpListener,
    sync::{Arc, Condvar, Mutex},
    thread::{self, JoinHandle},
};

use axum::{
    Router,
    extract::{FromRequest, Request, State},
    http::StatusCode,
    response::IntoResponse,
};
use tokio::{
    runtime::Builder,
    sync::{Semaphore, oneshot},
};

/// A server that answers 201, and with what it heard.
pub struct BackEnd {
    pub url: String,
    known: Arc<Known>,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

struct Known {
    heard: Mutex<Vec<String>>,
    /// Told of each request.
    more: Condvar,
    /// One for each answer that may be given.
    answers: Semaphore,
}

impl BackEnd {
    pub fn new() -> Self {
        Self::with_answers(Semaphore::MAX_PERMITS)
    }

    /// One that answers no more than so many requests, until it is told to.
    pub fn with_answers(count: usize) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a listener for a runtime");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let known =
            Arc::new(Known { heard: Mutex::default(), more: Condvar::new(), answers: Semaphore::new(count) });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&known));
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                tokio::select! {
                    done = axum::serve(listener, router) => done.expect("it serves"),
                    _ = stopped => (),
                }
            });
        });
        Self { url, known, running: Some((stop, thread)) }
    }

    /// Method, path, host and body of each request, in order.
    pub fn heard(&self) -> Vec<String> {
        self.known.heard.lock().expect("what it heard").clone()
    }

    /// Waits until it has heard so many requests.
    pub fn wait_for(&self, count: usize) {
        let heard = self.known.heard.lock().expect("what it heard");
        let waited = self.known.more.wait_timeout_while(heard, super::LONG, |heard| heard.len() < count);
        let (heard, _) = waited.expect("what it heard");
        assert!(heard.len() >= count, "{count} requests: {heard:?}");
    }

    /// Lets it give one more answer.
    pub fn answer_one(&self) {
        self.known.answers.add_permits(1);
    }
}

impl Drop for BackEnd {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.running.take() {
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}

async fn answer(State(known): State<Arc<Known>>, request: Request) -> impl IntoResponse {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let host = request.headers()["host"].to_str().expect("a text").to_owned();
    let body = String::from_request(request, &()).await.expect("a text");
    let line = format!("{method} {uri} of {host}: {body}");
    known.heard.lock().expect("what it heard").push(line.clone());
    known.more.notify_all();
    known.answers.acquire().await.expect("it goes on").forget();
    (StatusCode::CREATED, [("x-answered", "yes")], line)
}
