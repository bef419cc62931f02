//! Reading bodies: under limits, before anything of them is looked at.

use std::time::Duration;

use axum::body::{BodyDataStream, HttpBody as _};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use futures_util::StreamExt as _;
use zeroize::Zeroizing;

use super::problem::{Code, Problem};
use super::shares::{self, BodyPermit};
use super::state::Api;

/// The largest body of a request without files, in bytes. The longest proof of a wallet has half of it.
pub(crate) const MAX_BODY_WITHOUT_FILES: usize = 128 * 1024;

/// A body that has been read. Wiped on drop.
pub(crate) struct Body {
    /// What was sent.
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    /// For the memory that it takes, and the turn in which it is worked on, for as long as the request lasts.
    pub(crate) permit: BodyPermit,
}

/// A body that may be read: it announces no more than is taken, and the budget has enough for it.
pub(crate) struct Incoming {
    /// The body.
    pub(crate) stream: BodyDataStream,
    /// For all of it.
    pub(crate) permit: BodyPermit,
    /// The most that it may have, in bytes.
    pub(crate) max: usize,
    /// What it says that it has.
    announced: Option<usize>,
    /// How long nothing of it may come, in seconds.
    pause: u64,
}

/// Looks at the headers of a body, and takes memory for it from the budget.
pub(crate) async fn open(api: &Api, request: Request, max: usize) -> Result<Incoming, Problem> {
    let headers = request.headers();
    check_plain(headers)?;
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok())
        .map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    if let Some(length) = announced
        && length > max
    {
        return Err(too_large(Some(length), max));
    }
    // Without a length it may become as large as any.
    let permit = api.body_budget.acquire(request.extensions(), announced.unwrap_or(max)).await?;
    let pause = api.app.http.body_pause;
    Ok(Incoming { stream: request.into_body().into_data_stream(), permit, max, announced, pause })
}

/// That a body is not compressed.
pub(crate) fn check_plain(headers: &HeaderMap) -> Result<(), Problem> {
    let plain = |value: &axum::http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(CONTENT_ENCODING).iter().all(plain) {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedMediaType).because("Compressed bodies are not read."))
}

/// Reads a body to its end, and waits for the client's turn to be worked for, once it is known which one it is.
pub(crate) async fn read(api: &Api, request: Request, max: usize) -> Result<Body, Problem> {
    let client = shares::client_of(request.extensions());
    let mut incoming = open(api, request, max).await?;
    let bytes = in_time(api, collect(&mut incoming)).await?;
    incoming.permit.shrink(bytes.len());
    let permit = match client {
        // Not before: whoever sends slowly would hold a turn meanwhile.
        Some(client) => incoming.permit.in_turn(api.turns.take(client).await?),
        None => incoming.permit,
    };
    Ok(Body { bytes, permit })
}

/// Reads a JSON body to its end.
pub(crate) async fn read_json(api: &Api, request: Request) -> Result<Body, Problem> {
    read_json_of(api, request, MAX_BODY_WITHOUT_FILES).await
}

/// Reads a JSON body of at most `max` bytes to its end.
pub(crate) async fn read_json_of(api: &Api, request: Request, max: usize) -> Result<Body, Problem> {
    if essence(request.headers()).as_deref() != Some(JSON) {
        return Err(Problem::new(Code::UnsupportedMediaType).because("The body must be application/json."));
    }
    read(api, request, api.app.http.max_body.min(max)).await
}

/// Reads a JSON body to its end, if there is one.
pub(crate) async fn read_json_if_any(api: &Api, request: Request) -> Result<Option<Body>, Problem> {
    if request.body().is_end_stream() { Ok(None) } else { read_json(api, request).await.map(Some) }
}

/// The media type of JSON.
pub(crate) const JSON: &str = "application/json";

/// The media type of a body, in lower case and without parameters.
pub(crate) fn essence(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

/// Reads for as long as the configuration allows.
pub(crate) async fn in_time<T>(
    api: &Api,
    reading: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let seconds = api.app.http.body_timeout;
    match tokio::time::timeout(Duration::from_secs(seconds), reading).await {
        Ok(result) => result,
        Err(_) => Err(Problem::new(Code::RequestTimeout)
            .because(format!("A body may take {seconds} seconds to arrive."))),
    }
}

/// What has not begun, or does not go on.
pub(crate) fn stalled(seconds: u64) -> Problem {
    Problem::new(Code::RequestTimeout)
        .because(format!("While a body arrives, it may stand still for at most {seconds} seconds."))
}

/// What is larger than is taken.
pub(crate) fn too_large(bytes: Option<usize>, max: usize) -> Problem {
    Problem::new(Code::TooLarge).because(match bytes {
        Some(bytes) => format!("The body has {bytes} bytes, and at most {max} are taken."),
        None => format!("The body has more than the {max} bytes that are taken."),
    })
}

/// What ends before its end.
pub(crate) fn broken_off() -> Problem {
    Problem::new(Code::InvalidRequest).because("The body is not complete.")
}

async fn collect(incoming: &mut Incoming) -> Result<Zeroizing<Vec<u8>>, Problem> {
    // As large as it will be, where that is known: what grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(incoming.announced.unwrap_or_default()));
    let pause = Duration::from_secs(incoming.pause);
    loop {
        let next = tokio::time::timeout(pause, incoming.stream.next()).await;
        let Some(chunk) = next.map_err(|_| stalled(incoming.pause))? else { return Ok(bytes) };
        let chunk = chunk.map_err(|_| broken_off())?;
        if bytes.len().saturating_add(chunk.len()) > incoming.max {
            return Err(too_large(None, incoming.max));
        }
        bytes.extend_from_slice(&chunk);
    }
}
