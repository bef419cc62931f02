//! Unsubscribing from reminders, by one click in the mail program (RFC 8058) or on a page.
//!
//! A GET changes nothing, since programs look at links in mails; a POST of `List-Unsubscribe=One-Click` does it, without a
//! cookie, a sign-in or a redirect. The button of the page sends the same.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::language::Language;
use super::words::words;
use super::{MAX_FORM, show};
use crate::flow::mail_link::{self, LinkError};
use crate::http::kit::body;
use crate::http::kit::problem::{Code, Problem};
use crate::http::kit::state::Api;
use crate::model::mail_link::LinkToken;

/// The field of the form and its value (RFC 8058, section 3.1), which stand in the body in both encodings that it may come in.
const ONE_CLICK: [&str; 2] = ["List-Unsubscribe", "One-Click"];

/// Shows a page that asks.
pub(in crate::http) async fn ask(
    State(api): State<Api>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let language = Language::wanted(&headers);
    let is_alive = match token.parse::<LinkToken>() {
        Ok(token) => mail_link::can_unsubscribe(&api.app, &token).await?,
        Err(_) => false,
    };
    let words = words(language);
    if is_alive {
        show(&api, language, StatusCode::OK, words.ask, Some(words.button))
    } else {
        show(&api, language, StatusCode::NOT_FOUND, words.over, None)
    }
}

/// Does it.
pub(in crate::http) async fn take(
    State(api): State<Api>,
    Path(token): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let body = body::read(&api, request, MAX_FORM).await?;
    let text = String::from_utf8_lossy(&body.bytes);
    if !ONE_CLICK.iter().all(|part| text.contains(part)) {
        return Err(Problem::new(Code::InvalidRequest)
            .because("The body must be a form with the field List-Unsubscribe=One-Click (RFC 8058)."));
    }
    let language = Language::wanted(&headers);
    let outcome = match token.parse::<LinkToken>() {
        Ok(token) => mail_link::unsubscribe(&api.app, &token).await,
        Err(_) => Err(LinkError::Unknown),
    };
    let words = words(language);
    match outcome {
        Ok(()) => show(&api, language, StatusCode::OK, words.done, None),
        Err(LinkError::Store(error)) => Err(error.into()),
        Err(_) => show(&api, language, StatusCode::NOT_FOUND, words.over, None),
    }
}
