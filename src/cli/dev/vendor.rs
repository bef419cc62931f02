//! A stand-in for a vendor of KYC results, in the form that Sumsub has: it decides when it is told to, tells the service so by a signed
//! webhook, and answers what the service asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::Error;
use crate::cli::demo::evidence;
use crate::cli::folder::Folder;
use crate::clock::Clock;
use crate::keys::store_text;
use crate::outbound;

/// The source's name, and its vendor's.
pub(super) const NAME: &str = "sumsub";

/// What the stand-in and the service share. The prefix says that it is a sandbox.
const SECRETS: [(&str, &str); 3] = [
    ("vendor.key", "sbx:development"),
    ("vendor.secret", "development"),
    ("vendor-webhook.secret", "development"),
];

/// How long the service may take to answer a webhook.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the vendor has decided of whom, and when.
#[derive(Clone)]
struct Stub {
    decided: Arc<Mutex<HashMap<String, (&'static str, String)>>>,
    http: reqwest::Client,
    /// Where webhooks go.
    hook: String,
}

/// Puts what is shared into the folder's keys.
pub(super) fn keep_secrets(folder: &Folder) -> Result<(), Error> {
    for (name, secret) in SECRETS {
        let path = folder.path("keys").join(name);
        if !path.exists() {
            store_text(&path, secret)?;
        }
    }
    Ok(())
}

/// The section of the configuration that names a stand-in at `url`.
pub(super) fn section(url: &str, client: &str) -> String {
    let [(key, _), (secret, _), (webhook, _)] = SECRETS;
    format!(
        "\n[[source]]\nname = \"{NAME}\"\nvendor = \"{NAME}\"\nclient = \"{client}\"\nbase_url = \"{url}\"\n\
         key = \"keys/{key}\"\nsecret = \"keys/{secret}\"\nwebhook_secrets = [\"keys/{webhook}\"]\nsandbox = true\n\
         on_reset = \"revoke\"\npoll_seconds = 5\n"
    )
}

/// The stand-in, which tells the service at `api`.
pub(super) fn router(api: &str) -> Result<Router, Error> {
    let hook = format!("{api}/webhooks/{NAME}");
    let stub = Stub { decided: Arc::default(), http: outbound::client(PATIENCE)?, hook };
    Ok(Router::new()
        .route("/approve/{person}", post(async |state, path| decide(state, path, "GREEN").await))
        .route("/decline/{person}", post(async |state, path| decide(state, path, "RED").await))
        .route("/resources/applicants/{person}/one", get(applicant))
        .route("/resources/applicants/{person}/metadata/resources", get(images))
        .route("/resources/inspections/{person}/resources/{image}", get(image))
        .with_state(stub))
}

async fn decide(State(stub): State<Stub>, Path(person): Path<String>, answer: &'static str) -> Response {
    let now = Clock::System.now().to_string();
    {
        let mut decided = stub.decided.lock().unwrap_or_else(PoisonError::into_inner);
        decided.insert(person.clone(), (answer, now.clone()));
    }
    let told = json!({
        "applicantId": person, "externalUserId": person, "type": "applicantReviewed", "sandboxMode": true,
        "reviewResult": review(answer), "createdAtMs": now,
    });
    let body = told.to_string();
    let [_, _, (_, secret)] = SECRETS;
    let Ok(mut mac) = <Hmac<Sha256> as hmac::Mac>::new_from_slice(secret.as_bytes()) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    mac.update(body.as_bytes());
    let sent = stub.http.post(&stub.hook).header("Content-Type", "application/json");
    let sent = sent.header("X-Payload-Digest", hex::encode(mac.finalize().into_bytes()));
    match sent.body(body).send().await {
        Ok(answer) => Json(json!({ "told": true, "status": answer.status().as_u16() })).into_response(),
        Err(_) => (StatusCode::BAD_GATEWAY, Json(json!({ "told": false }))).into_response(),
    }
}

fn review(answer: &str) -> Value {
    match answer {
        "GREEN" => json!({ "reviewAnswer": answer }),
        _ => json!({ "reviewAnswer": answer, "reviewRejectType": "FINAL" }),
    }
}

fn decision(stub: &Stub, person: &str) -> Option<(&'static str, String)> {
    stub.decided.lock().unwrap_or_else(PoisonError::into_inner).get(person).cloned()
}

async fn applicant(State(stub): State<Stub>, Path(person): Path<String>) -> Response {
    let Some((answer, at)) = decision(&stub, &person) else { return StatusCode::NOT_FOUND.into_response() };
    let document = json!({
        "idDocType": "PASSPORT", "country": "PRT", "firstName": "Ana Maria", "lastName": "Exemplo", "dob": "1990-02-14",
        "number": "SP0000001", "issuedDate": "2023-01-14", "validUntil": "2033-01-13",
    });
    Json(json!({
        "id": person, "inspectionId": person, "externalUserId": person, "type": "individual", "sandboxMode": true,
        "info": { "idDocs": [document] },
        "fixedInfo": { "gender": "F", "nationality": "PRT" },
        "review": {
            "attemptId": "a1", "reviewStatus": "completed", "reviewDate": at, "reviewResult": review(answer),
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
