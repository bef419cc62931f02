//! How the service is, for those who run it.

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;

use crate::http::kit::problem::{Code, Problem};
use crate::http::kit::state::Api;

const OPENAPI: &str = include_str!("../../../openapi.yaml");

#[derive(Serialize)]
struct StatusView {
    status: &'static str,
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
