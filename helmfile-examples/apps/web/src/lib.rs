//! The demo's front service: asks `api` by its host name, through the router, and puts itself
//! before whoever answered.
//!
//! It never chooses whom it asks: it hands the request's context on, and the router decides.

#![forbid(unsafe_code)]

use std::{error::Error, process::ExitCode, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::get,
};
use hop::{Answer, Environment, Hop, Propagation, Service};
use reqwest::{Client, Url, redirect};

/// Serves until SIGTERM.
#[must_use]
pub fn run() -> ExitCode {
    hop::run(start(Environment::of_this_process()))
}

async fn start(environment: Environment) -> Result<(), Box<dyn Error>> {
    let service = Service::read("web", &environment)?;
    let port = service.port;
    let api = environment.value("API_URL", "http://api.example.com")?;
    Ok(hop::serve(port, Web::new(service, api)?.router()).await?)
}

struct Web {
    hop: Hop,
    propagation: Propagation,
    client: Client,
    api: Url,
}

impl Web {
    fn new(service: Service, api: Url) -> reqwest::Result<Self> {
        // One call, to the host that was asked for: a redirect is no answer of api's.
        let client =
            Client::builder().timeout(Duration::from_secs(5)).redirect(redirect::Policy::none()).build()?;
        Ok(Self { hop: service.hop, propagation: service.propagation, client, api })
    }

    fn router(self) -> Router {
        hop::health().fallback_service(get(answer).with_state(Arc::new(self)))
    }

    async fn call(&self, request: &HeaderMap) -> reqwest::Result<Answer> {
        let call = self.client.get(self.api.clone()).headers(self.propagation.carry(request));
        call.send().await?.error_for_status()?.json().await
    }
}

async fn answer(State(web): State<Arc<Web>>, request: HeaderMap) -> (StatusCode, Json<Answer>) {
    let mut answer = Answer { hops: vec![web.hop.clone()], error: None };
    let status = match web.call(&request).await {
        Ok(theirs) => {
            answer.hops.extend(theirs.hops);
            StatusCode::OK
        }
        Err(error) => {
            answer.error = Some(format!("call {}: {}", web.api, hop::chain(&error.without_url())));
            StatusCode::BAD_GATEWAY
        }
    };
    (status, Json(answer))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use axum::{extract::Request, response::IntoResponse as _, routing::any};
    use tokio::{net::TcpListener, sync::mpsc};

    use super::*;

    const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    /// Serves `router` on a port of its own and returns where.
    async fn serve(router: Router) -> Url {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(axum::serve(listener, router).into_future());
        format!("http://{address}").parse().expect("a url")
    }

    async fn serve_web(api: Url) -> Url {
        let service = Service::read("web", &Environment::from([("RELEASE", "demo"), ("HOSTNAME", "web-0")]))
            .expect("legal");
        serve(Web::new(service, api).expect("a client").router()).await
    }

    /// An api that answers as the copy `feat1`, and the path and headers of each call to it.
    async fn serve_api() -> (Url, mpsc::UnboundedReceiver<(String, HeaderMap)>) {
        let (seen, calls) = mpsc::unbounded_channel();
        let api = any(move |request: Request| {
            seen.send((request.uri().to_string(), request.headers().clone())).expect("the test listens");
            async { Json(Answer { hops: vec![hop("api", "feat1", "api-0")], error: None }) }
        });
        (serve(Router::new().fallback(api)).await, calls)
    }

    fn hop(service: &str, feature: &str, pod: &str) -> Hop {
        let [service, feature, pod] = [service, feature, pod].map(str::to_owned);
        Hop { service, release: "demo".to_owned(), feature, pod }
    }

    async fn get(url: Url, headers: HeaderMap) -> (StatusCode, Answer) {
        let response = Client::new().get(url).headers(headers).send().await.expect("an answer");
        (response.status(), response.json().await.expect("an Answer"))
    }

    #[tokio::test]
    async fn web_is_the_first_hop_and_api_gets_the_context_and_nothing_else_of_the_request() {
        let (api, mut calls) = serve_api().await;
        let web = serve_web(api).await;

        let context =
            [("uber-ctx-key", "feat1"), ("baggage", "uber-ctx-key=feat1;ttl=30"), ("traceparent", TRACE)];
        let request = context.iter().chain([&("cookie", "a=b")]);
        let headers =
            request.map(|(name, value)| (name.parse().expect("legal"), value.parse().expect("legal")));
        let (status, answer) = get(web.join("/any/path?x=1").expect("a url"), headers.collect()).await;

        assert_eq!(status, StatusCode::OK);
        assert_eq!(answer.hops, [hop("web", "base", "web-0"), hop("api", "feat1", "api-0")]);
        assert_eq!(answer.error, None);
        let (path, call) = calls.recv().await.expect("one call");
        assert_eq!(path, "/");
        for (name, value) in context {
            assert_eq!(call.get(name).expect(name), value);
        }
        assert!(!call.contains_key("cookie"));
        assert!(calls.try_recv().is_err(), "more than one call");
    }

    #[tokio::test]
    async fn a_call_that_fails_is_a_502_that_says_what_was_called_and_why() {
        let broken = Router::new().fallback(|| async { StatusCode::NOT_FOUND.into_response() });
        let no_json = Router::new().fallback(|| async { "hello" });
        let unused = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let closed = format!("http://{}", unused.local_addr().expect("an address")).parse().expect("a url");
        drop(unused);
        let cases = [
            (closed, "Connection refused"),
            (serve(broken).await, "404 Not Found"),
            (serve(no_json).await, "expected value at line 1 column 1"),
        ];
        for (api, cause) in cases {
            let (status, answer) = get(serve_web(api.clone()).await, HeaderMap::new()).await;
            assert_eq!(status, StatusCode::BAD_GATEWAY, "{cause}");
            assert_eq!(answer.hops, [hop("web", "base", "web-0")]);
            let error = answer.error.expect(cause);
            assert!(error.starts_with(&format!("call {api}: ")) && error.contains(cause), "{error}");
            assert_eq!(error.matches(api.as_str()).count(), 1, "{error}");
        }
    }

    #[tokio::test]
    async fn health_is_web_alone() {
        let (api, mut calls) = serve_api().await;
        let url = serve_web(api).await.join("/healthz").expect("a url");
        let response = reqwest::get(url).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.text().await.expect("text"), "ok");
        assert!(calls.try_recv().is_err(), "health asks nobody");
    }
}
