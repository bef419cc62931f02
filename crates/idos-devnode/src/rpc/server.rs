//! Connections. They are served by hand, and not by `axum::serve`, because some must be cut off unanswered.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long a connection may be idle, and how long a request's headers may take. Longer than clients keep idle
/// connections (Node 5 s, reqwest 90 s), or they would send requests into connections that are being closed.
const IDLE: Duration = Duration::from_mins(5);
/// How long requests may still run when the node stops.
const GRACE: Duration = Duration::from_secs(2);
/// How long to wait when the system has no connection to give, for want of descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// In a response's extensions: do not send it, close the connection.
#[derive(Clone, Copy)]
pub(crate) struct HangUp;

/// What makes hyper close a connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is cut off on purpose")]
struct CutOff;

/// Serves connections until `stopping` becomes true; then lets them end for a moment, and cuts off the rest.
pub(crate) async fn serve(listener: TcpListener, router: Router, stopping: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    let mut stop = stopping.clone();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, router.clone(), stopping.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "A connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = told(&mut stop) => break,
        }
    }
    drop(listener);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, all_ended).await.is_err() {
        connections.shutdown().await;
    }
}

async fn connection(stream: TcpStream, router: Router, mut stopping: watch::Receiver<bool>) {
    let inner = TowerToHyperService::new(router);
    let service = service_fn(move |request: Request<Incoming>| {
        let response = inner.call(request.map(Body::new));
        async move {
            let Ok(response) = response.await;
            if response.extensions().get::<HangUp>().is_some() { Err(CutOff) } else { Ok(response) }
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = told(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "A connection ended early");
    }
}

/// Ends when the node is to stop, or is gone.
async fn told(stopping: &mut watch::Receiver<bool>) {
    let _told = stopping.wait_for(|stopping| *stopping).await;
}
