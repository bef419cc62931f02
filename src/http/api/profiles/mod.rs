//! Profiles: look one up, have one created, see how far that is, bring it on.

mod problem;
pub(in crate::http) mod read;
pub(in crate::http::api) mod view;

use std::str::FromStr;

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde::Serialize;
use uuid::Uuid;

use crate::flow::network::{self, By};
use crate::flow::profile;
use crate::flow::{intake, wallet};
use crate::http::api::common::parse_id;
use crate::http::kit::idempotency::{accepted, idempotency_key};
use crate::http::kit::problem::{Code, Problem};
use crate::http::kit::state::Api;
use crate::http::kit::wait::until_settled;
use crate::http::kit::{body, json};
use crate::model::ids::ProfileId;
use crate::model::profile::{ProfileState, RecordId};
use crate::model::submitter::Submitter;
use read::LookUp;
use view::ProfileView;

/// What was found.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FoundView {
    exists: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_public_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_store: Option<&'static str>,
}

pub(in crate::http) async fn look_up(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let body = body::read_json(&api, request).await?;
    let wanted = read::look_up(&json::parse(&body.bytes)?)?;
    let by = match &wanted {
        LookUp::Address(address) => By::Address(address.expose()),
        LookUp::User(id) => By::User(*id),
    };
    let found = network::find(&api.app, by).await?;
    let view = FoundView {
        exists: found.exists,
        user_id: found.user.as_ref().map(|user| user.id),
        encryption_public_key: found.user.as_ref().map(|user| user.recipient_encryption_public_key.clone()),
        password_store: found.user.map(|user| user.encryption_password_store.as_str()),
    };
    Ok(Json(view).into_response())
}

pub(in crate::http) async fn create(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    request: Request,
) -> Result<Response, Problem> {
    let key = idempotency_key(request.headers())?;
    let body = body::read_json(&api, request).await?;
    let key = intake::idempotency(&api.app, &caller, &key, &[b"POST /v1/profiles", &body.bytes]);
    let new = read::new_profile(&json::parse(&body.bytes)?)?;
    let made = profile::request(&api.app, &caller, &key, new).await?;
    let location = format!("/v1/profiles/{}", made.record.id);
    Ok(accepted(&location, made.replayed, ProfileView::from(made.record)))
}

pub(in crate::http) async fn show(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    wait_for::<ProfileId>(&api, &caller, query.as_deref(), &id).await
}

/// Shows the record of a profile or a wallet when it has come to something, or the time is over.
pub(in crate::http::api) async fn wait_for<Id: FromStr + Into<RecordId>>(
    api: &Api,
    caller: &Submitter,
    query: Option<&str>,
    id: &str,
) -> Result<Response, Problem> {
    let read = || async {
        let id = parse_id::<Id>(id)?.into();
        let there = api.app.store.profile_record_of(&caller.tenant, &id).await?;
        there.ok_or_else(|| Problem::new(Code::NotFound))
    };
    let there = until_settled(api, query, id, read, |there| there.state != ProfileState::Pending).await?;
    api.saw(caller, there.id.as_str()).await?;
    Ok(Json(ProfileView::from(there)).into_response())
}

pub(in crate::http) async fn resume(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    json::read_nothing(&api, request).await?;
    let profile = wallet::resume(&api.app, &caller, &parse_id::<ProfileId>(&id)?.into()).await?;
    Ok((StatusCode::ACCEPTED, Json(ProfileView::from(profile))).into_response())
}
