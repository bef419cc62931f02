//! Sumsub: webhooks are signed over their bytes; requests over the time, the method, the path and the body.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::uri::PathAndQuery;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{Decision, Shared, StandIn, Stub, Webhook, hmac};
use crate::cli::demo::evidence;

/// The key's prefix says that it is a sandbox.
const SHARED: Shared = Shared { key: "sbx:development", secret: "development", webhook: "sumsub-webhooks" };

pub(super) const SUMSUB: StandIn =
    StandIn { name: "sumsub", vendor: "sumsub", levels: &[], shared: SHARED, api: "", asked, tell };

fn asked() -> Router<Stub> {
    Router::new()
        .route("/resources/applicants/{person}/one", get(applicant))
        .route("/resources/applicants/{person}/metadata/resources", get(images))
        .route("/resources/inspections/{person}/resources/{image}", get(image))
        .route_layer(from_fn(check))
}

fn tell(decision: &Decision) -> Webhook {
    let body = json!({
        "applicantId": decision.person, "externalUserId": decision.person, "type": "applicantReviewed",
        "sandboxMode": true, "reviewResult": review(decision), "createdAtMs": decision.at,
    });
    let body = body.to_string();
    let headers = vec![
        ("X-Payload-Digest-Alg", "HMAC_SHA256_HEX".to_owned()),
        ("X-Payload-Digest", hmac(SHARED.webhook, &[body.as_bytes()])),
    ];
    Webhook { headers, body }
}

async fn check(request: Request, next: Next) -> Response {
    if is_ours(&request) { next.run(request).await } else { StatusCode::UNAUTHORIZED.into_response() }
}

/// Requests have no body, so nothing of one is signed.
fn is_ours(request: &Request) -> bool {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let time = header("X-App-Access-Ts").unwrap_or_default();
    let path = request.uri().path_and_query().map_or("", PathAndQuery::as_str);
    let signed = [time.as_bytes(), request.method().as_str().as_bytes(), path.as_bytes()];
    header("X-App-Token") == Some(SHARED.key)
        && header("X-App-Access-Sig") == Some(&hmac(SHARED.secret, &signed))
}

fn review(decision: &Decision) -> Value {
    if decision.is_approved {
        json!({ "reviewAnswer": "GREEN" })
    } else {
        json!({ "reviewAnswer": "RED", "reviewRejectType": "FINAL" })
    }
}

async fn applicant(State(stub): State<Stub>, Path(person): Path<String>) -> Response {
    let Some(decision) = stub.decision(&person) else { return StatusCode::NOT_FOUND.into_response() };
    let document = json!({
        "idDocType": "PASSPORT", "country": "PRT", "firstName": "Ana Maria", "lastName": "Exemplo", "dob": "1990-02-14",
        "number": "SP0000001", "issuedDate": "2023-01-14", "validUntil": "2033-01-13",
    });
    Json(json!({
        "id": person, "inspectionId": person, "externalUserId": person, "type": "individual", "sandboxMode": true,
        "info": { "idDocs": [document] },
        "fixedInfo": { "gender": "F", "nationality": "PRT" },
        "review": {
            "attemptId": "a1", "reviewStatus": "completed", "reviewDate": decision.at,
            "reviewResult": review(&decision),
        },
    }))
    .into_response()
}

async fn images() -> Response {
    let image = |id: &str, shows: Value, source: &str| {
        json!({
            "id": id, "idDocDef": shows, "reviewResult": { "reviewAnswer": "GREEN" }, "attemptId": "a1",
            "source": source, "deactivated": false,
        })
    };
    let passport = image("1", json!({ "country": "PRT", "idDocType": "PASSPORT" }), "fileupload");
    let selfie = image("2", json!({ "country": "PRT", "idDocType": "SELFIE" }), "liveness");
    Json(json!({ "items": [passport, selfie], "totalItems": 2 })).into_response()
}

async fn image(Path((_, image)): Path<(String, String)>) -> Response {
    let name = if image == "1" { "passport.jpg" } else { "selfie.jpg" };
    match evidence::example_file(name) {
        Ok(bytes) => bytes.into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
