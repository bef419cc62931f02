//! Problems: what a caller is told when a request fails (RFC 9457). The only map from errors to statuses.
//!
//! A problem names places, never values. Its body is written by `http::observe`, which knows the request's id.

use std::borrow::Cow;

use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use idos_client::Class;
use idos_credential::Invalid;
use idos_wallet::{Field, InvalidProof};
use serde::Serialize;

use crate::app::NodeError;
use crate::flow::erase::EraseError;
use crate::flow::events::ReplayError;
use crate::flow::grant::GrantError;
use crate::flow::intake::IntakeError;
use crate::flow::profile::{NotAnInserter, RequestError};
use crate::flow::read_back::CopyError;
use crate::flow::resume::ResumeError;
use crate::flow::revoke::RevokeError;
use crate::flow::wallet;
use crate::model::client::Scope;
use crate::model::issuance::{Stopped, named};
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
        /// There is no such record, or not for this client.
        NotFound = "not_found",
        /// There is such a place, but not for this method.
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
        /// It was there, and is not any more.
        Gone = "gone",
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
            Self::InvalidFields | Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::StateConflict | Self::AlreadyThere => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Overloaded | Self::NotReady | Self::NodeUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Gone => StatusCode::GONE,
            Self::NodeRefused | Self::CopyAltered => StatusCode::BAD_GATEWAY,
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
            Self::NotFound => "There is no such thing",
            Self::MethodNotAllowed => "The method is not allowed here",
            Self::RequestTimeout => "The request did not arrive in time",
            Self::IdempotencyKeyMissing => "An Idempotency-Key is required",
            Self::IdempotencyKeyReused => "The Idempotency-Key was used for another request",
            Self::StateConflict => "The record is in another state",
            Self::AlreadyThere => "It is there already",
            Self::TooLarge => "The request is too large",
            Self::UnsupportedMediaType => "The body is of another type",
            Self::RateLimited => "There are too many requests",
            Self::Overloaded => "The service is busy",
            Self::NotReady => "The service is not ready",
            Self::NodeUnavailable => "The idOS node cannot be reached",
            Self::NodeRefused => "The idOS node refuses it",
            Self::Gone => "It is not there any more",
            Self::CopyAltered => "The copy is not what was issued",
            Self::Internal => "The service has failed",
        }
    }
}

/// Where in a request something is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// A JSON pointer (RFC 6901) into the body; in multipart, into the part `submission`.
    Pointer(String),
    /// The name of a header.
    Header(&'static str),
    /// The name of a query parameter.
    Parameter(&'static str),
}

impl Place {
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
    pub place: Place,
    /// What, as a phrase that follows the name of the place.
    pub detail: Cow<'static, str>,
}

/// Why a request failed.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The kind.
    pub code: Code,
    /// More about this one.
    pub detail: Option<Cow<'static, str>>,
    /// All that is wrong, each thing with its place.
    pub errors: Vec<Fault>,
    /// After how many seconds the same may be tried again.
    pub retry_after: Option<u64>,
}

/// The body of a problem.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    errors: &'a [Fault],
}

impl Problem {
    /// A problem of this kind.
    #[must_use]
    pub fn new(code: Code) -> Self {
        let retry_after = match code {
            Code::RateLimited => Some(1),
            Code::Overloaded | Code::NodeUnavailable | Code::NotReady => Some(5),
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

    /// With a place.
    #[must_use]
    pub fn at(mut self, place: Place, detail: impl Into<Cow<'static, str>>) -> Self {
        self.errors.push(Fault { place, detail: detail.into() });
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

    /// A refused proof of a wallet, whose fields lie below `parent` (a JSON pointer) in the body.
    #[must_use]
    pub fn wallet(parent: &str, error: InvalidProof) -> Self {
        Self::fields(vec![wallet_fault(parent, error)])
    }

    /// The JSON of it.
    #[must_use]
    pub fn body(&self, request_id: &str) -> Vec<u8> {
        let body = Body {
            r#type: format!("urn:idos-issuer:problem:{}", self.code),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: self.detail.as_deref(),
            request_id,
            errors: &self.errors,
        };
        serde_json::to_vec(&body).unwrap_or_default() // texts and a number
    }

    /// A fault of ours. Logged here, where it is handled; the caller gets the request's id, not the cause.
    fn fault(error: &(dyn std::error::Error + 'static)) -> Self {
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
        Fault { place: Place::Pointer(pointer), detail: problem.problem.into() }
    };
    invalid.problems.into_iter().map(fault).collect()
}

/// The fault of a refused wallet proof below `parent`.
pub(crate) fn wallet_fault(parent: &str, error: InvalidProof) -> Fault {
    let name = match error.field() {
        Field::Address | Field::Identifier | Field::Sender => "address",
        Field::PublicKey => "publicKey",
        Field::Message => "message",
        _ => "signature",
    };
    let detail: Cow<'static, str> = match error {
        InvalidProof::TooLong { max, .. } => format!("is longer than {max} bytes").into(),
        InvalidProof::Missing { .. } => "is required for this type of wallet, and must not be empty".into(),
        InvalidProof::Malformed { expected, .. } => format!("must be {expected}").into(),
        InvalidProof::WeakKey { .. } => "is a key of low order, which proves nothing".into(),
        InvalidProof::NotOfThisKey { .. } => "does not belong to the public key".into(),
        InvalidProof::WrongSignature => "is not this wallet's over this message".into(),
        _ => "is not accepted".into(),
    };
    Fault { place: Place::Pointer(format!("{parent}/{name}")), detail }
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
            NodeError::Node(error) => error.into(),
            NodeError::Store(error) => error.into(),
            NodeError::TooSlow => Self::new(Code::NodeUnavailable),
            NodeError::OtherNetwork => {
                tracing::error!("{error}");
                Self::new(Code::NodeUnavailable)
            }
        }
    }
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Invalid(invalid) => Self::invalid("", invalid),
            IntakeError::KeyReused => Self::new(Code::IdempotencyKeyReused),
            IntakeError::TooLarge { bytes, limit, with_copy } => Self::new(Code::TooLarge)
                .because(too_large_text(bytes, limit, with_copy))
                .at(Place::Pointer("/evidence/subject".to_owned()), "has files that are too large"),
            IntakeError::NotAnInserter(error) => error.into(),
            IntakeError::Store(error) => error.into(),
            error => Self::fault(&error),
        }
    }
}

fn too_large_text(bytes: usize, limit: usize, with_copy: bool) -> String {
    let (what, times) = if with_copy {
        ("The sealed credential and its copy together would have", "twice, 4/3")
    } else {
        ("The sealed credential would have", "4/3")
    };
    format!(
        "{what} {bytes} bytes, and a transaction takes {limit}. Every byte of a file counts 5/4 in the credential, and \
         every byte of the credential {times} in the transaction: send smaller files."
    )
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::KeyReused => Self::new(Code::IdempotencyKeyReused),
            RequestError::Wallet(error) => Self::wallet("/wallet", error),
            RequestError::UserId => {
                Self::new(Code::InvalidFields).at(Place::Pointer("/userId".to_owned()), super::read::USER_ID)
            }
            RequestError::OtherKey => Self::new(Code::AlreadyThere).at(
                Place::Pointer("/encryptionPublicKey".to_owned()),
                "is another key than the one with which this user is being created already",
            ),
            RequestError::UserExists => Self::new(Code::AlreadyThere).at(
                Place::Pointer("/encryptionPublicKey".to_owned()),
                "is another key than the one that this user has on the network",
            ),
            RequestError::UserUnknown => Self::new(Code::InvalidFields).at(
                Place::Pointer("/userId".to_owned()),
                "is no user's on the network: have the profile created first",
            ),
            RequestError::Challenge(error) => Self::new(Code::InvalidFields)
                .at(Place::Pointer("/wallet/message".to_owned()), error.to_string()),
            RequestError::WalletTaken => Self::new(Code::AlreadyThere)
                .at(Place::Pointer("/wallet/address".to_owned()), "belongs to an idOS profile already"),
            RequestError::WalletUnderWay => Self::new(Code::AlreadyThere).at(
                Place::Pointer("/wallet/address".to_owned()),
                "is being added to an idOS profile already",
            ),
            RequestError::NotAnInserter(error) => error.into(),
            RequestError::Store(error) => error.into(),
            error @ RequestError::Vault(_) => Self::fault(&error),
        }
    }
}

/// Nothing that is accepted could be written: whoever runs the service has to see to it first.
impl From<NotAnInserter> for Problem {
    fn from(error: NotAnInserter) -> Self {
        tracing::error!("{error}");
        Self::new(Code::NotReady)
            .because("A write key of the service is no delegate of an inserter of the network.")
    }
}

impl From<wallet::ResumeError> for Problem {
    fn from(error: wallet::ResumeError) -> Self {
        match error {
            wallet::ResumeError::NotFound => Self::new(Code::NotFound),
            wallet::ResumeError::Conflict(state) => {
                conflict(format!("It is {state}; only what is halted is resumed."))
            }
            wallet::ResumeError::UnderWay => {
                conflict("The same has been asked for again, and is on its way.")
            }
            wallet::ResumeError::ContentGone => {
                conflict("The wallet's proof is gone: ask for it again, with a new Idempotency-Key.")
            }
            wallet::ResumeError::Store(error) => error.into(),
        }
    }
}

impl From<ReplayError> for Problem {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::NotFound => Self::new(Code::NotFound),
            error @ ReplayError::TooSoon => conflict(format!("The event cannot be told again now: {error}.")),
            ReplayError::Store(error) => error.into(),
        }
    }
}

/// A record that is in a state in which it cannot be done.
fn conflict(detail: impl Into<Cow<'static, str>>) -> Problem {
    Problem::new(Code::StateConflict).because(detail)
}

impl From<ResumeError> for Problem {
    fn from(error: ResumeError) -> Self {
        match error {
            ResumeError::NotFound => Self::new(Code::NotFound),
            ResumeError::Conflict(state) => conflict(format!(
                "The issuance is {state}; only what is halted or awaiting_grant is resumed."
            )),
            ResumeError::ContentGone => {
                conflict("Its content is gone: submit again, with a new Idempotency-Key.")
            }
            ResumeError::GrantNeeded(code) => Self::new(Code::InvalidFields)
                .at(Place::Pointer("/writeGrant".to_owned()), "is required")
                .because(format!(
                    "The issuance waits for a write grant ({code}): {}.",
                    code.cure(Stopped::Issuance)
                )),
            ResumeError::NoGrantWanted => Self::new(Code::InvalidFields)
                .at(Place::Pointer("/writeGrant".to_owned()), "is not wanted: the issuer writes as inserter"),
            ResumeError::Grant(invalid) => Self::invalid("/writeGrant", invalid),
            ResumeError::Node(error) => error.into(),
            ResumeError::Store(error) => error.into(),
            error @ ResumeError::Vault(_) => Self::fault(&error),
        }
    }
}

impl From<RevokeError> for Problem {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::NotFound => Self::new(Code::NotFound),
            RevokeError::Conflict(state) => {
                conflict(format!("The issuance is {state}; only what is issued can be revoked."))
            }
            RevokeError::KeyMissing => conflict(
                "The write key that sealed the credential is not in the configuration any more, and no other can edit \
                 it.",
            ),
            RevokeError::Store(error) => error.into(),
        }
    }
}

impl From<CopyError> for Problem {
    fn from(error: CopyError) -> Self {
        match error {
            CopyError::NotFound => Self::new(Code::NotFound),
            CopyError::NotIssued(state) => {
                conflict(format!("The issuance is {state}; only what is issued has a copy."))
            }
            CopyError::Erased => Self::new(Code::Gone).because("The issuance was erased."),
            CopyError::NoCopy => {
                Self::new(Code::NotFound).because("The credential was written as inserter: there is no copy.")
            }
            CopyError::OtherGrantee => Self::new(Code::NotFound).because(
                "The copy is for another grantee than the issuer, or for a write key that it has no more.",
            ),
            CopyError::Gone => Self::new(Code::Gone)
                .because("The user has taken back the issuer's access to the copy, or removed the copy."),
            CopyError::OtherKey => {
                conflict("The copy does not open with the encryption key in the configuration.")
            }
            CopyError::Altered => Self::new(Code::CopyAltered),
            CopyError::Node(error) => error.into(),
            CopyError::Store(error) => error.into(),
        }
    }
}

impl From<EraseError> for Problem {
    fn from(error: EraseError) -> Self {
        match error {
            EraseError::NotFound => Self::new(Code::NotFound),
            EraseError::Conflict(state) => {
                conflict(format!("The issuance is {state}: wait until that is over, and erase it then."))
            }
            EraseError::Store(error) => error.into(),
        }
    }
}

/// A refused grant whose fields lie below `parent` (a JSON pointer) in the body.
pub(crate) fn grant(parent: &str, error: GrantError) -> Problem {
    match error {
        GrantError::Invalid(invalid) => Problem::invalid(parent, invalid),
        GrantError::Node(error) => error.into(),
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
            let place = faults(parent, invalid(field)).remove(0).place;
            assert_eq!(place, Place::Pointer(pointer.to_owned()));
        }
    }

    #[test]
    fn a_body_is_complete() {
        let problem = Problem::new(Code::RateLimited).at(Place::Parameter("wait"), "is too long");
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
