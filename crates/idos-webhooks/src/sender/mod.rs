//! One attempt to deliver one message.

mod error;
mod names;

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use rustls_platform_verifier::BuilderVerifierExt as _;
use url::Url;

use self::error::no_answer;
pub use self::error::{ConfigError, SendError};
use self::names::Guard;
pub use self::names::{Addresses, Names, SystemNames};
use crate::{Message, Secrets, Targets, retry_after};

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// How to send.
#[derive(Clone, Debug)]
pub struct SenderConfig {
    /// Where to.
    pub targets: Targets,
    /// The most that an attempt may take, from the look-up of the name to the end of the answer.
    pub timeout: Duration,
    /// The most that it may take until there is a connection, with TLS.
    pub connect_timeout: Duration,
    /// How many bytes of an answer are read before the connection is dropped. None of them is used.
    pub max_answer: usize,
    /// The header `User-Agent`.
    pub user_agent: String,
}

impl SenderConfig {
    /// For production: public HTTPS targets, 10 seconds to connect, 20 seconds in all (Standard Webhooks recommends
    /// 15 to 30), 64 KiB of answer.
    pub fn new(user_agent: impl Into<String>) -> Self {
        Self {
            targets: Targets::default(),
            timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(10),
            max_answer: 64 * 1024,
            user_agent: user_agent.into(),
        }
    }
}

/// The receiver has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// What it answered with: 200 to 299.
    pub status: u16,
}

/// Sends webhooks. Follows no redirects, keeps no cookies, knows no proxies, sends nothing twice.
#[derive(Clone, Debug)]
pub struct Sender {
    http: reqwest::Client,
    targets: Targets,
    max_answer: usize,
}

impl Sender {
    /// Resolves names as this machine does.
    pub fn new(config: &SenderConfig) -> Result<Self, ConfigError> {
        Self::with_names(config, Arc::new(SystemNames))
    }

    /// Resolves names otherwise. What they resolve to is judged all the same.
    pub fn with_names(config: &SenderConfig, names: Arc<dyn Names>) -> Result<Self, ConfigError> {
        let user_agent = HeaderValue::from_str(&config.user_agent).map_err(|_| ConfigError::UserAgent)?;
        let http = reqwest::Client::builder()
            .user_agent(user_agent)
            .tls_backend_preconfigured(tls(config.targets)?)
            // The address that was judged is the one that is connected to: there is no second look-up in between.
            .dns_resolver(Arc::new(Guard { names, targets: config.targets }))
            // A proxy would resolve names on its own, and look at inner addresses as its neighbours.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            // Receivers are many and events few. A connection that the receiver has closed meanwhile would fail the
            // next attempt for no reason.
            .pool_max_idle_per_host(0)
            .timeout(config.timeout)
            .connect_timeout(config.connect_timeout)
            .build()
            .map_err(|_| ConfigError::Http)?;
        Ok(Self { http, targets: config.targets, max_answer: config.max_answer })
    }

    /// Makes one attempt. A status from 200 to 299 is success, whatever else the answer says, and anything else is
    /// failure (Standard Webhooks, "Delivery success and failure").
    pub async fn send(
        &self,
        url: &Url,
        message: &Message,
        secrets: &Secrets,
    ) -> Result<Delivered, SendError> {
        self.targets.check_url(url).map_err(SendError::Refused)?;

        let response = self.post(url, message, secrets).await?;
        let status = response.status();
        let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = wait.and_then(|wait| retry_after::parse(wait, message.timestamp()));
        self.hear_out(response).await;

        match status.as_u16() {
            status @ 200..=299 => Ok(Delivered { status }),
            410 => Err(SendError::Gone),
            status => Err(SendError::Status { status, retry_after }),
        }
    }

    async fn post(
        &self,
        url: &Url,
        message: &Message,
        secrets: &Secrets,
    ) -> Result<reqwest::Response, SendError> {
        let request = self
            .http
            .post(url.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(ID, message.id())
            .header(TIMESTAMP, message.timestamp())
            .header(SIGNATURE, secrets.sign(message))
            .body(message.body().clone());
        request.send().await.map_err(|error| no_answer(&error))
    }

    /// Lets a receiver finish its answer, within limits, so that it need not see an error after it did well. What
    /// becomes of this changes nothing: the status has come.
    async fn hear_out(&self, mut response: reqwest::Response) {
        let mut left = self.max_answer;
        while let Ok(Some(part)) = response.chunk().await {
            let Some(less) = left.checked_sub(part.len()) else { return };
            left = less;
        }
    }
}

/// TLS by ring, trusting whom this machine trusts, which operators can extend. Where HTTP will do, so will a machine
/// without certificates; it then trusts nobody.
fn tls(targets: Targets) -> Result<rustls::ClientConfig, ConfigError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = || {
        rustls::ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(ConfigError::Tls)
    };
    let verified = match builder()?.with_platform_verifier() {
        Ok(verified) => verified,
        Err(_) if targets.allow_http => builder()?.with_root_certificates(rustls::RootCertStore::empty()),
        Err(error) => return Err(ConfigError::Tls(error)),
    };
    Ok(verified.with_no_client_auth())
}
