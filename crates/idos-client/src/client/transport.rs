//! HTTP: one request, one bounded answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, COOKIE, HeaderValue, RETRY_AFTER, SET_COOKIE};
use rustls_platform_verifier::BuilderVerifierExt as _;
use url::Url;

use super::config::{ClientConfig, Node};
use crate::error::{ConfigError, TransportError};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Sends requests.
#[derive(Debug)]
pub(super) struct Transport {
    http: reqwest::Client,
    max_answer: usize,
    timeout: Duration,
}

/// An answer, whatever it says.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    pub(super) set_cookie: Vec<String>,
    /// `Retry-After`, where it is a number of seconds.
    pub(super) retry_after: Option<u64>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// There was no connection, so nothing was sent.
    Unsent(TransportError),
    /// The request, or a part of it, was sent.
    Lost(TransportError),
    /// The answer is longer than the limit.
    TooLarge { limit: usize },
}

impl Transport {
    pub(super) fn new(config: &ClientConfig, nodes: &[Node]) -> Result<Self, ConfigError> {
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("idos-client/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(tls(nodes)?)
            .redirect(reqwest::redirect::Policy::none())
            // Nothing may be sent twice behind our back.
            .retry(reqwest::retry::never())
            // A connection that the node has closed meanwhile would make a write's outcome unknown.
            .pool_idle_timeout(Duration::from_secs(5))
            .timeout(config.timeout)
            .connect_timeout(config.connect_timeout);
        if nodes.iter().all(|node| node.is_loopback) {
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| ConfigError::Http(error.into()))?;
        Ok(Self { http, max_answer: config.max_answer, timeout: config.timeout })
    }

    /// How long a small request may take.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(super) async fn post(
        &self,
        node: &Node,
        body: Bytes,
        cookie: Option<&str>,
    ) -> Result<Answer, NoAnswer> {
        let request =
            self.http.post(node.endpoint.clone()).header(CONTENT_TYPE, JSON).header(ACCEPT, JSON).body(body);
        let response = send(with_cookie(request, cookie)).await?;
        self.read(response).await
    }

    /// Sends the parts of a form, which may take this long, and reads the answer.
    pub(super) async fn post_form(
        &self,
        url: Url,
        form: reqwest::multipart::Form,
        timeout: Duration,
        cookie: Option<&str>,
    ) -> Result<Answer, NoAnswer> {
        let request = self.http.post(url).header(ACCEPT, JSON).timeout(timeout).multipart(form);
        let response = send(with_cookie(request, cookie)).await?;
        self.read(response).await
    }

    /// Gets something, which may take this long. The answer is whatever it says, and not read yet.
    pub(super) async fn get(
        &self,
        url: Url,
        timeout: Duration,
        cookie: Option<&str>,
    ) -> Result<reqwest::Response, NoAnswer> {
        send(with_cookie(self.http.get(url).timeout(timeout), cookie)).await
    }

    /// Reads an answer to its end, as long as that is within the limit.
    pub(super) async fn read(&self, mut response: reqwest::Response) -> Result<Answer, NoAnswer> {
        let too_large = NoAnswer::TooLarge { limit: self.max_answer };
        let announced = response.content_length().and_then(|len| usize::try_from(len).ok()).unwrap_or(0);
        if announced > self.max_answer {
            return Err(too_large);
        }
        let status = response.status().as_u16();
        let retry_after =
            response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let set_cookie = response.headers().get_all(SET_COOKIE);
        let set_cookie =
            set_cookie.iter().filter_map(|value| value.to_str().ok()).map(str::to_owned).collect();
        let mut body = Vec::with_capacity(announced);
        while let Some(part) = response.chunk().await.map_err(|error| NoAnswer::Lost(error.into()))? {
            if body.len() + part.len() > self.max_answer {
                return Err(too_large);
            }
            body.extend_from_slice(&part);
        }
        Ok(Answer { status, body, set_cookie, retry_after })
    }
}

fn with_cookie(request: reqwest::RequestBuilder, cookie: Option<&str>) -> reqwest::RequestBuilder {
    match cookie.and_then(|cookie| HeaderValue::from_str(cookie).ok()) {
        Some(mut cookie) => {
            cookie.set_sensitive(true);
            request.header(COOKIE, cookie)
        }
        None => request,
    }
}

async fn send(request: reqwest::RequestBuilder) -> Result<reqwest::Response, NoAnswer> {
    request.send().await.map_err(|error| {
        if error.is_connect() { NoAnswer::Unsent(error.into()) } else { NoAnswer::Lost(error.into()) }
    })
}

/// TLS by ring, trusting whom this machine trusts, which operators can extend. Where no node speaks TLS nobody
/// is trusted, so that a machine without certificates will do.
fn tls(nodes: &[Node]) -> Result<rustls::ClientConfig, ConfigError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(ConfigError::Tls)?;
    let builder =
        if nodes.iter().flat_map(|node| [&node.endpoint, &node.blobs]).any(|url| url.scheme() == "https") {
            builder.with_platform_verifier().map_err(ConfigError::Tls)?
        } else {
            builder.with_root_certificates(rustls::RootCertStore::empty())
        };
    Ok(builder.with_no_client_auth())
}
