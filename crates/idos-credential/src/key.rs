//! Keys of issuers, and how they are spelled.
//!
//! An issuer has two Ed25519 keys, which may be one: the key that signs credentials ([`crate::IssuerKey`], named by a
//! URL or a `did:key`), and the key that writes to the node ([`crate::WriteKey`], known there by its hex). Credentials are built
//! and sealed without them ([`crate::Draft::prepare`], [`crate::SignedCredential::encrypt`]): these two are for who has a
//! seed at hand. How secrets are read is in [`crate::secret_key`].

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Multicodec prefix of an Ed25519 public key.
const PUBLIC: [u8; 2] = [0xed, 0x01];
/// Multicodec prefix of an Ed25519 secret key.
const PRIVATE: [u8; 2] = [0x80, 0x26];

/// Why a key was refused. Never repeats any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not multibase base58btc, or with another multicodec prefix, or of a wrong length.
    #[error("is not an Ed25519 public key in multibase: z6Mk…")]
    Multibase,
    /// No point of the curve, or one of low order, for which signatures can be forged.
    #[error("is not a usable Ed25519 public key")]
    Unusable,
    /// Not a JSON Web Key of this kind.
    #[error("is not a JSON Web Key with kty OKP and crv Ed25519")]
    Jwk,
    /// An issuer that is not an absolute URI.
    #[error("must be an absolute URI")]
    Uri,
}

/// A key by which credentials are verified.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerificationKey(ed25519_dalek::VerifyingKey);

impl fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerificationKey({})", self.to_multibase())
    }
}

impl VerificationKey {
    /// From the 32 bytes of RFC 8032. Points of low order are refused.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Unusable)?;
        if key.is_weak() { Err(KeyError::Unusable) } else { Ok(Self(key)) }
    }

    /// From `z6Mk…` (Ed25519VerificationKey2020, `publicKeyMultibase`).
    pub fn from_multibase(text: &str) -> Result<Self, KeyError> {
        let bytes: Zeroizing<[u8; 32]> = multibase(text, PUBLIC)?;
        Self::from_bytes(&bytes)
    }

    /// From a JSON Web Key (RFC 8037): `{"kty":"OKP","crv":"Ed25519","x":"…"}`.
    pub fn from_jwk(json: &str) -> Result<Self, KeyError> {
        Jwk::read(json).and_then(|jwk| Self::from_bytes(&jwk.public()?))
    }

    /// `z6Mk…`
    #[must_use]
    pub fn to_multibase(self) -> String {
        to_multibase(PUBLIC, self.0.as_bytes())
    }

    /// `did:key:z6Mk…` (did:key method, section Format).
    #[must_use]
    pub fn to_did_key(self) -> String {
        format!("did:key:{}", self.to_multibase())
    }

    /// As JSON Web Key.
    #[must_use]
    pub fn to_jwk(self) -> String {
        Jwk {
            kty: "OKP".into(),
            crv: "Ed25519".into(),
            x: URL_SAFE_NO_PAD.encode(self.0.as_bytes()),
            d: None,
        }
        .write()
    }

    /// The 32 bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Whether `signature` is this key's over `message`: canonical S, no point of low order (RFC 8032, 5.1.7,
    /// and stricter).
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
    }

    /// Whether `signature` is this key's over a statement, as [`crate::IssuerKey::sign_statement`] signs it.
    #[must_use]
    pub fn verifies_statement(&self, text: &str, signature: &[u8; 64]) -> bool {
        self.verifies(statement(text).as_bytes(), signature)
    }
}

/// The first line of everything that an issuer's key signs beside credentials, with its line feed.
pub const STATEMENT: &str = "Statement of an idOS issuer about its own records; this is no credential.\n";

const _: () = assert!(STATEMENT.len() > 64, "longer than what the proof of a credential signs");

/// The text that an issuer's key signs to state something about the issuer's own records.
#[must_use]
pub fn statement(text: &str) -> String {
    format!("{STATEMENT}{text}")
}

/// The public half.
pub(crate) fn public(key: &SigningKey) -> VerificationKey {
    VerificationKey(key.verifying_key())
}

/// `zrv…` of a seed.
#[must_use]
pub fn seed_to_multibase(seed: &[u8; 32]) -> Zeroizing<String> {
    let pair = Zeroizing::new(SigningKey::from_bytes(seed).to_keypair_bytes());
    Zeroizing::new(to_multibase(PRIVATE, pair.as_slice()))
}

/// A private JSON Web Key (RFC 8037) of a seed.
#[must_use]
pub fn seed_to_jwk(seed: &[u8; 32]) -> Zeroizing<String> {
    let public = SigningKey::from_bytes(seed).verifying_key().to_bytes();
    let jwk = Jwk {
        kty: "OKP".into(),
        crv: "Ed25519".into(),
        x: URL_SAFE_NO_PAD.encode(public),
        d: Some(Zeroizing::new(URL_SAFE_NO_PAD.encode(seed))),
    };
    Zeroizing::new(jwk.write())
}

fn multibase<const N: usize>(text: &str, codec: [u8; 2]) -> Result<Zeroizing<[u8; N]>, KeyError> {
    let digits = text.strip_prefix('z').filter(|digits| digits.len() <= 128).ok_or(KeyError::Multibase)?;
    let bytes = Zeroizing::new(bs58::decode(digits).into_vec().map_err(|_| KeyError::Multibase)?);
    let key = bytes.strip_prefix(&codec).ok_or(KeyError::Multibase)?;
    key.try_into().map(Zeroizing::new).map_err(|_| KeyError::Multibase)
}

fn to_multibase(codec: [u8; 2], key: &[u8]) -> String {
    let bytes = Zeroizing::new([codec.as_slice(), key].concat());
    format!("z{}", bs58::encode(bytes.as_slice()).into_string())
}

#[derive(Serialize, Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d: Option<Zeroizing<String>>,
}

impl Jwk {
    fn read(json: &str) -> Result<Self, KeyError> {
        let jwk: Self = serde_json::from_str(json).map_err(|_| KeyError::Jwk)?;
        if jwk.kty == "OKP" && jwk.crv == "Ed25519" { Ok(jwk) } else { Err(KeyError::Jwk) }
    }

    fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default() // texts only
    }

    fn public(&self) -> Result<[u8; 32], KeyError> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.x).map_err(|_| KeyError::Jwk)?;
        bytes.try_into().map_err(|_| KeyError::Jwk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_keys_are_refused() {
        for text in ["", "z", "z6Mk", "m6Mk", "z0OIl", &format!("z{}", "1".repeat(4000))] {
            assert_eq!(VerificationKey::from_multibase(text), Err(KeyError::Multibase), "{text}");
        }
        assert_eq!(VerificationKey::from_bytes(&[0; 32]), Err(KeyError::Unusable));
        let mut one = [0; 32];
        one[0] = 1;
        assert_eq!(VerificationKey::from_bytes(&one), Err(KeyError::Unusable));
    }
}
