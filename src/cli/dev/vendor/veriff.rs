//! Veriff: webhooks are signed over their bytes and name the integration; requests are signed over the id in their path, and answers over
//! their bytes. A webhook has the whole decision in it, with the person, which the service does not read.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::{Value, json};

use super::{Decision, Shared, StandIn, Stub, Webhook, hmac};
use crate::cli::demo::evidence;

const CLIENT: &str = "X-AUTH-CLIENT";
const SIGNATURE: &str = "X-HMAC-SIGNATURE";

/// An integration has one secret for both ways.
const SHARED: Shared =
    Shared { key: "veriff-development", secret: "veriff-secret", webhook: "veriff-secret" };

pub(super) const VERIFF: StandIn =
    StandIn { name: "veriff", vendor: "veriff", levels: &[], shared: SHARED, api: "/v1", asked, tell };

fn asked() -> Router<Stub> {
    Router::new()
        .route("/sessions/{person}/decision", get(decision))
        .route("/sessions/{person}/media", get(media))
        .route("/media/{file}", get(file))
}

fn tell(decision: &Decision) -> Webhook {
    let body = shown(decision).to_string();
    let signature = hmac(SHARED.webhook, &[body.as_bytes()]);
    Webhook { headers: vec![(CLIENT, SHARED.key.to_owned()), (SIGNATURE, signature)], body }
}

fn shown(decision: &Decision) -> Value {
    let (code, status) = if decision.is_approved { (9001, "approved") } else { (9102, "declined") };
    json!({
        "status": "success",
        "verification": {
            "id": decision.person, "attemptId": decision.person, "vendorData": decision.person,
            "code": code, "status": status, "decisionTime": decision.at,
            "person": {
                "firstName": "Ana Maria", "lastName": "Exemplo", "gender": "F", "dateOfBirth": "1990-02-14",
                "nationality": "PT",
            },
            "document": {
                "type": "PASSPORT", "country": "PT", "number": "SP0000001", "validFrom": "2023-01-14",
                "validUntil": "2033-01-13",
            },
        },
    })
}

fn is_ours(headers: &HeaderMap, over: &str) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    header(CLIENT) == Some(SHARED.key) && header(SIGNATURE) == Some(&hmac(SHARED.secret, &[over.as_bytes()]))
}

/// What is answered to a request over this id.
fn answer(headers: &HeaderMap, over: &str, body: Option<Vec<u8>>) -> Response {
    match body {
        _ if !is_ours(headers, over) => StatusCode::UNAUTHORIZED.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
        Some(body) => ([(SIGNATURE, hmac(SHARED.secret, &[&body]))], body).into_response(),
    }
}

async fn decision(State(stub): State<Stub>, Path(person): Path<String>, headers: HeaderMap) -> Response {
    let body = stub.decision(&person).map(|decision| shown(&decision).to_string().into_bytes());
    answer(&headers, &person, body)
}

async fn media(Path(person): Path<String>, headers: HeaderMap) -> Response {
    let image = |id: &str, context: &str| json!({ "id": id, "sessionId": person, "context": context, "mimetype": "image/jpeg" });
    let images = [image("passport", "document-front"), image("selfie", "face")];
    let listed = json!({ "status": "success", "images": images, "videos": [] });
    answer(&headers, &person, Some(listed.to_string().into_bytes()))
}

async fn file(Path(file): Path<String>, headers: HeaderMap) -> Response {
    answer(&headers, &file, evidence::example_file(&format!("{file}.jpg")).ok())
}
