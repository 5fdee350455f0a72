//! The proxy's connections: it takes a request in, asks the ledger, and answers, forwards or breaks off.

use std::{
    convert::Infallible,
    future, io,
    sync::Arc,
    time::{Duration, Instant},
};

use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Request, Response,
    body::{Bytes, Incoming},
    header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, TRANSFER_ENCODING},
    http::request::Parts,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;

use super::{
    Call, Fault, Refusal, call,
    ledger::{Ledger, Receipt},
};

/// What every connection needs to know.
#[derive(Debug)]
pub(super) struct Front {
    target: String,
    ledger: Arc<Ledger>,
    client: reqwest::Client,
    began: Instant,
}

/// Takes connections in, for ever.
pub(super) async fn listen(listener: std::net::TcpListener, front: Arc<Front>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener in a runtime");
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            // It was gone before it was taken in.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
            Err(error) => panic!("no connection: {error}"),
        };
        let front = Arc::clone(&front);
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            let service = service_fn(|request| Arc::clone(&front).answer(request));
            // An error is one that was asked for, or a client that went away.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

impl Front {
    pub(super) fn new(target: &str, ledger: Arc<Ledger>) -> Self {
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        // A connection that the back end closes while it is idle would look like a fault that nobody planned.
        let client = client.pool_max_idle_per_host(0);
        let target = target.trim_end_matches('/').to_owned();
        Self { target, ledger, client: client.build().expect("a client"), began: Instant::now() }
    }

    /// An error closes the connection without an answer.
    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let call = Call::of(&head, &body, self.began.elapsed());
        let (receipt, fault) = self.ledger.arrive(call);
        match fault {
            Some(Fault::Unsent) => {
                self.ledger.settle(receipt, None);
                Err(io::Error::other("unsent on purpose"))
            }
            Some(Fault::Refused(refusal)) => {
                self.ledger.settle(receipt, Some(refusal.status));
                Ok(refused(&refusal, head.headers.contains_key(call::TARGET)))
            }
            Some(Fault::Lost) => {
                let _ = self.carry(receipt, head, body).await;
                Err(io::Error::other("lost on purpose"))
            }
            Some(Fault::Held) => {
                let _ = self.carry(receipt, head, body).await;
                match future::pending::<Infallible>().await {}
            }
            Some(Fault::Stalled) => {
                while !self.ledger.is_cleared_since(receipt) {
                    // The pace of the poll.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                self.carry(receipt, head, body).await
            }
            None => self.carry(receipt, head, body).await,
        }
    }

    /// Forwards to the end: a client that goes away ends its connection, but not what it has asked for.
    async fn carry(
        self: Arc<Self>,
        receipt: Receipt,
        head: Parts,
        body: Bytes,
    ) -> io::Result<Response<Full<Bytes>>> {
        let carried = tokio::spawn(async move {
            let answer = self.forward(head, body).await;
            self.ledger.settle(receipt, answer.as_ref().ok().map(|answer| answer.status().as_u16()));
            answer
        });
        carried.await.map_err(io::Error::other)?.map_err(io::Error::other)
    }

    async fn forward(&self, mut head: Parts, body: Bytes) -> reqwest::Result<Response<Full<Bytes>>> {
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        let url = format!("{}{path}", self.target);
        drop_framing(&mut head.headers);
        let request = self.client.request(head.method, url).headers(head.headers).body(body);
        let answer = request.send().await?;
        let status = answer.status();
        let mut headers = answer.headers().clone();
        drop_framing(&mut headers);
        let mut response = Response::new(Full::new(answer.bytes().await?));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// What holds for one connection only is said anew on the next.
fn drop_framing(headers: &mut HeaderMap) {
    for name in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    headers.remove("keep-alive");
    headers.remove("expect");
}

/// An error in the request's own protocol.
fn refused(refusal: &Refusal, json: bool) -> Response<Full<Bytes>> {
    let Refusal { status, code, retry_after } = refusal;
    let side = if *status < 500 { "Sender" } else { "Receiver" };
    let message = "refused on purpose by the test's proxy";
    let response = Response::builder().status(*status).header("x-amzn-requestid", REQUEST_ID);
    let response = match retry_after {
        Some(value) => response.header(RETRY_AFTER, value),
        None => response,
    };
    let response = if json {
        // SQS spoke the other protocol once, and still tells its old codes, some with a prefix, in a header.
        let shape = code.rsplit('.').next().unwrap_or_default();
        let body = format!(r#"{{"__type":"com.amazonaws.sqs#{shape}","message":"{message}"}}"#);
        let response = response.header(CONTENT_TYPE, "application/x-amz-json-1.0");
        response.header("x-amzn-query-error", format!("{code};{side}")).body(body)
    } else {
        let body = format!(
            "<ErrorResponse><Error><Type>{side}</Type><Code>{code}</Code><Message>{message}</Message></Error>\
             <RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
        );
        response.header(CONTENT_TYPE, "text/xml").body(body)
    };
    response.expect("a status and headers that HTTP allows").map(|body| Full::new(Bytes::from(body)))
}

const REQUEST_ID: &str = "00000000-0000-0000-0000-000000000000";
