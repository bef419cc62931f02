//! A submission with its files beside it: `multipart/form-data` (RFC 7578), in any order.
//!
//! Which image is which is decided by the names of the parts alone, and a file's name is chosen by whoever sends the
//! file. So a part is taken only if its headers can be read in one way; whatever else is refused, and says which part
//! it is. The grammar is read here, because the libraries for it look for `name=` wherever it stands, inside the file's
//! name too, or keep the last of two headers.

mod delimit;
mod grammar;
mod head;

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use idos_credential::contents;
use zeroize::Zeroizing;

use self::delimit::Broken;
use self::grammar::Typed;
use crate::http::kit::body;
use crate::http::kit::problem::{Code, Problem};
use crate::http::kit::shares::BodyPermit;
use crate::http::kit::state::Api;

/// The name of the part that holds the JSON.
pub(crate) const SUBMISSION: &str = "submission";

/// The most files of a submission: a subject refers to four.
pub(crate) const MAX_FILES: usize = 8;

/// The longest boundary, in bytes (RFC 2046, 5.1.1).
const MAX_BOUNDARY_LEN: usize = 70;

/// The parts of a submission. Wiped on drop.
pub(crate) struct Parts {
    /// The JSON.
    pub(crate) submission: Zeroizing<Vec<u8>>,
    /// The files by their names, each with which of the parts it is.
    pub(crate) files: BTreeMap<String, File>,
    /// For the memory that they take.
    pub(crate) permit: BodyPermit,
}

/// A part.
pub(crate) struct File {
    /// Which of the parts it is, from 1.
    pub(crate) index: usize,
    /// What it holds.
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

/// Reads the parts of a submission.
pub(crate) async fn read(api: &Api, request: Request) -> Result<Parts, Problem> {
    let boundary = boundary_of(request.headers())?;
    let body::Body { mut bytes, permit } = body::read(api, request, api.app.http.max_body).await?;
    let max_file = api.app.http.max_file;
    let sent = bytes.len();
    let work = move || {
        let parts = split(&bytes, &boundary, max_file);
        contents::wipe(&mut bytes);
        parts
    };
    let (submission, files) = api.app.compute(sent, work).await?;
    let mut parts = Parts { submission, files, permit };
    parts.permit.shrink(parts.bytes());
    Ok(parts)
}

impl Parts {
    /// How many bytes they are.
    pub(crate) fn bytes(&self) -> usize {
        self.submission.len() + self.files.values().map(|file| file.bytes.len()).sum::<usize>()
    }
}

/// What parts the parts, by the header `Content-Type`, of which there must be one.
fn boundary_of(headers: &HeaderMap) -> Result<Vec<u8>, Problem> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => boundary(value.as_bytes()),
        (_, Some(_)) => Err(bad("The request has two Content-Type headers.")),
        (None, None) => Err(bad("The multipart body has no boundary.")),
    }
}

/// What parts the parts, by a value of `Content-Type`.
pub(crate) fn boundary(content_type: &[u8]) -> Result<Vec<u8>, Problem> {
    let read = Typed::read(content_type)
        .map_err(|reason| bad(format!("The Content-Type of the request {reason}.")))?;
    let parameter = read.parameter("boundary").ok_or_else(|| bad("The multipart body has no boundary."))?;
    let boundary = parameter.plain().filter(|value| {
        (1..=MAX_BOUNDARY_LEN).contains(&value.len())
            && value.iter().all(|byte| is_boundary(*byte))
            && value.last() != Some(&b' ')
    });
    let boundary = boundary.ok_or_else(|| {
        bad(format!(
            "The boundary of the multipart body must have 1 to {MAX_BOUNDARY_LEN} of the characters of RFC 2046, 5.1.1."
        ))
    })?;
    Ok(boundary.to_owned())
}

/// RFC 2046, 5.1.1.
fn is_boundary(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte)
}

pub(crate) type Read = (Zeroizing<Vec<u8>>, BTreeMap<String, File>);

/// Reads the parts of `body`, each at most `max_file` bytes but for the submission.
pub(crate) fn split(body: &[u8], boundary: &[u8], max_file: usize) -> Result<Read, Problem> {
    let mut submission: Option<File> = None;
    let mut files: BTreeMap<String, File> = BTreeMap::new();
    for (index, part) in (1..).zip(delimit::parts(body, boundary, MAX_FILES + 1).map_err(broken)?) {
        let of_part = |reason: Cow<'static, str>| bad(format!("Part {index} {reason}."));
        let (head, content) = delimit::head(part).ok_or_else(|| of_part(delimit::NO_EMPTY_LINE.into()))?;
        let head = head::read(head).map_err(of_part)?;
        let is_submission = head.name == SUBMISSION;
        if is_submission && !head.is_json {
            return Err(bad("The part submission must be application/json."));
        }
        if !is_submission && content.len() > max_file {
            return Err(Problem::new(Code::TooLarge).because(format!(
                "Part {index} has more than the {max_file} bytes that one file may have."
            )));
        }
        let part = File { index, bytes: Zeroizing::new(content.to_vec()) };
        let twin =
            if is_submission { submission.replace(part) } else { files.insert(head.name.to_owned(), part) };
        if let Some(twin) = twin {
            return Err(bad(format!("Parts {} and {index} have the same name.", twin.index)));
        }
    }
    let submission = submission.ok_or_else(|| bad("The multipart body has no part submission."))?;
    Ok((submission.bytes, files))
}

fn bad(detail: impl Into<Cow<'static, str>>) -> Problem {
    Problem::new(Code::InvalidRequest).because(detail)
}

fn broken(broken: Broken) -> Problem {
    match broken {
        Broken::Unended => body::broken_off(),
        Broken::TooMany => bad(format!("The multipart body has more than {MAX_FILES} files.")),
        Broken::NoBoundary => bad(
            "The body is not multipart/form-data (RFC 7578): no line of it is -- and the boundary. Lines end with CR LF.",
        ),
        Broken::OddBoundary => bad(
            "The body is not multipart/form-data (RFC 7578): a line begins with -- and the boundary, and goes on otherwise.",
        ),
    }
}
