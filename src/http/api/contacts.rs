//! Contacts: find what belongs to somebody who asks for it.

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde::Serialize;

use crate::flow::{contact, mail_link};
use crate::http::kit::json::{Faults, Object};
use crate::http::kit::problem::Problem;
use crate::http::kit::state::Api;
use crate::http::kit::{body, json};
use crate::model::mail_link::StopReason;
use crate::model::personal::Email;
use crate::model::submitter::Submitter;

pub(super) const LOOK_UP: &[&str] = &["email"];
pub(super) const UNREACHABLE: &[&str] = &["email", "reason"];

#[derive(Serialize)]
struct FoundView {
    issuances: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    verifications: Vec<String>,
}

/// The issuances of an address that nothing is sent to any more.
#[derive(Serialize)]
struct StoppedView {
    issuances: Vec<String>,
}

pub(in crate::http) async fn look_up(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    request: Request,
) -> Result<Response, Problem> {
    let body = body::read_json(&api, request).await?;
    let email = read(&json::parse(&body.bytes)?)?;
    let found = contact::look_up(&api.app, &caller, &email).await?;
    let issuances = found.issuances.iter().map(ToString::to_string).collect();
    let verifications = found.verifications.iter().map(ToString::to_string).collect();
    Ok(Json(FoundView { issuances, verifications }).into_response())
}

pub(in crate::http) async fn unreachable(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    request: Request,
) -> Result<Response, Problem> {
    let body = body::read_json(&api, request).await?;
    let (email, reason) = read_unreachable(&json::parse(&body.bytes)?)?;
    let found = mail_link::tell_unreachable(&api.app, &caller, &email, reason).await?;
    let issuances = found.iter().map(ToString::to_string).collect();
    Ok(Json(StoppedView { issuances }).into_response())
}

/// Reads which address cannot be reached, and why.
pub(in crate::http) fn read_unreachable(json: &json::Json) -> Result<(Email, StopReason), Problem> {
    const REASON: &str = "must be unreachable or complained";
    let mut faults = Faults::default();
    let both = Object::of(json, "", UNREACHABLE, &mut faults).and_then(|object| {
        let email = object.read("email", &mut faults, "must be an e-mail address");
        // That somebody wants no reminders is said by their own link.
        let told = |name: &str| name.parse().ok().filter(|reason| *reason != StopReason::Unsubscribed);
        let reason = object.parsed("reason", &mut faults, REASON, told);
        Some((email?, reason?))
    });
    faults.into_result(both)
}

/// Reads whose issuances are looked for.
pub(in crate::http) fn read(json: &json::Json) -> Result<Email, Problem> {
    let mut faults = Faults::default();
    let email = Object::of(json, "", LOOK_UP, &mut faults)
        .and_then(|object| object.read("email", &mut faults, "must be an e-mail address"));
    faults.into_result(email)
}
