//! What has stopped, many at once: all of a client's that has met the same.

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde::Serialize;

use crate::flow::halted;
use crate::http::kit::problem::Problem;
use crate::http::kit::state::Api;
use crate::http::kit::{body, json};
use crate::http::read;
use crate::model::client::Caller;
use crate::model::issuance::Stopped;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResumedView {
    resumed: u32,
    left: u32,
    more: bool,
}

pub(in crate::http) async fn issuances(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Problem> {
    resume_all(&api, &caller, Stopped::Issuance, request).await
}

pub(in crate::http) async fn profiles(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Problem> {
    resume_all(&api, &caller, Stopped::Profile, request).await
}

pub(in crate::http) async fn wallets(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Problem> {
    resume_all(&api, &caller, Stopped::Wallet, request).await
}

async fn resume_all(
    api: &Api,
    caller: &Caller,
    what: Stopped,
    request: Request,
) -> Result<Response, Problem> {
    let code = match body::read_json_if_any(api, request).await? {
        Some(body) => read::which_halted(&json::parse(&body.bytes)?)?,
        None => None,
    };
    let halted::Resumed { resumed, left, more } = halted::resume_all(&api.app, caller, what, code).await?;
    Ok(Json(ResumedView { resumed, left, more }).into_response())
}
