//! An upload: its parts, and whether they are those that were announced.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use idos_content_id::{ContentId, Hasher, MAX_CONTENT, TooLong};
use multer::{Constraints, Field, Multipart, SizeLimit};
use serde_json::{Map, Value, json};
use sqlx::SqliteConnection;

use super::{Named, Request, store};

const ORIGINAL: &str = "original";
const COPY: &str = "copy";

/// The largest body, in bytes: two contents, and what stands around them.
const MAX_BODY: u64 = 2 * MAX_CONTENT + 64 * 1024;

/// The contents of one upload.
pub struct Upload {
    original: Option<Content>,
    copy: Option<Content>,
}

/// A part: its bytes, and what they are called.
struct Content {
    id: ContentId,
    bytes: Vec<u8>,
}

/// Why a request to the gateway is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// It has no session.
    #[error("not authorized: log in first")]
    NoSession,
    /// It is no form.
    #[error("the content type must be multipart/form-data with a boundary")]
    NotAForm,
    /// The form cannot be read to its end.
    #[error("the form is malformed")]
    Malformed,
    /// A part has another name.
    #[error("the form has a part that is neither original nor copy")]
    UnknownPart,
    /// A part is there twice.
    #[error("the form has a part twice")]
    PartTwice,
    /// A part is longer than the gateway takes.
    #[error("a part is longer than 20 MiB")]
    TooLarge,
    /// The id in the path is none.
    #[error("the request's id must be a UUID")]
    MalformedRequest,
    /// No transaction has announced it, or its rows are gone.
    #[error("there is no request of this id")]
    UnknownRequest,
    /// A part that was announced is not there.
    #[error("the part {0} is missing")]
    PartMissing(&'static str),
    /// A part that was not announced is there.
    #[error("the part {0} is not part of this request")]
    PartSurplus(&'static str),
    /// The bytes are not those that the row names.
    #[error("the part {0} is not the content that its credential names")]
    OtherContent(&'static str),
    /// The identifier in the path is none.
    #[error("the content's identifier is malformed")]
    MalformedIdentifier,
    /// There is no such content, or no credential names it.
    #[error("there is no content of this identifier")]
    UnknownContent,
}

impl Refusal {
    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::NoSession => StatusCode::UNAUTHORIZED,
            Self::NotAForm => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnknownRequest | Self::UnknownContent => StatusCode::NOT_FOUND,
            Self::OtherContent(_) => StatusCode::CONFLICT,
            Self::Malformed
            | Self::UnknownPart
            | Self::PartTwice
            | Self::MalformedRequest
            | Self::PartMissing(_)
            | Self::PartSurplus(_)
            | Self::MalformedIdentifier => StatusCode::BAD_REQUEST,
        }
    }

    /// The answer: JSON with the codes of JSON-RPC, but where a session is missing. There it is text, because the official
    /// client of August 2026 waits for ever, on Node.js, for the rest of a 401 that is JSON.
    #[must_use]
    pub fn response(self) -> Response {
        let code = match self {
            Self::NoSession => return (self.status(), format!("{self}\n")).into_response(),
            Self::UnknownRequest | Self::UnknownContent => -904,
            _ => -902,
        };
        let body = json!({ "error": { "code": code, "message": self.to_string() } });
        let content_type = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
        (self.status(), content_type, body.to_string()).into_response()
    }
}

impl Upload {
    /// Reads a form as it comes in. Of a part that is too long, no more is kept than may be.
    ///
    /// # Errors
    ///
    /// It is no such form.
    pub async fn read(content_type: Option<&str>, body: Body) -> Result<Self, Refusal> {
        let boundary = content_type.and_then(|text| multer::parse_boundary(text).ok());
        let boundary = boundary.ok_or(Refusal::NotAForm)?;
        let limits = Constraints::new().size_limit(SizeLimit::new().whole_stream(MAX_BODY));
        let mut form = Multipart::with_constraints(body.into_data_stream(), boundary, limits);
        let mut upload = Self { original: None, copy: None };
        while let Some(part) = form.next_field().await.map_err(|error| refusal(&error))? {
            let place = match part.name() {
                Some(ORIGINAL) => &mut upload.original,
                Some(COPY) => &mut upload.copy,
                _ => return Err(Refusal::UnknownPart),
            };
            if place.is_some() {
                return Err(Refusal::PartTwice);
            }
            *place = Some(Content::read(part).await?);
        }
        Ok(upload)
    }

    /// That it is what was announced, all of it and nothing else.
    ///
    /// # Errors
    ///
    /// Says which part is not.
    pub fn compare(&self, request: &Request) -> Result<(), Refusal> {
        for (name, part, announced) in
            [(ORIGINAL, &self.original, request.original), (COPY, &self.copy, request.copy)]
        {
            match (part, announced) {
                (None, None) => {}
                (None, Some(_)) => return Err(Refusal::PartMissing(name)),
                (Some(_), None) => return Err(Refusal::PartSurplus(name)),
                (Some(part), Some(announced)) if part.is(announced) => {}
                (Some(_), Some(_)) => return Err(Refusal::OtherContent(name)),
            }
        }
        Ok(())
    }

    /// Keeps its contents.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn keep(&self, db: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        for part in [&self.original, &self.copy].into_iter().flatten() {
            store::keep(db, part.id, &part.bytes).await?;
        }
        Ok(())
    }

    /// What the gateway answers when it has them, on so many of the machines behind it.
    #[must_use]
    pub fn answer(&self, request_id: &str, quorum: Option<u32>) -> Map<String, Value> {
        let mut answer = Map::new();
        answer.insert("request_id".to_owned(), json!(request_id));
        for (name, part) in [("original_cid", &self.original), ("copy_cid", &self.copy)] {
            if let Some(part) = part {
                answer.insert(name.to_owned(), json!(part.id.to_string()));
            }
        }
        if let Some(quorum) = quorum {
            answer.insert("quorum".to_owned(), json!(quorum));
        }
        answer
    }
}

impl Content {
    async fn read(mut part: Field<'_>) -> Result<Self, Refusal> {
        let (mut hasher, mut bytes) = (Hasher::new(), Vec::new());
        while let Some(chunk) = part.chunk().await.map_err(|error| refusal(&error))? {
            if bytes.len().saturating_add(chunk.len()) as u64 > MAX_CONTENT {
                return Err(Refusal::TooLarge);
            }
            hasher.update(&chunk);
            bytes.extend_from_slice(&chunk);
        }
        let (id, _) = hasher.finish().map_err(|TooLong| Refusal::TooLarge)?;
        Ok(Self { id, bytes })
    }

    fn is(&self, announced: Named) -> bool {
        self.id == announced.id && self.bytes.len() as u64 == announced.size
    }
}

fn refusal(error: &multer::Error) -> Refusal {
    match error {
        multer::Error::StreamSizeExceeded { .. } | multer::Error::FieldSizeExceeded { .. } => {
            Refusal::TooLarge
        }
        _ => Refusal::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "multipart/form-data; boundary=x";

    async fn read(content_type: Option<&str>, body: impl Into<Body>) -> Result<Upload, Refusal> {
        Upload::read(content_type, body.into()).await
    }

    fn part(name: &str, content: &str) -> String {
        format!(
            "--x\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a.blob\"\r\n\r\n{content}\r\n"
        )
    }

    #[tokio::test]
    async fn forms_of_two_parts_are_read_and_nothing_else() {
        let both = format!("{}{}--x--\r\n", part("original", "hi"), part("copy", ""));
        let upload = read(Some(FORM), both.clone()).await.unwrap();
        let named = |content: &str| Named {
            id: ContentId::of(content.as_bytes()).unwrap(),
            size: content.len() as u64,
        };
        let (hi, nothing) = (named("hi"), named(""));
        assert_eq!(upload.compare(&Request { original: Some(hi), copy: Some(nothing) }), Ok(()));
        for (original, copy, refusal) in [
            (Some(hi), None, Refusal::PartSurplus("copy")),
            (Some(hi), Some(hi), Refusal::OtherContent("copy")),
            (Some(Named { size: 3, ..hi }), Some(nothing), Refusal::OtherContent("original")),
        ] {
            assert_eq!(upload.compare(&Request { original, copy }), Err(refusal));
        }
        let one = read(Some(FORM), format!("{}--x--\r\n", part("copy", "hi"))).await.unwrap();
        let request = Request { original: Some(hi), copy: Some(hi) };
        assert_eq!(one.compare(&request), Err(Refusal::PartMissing("original")));

        let twice = format!("{}{}--x--\r\n", part("copy", "a"), part("copy", "b"));
        for (content_type, body, refusal) in [
            (None, both.clone(), Refusal::NotAForm),
            (Some("application/json"), both.clone(), Refusal::NotAForm),
            (Some("multipart/form-data"), both.clone(), Refusal::NotAForm),
            (Some(FORM), part("copy", "cut off"), Refusal::Malformed),
            (Some("multipart/form-data; boundary=y"), both, Refusal::Malformed),
            (Some(FORM), format!("{}--x--\r\n", part("file", "a")), Refusal::UnknownPart),
            (Some(FORM), twice, Refusal::PartTwice),
        ] {
            assert_eq!(read(content_type, body).await.err(), Some(refusal));
        }
    }

    #[tokio::test]
    async fn a_part_is_at_most_20_mib() {
        let most = "a".repeat(usize::try_from(MAX_CONTENT).unwrap());
        let fits = format!("{}--x--\r\n", part("original", &most));
        assert!(read(Some(FORM), fits).await.is_ok());
        let larger = format!("{}--x--\r\n", part("original", &format!("{most}a")));
        assert_eq!(read(Some(FORM), larger).await.err(), Some(Refusal::TooLarge));
    }
}
