//! Further wallets of users: have one added, see how far that is, bring it on.

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};

use super::issuances::read_nothing;
use super::profiles::wait_for;
use super::{accepted, idempotency_key};
use crate::flow::{intake, wallet};
use crate::http::problem::{Code, Problem};
use crate::http::view::ProfileView;
use crate::http::{Api, body, read};
use crate::model::client::Caller;
use crate::model::ids::WalletId;

pub(in crate::http) async fn add(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Problem> {
    let key = idempotency_key(request.headers())?;
    let body = body::read_json(&api, request).await?;
    let key = intake::idempotency(&api.app, &caller, &key, &[b"POST /v1/wallets", &body.bytes]);
    let new = read::new_wallet(&read::json(&body.bytes)?)?;
    let made = wallet::request(&api.app, &caller, &key, new).await?;
    let location = format!("/v1/wallets/{}", made.record.id);
    Ok(accepted(&location, made.replayed, ProfileView::from(made.record)))
}

pub(in crate::http) async fn show(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    wait_for(&api, &caller, query.as_deref(), || Ok(parse(&id)?.into())).await
}

pub(in crate::http) async fn resume(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    read_nothing(&api, request).await?;
    let wallet = wallet::resume(&api.app, &caller, &parse(&id)?.into()).await?;
    Ok((StatusCode::ACCEPTED, Json(ProfileView::from(wallet))).into_response())
}

fn parse(id: &str) -> Result<WalletId, Problem> {
    id.parse().map_err(|_| Problem::new(Code::NotFound))
}
