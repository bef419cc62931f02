//! Write grants: have the text made for the user's wallet to sign, check the signed one at once.

pub(in crate::http) mod read;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use idos_client::WriteGrant;
use serde::Serialize;
use uuid::Uuid;

use crate::flow::grant::{self, GrantError};
use crate::http::kit::problem::Problem;
use crate::http::kit::state::Api;
use crate::http::kit::{body, json};

/// A grant, as it is signed: every text to the letter.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct GrantView {
    id: Uuid,
    owner: String,
    grantee: String,
    issuer_public_key: String,
    access_grant_timelock: String,
    not_before: String,
    not_after: String,
}

impl From<WriteGrant> for GrantView {
    fn from(grant: WriteGrant) -> Self {
        Self {
            id: grant.id,
            access_grant_timelock: grant.access_grant_timelock.to_string(),
            not_before: grant.not_before().to_string(),
            not_after: grant.not_after().to_string(),
            owner: grant.owner,
            grantee: grant.grantee,
            issuer_public_key: grant.issuer_public_key,
        }
    }
}

#[derive(Serialize)]
struct OfferView {
    grant: GrantView,
    message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CheckView {
    valid: bool,
    usable_until: String,
}

pub(in crate::http) async fn offer(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let body = body::read_json(&api, request).await?;
    let wanted = read::grant_offer(&json::parse(&body.bytes)?, &body.bytes)?;
    let grantee = wanted.grantee.as_deref();
    let (grant, message) =
        grant::offer(&api.app, &wanted.owner, wanted.valid_for, wanted.locked_until, grantee)
            .await
            .map_err(|error| refused("", error))?;
    Ok(Json(OfferView { grant: grant.into(), message }).into_response())
}

pub(in crate::http) async fn check(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let body = body::read_json(&api, request).await?;
    let signed = read::signed_grant(&json::parse(&body.bytes)?)?;
    grant::check(&api.app, &signed).await.map_err(|error| refused("", error))?;
    let usable_until = signed.grant.not_after().to_string();
    Ok(Json(CheckView { valid: true, usable_until }).into_response())
}

/// A refused grant whose fields lie below `parent` (a JSON pointer) in the body.
fn refused(parent: &str, error: GrantError) -> Problem {
    match error {
        GrantError::Invalid(invalid) => Problem::invalid(parent, invalid),
        GrantError::Node(error) => error.into(),
    }
}
