//! The key that sender and receiver share.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand_core::{CryptoRng, RngCore};
use zeroize::Zeroizing;

const PREFIX: &str = "whsec_";
/// How long a secret may be, in bytes (Standard Webhooks, "Signature scheme").
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;
/// As many bytes as HMAC-SHA256 gives; more would add nothing.
const NEW: usize = 32;

/// Why a text is no secret. Never repeats any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a webhook secret: whsec_ and then 24 to 64 bytes in base64")]
pub struct InvalidSecret;

/// A shared secret, unique to one receiver. It is wiped from memory after use, and shows itself only by
/// [`Secret::to_text`].
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// A new secret of 32 bytes.
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut bytes = Zeroizing::new(vec![0; NEW]);
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// `whsec_` and the bytes in base64, as receivers are told it.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        // Grown only once: a string that moves leaves copies behind.
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + self.0.len().div_ceil(3) * 4));
        text.push_str(PREFIX);
        STANDARD.encode_string(&*self.0, &mut text);
        text
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = InvalidSecret;

    /// Base64 is the standard alphabet with padding (RFC 4648, section 4): the reference libraries read no other.
    fn from_str(text: &str) -> Result<Self, InvalidSecret> {
        let encoded = text.strip_prefix(PREFIX).ok_or(InvalidSecret)?;
        let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| InvalidSecret)?);
        if LENGTHS.contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(InvalidSecret) }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
