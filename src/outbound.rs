//! HTTP to others than idOS nodes and webhooks: a collector of traces, and what `doctor` and `healthcheck` ask.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use rustls_platform_verifier::BuilderVerifierExt as _;

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

/// An HTTP client with TLS by ring that trusts whom this machine trusts. Without any trusted certificates on this
/// machine it trusts nobody, which will do for HTTP. Follows no redirects.
pub fn client(timeout: Duration) -> Result<reqwest::Client, OutboundError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = || -> Result<_, rustls::Error> {
        rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
    };
    let trusting = match builder()?.with_platform_verifier() {
        Ok(builder) => builder,
        Err(_) => builder()?.with_root_certificates(rustls::RootCertStore::empty()),
    };
    Ok(reqwest::Client::builder()
        .user_agent(concat!("idos-issuer/", env!("CARGO_PKG_VERSION")))
        .tls_backend_preconfigured(trusting.with_no_client_auth())
        .redirect(Policy::none())
        .timeout(timeout)
        .build()?)
}
