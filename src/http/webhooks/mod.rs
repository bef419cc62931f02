//! Webhooks of vendors: what a vendor tells is noted, and answered at once. What comes of it is background work.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde::Serialize;

use super::kit::problem::{Code, Problem};
use super::kit::signed::Told;
use super::kit::state::Api;
use crate::flow::verification;

/// What became of a webhook.
#[derive(Serialize)]
struct HeardView {
    outcome: &'static str,
}

/// Takes a webhook of the source that the path names.
pub(super) async fn take(
    State(api): State<Api>,
    Extension(told): Extension<Told>,
) -> Result<Response, Problem> {
    let notice = told.notice.map_err(|fault| {
        tracing::warn!(source = %told.source.name, "A webhook cannot be read: {fault}");
        Problem::new(Code::InvalidRequest)
            .because(format!("The webhook is signed, and cannot be read: {fault}."))
    })?;
    let heard = verification::hear(&api.app, &told.source, &notice, told.proof).await?;
    Ok(Json(HeardView { outcome: heard.as_str() }).into_response())
}
