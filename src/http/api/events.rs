//! Events: list them, have one told again.

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};

use serde::Serialize;

use super::common::{conflict, parse_id};
use super::view::List;
use crate::flow::events::{self, ReplayError};
use crate::http::kit::json;
use crate::http::kit::problem::{Code, Problem};
use crate::http::kit::query::Query;
use crate::http::kit::state::Api;
use crate::model::event::{Event, EventKind};
use crate::model::ids::EventId;
use crate::model::submitter::Submitter;

pub(in crate::http) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let mut query = Query::of(query.as_deref(), &["type", "cursor", "limit"])?;
    let kind = query.read::<EventKind>("type", "is not known");
    let cursor = query.read::<EventId>("cursor", "must be the nextCursor of an earlier answer");
    let (limit, by) = (query.limit(), query.filters());
    query.end()?;
    let page = api.app.store.events(&caller.tenant, kind, cursor.as_ref(), limit).await?;
    api.saw_list(&caller, "events", &by, page.items.len()).await?;
    let next_cursor = page.items.last().filter(|_| page.has_more).map(|event| event.id.to_string());
    Ok(Json(List { items: page.items.into_iter().map(EventView::from).collect(), next_cursor })
        .into_response())
}

pub(in crate::http) async fn replay(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    json::read_nothing(&api, request).await?;
    let id: EventId = parse_id(&id)?;
    let event = events::replay(&api.app, &caller, &id).await?;
    Ok((StatusCode::ACCEPTED, Json(EventView::from(event))).into_response())
}

/// An event.
#[derive(Serialize)]
struct EventView {
    id: String,
    r#type: &'static str,
    timestamp: String,
    data: serde_json::Value,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        // The body is what webhooks carry: type, timestamp, data.
        let mut body: serde_json::Value = serde_json::from_str(&event.body).unwrap_or_default();
        let data = body.get_mut("data").map(serde_json::Value::take);
        Self {
            id: event.id.to_string(),
            r#type: event.kind.as_str(),
            timestamp: event.created_at.to_string(),
            data: data.unwrap_or_else(|| serde_json::json!({ "issuanceId": event.subject })),
        }
    }
}

impl From<ReplayError> for Problem {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::NotFound => Self::new(Code::NotFound),
            error @ ReplayError::TooSoon => conflict(format!("The event cannot be told again now: {error}.")),
            ReplayError::Store(error) => error.into(),
        }
    }
}
