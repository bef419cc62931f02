//! What can go wrong, sorted by what the caller can do about it. URLs may hold secrets and answers anything, so
//! errors say what kind they are and no more; the HTTP library's own errors, which name the URL, end here.

use std::error::Error;
use std::io;
use std::time::Duration;

use super::names::Unresolved;
use crate::Refusal;

/// Why there is no sender.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The user agent is no header value.
    #[error("the user agent must be visible ASCII")]
    UserAgent,
    /// This machine trusts nobody, or TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The HTTP library refuses the configuration.
    #[error("the HTTP client cannot be set up")]
    Http,
}

/// Why a webhook was not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Nothing is sent to such a target; nothing was.
    #[error("the webhook's URL {0}")]
    Refused(Refusal),
    /// The name of the receiver cannot be resolved.
    #[error("the webhook's receiver has a name that does not resolve")]
    UnknownName,
    /// There is no connection to the receiver.
    #[error("the webhook's receiver cannot be reached")]
    Unreachable,
    /// There is a connection, but no trust in who is at its other end.
    #[error("the webhook's receiver fails at TLS, or its certificate is not trusted")]
    Tls,
    /// The answer did not come in time. The receiver may have the message.
    #[error("the webhook's receiver did not answer in time")]
    Timeout,
    /// The connection broke, or what came is no HTTP. The receiver may have the message.
    #[error("the webhook's receiver broke off")]
    Broken,
    /// 410: the receiver wants no more webhooks, not only not this one.
    #[error("the webhook's receiver answered with the status 410: it wants no more")]
    Gone,
    /// An answer that is no success; redirects too.
    #[error("the webhook's receiver answered with the status {status}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// How long it asks to be left alone: `Retry-After`, at most [`LONGEST_WAIT`](crate::LONGEST_WAIT).
        retry_after: Option<Duration>,
    },
}

impl SendError {
    /// Whether the same message may go through later, though nobody changes the URL here.
    ///
    /// By Standard Webhooks, "Delivery success and failure", only 410 ends deliveries; every other status, also one
    /// of the 400s, is a failure like others, since receivers are deployed, blocked and misrouted at times. A name
    /// that resolves to a private address may resolve to a public one later, so it is worth it too. A target
    /// that is refused for what its URL says is not.
    #[must_use]
    pub fn is_worth_retrying(&self) -> bool {
        match self {
            Self::Refused(refusal) => matches!(refusal, Refusal::ResolvedAddress(_)),
            Self::Gone => false,
            Self::UnknownName
            | Self::Unreachable
            | Self::Tls
            | Self::Timeout
            | Self::Broken
            | Self::Status { .. } => true,
        }
    }

    /// How long the receiver asks to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// Why there was no answer, read from the HTTP library's error.
pub(super) fn no_answer(error: &reqwest::Error) -> SendError {
    if let Some(known) = std::iter::successors(error.source(), |error| below(*error)).find_map(told) {
        return known;
    }
    if error.is_timeout() {
        SendError::Timeout
    } else if error.is_connect() {
        SendError::Unreachable
    } else {
        SendError::Broken
    }
}

/// What only the innermost errors tell.
fn told(error: &(dyn Error + 'static)) -> Option<SendError> {
    if let Some(unresolved) = error.downcast_ref::<Unresolved>() {
        return Some(match unresolved {
            Unresolved::Unknown => SendError::UnknownName,
            Unresolved::Refused(refusal) => SendError::Refused(*refusal),
        });
    }
    error.is::<rustls::Error>().then_some(SendError::Tls)
}

/// An I/O error passes over what it wraps when it is asked for its source.
fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}
