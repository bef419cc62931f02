//! The HTTP around JSON-RPC: routes, CORS, limits, and what answers carry.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use serde_json::{Value, json};

use super::respond::respond;
use super::{Answer, answer, blob, dev, info};
use crate::jsonrpc::{MAX_REQUEST, with_cors};
use crate::shared::Shared;

/// Every route.
pub(crate) fn router(node: Arc<Shared>) -> Router {
    Router::new()
        .route("/rpc/v1", any(rpc))
        .route("/api/v1/health", get(health))
        .route("/api/v1/health/user", get(user_health))
        .merge(blob::routes())
        .merge(dev::routes())
        .with_state(node)
}

async fn rpc(State(node): State<Arc<Shared>>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    let origin = head.headers.get(header::ORIGIN).cloned();
    let response = if head.method == Method::OPTIONS {
        StatusCode::OK.into_response() // a preflight; what is allowed is in the headers
    } else if head.method == Method::POST {
        match to_bytes(body, MAX_REQUEST).await {
            Ok(body) => respond(&node, answer(&node, &head.headers, &body).await).await,
            Err(_) => (StatusCode::BAD_REQUEST, "error reading request body\n").into_response(),
        }
    } else {
        (StatusCode::METHOD_NOT_ALLOWED, "POST required for JSON-RPC\n").into_response()
    };
    with_cors(response, origin)
}

async fn health(State(node): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let body = |user: Value| json!({ "kwil_alive": true, "healthy": true, "services": { "user": user } });
    get_health(&node, &headers, body).await
}

async fn user_health(State(node): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    get_health(&node, &headers, |user| user).await
}

async fn get_health(node: &Shared, headers: &HeaderMap, body: impl FnOnce(Value) -> Value) -> Response {
    let origin = headers.get(header::ORIGIN).cloned();
    let answer = if node.faults.plan("", None).down {
        Answer::HangUp
    } else {
        match info::health(node).await {
            Ok(user) => Answer::Json(StatusCode::OK, body(user), None),
            Err(error) => Answer::Json(StatusCode::SERVICE_UNAVAILABLE, error.to_json(), None),
        }
    };
    with_cors(respond(node, answer).await, origin)
}
