//! Whether a request comes from a page of our own.

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue};

use super::problem::{Code, Location, Problem};
use super::state::Api;

/// What the page itself sends, browsers say to be of the same origin (Fetch Metadata); those that do not say that name the origin.
pub(crate) fn check(api: &Api, headers: &HeaderMap) -> Result<(), Problem> {
    const SITE: &str = "Sec-Fetch-Site";
    let no = |name, detail| Err(Problem::new(Code::InvalidRequest).at(Location::Header(name), detail));
    if let Some(site) = headers.get(SITE) {
        if site.as_bytes() == b"same-origin" {
            return Ok(());
        }
        return no(SITE, "must be same-origin: the page alone may ask for this");
    }
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let is_ours = text(ORIGIN).is_some_and(|origin| {
        if let Some(public) = &api.app.http.public_url {
            return origin == public.origin().ascii_serialization();
        }
        // Where nobody has said what we are called, it is what we are called here.
        let named = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        named.is_some() && named == text(HOST)
    });
    if is_ours { Ok(()) } else { no("Origin", "must be that of the page: the page alone may ask for this") }
}
