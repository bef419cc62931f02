//! Contacts: find what belongs to somebody who asks for it.

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde::Serialize;

use crate::flow::contact;
use crate::http::kit::problem::Problem;
use crate::http::kit::state::Api;
use crate::http::kit::{body, json};
use crate::http::read;
use crate::model::client::Caller;

#[derive(Serialize)]
struct FoundView {
    issuances: Vec<String>,
}

pub(in crate::http) async fn look_up(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Problem> {
    let body = body::read_json(&api, request).await?;
    let email = read::contact_look_up(&json::parse(&body.bytes)?)?;
    let found = contact::issuances_of(&api.app, &caller, &email).await?;
    Ok(Json(FoundView { issuances: found.iter().map(ToString::to_string).collect() }).into_response())
}
