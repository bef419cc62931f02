//! What a real node does not have, under `/dev/`: fault switches, and a look at the state for tests in other processes.
//!
//! Without CORS, and changed by JSON only: no web page may misuse a developer's node.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};

use crate::faults::{RandomFaults, Switch};
use crate::inspect;
use crate::jsonrpc::json_response;
use crate::shared::Shared;
use crate::state::{credentials, ledger, users};

/// The largest request.
const MAX_SWITCH: usize = 10_000;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/dev/faults", get(faults).post(set_fault).delete(clear_faults))
        .route("/dev/users", get(list_users))
        .route("/dev/credentials", get(list_credentials))
        .route("/dev/blobs", get(list_blobs))
        .route("/dev/transactions", get(list_transactions))
        .route("/dev/mempool", get(list_pending).delete(lose_mempool))
}

async fn faults(State(node): State<Arc<Shared>>) -> Response {
    let mut body = json!({ "switches": node.faults.active() });
    if let (Some(body), Some(random)) = (body.as_object_mut(), node.faults.random()) {
        body.insert("random".to_owned(), json!(random));
    }
    json_response(StatusCode::OK, &body)
}

async fn set_fault(State(node): State<Arc<Shared>>, request: Request<Body>) -> Response {
    let is_json = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/json"));
    if !is_json {
        let error = json!({ "error": "the content type must be application/json" });
        return json_response(StatusCode::UNSUPPORTED_MEDIA_TYPE, &error);
    }
    let Ok(body) = to_bytes(request.into_body(), MAX_SWITCH).await else {
        return json_response(StatusCode::PAYLOAD_TOO_LARGE, &json!({ "error": "too large" }));
    };
    match set(&node, &body) {
        Ok(()) => faults(State(node)).await,
        Err(error) => json_response(StatusCode::BAD_REQUEST, &json!({ "error": error.to_string() })),
    }
}

/// Sets one switch, or what the one member `random` says.
fn set(node: &Shared, body: &[u8]) -> Result<(), serde_json::Error> {
    match serde_json::from_slice(body)? {
        Value::Object(mut members) if members.len() == 1 && members.contains_key("random") => {
            let random = members.remove("random").unwrap_or_default();
            node.faults.set_random(serde_json::from_value::<RandomFaults>(random)?);
        }
        switch => node.faults.set(serde_json::from_value::<Switch>(switch)?),
    }
    Ok(())
}

async fn clear_faults(State(node): State<Arc<Shared>>) -> Response {
    node.faults.clear();
    faults(State(node)).await
}

async fn list_users(State(node): State<Arc<Shared>>) -> Response {
    let rows = users::all(&mut node.chain.lock().await.db).await;
    listed("users", rows, |user| json!({ "id": user.id, "inserter": user.inserter }))
}

/// No contents, and no notes: they are not needed to count by, and are large.
async fn list_credentials(State(node): State<Arc<Shared>>) -> Response {
    let has_blobs = node.config.schema.has_blobs();
    let rows = credentials::written(&mut node.chain.lock().await.db).await;
    listed("credentials", rows, |row| {
        let mut shown = json!({
            "id": row.id,
            "user_id": row.user_id,
            "inserter": row.inserter,
            "verifiable_credential_id": row.verifiable_credential_id,
        });
        if let (true, Some(shown)) = (has_blobs, shown.as_object_mut()) {
            shown.insert("uploaded".to_owned(), json!(row.uploaded));
        }
        shown
    })
}

/// No contents. A content that no credential names is one that a client has left behind.
async fn list_blobs(State(node): State<Arc<Shared>>) -> Response {
    let rows = inspect::blobs(&mut node.chain.lock().await.db).await;
    listed("blobs", rows, |blob| json!({ "cid": blob.cid, "size": blob.size, "named": blob.is_named }))
}

async fn list_transactions(State(node): State<Arc<Shared>>) -> Response {
    let rows = ledger::transactions(&mut node.chain.lock().await.db).await;
    listed(
        "transactions",
        rows,
        |row| json!({ "hash": row.hash, "height": row.height, "caller": row.caller, "action": row.action, "code": row.code }),
    )
}

async fn list_pending(State(node): State<Arc<Shared>>) -> Response {
    let hashes = node.chain.lock().await.pending();
    json_response(StatusCode::OK, &json!({ "transactions": hashes }))
}

async fn lose_mempool(State(node): State<Arc<Shared>>) -> Response {
    let lost = node.chain.lock().await.lose_mempool();
    json_response(StatusCode::OK, &json!({ "lost": lost }))
}

fn listed<T>(name: &str, rows: Result<Vec<T>, sqlx::Error>, show: impl FnMut(T) -> Value) -> Response {
    match rows {
        Ok(rows) => {
            let rows: Vec<Value> = rows.into_iter().map(show).collect();
            json_response(StatusCode::OK, &json!({ (name): rows }))
        }
        Err(error) => {
            tracing::error!(%error, "The state cannot be read");
            let error = json!({ "error": "the state cannot be read" });
            json_response(StatusCode::INTERNAL_SERVER_ERROR, &error)
        }
    }
}
