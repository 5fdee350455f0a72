use std::{
    error::Error,
    io::{self, Write as _},
    net::Ipv4Addr,
    process::ExitCode,
};

use axum::{Router, routing::get};
use tokio::{
    net::TcpListener,
    runtime,
    signal::unix::{SignalKind, signal},
};

use crate::chain;

/// Why a service cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("ask for SIGTERM")]
    Signal(#[source] io::Error),
    #[error("listen on port {port}")]
    Listen { port: u16, source: io::Error },
    #[error("accept connections on port {port}")]
    Accept { port: u16, source: io::Error },
}

/// Runs a service to its end, on one thread. An error is one line on stderr and status 1.
pub fn run(service: impl Future<Output = Result<(), Box<dyn Error>>>) -> ExitCode {
    let ended = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Box::from)
        .and_then(|runtime| runtime.block_on(service));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With stderr closed there is nobody left to tell: the status says it.
            let _ = writeln!(io::stderr(), "{}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}

/// Answers requests on `port` until SIGTERM; those under way are still answered, no other is taken.
pub async fn serve(port: u16, router: Router) -> Result<(), ServeError> {
    // Asked for before the port opens: process 1 of a container ignores a signal that it has not
    // asked for, and would then be killed only when its grace period is over.
    let mut stop = signal(SignalKind::terminate()).map_err(ServeError::Signal)?;
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))
        .await
        .map_err(|source| ServeError::Listen { port, source })?;
    axum::serve(listener, router)
        .with_graceful_shutdown(async move {
            stop.recv().await;
        })
        .await
        .map_err(|source| ServeError::Accept { port, source })
}

/// `GET /healthz`, for liveness and readiness: it says that this process answers, and asks nobody
/// else, so that a service is not taken away because another one is down.
pub fn health() -> Router {
    Router::new().route("/healthz", get(|| async { "ok" }))
}
