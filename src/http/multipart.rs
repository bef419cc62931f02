//! A submission with its files beside it: `multipart/form-data` (RFC 7578), in any order.

use std::collections::BTreeMap;

use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use multer::{Constraints, Multipart, SizeLimit};
use zeroize::Zeroizing;

use super::Api;
use super::body::{self, JSON};
use super::limits::Room;
use super::problem::{Code, Problem};

/// The name of the part that holds the JSON.
pub(crate) const SUBMISSION: &str = "submission";

/// The most files of a submission: a subject refers to four.
pub(crate) const MOST_FILES: usize = 8;

/// The longest name of a part, in bytes.
const LONGEST_NAME: usize = 128;

/// The parts of a submission. Wiped on drop.
pub(crate) struct Parts {
    /// The JSON.
    pub(crate) submission: Zeroizing<Vec<u8>>,
    /// The files by their names, each with its place among the parts.
    pub(crate) files: BTreeMap<String, File>,
    /// The room that they take.
    pub(crate) room: Room,
}

/// A part.
pub(crate) struct File {
    /// Which of the parts it is, from 1.
    pub(crate) place: usize,
    /// What it holds.
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

/// Reads the parts of a submission.
pub(crate) async fn read(api: &Api, request: Request) -> Result<Parts, Problem> {
    let boundary = boundary(request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()))?;
    let incoming = body::open(api, request, api.app.http.max_body).await?;
    let (most, max_file) = (incoming.most, api.app.http.max_file);
    let stream = incoming.stream.map(|chunk| chunk.map_err(|_| Unreadable));

    let (submission, files) = body::in_time(api, collect(stream, boundary, most, max_file)).await?;
    let mut room = incoming.room;
    room.shrink(submission.len() + files.values().map(|file| file.bytes.len()).sum::<usize>());
    Ok(Parts { submission, files, room })
}

/// What parts the parts, by the header `Content-Type`.
pub(super) fn boundary(content_type: Option<&str>) -> Result<String, Problem> {
    content_type
        .and_then(|value| multer::parse_boundary(value).ok())
        .ok_or_else(|| Problem::new(Code::InvalidRequest).because("The multipart body has no boundary."))
}

/// The connection broke.
#[derive(Debug, thiserror::Error)]
#[error("the body is not complete")]
pub(super) struct Unreadable;

pub(super) type Read = (Zeroizing<Vec<u8>>, BTreeMap<String, File>);

/// Reads the parts from `stream`: all together at most `most` bytes, and a file at most `max_file`.
pub(super) async fn collect(
    stream: impl Stream<Item = Result<Bytes, Unreadable>> + Send + 'static,
    boundary: String,
    most: usize,
    max_file: usize,
) -> Result<Read, Problem> {
    let limits = SizeLimit::new().whole_stream(most as u64).per_field(max_file as u64);
    let limits = limits.for_field(SUBMISSION, most as u64);
    let mut multipart = Multipart::with_constraints(stream, boundary, Constraints::new().size_limit(limits));
    let explain = |error: multer::Error| explain(&error, most, max_file);
    let mut submission: Option<File> = None;
    let mut files: BTreeMap<String, File> = BTreeMap::new();
    let mut place = 0;
    while let Some(mut field) = multipart.next_field().await.map_err(explain)? {
        place += 1;
        if place > MOST_FILES + 1 {
            return Err(bad(format!("The multipart body has more than {MOST_FILES} files.")));
        }
        let name = field.name().unwrap_or_default().to_owned();
        let is_submission = name == SUBMISSION;
        if is_submission && field.content_type().is_none_or(|mime| mime.essence_str() != JSON) {
            return Err(bad("The part submission must be application/json."));
        }
        if !(1..=LONGEST_NAME).contains(&name.len()) || !name.bytes().all(is_plain) {
            let names = format!("1 to {LONGEST_NAME} of A-Z, a-z, 0-9, . _ -");
            return Err(bad(format!("Part {place} must have a name of {names}.")));
        }
        let mut bytes = Zeroizing::new(Vec::new());
        while let Some(chunk) = field.chunk().await.map_err(explain)? {
            bytes.extend_from_slice(&chunk);
        }
        let part = File { place, bytes };
        let twin = if is_submission { submission.replace(part) } else { files.insert(name, part) };
        if let Some(twin) = twin {
            return Err(bad(format!("Parts {} and {place} have the same name.", twin.place)));
        }
    }
    let submission = submission.ok_or_else(|| bad("The multipart body has no part submission."))?;
    Ok((submission.bytes, files))
}

/// Clients differ in how they write anything else into a header (RFC 7578, 5.1).
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-".contains(&byte)
}

fn bad(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(Code::InvalidRequest).because(detail)
}

/// What is wrong with a multipart body. Names of parts and headers came from outside, and are not repeated.
fn explain(error: &multer::Error, most: usize, max_file: usize) -> Problem {
    match error {
        multer::Error::FieldSizeExceeded { .. } => Problem::new(Code::TooLarge)
            .because(format!("A file has more than the {max_file} bytes that one file may have.")),
        multer::Error::StreamSizeExceeded { .. } => body::too_large(None, most),
        multer::Error::StreamReadFailed(_)
        | multer::Error::IncompleteStream
        | multer::Error::IncompleteFieldData { .. }
        | multer::Error::IncompleteHeaders => body::broken_off(),
        _ => bad("The body is not multipart/form-data (RFC 7578)."),
    }
}
