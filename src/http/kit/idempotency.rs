//! Requests that make something once, however often they are sent.

use axum::Json;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::problem::{Code, Location, Problem};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The request's `Idempotency-Key`: 1 to 255 visible ASCII characters.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<String, Problem> {
    const NAME: &str = "Idempotency-Key";
    let wrong = |code, detail: &'static str| Problem::new(code).at(Location::Header(NAME), detail);
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else {
        return Err(wrong(Code::IdempotencyKeyMissing, "is required"));
    };
    let bytes = value.as_bytes();
    let fits = (1..=255).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
    if !fits || values.next().is_some() {
        return Err(wrong(Code::InvalidRequest, "must stand once, with 1 to 255 visible ASCII characters"));
    }
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

/// The answer to a request that makes something: the record, where it is, and whether it was there already.
pub(crate) fn accepted(location: &str, replayed: bool, view: impl Serialize) -> Response {
    answer(StatusCode::ACCEPTED, location, replayed, view)
}

/// The same where nothing of it is left to be done.
pub(crate) fn made(location: &str, replayed: bool, view: impl Serialize) -> Response {
    answer(StatusCode::CREATED, location, replayed, view)
}

fn answer(status: StatusCode, location: &str, replayed: bool, view: impl Serialize) -> Response {
    let mut response = (status, Json(view)).into_response();
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    if replayed {
        response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    response
}
