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
use tokio::net::{TcpListener, TcpStream};

use super::connections::{ConnectionSlot, Connections};
use super::held::HeldBody;
use super::peer::Peer;
use super::socket::Socket;
use super::unread::TrackedBody;
use crate::model::network::Network;

/// How many connections a listener takes that is for few, such as the one for health and metrics.
const MAX_AUXILIARY_CONNECTIONS: usize = 128;

/// How long the headers of a request may take to arrive, and so how long a connection may be idle: whoever sends a byte
/// now and then cannot hold a connection.
const HEADER_TIMEOUT: Duration = Duration::from_secs(20);

/// The most that the first line and the headers of a request have, in bytes all together.
const MAX_HEADER_BYTES: usize = 32 * 1024;

/// How long requests may still take when the service stops.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(30);

/// How long is waited where no connection can be taken, such as for want of file descriptors.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

/// Serves any router in the same way, to few at once.
pub async fn serve_router(
    router: Router,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let connections = Connections::new(MAX_AUXILIARY_CONNECTIONS, MAX_AUXILIARY_CONNECTIONS);
    serve_on(router, &connections, &[], listener, shutdown).await
}

/// Serves a router until `shutdown` is ready; then answers what is under way, at most for half a minute. The connections of
/// `trusted` proxies do not count as one address's.
pub(crate) async fn serve_on(
    router: Router,
    connections: &Arc<Connections>,
    trusted: &[Network],
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let graceful = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            () = &mut shutdown => break,
            next = accept(&listener, connections) => next,
        };
        let is_trusted = trusted.iter().any(|network| network.contains(peer.ip()));
        let Some(slot) = connections.take(peer.ip(), is_trusted) else { continue };
        let slot = Arc::new(slot);
        let connection = graceful.watch(connection(router.clone(), stream, peer, Arc::clone(&slot)));
        tokio::spawn(async move {
            // A connection that breaks is the caller's affair.
            tokio::select! {
                _ = connection => {}
                () = slot.dropped.cancelled() => {}
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(SHUTDOWN_GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("Some requests were not answered in time, and are broken off");
    }
    Ok(())
}

async fn accept(listener: &TcpListener, connections: &Connections) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::warn!("A connection cannot be taken: {error}");
                connections.drop_one_idle();
                tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
            }
        }
    }
}

fn connection(
    router: Router,
    stream: TcpStream,
    peer: SocketAddr,
    slot: Arc<ConnectionSlot>,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + Send {
    // Answers are small, and nobody waits for more of them.
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        let busy = slot.busy();
        request.extensions_mut().insert(Peer(peer.ip()));
        let (head, body) = request.into_parts();
        let (body, ended) = TrackedBody::new(body);
        let answer = router.call(hyper::Request::from_parts(head, body));
        async move {
            let mut answer = answer.await?;
            ended.close_unless_read(answer.headers_mut());
            // An answer that goes on for long, as that of an import, is no idleness.
            Ok::<_, Infallible>(answer.map(|body| HeldBody::new(body, busy)))
        }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_header_size(MAX_HEADER_BYTES)
        .max_buf_size(2 * MAX_HEADER_BYTES)
        .serve_connection(TokioIo::new(Socket::new(stream)), service)
}
