//! The blob gateway's two routes, beside JSON-RPC and with the same sessions. To fault switches they are the methods
//! `blob.upload` and `blob.fetch`.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::http::{Method, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use futures_util::StreamExt as _;
use idos_content_id::ContentId;
use serde_json::{Value, json};
use uuid::Uuid;

use super::respond::respond;
use super::{Answer, RpcError, failure, refused, wait};
use crate::blobs::{self, Refusal, Upload};
use crate::faults::{BlobFault, Ending, Plan};
use crate::gateway;
use crate::jsonrpc::{Origin, with_cors};
use crate::shared::Shared;
use crate::state::preliminary;

/// How many machines say that they have what was uploaded. What the real number means is not known.
const QUORUM: u32 = 3;

/// What becomes of a request that is no fault's.
enum Outcome {
    Answer(Response),
    Refused(Refusal),
    Failed(RpcError),
}

impl From<Refusal> for Outcome {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<RpcError> for Outcome {
    fn from(error: RpcError) -> Self {
        Self::Failed(error)
    }
}

impl From<gateway::Error> for Outcome {
    fn from(error: gateway::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<sqlx::Error> for Outcome {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/blob/v1/requests/{request_id}/upload", any(upload))
        .route("/blob/v1/ipfs/{cid}", any(fetch))
}

async fn upload(
    State(node): State<Arc<Shared>>,
    Path(request_id): Path<String>,
    request: Request<Body>,
) -> Response {
    let (head, body) = request.into_parts();
    serve(&node, &head, &Method::POST, "blob.upload", body, async |plan, body| {
        take(&node, &head, &request_id, plan, body).await
    })
    .await
}

async fn fetch(State(node): State<Arc<Shared>>, Path(cid): Path<String>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    serve(&node, &head, &Method::GET, "blob.fetch", body, async |plan, _| {
        give(&node, &head, &cid, plan).await
    })
    .await
}

/// What both routes have in common: where they are there at all, and the faults that do not look into a request.
async fn serve(
    node: &Shared,
    head: &Parts,
    method: &Method,
    name: &str,
    body: Body,
    run: impl AsyncFnOnce(&Plan, &mut Body) -> Result<Response, Outcome>,
) -> Response {
    let origin = head.headers.get(header::ORIGIN).cloned();
    if head.method == Method::OPTIONS {
        return with_cors(StatusCode::OK.into_response(), origin); // a preflight
    }
    // A node in private mode has no gateway.
    if !node.config.schema.has_blobs() || node.config.private_mode {
        return StatusCode::NOT_FOUND.into_response();
    }
    if head.method != *method {
        return with_cors(StatusCode::METHOD_NOT_ALLOWED.into_response(), origin);
    }
    let plan = node.faults.plan(name, None);
    if plan.down {
        return respond(node, Answer::HangUp).await;
    }
    if let Some(delay) = plan.delay {
        wait(node, delay).await;
    }
    let mut body = body;
    let response = if let Some(answer) = plan.instead() {
        drain(body).await;
        respond(node, answer).await
    } else if let Some(refuse) = &plan.refuse {
        drain(body).await;
        respond(node, failure(&Value::Null, &refused(name, refuse))).await
    } else {
        let outcome = match run(&plan, &mut body).await {
            Ok(response) => Outcome::Answer(response),
            Err(outcome) => outcome,
        };
        // A client that is refused early would see a broken connection, not the answer.
        drain(body).await;
        match outcome {
            Outcome::Answer(response) => response,
            Outcome::Refused(refusal) => {
                tracing::debug!(name, %refusal, "A request to the blob gateway was refused");
                refusal.response()
            }
            Outcome::Failed(error) => respond(node, failure(&Value::Null, &error)).await,
        }
    };
    let response = match plan.ending {
        Ending::Answer => response,
        Ending::HangUp => respond(node, Answer::HangUp).await,
        Ending::Silence => respond(node, Answer::Silence).await,
    };
    with_cors(response, origin)
}

/// An upload. What rows say is read before the body, so that nothing is kept of what nobody waits for.
async fn take(
    node: &Shared,
    head: &Parts,
    request_id: &str,
    plan: &Plan,
    body: &mut Body,
) -> Result<Response, Outcome> {
    let origin = Origin::read(&head.headers, &node.url);
    admit(node, &origin).await?;
    let id = request_id.parse::<Uuid>().map_err(|_| Refusal::MalformedRequest)?.to_string();
    let request = preliminary::request(&mut node.chain.lock().await.db, &id).await?;
    let request = request.filter(|request| !request.is_empty()).ok_or(Refusal::UnknownRequest)?;
    let content_type = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let upload = Upload::read(content_type, std::mem::take(body)).await?;
    upload.compare(&request)?;
    end_session(node, &origin, plan).await?;

    if !plan.has(BlobFault::Lost) {
        let mut chain = node.chain.lock().await;
        upload.keep(&mut chain.db).await?;
        preliminary::set_uploaded(&mut chain.db, &id).await?;
    }
    let quorum = plan.blob.iter().find_map(|fault| match fault {
        BlobFault::Quorum(count) => Some(*count),
        _ => None,
    });
    let mut answer = upload.answer(&id, quorum.unwrap_or(Some(QUORUM)));
    if plan.has(BlobFault::WrongCid) {
        let wrong = ContentId::of(id.as_bytes()).map(|id| id.to_string()).unwrap_or_default();
        for name in ["original_cid", "copy_cid"] {
            if let Some(cid) = answer.get_mut(name) {
                *cid = json!(wrong);
            }
        }
    }
    let text = Value::from(answer).to_string();
    let text = if plan.has(BlobFault::Twice) { format!("{text}{text}") } else { text };
    Ok(([(header::CONTENT_TYPE, "application/json; charset=utf-8")], text).into_response())
}

async fn give(node: &Shared, head: &Parts, cid: &str, plan: &Plan) -> Result<Response, Outcome> {
    let origin = Origin::read(&head.headers, &node.url);
    admit(node, &origin).await?;
    let id: ContentId = cid.parse().map_err(|_| Refusal::MalformedIdentifier)?;
    let mut chain = node.chain.lock().await;
    let is_seen = !plan.has(BlobFault::Hidden) && preliminary::is_named(&mut chain.db, id).await?;
    let content = if is_seen { blobs::content(&mut chain.db, id).await? } else { None };
    drop(chain);
    let mut content = content.ok_or(Refusal::UnknownContent)?;
    end_session(node, &origin, plan).await?;
    if plan.has(BlobFault::OtherBytes)
        && let Some(last) = content.last_mut()
    {
        *last ^= 1;
    }
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], content).into_response())
}

/// A session, of whomever. Who exactly may bring or fetch what is not known of the real gateway.
async fn admit(node: &Shared, origin: &Origin) -> Result<(), Outcome> {
    if !node.config.require_sessions {
        return Ok(());
    }
    let mut chain = node.chain.lock().await;
    let now = node.config.clock.now();
    if node.gateway.has_session(&mut chain.db, now, origin.session.as_deref()).await? {
        Ok(())
    } else {
        Err(Refusal::NoSession.into())
    }
}

/// The fault that a session ends between a request's head and its answer.
async fn end_session(node: &Shared, origin: &Origin, plan: &Plan) -> Result<(), Outcome> {
    if !plan.has(BlobFault::EndsSession) {
        return Ok(());
    }
    node.gateway.log_out(&mut node.chain.lock().await.db, origin.session.as_deref()).await?;
    Err(Refusal::NoSession.into())
}

/// Reads a body to its end, and forgets it.
async fn drain(body: Body) {
    let mut chunks = body.into_data_stream();
    while let Some(Ok(_)) = chunks.next().await {}
}
