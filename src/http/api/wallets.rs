//! Further wallets of users: have a text made for one to sign, have one added, see how far that is, bring it on.

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde::Serialize;
use uuid::Uuid;

use super::common::{owner, parse_id};
use super::profiles::read::wallet_claim;
use super::profiles::view::ProfileView;
use super::profiles::wait_for;
use crate::flow::challenge::{self, Purpose, Signer};
use crate::flow::{intake, wallet};
use crate::http::kit::idempotency::{accepted, idempotency_key};
use crate::http::kit::json::{Faults, Object};
use crate::http::kit::problem::Problem;
use crate::http::kit::state::Api;
use crate::http::kit::{body, json};
use crate::model::ids::WalletId;
use crate::model::profile::NewWallet;
use crate::model::submission::Owner;
use crate::model::submitter::Submitter;

pub(super) const NEW_WALLET: &[&str] = &["userId", "wallet"];
pub(super) const CHALLENGE: &[&str] = &["userId", "wallet"];

pub(in crate::http) async fn add(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    request: Request,
) -> Result<Response, Problem> {
    let key = idempotency_key(request.headers())?;
    let body = body::read_json(&api, request).await?;
    let key = intake::idempotency(&api.app, &caller, &key, &[b"POST /v1/wallets", &body.bytes]);
    let new = read_new(&json::parse(&body.bytes)?)?;
    let made = wallet::request(&api.app, &caller, &key, new).await?;
    let location = format!("/v1/wallets/{}", made.record.id);
    Ok(accepted(&location, made.replayed, ProfileView::from(made.record)))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChallengeView {
    message: String,
    expires_at: String,
}

pub(in crate::http) async fn challenge(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    request: Request,
) -> Result<Response, Problem> {
    let body = body::read_json(&api, request).await?;
    let (user_id, wallet) = read_challenge(&json::parse(&body.bytes)?)?;
    let offered = challenge::offer(&api.app, &caller, Purpose::Proof, user_id, Signer::of(&wallet, None));
    let (message, expires_at) = (offered.message.to_string(), offered.expires_at.to_string());
    Ok(Json(ChallengeView { message, expires_at }).into_response())
}

pub(in crate::http) async fn show(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    wait_for::<WalletId>(&api, &caller, query.as_deref(), &id).await
}

pub(in crate::http) async fn resume(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    json::read_nothing(&api, request).await?;
    let wallet = wallet::resume(&api.app, &caller, &parse_id::<WalletId>(&id)?.into()).await?;
    Ok((StatusCode::ACCEPTED, Json(ProfileView::from(wallet))).into_response())
}

/// Reads a wallet that is to be added to a profile, and verifies its proof.
fn read_new(json: &json::Json) -> Result<NewWallet, Problem> {
    let mut faults = Faults::default();
    let new = Object::of(json, "", NEW_WALLET, &mut faults).and_then(|object| {
        let user_id = object.user_id("userId", &mut faults);
        let wallet = object.required("wallet", &mut faults).and_then(|json| wallet_claim(json, &mut faults));
        Some(NewWallet { user_id: user_id?, wallet: wallet? })
    });
    faults.into_result(new)
}

/// Reads for which user and wallet a challenge is to be.
fn read_challenge(json: &json::Json) -> Result<(Uuid, Owner), Problem> {
    let mut faults = Faults::default();
    let wanted = Object::of(json, "", CHALLENGE, &mut faults).and_then(|object| {
        let user_id = object.user_id("userId", &mut faults);
        let wallet =
            object.required("wallet", &mut faults).and_then(|json| owner(json, "/wallet", &mut faults));
        Some((user_id?, wallet?))
    });
    faults.into_result(wanted)
}
