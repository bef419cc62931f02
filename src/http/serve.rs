//! Connections: who may open how many, and how long they may take.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::socket::Socket;
use super::unread::Watched;
use super::{Peer, routes};
use crate::app::App;

/// Connections that are open at once. More of them wait to be taken.
const MOST_CONNECTIONS: usize = 2048;

/// How long the headers of a request may take to arrive, and so how long a connection may be idle: whoever sends a byte
/// now and then cannot hold a connection.
const HEADER_TIMEOUT: Duration = Duration::from_secs(20);

/// The most headers of a request, in bytes all together.
const MOST_HEADER_BYTES: usize = 32 * 1024;

/// How long requests may still take when the service stops.
const GRACE: Duration = Duration::from_secs(30);

/// How long is waited where no connection can be taken, such as for want of file descriptors.
const BREATH: Duration = Duration::from_millis(100);

/// Serves the API until `shutdown` is ready; then answers what is under way, at most for half a minute.
pub async fn serve(
    app: Arc<App>,
    metrics: Option<PrometheusHandle>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let stop = CancellationToken::new();
    let router = routes::stoppable(app, metrics, stop.clone());
    let shutdown = async {
        shutdown.await;
        stop.cancel();
    };
    serve_router(router, listener, shutdown).await
}

/// Serves any router in the same way.
pub async fn serve_router(
    router: Router,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let connections = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let next = async {
            let permit = Arc::clone(&connections).acquire_owned().await;
            (permit, accept(&listener).await)
        };
        let (permit, (stream, peer)) = tokio::select! {
            () = &mut shutdown => break,
            next = next => next,
        };
        let connection = graceful.watch(connection(router.clone(), stream, peer));
        tokio::spawn(async move {
            // A connection that breaks is the caller's affair.
            let _ = connection.await;
            drop(permit);
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("Some requests were not answered in time, and are broken off");
    }
    Ok(())
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::warn!("A connection cannot be taken: {error}");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

fn connection(
    router: Router,
    stream: TcpStream,
    peer: SocketAddr,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + Send {
    // Answers are small, and nobody waits for more of them.
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(Peer(peer.ip()));
        let (head, body) = request.into_parts();
        let (body, ended) = Watched::new(body);
        let answer = router.call(hyper::Request::from_parts(head, body));
        async move {
            let mut answer = answer.await?;
            ended.tell(answer.headers_mut());
            Ok::<_, Infallible>(answer)
        }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_header_size(MOST_HEADER_BYTES)
        .max_buf_size(2 * MOST_HEADER_BYTES)
        .serve_connection(TokioIo::new(Socket::new(stream)), service)
}
