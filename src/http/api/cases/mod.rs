//! Cases: requests of people to have erased what is kept about them.

mod problem;
pub(in crate::http) mod read;
mod view;

use axum::extract::{Path, RawQuery, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};

use self::view::{CaseView, TextView};
use super::common::parse_id;
use super::view::List;
use crate::flow::cases::{self, Shown};
use crate::flow::intake;
use crate::http::kit::idempotency::{idempotency_key, made};
use crate::http::kit::problem::Problem;
use crate::http::kit::query::Query;
use crate::http::kit::state::Api;
use crate::http::kit::{body, json};
use crate::model::case::{CaseOrigin, CaseState};
use crate::model::ids::CaseId;
use crate::model::submitter::Submitter;
use crate::model::time::Timestamp;
use crate::store::CaseFilter;

pub(in crate::http) async fn open(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    request: Request,
) -> Result<Response, Problem> {
    let key = idempotency_key(request.headers())?;
    let body = body::read_json(&api, request).await?;
    let key = intake::idempotency(&api.app, &caller, &key, &[b"POST /v1/erasure-cases", &body.bytes]);
    let new = read::new_case(&json::parse(&body.bytes)?, CaseOrigin::Api)?;
    let opened = cases::open(&api.app, &caller, Some(&key), new).await?;
    let location = format!("/v1/erasure-cases/{}", opened.record.case.id);
    Ok(made(&location, opened.replayed, CaseView::of(opened.record, api.app.erasure.zone())))
}

pub(in crate::http) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let mut query = Query::of(query.as_deref(), &["state", "dueBefore", "cursor", "limit"])?;
    let filter = CaseFilter {
        state: query.read::<CaseState>("state", "is no state of a case"),
        due_before: query.read::<Timestamp>("dueBefore", "must be a date or a time (RFC 3339)"),
    };
    let cursor = query.read::<CaseId>("cursor", "must be the nextCursor of an earlier answer");
    let (limit, by) = (query.limit(), query.filters());
    query.end()?;
    let page = api.app.store.cases(&caller.tenant, filter, cursor.as_ref(), limit).await?;
    api.saw_list(&caller, "erasure_cases", &by, page.items.len()).await?;
    let next_cursor = page.items.last().filter(|_| page.has_more).map(|case| case.id.to_string());
    let view = |case| {
        let clocks = cases::look(&api.app, &case);
        let shown = Shown { case, clocks, records: Vec::new(), candidates: Vec::new() };
        CaseView::of(shown, api.app.erasure.zone()).in_list()
    };
    let items: Vec<_> = page.items.into_iter().map(view).collect();
    Ok(Json(List { items, next_cursor }).into_response())
}

fn shown(api: &Api, case: Shown) -> Response {
    Json(CaseView::of(case, api.app.erasure.zone())).into_response()
}

pub(in crate::http) async fn show(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let case = cases::show(&api.app, &caller, &parse_id(&id)?).await?;
    api.saw(&caller, case.case.id.as_str()).await?;
    Ok(shown(&api, case))
}

pub(in crate::http) async fn decide(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let choice = match body::read_json_if_any(&api, request).await? {
        Some(body) => read::choice(&json::parse(&body.bytes)?)?,
        None => None,
    };
    Ok(shown(&api, cases::decide(&api.app, &caller, &parse_id(&id)?, choice.as_ref()).await?))
}

pub(in crate::http) async fn approve(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    json::read_nothing(&api, request).await?;
    Ok(shown(&api, cases::approve(&api.app, &caller, &parse_id(&id)?).await?))
}

pub(in crate::http) async fn extend(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let body = body::read_json(&api, request).await?;
    let reason = read::extension(&json::parse(&body.bytes)?)?;
    Ok(shown(&api, cases::extend(&api.app, &caller, &parse_id(&id)?, reason).await?))
}

pub(in crate::http) async fn refuse(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let body = body::read_json(&api, request).await?;
    let refusal = read::refusal(&json::parse(&body.bytes)?, api.app.clock.now())?;
    Ok(shown(&api, cases::refuse(&api.app, &caller, &parse_id(&id)?, refusal).await?))
}

pub(in crate::http) async fn withdraw(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    json::read_nothing(&api, request).await?;
    Ok(shown(&api, cases::withdraw(&api.app, &caller, &parse_id(&id)?).await?))
}

pub(in crate::http) async fn vouch(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let body = body::read_json(&api, request).await?;
    read::vouched(&json::parse(&body.bytes)?)?;
    let vouched = cases::vouch(&api.app, &caller, &parse_id(&id)?).await;
    Ok(shown(&api, vouched.map_err(|error| problem::at(error, ""))?))
}

pub(in crate::http) async fn offer_text(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let body = body::read_json(&api, request).await?;
    let wallet = read::wallet(&json::parse(&body.bytes)?)?;
    let offered = cases::offer(&api.app, &caller, &parse_id(&id)?, &wallet).await?;
    Ok(Json(TextView::from(offered)).into_response())
}

pub(in crate::http) async fn send_mail(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    json::read_nothing(&api, request).await?;
    Ok(shown(&api, cases::send(&api.app, &caller, &parse_id(&id)?).await?))
}

pub(in crate::http) async fn take_signature(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let body = body::read_json(&api, request).await?;
    let answer = read::answer(&json::parse(&body.bytes)?)?;
    Ok(shown(&api, cases::sign(&api.app, &caller, &parse_id(&id)?, &answer).await?))
}
