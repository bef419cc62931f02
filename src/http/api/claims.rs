//! Claims: make a link by which somebody has a credential brought into their profile, and see what becomes of it.

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json as JsonBody};
use idos_credential::strict_json::Json;
use serde::Serialize;
use uuid::Uuid;

use super::common::parse_id;
use crate::flow::claim::{self, Look};
use crate::http::kit::json::{Faults, Object};
use crate::http::kit::problem::{Code, Problem};
use crate::http::kit::state::Api;
use crate::http::kit::wait::until_settled;
use crate::http::kit::{body, json};
use crate::model::claim::{Claim, NewClaim};
use crate::model::issuance::{Issuance, Kind};
use crate::model::kyc_version::KycVersions;
use crate::model::profile::Profile;
use crate::model::submitter::Submitter;

pub(super) const NEW_CLAIM: &[&str] = &[
    "kind",
    "delivery",
    "issuanceId",
    "validForSeconds",
    "expiresInSeconds",
    "returnUrl",
    "reference",
    "locale",
];

/// The longest that a link works, in seconds: a year.
const LONGEST: u32 = 365 * 86_400;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MadeView {
    url: String,
    #[serde(flatten)]
    claim: ClaimView,
}

pub(in crate::http) async fn make(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    request: Request,
) -> Result<Response, Problem> {
    let body = body::read_json(&api, request).await?;
    let kind = |name: &str| api.app.kyc_versions.asked(&caller.tenant, name);
    let new = new_claim(&json::parse(&body.bytes)?, &kind)?;
    let made = claim::make(&api.app, &caller, new).await?;
    let location = format!("/v1/claims/{}", made.claim.id);
    let view = MadeView { url: made.url, claim: ClaimView::of(made.claim, None, None) };
    Ok((StatusCode::CREATED, [(LOCATION, location)], JsonBody(view)).into_response())
}

fn new_claim(json: &Json, kind: &dyn Fn(&str) -> Option<Kind>) -> Result<NewClaim, Problem> {
    let mut faults = Faults::default();
    let new = Object::of(json, "", NEW_CLAIM, &mut faults).and_then(|object| {
        let names: Vec<_> = KycVersions::names().collect();
        let kind = object.optional("kind", &mut faults, format!("must be one of {}", names.join(", ")), kind);
        let delivery = object.read("delivery", &mut faults, "must be inserter or write_grant");
        let issuance_id = object.optional(
            "issuanceId",
            &mut faults,
            "must be an id of an issuance, such as iss_01J…",
            |text| text.parse().ok(),
        );
        let grant_seconds = object.optional_whole("validForSeconds", 300..=604_800, &mut faults);
        let expires_in = object.optional_whole("expiresInSeconds", 60..=LONGEST, &mut faults);
        let return_url =
            object.optional("returnUrl", &mut faults, "must be an address, https:// and a host", |text| {
                if text.len() > 2048 { None } else { text.parse().ok() }
            });
        let reference = object.optional(
            "reference",
            &mut faults,
            "must have 1 to 128 of a-z, A-Z, 0-9, . _ : -",
            |text| text.parse().ok(),
        );
        let locale =
            object.optional("locale", &mut faults, "must be a language tag such as en or pt-BR", |text| {
                text.parse().ok()
            });
        // What is there and cannot be read has left a fault.
        Some(NewClaim {
            kind,
            delivery: delivery?,
            issuance_id,
            grant_seconds,
            expires_in,
            return_url,
            reference,
            locale,
        })
    });
    faults.into_result(new)
}

pub(in crate::http) async fn show(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let read = || async {
        let id = parse_id(&id)?;
        let claim = api.app.store.claim_of(&caller.tenant, &id).await?;
        claim.ok_or_else(|| Problem::new(Code::NotFound))
    };
    let first = read().await?.version;
    let is_settled = |claim: &Claim| claim.state.is_final() || claim.version != first;
    let claim = until_settled(&api, query.as_deref(), &id, read, is_settled).await?;
    api.saw(&caller, claim.id.as_str()).await?;
    let Look { claim, profile, issuance, .. } = claim::look(&api.app, claim).await?;
    Ok(JsonBody(ClaimView::of(claim, profile, issuance)).into_response())
}

pub(in crate::http) async fn erase(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let claim = claim::erase(&api.app, &caller, &parse_id(&id)?).await?;
    Ok(JsonBody(ClaimView::of(claim, None, None)).into_response())
}

#[derive(Serialize)]
struct PartView {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
}

/// A claim.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClaimView {
    id: String,
    state: &'static str,
    delivery: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<PartView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuance: Option<PartView>,
    expires_at: String,
    created_at: String,
    updated_at: String,
}

impl ClaimView {
    fn of(claim: Claim, profile: Option<Profile>, issuance: Option<Issuance>) -> Self {
        Self {
            state: claim.state.as_str(),
            delivery: claim.delivery.as_str(),
            kind: claim.kind.map(Kind::as_str),
            user_id: claim.identified(),
            reference: claim.reference,
            profile: claim
                .profile_id
                .map(|id| PartView { id: id.to_string(), state: profile.map(|it| it.state.as_str()) }),
            issuance: claim
                .issuance_id
                .map(|id| PartView { id: id.to_string(), state: issuance.map(|it| it.state.as_str()) }),
            expires_at: claim.expires_at.to_string(),
            created_at: claim.created_at.to_string(),
            updated_at: claim.updated_at.to_string(),
            id: claim.id.to_string(),
        }
    }
}
