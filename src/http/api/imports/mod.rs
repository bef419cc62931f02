//! Imports: many results in one request, for whoever moves a base of users. Each line is what `POST /v1/issuances` takes, and goes the same
//! way; each gets a verdict, in order, while further ones come in.

mod run;
mod verdict;

use std::str::FromStr;

use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, Request, State};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};

use self::run::Import;
use crate::http::kit::body;
use crate::http::kit::guard;
use crate::http::kit::idempotency::idempotency_key;
use crate::http::kit::limits::RateKey;
use crate::http::kit::lines::Lines;
use crate::http::kit::problem::{Code, Problem};
use crate::http::kit::query::Query;
use crate::http::kit::state::Api;
use crate::model::submitter::Submitter;

pub(in crate::http) use run::describe;

/// The media type of lines of JSON.
const NDJSON: &str = "application/x-ndjson";

/// The most that a line's number may be: far beyond any file, and a whole number in every JSON.
const MAX_NUMBER: u64 = 1_000_000_000_000;

pub(in crate::http) async fn import(
    State(api): State<Api>,
    Extension(caller): Extension<Submitter>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let key = idempotency_key(request.headers())?;
    let mut query = Query::of(query.as_deref(), &["from"])?;
    let from = query.read("from", "must be the number of a line, from 1");
    query.end()?;
    if body::essence(request.headers()).as_deref() != Some(NDJSON) {
        return Err(
            Problem::new(Code::UnsupportedMediaType).because("The body must be application/x-ndjson.")
        );
    }
    body::check_plain(request.headers())?;
    let client = RateKey::Client(caller.tenant.clone());
    let slot = api.import_slots.acquire(&client)?;
    let whose = (client.clone(), guard::address(&request));
    let LineNumber(from) = from.unwrap_or(LineNumber(1));
    let mut lines = Lines::new(&api, whose, request.into_body().into_data_stream(), from);
    // A body that does not come at all is still refused with a status; and who waits to be told to go on (`Expect`) is told so by this.
    lines.wait_for_first().await?;
    let verdicts = run::verdicts(Import::new(api, caller, client, key), lines, slot);
    let media = [(CONTENT_TYPE, HeaderValue::from_static(NDJSON))];
    Ok((media, Body::from_stream(verdicts)).into_response())
}

/// The number of a line, in plain digits.
struct LineNumber(u64);

impl FromStr for LineNumber {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| is_plain && (1..=MAX_NUMBER).contains(number));
        number.map(Self).ok_or(())
    }
}
