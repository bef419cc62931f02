//! Attributes of users: have one written, see how far it is, bring it on.

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde::Serialize;
use uuid::Uuid;

use super::common::{conflict, parse_id};
use super::view::{HaltView, TransactionView};
use crate::flow::attribute::{self, Part, RequestError, ResumeError};
use crate::flow::intake;
use crate::http::kit::idempotency::{accepted, idempotency_key};
use crate::http::kit::json::{Faults, Object, USER_ID};
use crate::http::kit::problem::{Code, Location, Problem};
use crate::http::kit::state::Api;
use crate::http::kit::wait::until_settled;
use crate::http::kit::{body, json};
use crate::model::attribute::{Attribute, MAX_KEY_LEN, MAX_VALUE_LEN, NewAttribute};
use crate::model::ids::AttributeId;
use crate::model::personal::Personal;
use crate::model::profile::ProfileState;
use crate::model::submitter::Submitter;

pub(super) const NEW_ATTRIBUTE: &[&str] = &["userId", "key", "value", "sensitive"];

/// The writing of an attribute. Neither key nor value.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AttributeView {
    id: String,
    state: &'static str,
    user_id: Uuid,
    attribute_id: Uuid,
    sensitive: &'static str,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<TransactionView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    halt: Option<HaltView>,
}

impl From<Attribute> for AttributeView {
    fn from(attribute: Attribute) -> Self {
        let what = attribute.stopped();
        Self {
            id: attribute.id.to_string(),
            state: attribute.state.as_str(),
            user_id: attribute.user_id,
            attribute_id: attribute.attribute_id,
            sensitive: attribute.sensitive.as_str(),
            created_at: attribute.created_at.to_string(),
            updated_at: attribute.updated_at.to_string(),
            transaction: attribute.transaction.map(Into::into),
            halt: attribute.halt.map(|code| HaltView::new(code, what, attribute.waits_until)),
        }
    }
}

pub(in crate::http) async fn write(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    request: Request,
) -> Result<Response, Problem> {
    let key = idempotency_key(request.headers())?;
    let body = body::read_json(&api, request).await?;
    let key = intake::idempotency(&api.app, &caller, &key, &[b"POST /v1/attributes", &body.bytes]);
    let new = read_new(&json::parse(&body.bytes)?)?;
    let made = attribute::request(&api.app, &caller, &key, new).await?;
    let location = format!("/v1/attributes/{}", made.record.id);
    Ok(accepted(&location, made.replayed, AttributeView::from(made.record)))
}

pub(in crate::http) async fn show(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let read = || async {
        let there = api.app.store.attribute_of(&caller.tenant, &parse_id(&id)?).await?;
        there.ok_or_else(|| Problem::new(Code::NotFound))
    };
    let is_settled = |there: &Attribute| there.state != ProfileState::Pending;
    let there = until_settled(&api, query.as_deref(), &id, read, is_settled).await?;
    api.saw(&caller, there.id.as_str()).await?;
    Ok(Json(AttributeView::from(there)).into_response())
}

pub(in crate::http) async fn resume(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    json::read_nothing(&api, request).await?;
    let resumed = attribute::resume(&api.app, &caller, &parse_id::<AttributeId>(&id)?).await?;
    Ok((StatusCode::ACCEPTED, Json(AttributeView::from(resumed))).into_response())
}

/// Reads an attribute that is to be written.
fn read_new(json: &json::Json) -> Result<NewAttribute, Problem> {
    let mut faults = Faults::default();
    let new = Object::of(json, "", NEW_ATTRIBUTE, &mut faults).and_then(|object| {
        let user_id = object.user_id("userId", &mut faults);
        let key = object.text("key", MAX_KEY_LEN, &mut faults).map(Personal::new);
        let value = object.text("value", MAX_VALUE_LEN, &mut faults).map(Personal::new);
        let sensitive = object.read("sensitive", &mut faults, "must be none, value or key_and_value");
        Some(NewAttribute { user_id: user_id?, key: key?, value: value?, sensitive: sensitive? })
    });
    faults.into_result(new)
}

/// What the errors of writing an attribute are to the caller.
impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        let at = |member: &str| Location::Pointer(format!("/{member}"));
        match error {
            RequestError::KeyReused => Self::new(Code::IdempotencyKeyReused),
            RequestError::UserId => Self::new(Code::InvalidFields).at(at("userId"), USER_ID),
            RequestError::Disclosed(part, what) => {
                let (member, sensitive) = match part {
                    Part::Key => ("key", "key_and_value"),
                    Part::Value => ("value", "value"),
                };
                let what = what.phrase();
                Self::new(Code::InvalidFields).at(
                    at(member),
                    format!(
                        "looks like {what}, and would stand on the network for everybody to read: declare it \
                         (\"sensitive\": \"{sensitive}\"), and it is encrypted for the user"
                    ),
                )
            }
            RequestError::UserUnknown => Self::new(Code::InvalidFields)
                .at(at("userId"), "is no user's on the network: have the profile created first"),
            RequestError::NotYet => Self::new(Code::StateConflict).at(
                at("userId"),
                "is a user's whose profile is on its way: send the same again when it is created",
            ),
            RequestError::NodeAway => Self::new(Code::NodeUnavailable)
                .because("The node cannot be asked for the key of the user for whom it is to be encrypted."),
            RequestError::KeyUnusable(_) => Self::new(Code::InvalidFields)
                .at(at("userId"), "is a user's for whose encryption key nothing can be encrypted"),
            RequestError::NotAnInserter(error) => error.into(),
            RequestError::Store(error) => error.into(),
            error @ (RequestError::Vault(_) | RequestError::Seal(_)) => Self::fault(&error),
        }
    }
}

impl From<ResumeError> for Problem {
    fn from(error: ResumeError) -> Self {
        match error {
            ResumeError::NotFound => Self::new(Code::NotFound),
            ResumeError::Conflict(state) => {
                conflict(format!("It is {state}; only what is halted is resumed."))
            }
            ResumeError::ContentGone => {
                conflict("Its key and value are gone: ask for it again, with a new Idempotency-Key.")
            }
            ResumeError::Store(error) => error.into(),
        }
    }
}
