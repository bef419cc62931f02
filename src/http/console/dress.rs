//! What goes wrong, as a page.

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use minijinja::context;
use url::form_urlencoded;

use super::page::Page;
use super::visit::{Visit, without_session};
use crate::http::kit::problem::{Code, Problem};
use crate::http::kit::staff::FORM_TOKEN;
use crate::http::kit::state::Api;

/// A page that asks for itself once more. Who follows a link from another site brings no session with them (`SameSite=Strict`); who comes
/// from a page of ours does.
fn once_more() -> Response {
    const PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0\">\
                        <title>One moment</title><p>One moment …</p></html>";
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
        (REFERRER_POLICY, "same-origin"),
    ];
    (headers, PAGE).into_response()
}

/// Makes a page of a problem. Who is not in is asked to come in, and then gets what they asked for.
pub(in crate::http) async fn dress(State(api): State<Api>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    let visit = Visit::of(&api, &parts);
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if !api.app.console.enabled {
        return response;
    }
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let places: Vec<_> = problem.errors.iter().map(|fault| fault.location.name()).collect();
    tracing::info!(code = problem.code.as_str(), places = places.join(" "), "The request was refused");
    if problem.code == Code::Unauthorized && reads && visit.comes_from_elsewhere() {
        return once_more();
    }
    if problem.code == Code::Unauthorized {
        let next: String = form_urlencoded::byte_serialize(visit.here().as_bytes()).collect();
        let target =
            if reads && !next.is_empty() { format!("/sign-in?next={next}") } else { "/sign-in".to_owned() };
        return without_session(visit.go(&target));
    }
    let is_of_form = |name: &str| problem.errors.iter().any(|fault| fault.location.name() == name);
    let words = match problem.code {
        Code::NotFound => "error.not_found",
        Code::Forbidden if is_of_form(&format!("/{FORM_TOKEN}")) => "error.stale_form",
        Code::Forbidden => "error.forbidden",
        Code::InvalidRequest if is_of_form("Origin") || is_of_form("Sec-Fetch-Site") => "error.elsewhere",
        Code::InvalidRequest | Code::InvalidFields | Code::UnsupportedMediaType | Code::TooLarge => {
            "error.unreadable"
        }
        Code::StateConflict => "error.changed",
        Code::RateLimited | Code::Overloaded | Code::NotReady | Code::RequestTimeout => "error.later",
        _ => "error.internal",
    };
    let content = context! { words, code => problem.code.as_str() };
    let page = Page::new("error.html", "error.title", content).status(problem.code.status());
    match visit.page(page) {
        Ok(mut response) => {
            if let Some(seconds) = problem.retry_after {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
        // Not even that: the plain one.
        Err(_) => problem.into_response(),
    }
}
