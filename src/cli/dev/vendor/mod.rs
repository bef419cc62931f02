//! Stand-ins for vendors of KYC results, a file for each. A stand-in decides when it is told to, tells the service so by a webhook that is
//! signed as its vendor does, and answers what the service asks, if that is signed as its vendor wants it.
//!
//! They know nothing of the crate that the service reads vendors with: what both must agree on is the vendors' documentation.

mod sumsub;
mod veriff;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use hmac::{Hmac, Mac as _};
use serde_json::json;
use sha2::Sha256;

use super::Error;
use crate::cli::folder::Folder;
use crate::clock::Clock;
use crate::keys::store_text;
use crate::outbound;

/// How long the service may take to answer a webhook.
const PATIENCE: Duration = Duration::from_secs(10);

/// All of them.
pub(super) const ALL: [&StandIn; 2] = [&sumsub::SUMSUB, &veriff::VERIFF];

/// Those of the sample people: where a credential is made of what is approved, and where none is, since the vendor has checked less than is
/// wanted.
pub(super) const OF_PEOPLE: [&StandIn; 2] = [
    &StandIn { name: "onboarding-sumsub", ..sumsub::SUMSUB },
    &StandIn { name: "onboarding-veriff", levels: &["plus+liveness"], ..veriff::VERIFF },
];

/// What a stand-in is like.
pub(super) struct StandIn {
    /// The source's name.
    pub(super) name: &'static str,
    /// The vendor's name.
    vendor: &'static str,
    /// The levels of which credentials are made; all, if there are none.
    levels: &'static [&'static str],
    /// What it and the service share: key, secret, and the secret of webhooks.
    shared: Shared,
    /// What is behind the host in the address of its API.
    api: &'static str,
    /// What the service asks, below that.
    asked: fn() -> Router<Stub>,
    /// The webhook about a decision.
    tell: fn(&Decision) -> Webhook,
}

/// What a vendor and the service share.
struct Shared {
    key: &'static str,
    secret: &'static str,
    webhook: &'static str,
}

/// What a stand-in tells, signed.
struct Webhook {
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// What a vendor has decided of whom.
#[derive(Clone)]
struct Decision {
    /// What the service calls the verification. The stand-in has no other id for it.
    person: String,
    is_approved: bool,
    /// When, in UTC (RFC 3339).
    at: String,
}

#[derive(Clone)]
struct Stub {
    stand_in: &'static StandIn,
    decided: Arc<Mutex<HashMap<String, Decision>>>,
    http: reqwest::Client,
    /// Where webhooks go.
    hook: String,
}

impl StandIn {
    /// Its key, its secret and its webhooks' secret: the setting, the file in the folder's keys, and what is in it.
    fn secrets(&self) -> [(&'static str, String, &'static str); 3] {
        let Shared { key, secret, webhook } = self.shared;
        [("key", key), ("secret", secret), ("webhook_secrets", webhook)]
            .map(|(setting, text)| (setting, format!("{}-{setting}.secret", self.name), text))
    }

    /// Puts what is shared into the folder's keys.
    pub(super) fn keep_secrets(&self, folder: &Folder) -> Result<(), Error> {
        for (_, file, secret) in self.secrets() {
            let path = folder.path("keys").join(file);
            if !path.exists() {
                store_text(&path, secret)?;
            }
        }
        Ok(())
    }

    /// The section of the configuration that names this stand-in at `url`.
    pub(super) fn section(&self, url: &str, client: &str) -> String {
        let Self { name, vendor, api, .. } = self;
        let levels = match self.levels {
            [] => String::new(),
            levels => format!("levels = {}\n", json!(levels)),
        };
        let [(_, key, _), (_, secret, _), (_, webhook, _)] = self.secrets();
        format!(
            "\n[[source]]\nname = \"{name}\"\nvendor = \"{vendor}\"\nclient = \"{client}\"\nbase_url = \"{url}{api}\"\n\
             key = \"keys/{key}\"\nsecret = \"keys/{secret}\"\nwebhook_secrets = [\"keys/{webhook}\"]\nsandbox = true\n\
             on_reset = \"revoke\"\npoll_seconds = 5\n{levels}"
        )
    }

    /// The stand-in, which tells the service at `service`.
    pub(super) fn router(&'static self, service: &str) -> Result<Router, Error> {
        let hook = format!("{service}/webhooks/{}", self.name);
        let stub = Stub { stand_in: self, decided: Arc::default(), http: outbound::client(PATIENCE)?, hook };
        let asked = (self.asked)();
        let asked = if self.api.is_empty() { asked } else { Router::new().nest(self.api, asked) };
        Ok(asked
            .route("/approve/{person}", post(async |state, path| decide(state, path, true).await))
            .route("/decline/{person}", post(async |state, path| decide(state, path, false).await))
            .with_state(stub))
    }
}

impl Stub {
    fn decision(&self, person: &str) -> Option<Decision> {
        self.decided.lock().unwrap_or_else(PoisonError::into_inner).get(person).cloned()
    }
}

async fn decide(State(stub): State<Stub>, Path(person): Path<String>, is_approved: bool) -> Response {
    let decision = Decision { person: person.clone(), is_approved, at: Clock::System.now().to_string() };
    let Webhook { headers, body } = (stub.stand_in.tell)(&decision);
    stub.decided.lock().unwrap_or_else(PoisonError::into_inner).insert(person, decision);
    let mut sent = stub.http.post(&stub.hook).header("Content-Type", "application/json");
    for (name, value) in headers {
        sent = sent.header(name, value);
    }
    match sent.body(body).send().await {
        Ok(answer) => Json(json!({ "told": true, "status": answer.status().as_u16() })).into_response(),
        Err(_) => (StatusCode::BAD_GATEWAY, Json(json!({ "told": false }))).into_response(),
    }
}

/// HMAC-SHA-256 in lower-case hexadecimal, as both vendors write it.
fn hmac(secret: &str, parts: &[&[u8]]) -> String {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(secret.as_bytes()).expect("a key");
    for part in parts {
        mac.update(part);
    }
    hex::encode(mac.finalize().into_bytes())
}
