//! What is noted about every request, and what every answer has.
//!
//! A span and a line in the log, with the method, the matched route (never the path itself: it may hold anything), the
//! status and the time; the same as metrics. Nothing of it is about a person.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use rand::RngCore as _;
use rand::rngs::OsRng;
use tracing::Instrument as _;

use super::problem::{Code, Problem};
use crate::telemetry;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const REQUESTS: &str = "http_requests_total";
const DURATION: &str = "http_request_duration_seconds";
const ACTIVE: &str = "http_requests_active";

/// Tells what the metrics are.
pub(crate) fn describe() {
    metrics::describe_counter!(REQUESTS, "Requests that were answered, by method, route and status");
    metrics::describe_histogram!(
        DURATION,
        metrics::Unit::Seconds,
        "How long requests took, by method and route; those that wait for a result take as long as they ask for"
    );
    metrics::describe_gauge!(ACTIVE, "Requests that are being answered");
}

/// Notes a request, and completes its answer.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let method = method(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!(
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        request_id = id,
        method,
        route,
        client = tracing::field::Empty,
        status = tracing::field::Empty,
    );
    telemetry::continue_trace(&span, |name| request.headers().get(name)?.to_str().ok().map(str::to_owned));
    let started = Instant::now();
    let active = Active::new();
    let mut response = next.run(request).instrument(span.clone()).await;
    drop(active);

    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        *response.body_mut() = Body::from(problem.body(&id));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        span.in_scope(|| note(&problem));
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));

    let (status, took) = (response.status(), started.elapsed());
    count(method, &route, status.as_u16(), took);
    span.record("status", status.as_u16());
    span.in_scope(|| {
        tracing::info!(took.ms = millis(took), "Answered {method} {route} with {}", status.as_u16());
    });
    response
}

/// What went wrong, for whoever looks a request id up in the log: its code and its places.
fn note(problem: &Problem) {
    let places: Vec<_> = problem.errors.iter().map(|fault| fault.location.name()).collect();
    if problem.code == Code::Internal {
        tracing::error!(code = problem.code.as_str(), "The request failed");
    } else {
        tracing::info!(code = problem.code.as_str(), places = places.join(" "), "The request was refused");
    }
}

fn count(method: &'static str, route: &str, status: u16, took: Duration) {
    let route = metrics::SharedString::from(route.to_owned());
    metrics::counter!(REQUESTS, "method" => method, "route" => route.clone(), "status" => status.to_string())
        .increment(1);
    metrics::histogram!(DURATION, "method" => method, "route" => route).record(took.as_secs_f64());
}

fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// A request that is being answered, also if its caller goes away meanwhile.
struct Active;

impl Active {
    fn new() -> Self {
        metrics::gauge!(ACTIVE).increment(1.0);
        Self
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        metrics::gauge!(ACTIVE).decrement(1.0);
    }
}

/// The method as a label. Callers can make up methods, but not labels.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The caller's id of the request, if it has one, and a plain one; else a fresh one.
pub(crate) fn request_id(headers: &HeaderMap) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let mut all = headers.get_all(&REQUEST_ID).iter();
    // Of two, those who read both logs might take the other one.
    let given = all.next().filter(|_| all.next().is_none()).and_then(|value| value.to_str().ok());
    if let Some(id) = given.filter(|id| (1..=64).contains(&id.len()) && id.bytes().all(plain)) {
        return id.to_owned();
    }
    let mut bytes = [0; 16];
    OsRng.fill_bytes(&mut bytes);
    hex::encode(bytes)
}
