//! Events: list them, have one told again.

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};

use super::issuances::read_nothing;
use crate::flow::events;
use crate::http::kit::problem::{Code, Problem};
use crate::http::kit::query::Query;
use crate::http::kit::state::Api;
use crate::http::view::{EventView, List};
use crate::model::client::Caller;
use crate::model::event::EventKind;
use crate::model::ids::EventId;

pub(in crate::http) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let mut query = Query::of(query.as_deref(), &["type", "cursor", "limit"])?;
    let kind = query.read::<EventKind>("type", "is not known");
    let cursor = query.read::<EventId>("cursor", "must be the nextCursor of an earlier answer");
    let limit = query.limit();
    query.end()?;
    let page = api.app.store.events(&caller.client, kind, cursor.as_ref(), limit).await?;
    let next_cursor = page.items.last().filter(|_| page.has_more).map(|event| event.id.to_string());
    Ok(Json(List { items: page.items.into_iter().map(EventView::from).collect(), next_cursor })
        .into_response())
}

pub(in crate::http) async fn replay(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    read_nothing(&api, request).await?;
    let id: EventId = id.parse().map_err(|_| Problem::new(Code::NotFound))?;
    let event = events::replay(&api.app, &caller, &id).await?;
    Ok((StatusCode::ACCEPTED, Json(EventView::from(event))).into_response())
}
