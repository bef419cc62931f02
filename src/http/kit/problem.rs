//! Problems: what a caller is told when a request fails (RFC 9457). Each code has one status.
//!
//! What the errors of a flow are to the caller stands beside the handlers that call it; here are those that any flow has:
//! the database's and the node's.
//!
//! A problem names locations, never values. Its body is written by `http::kit::observe`, which knows the request's id.

use std::borrow::Cow;

use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use idos_client::Class;
use idos_credential::Invalid;
use serde::Serialize;

use crate::app::NodeError;
use crate::model::client::Scope;
use crate::model::named::named;
use crate::store::StoreError;
use crate::telemetry;

named! {
    /// Every kind of problem. Its `type` is `urn:idos-issuer:problem:` and the name.
    Code {
        /// The request itself cannot be read: not JSON, a bad header, a bad query, a bad multipart body.
        InvalidRequest = "invalid_request",
        /// Fields are missing or wrong; each is pointed at.
        InvalidFields = "invalid_fields",
        /// There is no valid API key.
        Unauthorized = "unauthorized",
        /// The API key may not be used for this.
        Forbidden = "forbidden",
        /// The signature of a vendor is missing, wrong or too old.
        NotSigned = "not_signed",
        /// The token by which a consumer of the relay sends somebody is not taken.
        TokenRefused = "token_refused",
        /// It is not done here.
        NotOffered = "not_offered",
        /// There is no such record, or not for this client.
        NotFound = "not_found",
        /// There is such a path, but not for this method.
        MethodNotAllowed = "method_not_allowed",
        /// The request did not arrive in time.
        RequestTimeout = "request_timeout",
        /// A request that makes something needs an `Idempotency-Key`.
        IdempotencyKeyMissing = "idempotency_key_missing",
        /// The `Idempotency-Key` was used for another request.
        IdempotencyKeyReused = "idempotency_key_reused",
        /// The record is in a state in which this cannot be done.
        StateConflict = "state_conflict",
        /// What is to be made is there already, or on its way, on the network: what is pointed at.
        AlreadyThere = "already_there",
        /// The wallet that somebody shows who follows a link is not the one that it has to be.
        WrongWallet = "wrong_wallet",
        /// A person has a credential already.
        AlreadyUsed = "already_used",
        /// A source of personhood says no to a proof, or not yet.
        ProofRefused = "proof_refused",
        /// A source of personhood does not answer.
        SourceUnavailable = "source_unavailable",
        /// A source of personhood does not answer as it must.
        SourceUnusable = "source_unusable",
        /// The chain of a contract wallet cannot be asked.
        ChainUnavailable = "chain_unavailable",
        /// It was there, and is not any more.
        Gone = "gone",
        /// The time of a link is over.
        LinkExpired = "link_expired",
        /// The link of a mail works once, and has been used.
        LinkUsed = "link_used",
        /// The body, a file in it, or what would become of it, is too large.
        TooLarge = "too_large",
        /// The body is of a type that is not read here.
        UnsupportedMediaType = "unsupported_media_type",
        /// Too many requests.
        RateLimited = "rate_limited",
        /// Too much is being read at the moment.
        Overloaded = "overloaded",
        /// A part of the service does not work at the moment.
        NotReady = "not_ready",
        /// The idOS node cannot be reached.
        NodeUnavailable = "node_unavailable",
        /// The idOS node does not do it.
        NodeRefused = "node_refused",
        /// What a node gives as the issuer's copy is not what was issued.
        CopyAltered = "copy_altered",
        /// A fault of the service.
        Internal = "internal",
    }
}

impl Code {
    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::InvalidRequest | Self::IdempotencyKeyMissing => StatusCode::BAD_REQUEST,
            Self::InvalidFields | Self::IdempotencyKeyReused | Self::ProofRefused => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::NotSigned | Self::TokenRefused | Self::NotOffered => {
                StatusCode::FORBIDDEN
            }
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::StateConflict | Self::AlreadyThere | Self::AlreadyUsed | Self::WrongWallet => {
                StatusCode::CONFLICT
            }
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Overloaded
            | Self::NotReady
            | Self::NodeUnavailable
            | Self::SourceUnavailable
            | Self::ChainUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Gone | Self::LinkExpired | Self::LinkUsed => StatusCode::GONE,
            Self::NodeRefused | Self::CopyAltered | Self::SourceUnusable => StatusCode::BAD_GATEWAY,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What every problem of this kind is called.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::InvalidRequest => "The request cannot be read",
            Self::InvalidFields => "Fields are missing or wrong",
            Self::Unauthorized => "A valid API key is required",
            Self::Forbidden => "The API key may not be used for this",
            Self::NotSigned => "The request is not signed as it must be",
            Self::TokenRefused => "The token is not taken",
            Self::NotOffered => "It is not done here",
            Self::NotFound => "There is no such thing",
            Self::MethodNotAllowed => "The method is not allowed here",
            Self::RequestTimeout => "The request did not arrive in time",
            Self::IdempotencyKeyMissing => "An Idempotency-Key is required",
            Self::IdempotencyKeyReused => "The Idempotency-Key was used for another request",
            Self::StateConflict => "The record is in another state",
            Self::AlreadyThere => "It is there already",
            Self::WrongWallet => "It is another wallet",
            Self::AlreadyUsed => "The person has a credential already",
            Self::ProofRefused => "The source refuses the proof",
            Self::SourceUnavailable => "The source does not answer",
            Self::SourceUnusable => "The source's answer cannot be used",
            Self::ChainUnavailable => "The chain cannot be asked",
            Self::TooLarge => "The request is too large",
            Self::UnsupportedMediaType => "The body is of another type",
            Self::RateLimited => "There are too many requests",
            Self::Overloaded => "The service is busy",
            Self::NotReady => "The service is not ready",
            Self::NodeUnavailable => "The idOS node cannot be reached",
            Self::NodeRefused => "The idOS node refuses it",
            Self::Gone => "It is not there any more",
            Self::LinkExpired => "The link has expired",
            Self::LinkUsed => "The link has been used",
            Self::CopyAltered => "The copy is not what was issued",
            Self::Internal => "The service has failed",
        }
    }
}

/// Where in a request something is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Location {
    /// A JSON pointer (RFC 6901) into the body; in multipart, into the part `submission`.
    Pointer(String),
    /// The name of a header.
    Header(&'static str),
    /// The name of a query parameter.
    Parameter(&'static str),
}

impl Location {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Pointer(pointer) => pointer,
            Self::Header(name) | Self::Parameter(name) => name,
        }
    }
}

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Where.
    #[serde(flatten)]
    pub location: Location,
    /// What, as a phrase that follows the name of the location.
    pub detail: Cow<'static, str>,
}

/// Why a request failed.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The kind.
    pub code: Code,
    /// More about this one.
    pub detail: Option<Cow<'static, str>>,
    /// All that is wrong, each thing with its location.
    pub errors: Vec<Fault>,
    /// After how many seconds the same may be tried again.
    pub retry_after: Option<u64>,
}

/// A problem as callers see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProblemView<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    errors: &'a [Fault],
}

impl Problem {
    /// A problem of this kind.
    #[must_use]
    pub fn new(code: Code) -> Self {
        let retry_after = match code {
            Code::RateLimited => Some(1),
            Code::Overloaded
            | Code::NodeUnavailable
            | Code::NotReady
            | Code::SourceUnavailable
            | Code::ChainUnavailable => Some(5),
            _ => None,
        };
        Self { code, detail: None, errors: Vec::new(), retry_after }
    }

    /// With more about it.
    #[must_use]
    pub fn because(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With a location.
    #[must_use]
    pub fn at(mut self, location: Location, detail: impl Into<Cow<'static, str>>) -> Self {
        self.errors.push(Fault { location, detail: detail.into() });
        self
    }

    /// Wrong fields of a body.
    #[must_use]
    pub fn fields(errors: Vec<Fault>) -> Self {
        Self { errors, ..Self::new(Code::InvalidFields) }
    }

    /// Refused fields that a flow has named, as they lie below `parent` (a JSON pointer) in the body.
    #[must_use]
    pub fn invalid(parent: &str, invalid: Invalid) -> Self {
        Self::fields(faults(parent, invalid))
    }

    /// A key that may not be used for this.
    #[must_use]
    pub fn lacks(scope: Scope) -> Self {
        Self::new(Code::Forbidden).because(format!("The API key lacks the scope {scope}."))
    }

    /// The JSON of it.
    #[must_use]
    pub fn body(&self, request_id: &str) -> Vec<u8> {
        serde_json::to_vec(&self.view(Some(request_id))).unwrap_or_default() // texts and a number
    }

    /// What callers see of it; without the request's id where it is one of many in an answer.
    #[must_use]
    pub fn view<'a>(&'a self, request_id: Option<&'a str>) -> ProblemView<'a> {
        ProblemView {
            r#type: format!("urn:idos-issuer:problem:{}", self.code),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: self.detail.as_deref(),
            request_id,
            errors: &self.errors,
        }
    }

    /// A fault of ours. Logged here, where it is handled; the caller gets the request's id, not the cause.
    pub(crate) fn fault(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(cause = chain(error), "A request failed");
        Self::new(Code::Internal)
    }
}

/// An error and its causes, in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    telemetry::causes(error).join(": ")
}

/// The faults of refused fields below `parent`: dotted paths become JSON pointers.
pub(crate) fn faults(parent: &str, invalid: Invalid) -> Vec<Fault> {
    let fault = |problem: idos_credential::Problem| {
        let mut pointer = parent.to_owned();
        for name in problem.field.split('.').filter(|name| !name.is_empty()) {
            pointer.push('/');
            pointer.push_str(name);
        }
        Fault { location: Location::Pointer(pointer), detail: problem.problem.into() }
    };
    invalid.problems.into_iter().map(fault).collect()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == Code::Unauthorized {
            response
                .headers_mut()
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"idos-issuer\""));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            // Somebody else has moved the record at the same time: what the caller knew of it is not so any more.
            StoreError::Stale => Self::new(Code::StateConflict).because("The record has changed meanwhile."),
            StoreError::Unavailable(_) => {
                tracing::warn!(cause = chain(&error), "The database is not available");
                Self::new(Code::NotReady).because("The database does not answer, or takes nothing in.")
            }
            error => Self::fault(&error),
        }
    }
}

impl From<idos_client::Error> for Problem {
    fn from(error: idos_client::Error) -> Self {
        match error.class() {
            Class::Refused => {
                tracing::warn!(cause = chain(&error), "The idOS node refused a request");
                Self::new(Code::NodeRefused)
            }
            Class::Retry | Class::Unknown { .. } => {
                tracing::warn!(cause = chain(&error), "The idOS node cannot be reached");
                Self::new(Code::NodeUnavailable)
            }
        }
    }
}

impl From<NodeError> for Problem {
    fn from(error: NodeError) -> Self {
        match error {
            NodeError::Node(error) | NodeError::Blob(idos_client::BlobError::Client(error)) => error.into(),
            NodeError::Store(error) => error.into(),
            NodeError::Blob(error) => {
                tracing::warn!(cause = chain(&error), "The blob gateway did not give a content");
                Self::new(if error.is_final() { Code::NodeRefused } else { Code::NodeUnavailable })
            }
            NodeError::TooSlow => Self::new(Code::NodeUnavailable),
            NodeError::OtherNetwork => {
                tracing::error!("{error}");
                Self::new(Code::NodeUnavailable)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_an_error_with_a_title() {
        for code in Code::ALL {
            assert!(code.status().is_client_error() || code.status().is_server_error(), "{code}");
            assert!(!code.title().is_empty());
        }
    }

    #[test]
    fn dotted_paths_become_pointers() {
        let invalid = |field: &str| idos_credential::Problem::new(field, "is wrong").into();
        for (parent, field, pointer) in [
            ("", "evidence.subject.firstName", "/evidence/subject/firstName"),
            ("/delivery/writeGrant", "grant.notAfter", "/delivery/writeGrant/grant/notAfter"),
            ("/evidence", "", "/evidence"),
            ("", "", ""),
        ] {
            let location = faults(parent, invalid(field)).remove(0).location;
            assert_eq!(location, Location::Pointer(pointer.to_owned()));
        }
    }

    #[test]
    fn a_body_is_complete() {
        let problem = Problem::new(Code::RateLimited).at(Location::Parameter("wait"), "is too long");
        let body: serde_json::Value = serde_json::from_slice(&problem.body("abc")).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "type": "urn:idos-issuer:problem:rate_limited", "title": "There are too many requests", "status": 429,
                "requestId": "abc", "errors": [{"parameter": "wait", "detail": "is too long"}]
            })
        );
    }
}
