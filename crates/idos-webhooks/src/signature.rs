//! Signing and verifying (Standard Webhooks 1.0.0, "Signature scheme" and "Webhook headers").

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::message::is_id;
use crate::{Message, Secret};

/// How far the clocks of sender and receiver may be apart, as the reference libraries have it.
pub const TOLERANCE: Duration = Duration::from_mins(5);

/// HMAC-SHA256, the only symmetric scheme there is.
const VERSION: &str = "v1";

/// The secrets of one receiver: one, or two while it changes from the one to the other.
#[derive(Clone, Debug)]
pub struct Secrets {
    current: Secret,
    outgoing: Option<Secret>,
}

/// The headers of a received webhook. Their names have no upper case or lower case in HTTP.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a> {
    /// `webhook-id`
    pub id: &'a str,
    /// `webhook-timestamp`
    pub timestamp: &'a str,
    /// `webhook-signature`
    pub signature: &'a str,
}

/// Why a received webhook is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The id is missing or could not have been signed safely.
    #[error("webhook-id is malformed")]
    Id,
    /// The timestamp is no whole number of seconds.
    #[error("webhook-timestamp is malformed")]
    Timestamp,
    /// The attempt is from too long ago, so it may be a repetition.
    #[error("webhook-timestamp is too old")]
    TooOld,
    /// The attempt is from the future.
    #[error("webhook-timestamp is too new")]
    TooNew,
    /// None of the signatures is by any of the secrets.
    #[error("webhook-signature does not match")]
    Signature,
}

impl Secrets {
    /// With one secret.
    #[must_use]
    pub fn new(current: Secret) -> Self {
        Self { current, outgoing: None }
    }

    /// With a second one that receivers may still know instead.
    #[must_use]
    pub fn and(self, outgoing: Secret) -> Self {
        Self { outgoing: Some(outgoing), ..self }
    }

    /// The header `webhook-signature`: one `v1,…` for each secret, the current one's first, separated by a space.
    #[must_use]
    pub fn sign(&self, message: &Message) -> String {
        let timestamp = message.timestamp().to_string();
        let signatures: Vec<_> = self
            .iter()
            .map(|secret| mac(secret, message.id(), &timestamp, message.body()))
            .map(|mac| format!("{VERSION},{}", STANDARD.encode(mac)))
            .collect();
        signatures.join(" ")
    }

    /// Whether a webhook that was received at `now` (seconds since 1970) comes, as it is, from who knows one of the
    /// secrets. Takes no longer or shorter for signatures that are nearly right.
    pub fn verify(
        &self,
        headers: &Headers<'_>,
        body: &[u8],
        now: i64,
        tolerance: Duration,
    ) -> Result<(), VerifyError> {
        if !is_id(headers.id) {
            return Err(VerifyError::Id);
        }
        let timestamp: i64 = headers.timestamp.parse().map_err(|_| VerifyError::Timestamp)?;
        let tolerance = i64::try_from(tolerance.as_secs()).unwrap_or(i64::MAX);
        if timestamp < now.saturating_sub(tolerance) {
            return Err(VerifyError::TooOld);
        }
        if timestamp > now.saturating_add(tolerance) {
            return Err(VerifyError::TooNew);
        }
        let expected: Vec<_> =
            self.iter().map(|secret| mac(secret, headers.id, headers.timestamp, body)).collect();
        let matches = headers.signature.split(' ').filter_map(read_signature).any(|given| {
            expected.iter().any(|expected| bool::from(expected.as_slice().ct_eq(given.as_slice())))
        });
        if matches { Ok(()) } else { Err(VerifyError::Signature) }
    }

    fn iter(&self) -> impl Iterator<Item = &Secret> {
        std::iter::once(&self.current).chain(&self.outgoing)
    }
}

/// The bytes of a `v1` signature; none of other schemes, which may stand beside it.
fn read_signature(text: &str) -> Option<Vec<u8>> {
    let (version, signature) = text.split_once(',')?;
    (version == VERSION).then(|| STANDARD.decode(signature).ok()).flatten()
}

fn mac(secret: &Secret, id: &str, timestamp: &str, body: &[u8]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.bytes()).expect("a key");
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
