//! The listener: HTTP/1.1 with deadlines and limits that `axum::serve` does not have.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio::time::timeout;

/// A request's head must have arrived by then; an idle connection is closed by then too.
pub(crate) const HEADER_DEADLINE: Duration = Duration::from_secs(10);
/// The most bytes of a request's head.
pub(crate) const HEADER_BYTES_MAX: usize = 32 * 1024;
/// The most headers of a request.
pub(crate) const HEADERS_MAX: usize = 100;
/// The most connections at once; more wait in the listener's backlog.
pub(crate) const CONNECTIONS_MAX: usize = 4096;
/// How long open requests may take to end when the service shuts down.
const DRAIN_DEADLINE: Duration = Duration::from_secs(15);
/// After an accept that failed (out of file descriptors, say).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `shutdown` resolves, then lets open requests end.
pub async fn serve(listener: TcpListener, routes: Router, shutdown: impl Future<Output = ()>) {
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    tokio::pin!(shutdown);
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            let slot = Arc::clone(&slots).acquire_owned().await;
            (slot.expect("the semaphore is never closed"), listener.accept().await)
        };
        tokio::select! {
            (slot, accepted) = accepted => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connect(stream, slot, &routes, &graceful));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = &mut shutdown => break,
        }
    }
    drop(listener);
    if timeout(DRAIN_DEADLINE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
    // A peer that does not read its answer must not keep the process.
    connections.shutdown().await;
}

fn connect(
    stream: TcpStream,
    slot: OwnedSemaphorePermit,
    routes: &Router,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + use<> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection stays with delayed writes");
    }
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_DEADLINE)
        .max_buf_size(HEADER_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes.clone()));
    let connection = graceful.watch(connection);
    async move {
        // Clients that go away or speak no HTTP are their own affair.
        drop(connection.await);
        drop(slot);
    }
}
