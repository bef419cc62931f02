//! The API on its listener.

use std::io;
use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::kit::connections::Connections;
use super::kit::shares::share;
use super::{kit, routes};
use crate::app::App;
use crate::model::network::Network;

/// Serves the API until `shutdown` is ready; then answers what is under way, at most for half a minute.
pub async fn serve(
    app: Arc<App>,
    metrics: Option<PrometheusHandle>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let stop = CancellationToken::new();
    let max = app.http.max_connections;
    let connections = Connections::new(max, share(max, app.http.share_per_address));
    let trusted: Arc<[Network]> = app.http.trusted_proxies.as_slice().into();
    let router = routes::stoppable(app, metrics, stop.clone());
    let shutdown = async {
        shutdown.await;
        stop.cancel();
    };
    kit::serve::serve_on(router, &connections, &trusted, listener, shutdown).await
}
