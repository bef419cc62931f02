//! Verifications at vendors: open one, see what becomes of it, say what was missing.

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json as JsonBody};
use idos_credential::strict_json::Json;
use serde::Serialize;
use uuid::Uuid;

use super::common::{conflict, parse_id};
use super::issuances::{AuditView, read};
use super::view::List;
use crate::flow::intake;
use crate::flow::verification::{
    self as verifying, EraseError, Opening, OpeningError, ResumeError, Resumption, VendorCase,
};
use crate::http::kit::body;
use crate::http::kit::idempotency::{accepted, idempotency_key};
use crate::http::kit::json::{self, Faults, Object};
use crate::http::kit::problem::{Code, Problem};
use crate::http::kit::query::Query;
use crate::http::kit::state::Api;
use crate::http::kit::wait;
use crate::model::ids::VerificationId;
use crate::model::issuance::{Issuance, Reference};
use crate::model::submitter::{SourceName, Submitter};
use crate::model::time::Timestamp;
use crate::model::verification::{Reason, State as VerificationState, Verification, WaitsFor};
use crate::store::VerificationFilter;

pub(super) const OPENING: &[&str] = &["source", "delivery", "userId", "contact", "reference", "case"];
pub(super) const CASE: &[&str] = &["id", "scope"];
pub(super) const RESUMPTION: &[&str] = &["userId", "case"];

const OPEN: &[u8] = b"POST /v1/verifications";
const REFERENCE: &str = "must have 1 to 128 of a-z, A-Z, 0-9, . _ : -";
const SOURCE: &str = "must be the name of a source: 1 to 64 of a-z, 0-9, . _ -";
const CASE_ID: &str = "must be an id of a vendor's: 1 to 128 letters, digits, - and _";

pub(in crate::http) async fn open(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    request: Request,
) -> Result<Response, Problem> {
    let key = idempotency_key(request.headers())?;
    let body = body::read_json(&api, request).await?;
    let key = intake::idempotency(&api.app, &caller, &key, &[OPEN, &body.bytes]);
    let opening = opening(&json::parse(&body.bytes)?)?;
    let made = verifying::open(&api.app, &caller, &key, opening).await?;
    let location = format!("/v1/verifications/{}", made.record.id);
    Ok(accepted(&location, made.replayed, VerificationView::of(made.record, None)))
}

fn opening(json: &Json) -> Result<Opening, Problem> {
    let mut faults = Faults::default();
    let opening = Object::of(json, "", OPENING, &mut faults).and_then(|object| {
        let source = object.read::<SourceName>("source", &mut faults, SOURCE);
        let delivery = object.required("delivery", &mut faults);
        let delivery = delivery.and_then(|json| read::later_delivery(json, &mut faults));
        let user_id = object.get("userId").map(|_| object.user_id("userId", &mut faults));
        let contact = object.get("contact").map(|json| read::contact(json, &mut faults));
        let reference = object.get("reference").map(|_| object.read("reference", &mut faults, REFERENCE));
        let case = object.get("case").map(|json| case(json, &mut faults));
        let (delivery, copy_for) = delivery?;
        // What is there and cannot be read has left a fault.
        Some(Opening {
            source: source?.to_string(),
            delivery,
            copy_for,
            user_id: user_id.flatten(),
            contact: contact.flatten(),
            reference: reference.flatten(),
            case: case.flatten(),
        })
    });
    faults.into_result(opening)
}

fn case(json: &Json, faults: &mut Faults) -> Option<VendorCase> {
    let object = Object::of(json, "/case", CASE, faults)?;
    let is_id = |text: &str| VendorCase::new(text, None).is_ok().then(|| text.to_owned());
    let id = object.parsed("id", faults, CASE_ID, is_id);
    let scope = object.optional("scope", faults, CASE_ID, is_id);
    VendorCase::new(&id?, scope.as_deref()).ok()
}

pub(in crate::http) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let mut query = Query::of(query.as_deref(), &["state", "source", "reference", "cursor", "limit"])?;
    let filter = VerificationFilter {
        state: query.read::<VerificationState>("state", "is not known"),
        source: query.read::<SourceName>("source", SOURCE).map(|name| name.to_string()),
        reference: query.read::<Reference>("reference", REFERENCE).map(Reference::into_string),
    };
    let cursor = query.read::<VerificationId>("cursor", "must be the nextCursor of an earlier answer");
    let (limit, by) = (query.limit(), query.filters());
    query.end()?;
    let page = api.app.store.verifications(&caller.tenant, &filter, cursor.as_ref(), limit).await?;
    api.saw_list(&caller, "verifications", &by, page.items.len()).await?;
    let next_cursor = page.items.last().filter(|_| page.has_more).map(|one| one.id.to_string());
    let items: Vec<_> = page.items.into_iter().map(|one| VerificationView::of(one, None)).collect();
    Ok(JsonBody(List { items, next_cursor }).into_response())
}

pub(in crate::http) async fn show(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let read = || async {
        let id: VerificationId = parse_id(&id)?;
        let verification = api.app.store.verification_of(&caller.tenant, &id).await?;
        let verification = verification.ok_or_else(|| Problem::new(Code::NotFound))?;
        let issuance = match &verification.issuance_id {
            Some(id) => api.app.store.issuance_of(&caller.tenant, id).await?,
            None => None,
        };
        Ok((verification, issuance))
    };
    let is_settled = |(verification, issuance): &(Verification, Option<Issuance>)| {
        verification.is_settled() || issuance.as_ref().is_some_and(|issuance| issuance.state.is_settled())
    };
    let others = |(verification, _): &(Verification, Option<Issuance>)| {
        verification.issuance_id.iter().map(ToString::to_string).collect()
    };
    let seconds = wait::seconds(query.as_deref())?;
    let (verification, issuance) = wait::until(&api, seconds, Some(&id), read, others, is_settled).await?;
    api.saw(&caller, verification.id.as_str()).await?;
    Ok(JsonBody(VerificationView::of(verification, issuance)).into_response())
}

pub(in crate::http) async fn audit(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id: VerificationId = parse_id(&id)?;
    let own = api.app.store.verification_of(&caller.tenant, &id).await?;
    own.ok_or_else(|| Problem::new(Code::NotFound))?;
    let items = api.app.store.audit_of(id.as_str()).await?.into_iter().map(AuditView::from).collect();
    Ok(JsonBody(List { items, next_cursor: None }).into_response())
}

pub(in crate::http) async fn resume(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let with = match body::read_json_if_any(&api, request).await? {
        Some(body) => resumption(&json::parse(&body.bytes)?)?,
        None => Resumption { user_id: None, case: None },
    };
    let verification = verifying::resume(&api.app, &caller, &parse_id(&id)?, with).await?;
    Ok((StatusCode::ACCEPTED, JsonBody(VerificationView::of(verification, None))).into_response())
}

pub(in crate::http) async fn erase(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let verification = verifying::erase(&api.app, &caller, &parse_id(&id)?).await?;
    Ok(JsonBody(VerificationView::of(verification, None)).into_response())
}

fn resumption(json: &Json) -> Result<Resumption, Problem> {
    let mut faults = Faults::default();
    let with = Object::of(json, "", RESUMPTION, &mut faults).map(|object| {
        let user_id = object.get("userId").map(|_| object.user_id("userId", &mut faults));
        let case = object.get("case").map(|json| case(json, &mut faults));
        Resumption { user_id: user_id.flatten(), case: case.flatten() }
    });
    faults.into_result(with)
}

#[derive(Serialize)]
struct ObstacleView {
    code: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    field: String,
}

#[derive(Serialize)]
struct ReasonView {
    code: &'static str,
    cure: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    obstacles: Vec<ObstacleView>,
}

#[derive(Serialize)]
struct IssuanceOf {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
}

/// A verification.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VerificationView {
    id: String,
    source: String,
    external_id: Uuid,
    state: &'static str,
    delivery: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<ReasonView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuance: Option<IssuanceOf>,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_until: Option<String>,
    has_contact: bool,
}

impl VerificationView {
    pub(super) fn of(one: Verification, issuance: Option<Issuance>) -> Self {
        let view = |of: crate::model::verification::Obstacle| ObstacleView { code: of.code, field: of.field };
        let obstacles: Vec<_> = one.obstacles.into_iter().map(view).collect();
        let reason = |reason: Reason| ReasonView { code: reason.as_str(), cure: reason.cure(), obstacles };
        Self {
            id: one.id.to_string(),
            source: one.source,
            external_id: one.external_id,
            state: one.state.as_str(),
            delivery: one.delivery.as_str(),
            user_id: one.user_id,
            reference: one.reference,
            waits_for: one.waits_for.map(WaitsFor::as_str),
            reason: one.reason.map(reason),
            issuance: one.issuance_id.map(|id| IssuanceOf {
                id: id.to_string(),
                state: issuance.map(|issuance| issuance.state.as_str()),
            }),
            created_at: one.created_at.to_string(),
            updated_at: one.updated_at.to_string(),
            waits_until: one.waits_until.map(|until: Timestamp| until.to_string()),
            has_contact: one.locked_contact.is_some(),
        }
    }
}

impl From<OpeningError> for Problem {
    fn from(error: OpeningError) -> Self {
        match error {
            OpeningError::Invalid(invalid) => Self::invalid("", invalid),
            OpeningError::KeyReused => Self::new(Code::IdempotencyKeyReused),
            OpeningError::Store(error) => error.into(),
            error @ OpeningError::Vault(_) => Self::fault(&error),
        }
    }
}

impl From<EraseError> for Problem {
    fn from(error: EraseError) -> Self {
        match error {
            EraseError::NotFound => Self::new(Code::NotFound),
            EraseError::HasIssuance => {
                conflict("The verification has an issuance: erase that, and the verification goes with it.")
            }
            EraseError::Store(error) => error.into(),
        }
    }
}

impl From<ResumeError> for Problem {
    fn from(error: ResumeError) -> Self {
        match error {
            ResumeError::NotFound => Self::new(Code::NotFound),
            ResumeError::Conflict(state) => conflict(format!(
                "The verification is {state}; only what waits for its vendor, or has stopped, is brought on."
            )),
            ResumeError::Invalid(invalid) => Self::invalid("", invalid),
            ResumeError::Store(error) => error.into(),
        }
    }
}
