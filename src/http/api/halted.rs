//! What has stopped, many at once: all of a client's that has met the same.

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde::Serialize;

use crate::flow::halted;
use crate::http::kit::json::{Faults, Object};
use crate::http::kit::problem::Problem;
use crate::http::kit::state::Api;
use crate::http::kit::{body, json};
use crate::model::issuance::{HaltCode, Stopped};
use crate::model::submitter::Submitter;

pub(super) const WHICH_HALTED: &[&str] = &["code"];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResumedView {
    resumed: u32,
    left: u32,
    more: bool,
}

pub(in crate::http) async fn issuances(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    request: Request,
) -> Result<Response, Problem> {
    resume_all(&api, &caller, Stopped::Issuance, request).await
}

pub(in crate::http) async fn profiles(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    request: Request,
) -> Result<Response, Problem> {
    resume_all(&api, &caller, Stopped::Profile, request).await
}

pub(in crate::http) async fn wallets(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    request: Request,
) -> Result<Response, Problem> {
    resume_all(&api, &caller, Stopped::Wallet, request).await
}

pub(in crate::http) async fn attributes(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    request: Request,
) -> Result<Response, Problem> {
    resume_all(&api, &caller, Stopped::Attribute, request).await
}

async fn resume_all(
    api: &Api,
    caller: &Submitter,
    what: Stopped,
    request: Request,
) -> Result<Response, Problem> {
    let code = match body::read_json_if_any(api, request).await? {
        Some(body) => which_halted(&json::parse(&body.bytes)?)?,
        None => None,
    };
    let halted::Resumed { resumed, left, more } = halted::resume_all(&api.app, caller, what, code).await?;
    Ok(Json(ResumedView { resumed, left, more }).into_response())
}

/// Reads which of those that have stopped are wanted: all, or those with one code.
fn which_halted(json: &json::Json) -> Result<Option<HaltCode>, Problem> {
    let mut faults = Faults::default();
    let object = Object::of(json, "", WHICH_HALTED, &mut faults);
    let code = object.as_ref().and_then(|object| {
        object.optional("code", &mut faults, "must be a halt code", |text| text.parse().ok())
    });
    faults.into_result(object.map(|_| code))
}
