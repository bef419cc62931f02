//! Confirming a request to erase, by the link of a mail to the recorded address.
//!
//! A GET changes nothing, since programs look at links in mails. The button of the page does it.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::language::Language;
use super::words::words;
use super::{MAX_FORM, show};
use crate::flow::cases::{self, CaseError};
use crate::http::kit::body;
use crate::http::kit::problem::Problem;
use crate::http::kit::state::Api;
use crate::model::mail_link::LinkToken;

/// Shows a page that asks.
pub(in crate::http) async fn ask(
    State(api): State<Api>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let language = Language::wanted(&headers);
    let is_alive = match token.parse::<LinkToken>() {
        Ok(token) => cases::can_confirm(&api.app, &token).await?,
        Err(_) => false,
    };
    let words = words(language);
    if is_alive {
        show(&api, language, StatusCode::OK, words.confirm, Some(words.confirm_button))
    } else {
        show(&api, language, StatusCode::NOT_FOUND, words.no_confirmation, None)
    }
}

/// Confirms it.
pub(in crate::http) async fn take(
    State(api): State<Api>,
    Path(token): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    body::read(&api, request, MAX_FORM).await?;
    let language = Language::wanted(&headers);
    let outcome = match token.parse::<LinkToken>() {
        Ok(token) => cases::confirm(&api.app, &token).await,
        Err(_) => Err(CaseError::NotFound),
    };
    let words = words(language);
    match outcome {
        Ok(()) => show(&api, language, StatusCode::OK, words.confirmed, None),
        Err(CaseError::NotFound | CaseError::Move(_)) => {
            show(&api, language, StatusCode::NOT_FOUND, words.no_confirmation, None)
        }
        Err(error) => Err(error.into()),
    }
}
