//! How the service is, for those who run it.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::app::App;
use crate::http::Api;
use crate::http::problem::{Code, Problem};

/// For how long an answer holds: whoever asks often does not burden the parts.
const HOLDS: Duration = Duration::from_secs(3);

/// How long a part may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

const OPENAPI: &str = include_str!("../../../openapi.yaml");

#[derive(Serialize)]
struct StatusView {
    status: &'static str,
}

/// What was last found out about the parts that do not work.
#[derive(Default)]
pub(in crate::http) struct Readiness(Mutex<Option<(Instant, Vec<&'static str>)>>);

impl Readiness {
    /// The parts that do not work.
    async fn broken(&self, app: &App) -> Vec<&'static str> {
        // One asks, the others wait for its answer.
        let mut last = self.0.lock().await;
        if let Some((at, broken)) = &*last
            && at.elapsed() < HOLDS
        {
            return broken.clone();
        }
        let (database, node) = tokio::join!(
            timeout(PATIENCE, async {
                app.store.require_migrated().await?;
                app.store.probe_write(app.clock.now()).await
            }),
            timeout(PATIENCE, async {
                match app.idos().await {
                    Ok(client) => client.health().await.is_ok(),
                    Err(_) => false,
                }
            }),
        );
        let parts = [
            ("the database", matches!(database, Ok(Ok(())))),
            ("the idOS node", node == Ok(true)),
            ("a lane, which cannot record what it delivers", app.lanes_record()),
        ];
        let broken: Vec<_> = parts.into_iter().filter(|(_, works)| !works).map(|(part, _)| part).collect();
        *last = Some((Instant::now(), broken.clone()));
        broken
    }
}

pub(in crate::http) async fn live() -> Response {
    Json(StatusView { status: "live" }).into_response()
}

pub(in crate::http) async fn ready(State(api): State<Api>) -> Result<Response, Problem> {
    let broken = api.readiness.broken(&api.app).await;
    if broken.is_empty() {
        return Ok(Json(StatusView { status: "ready" }).into_response());
    }
    Err(Problem::new(Code::NotReady).because(format!("What does not work: {}.", broken.join(", "))))
}

pub(in crate::http) async fn metrics(State(api): State<Api>) -> Result<Response, Problem> {
    match &api.metrics {
        Some(handle) => Ok(prometheus(handle)),
        None => Err(Problem::new(Code::NotFound).because("Metrics are served at another address.")),
    }
}

/// The metrics in the text format of Prometheus.
pub(in crate::http) fn prometheus(handle: &PrometheusHandle) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render()).into_response()
}

pub(in crate::http) async fn openapi() -> Response {
    ([(CONTENT_TYPE, "application/yaml"), (CACHE_CONTROL, "public, max-age=300")], OPENAPI).into_response()
}
