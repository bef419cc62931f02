//! HTTP to others than idOS nodes and webhooks: a collector of traces, and what `doctor` and `healthcheck` ask. And whom TLS trusts.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use rustls::pki_types::CertificateDer;
use rustls_platform_verifier::Verifier;

/// An HTTP client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// TLS.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The rest.
    #[error("an HTTP client cannot be set up")]
    Client(#[from] reqwest::Error),
}

/// TLS by ring that trusts whom this machine trusts, and `others`. Without any trusted certificates on this machine it trusts
/// those alone, which without any will do for HTTP.
pub fn tls(others: Vec<CertificateDer<'static>>) -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let trusting = if let Ok(verifier) = Verifier::new_with_extra_roots(others.iter().cloned(), provider) {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
    } else {
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(others);
        builder.with_root_certificates(roots)
    };
    Ok(trusting.with_no_client_auth())
}

/// An HTTP client with TLS by ring that trusts whom this machine trusts. Follows no redirects.
pub fn client(timeout: Duration) -> Result<reqwest::Client, OutboundError> {
    Ok(builder()?.timeout(timeout).build()?)
}

/// The same for requests that may take as long as they like, but for times in which nothing comes back.
pub fn patient_client(silence: Duration) -> Result<reqwest::Client, OutboundError> {
    Ok(builder()?.connect_timeout(silence).read_timeout(silence).build()?)
}

fn builder() -> Result<reqwest::ClientBuilder, OutboundError> {
    Ok(reqwest::Client::builder()
        .user_agent(concat!("idos-issuer/", env!("CARGO_PKG_VERSION")))
        .tls_backend_preconfigured(tls(Vec::new())?)
        .redirect(Policy::none()))
}

/// Why TLS did not come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// The certificate is not trusted, is for another name, or is not valid now.
    Certificate,
    /// What is at the other end does not speak TLS, or none that is spoken here.
    Protocol,
}

/// Whether a request failed because of TLS.
#[must_use]
pub fn tls_fault(error: &(dyn std::error::Error + 'static)) -> Option<TlsFault> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        let is_certificate = matches!(error, rustls::Error::InvalidCertificate(_));
        return Some(if is_certificate { TlsFault::Certificate } else { TlsFault::Protocol });
    }
    // An I/O error does not count what it was made of among its causes.
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(inner) => tls_fault(inner),
        None => error.source().and_then(tls_fault),
    }
}

/// How many seconds a header `Date` (RFC 9110, section 6.6.1) is ahead of `now`, in seconds since 1970; nothing if it is no date.
#[must_use]
pub fn seconds_ahead(date: &str, now: i64) -> Option<i64> {
    let date = chrono::DateTime::parse_from_rfc2822(date).ok()?;
    Some(date.timestamp().saturating_sub(now))
}

/// The body of an answer, and no more of it than `most` bytes.
pub async fn read(mut answer: reqwest::Response, most: usize) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        let room = most.saturating_sub(body.len());
        body.extend_from_slice(chunk.get(..room.min(chunk.len())).unwrap_or_default());
        if body.len() >= most {
            break;
        }
    }
    Ok(body)
}
