//! Secret keys as people have them.
//!
//! Whoever comes from the official SDK, from OpenSSL or from a key store has an Ed25519 key (to sign) or an X25519 key
//! (to decrypt) in one of these spellings, all of which are read:
//!
//! | spelling | Ed25519 | X25519 |
//! |---|---|---|
//! | hex, with or without `0x` | seed (64 digits), `NaCl` secret key (128 digits) | secret (64 digits) |
//! | base64, either alphabet, padded or not | seed (32 bytes), `NaCl` secret key (64 bytes) | secret (32 bytes) |
//! | a JSON list of bytes | 32 or 64 of them | 32 of them |
//! | multibase, base58btc (`z…`) or base64url (`u…`) | prefix `8026`, then 32 or 64 bytes | prefix `8226`, then 32 bytes |
//! | PKCS#8 in PEM (RFC 5958, RFC 8410), not encrypted | OID 1.3.101.112 | OID 1.3.101.110 |
//! | JSON Web Key (RFC 8037) | `crv` `Ed25519`, with 32 or 64 bytes as `d` | `crv` `X25519` |
//! | JSON with `privateKeyMultibase` or `secretKeyMultibase` | as multibase | as multibase |
//!
//! A public half that stands beside the secret (the second half of a `NaCl` key, `x`, `publicKeyMultibase`, version 2
//! of PKCS#8) must be its own.
//!
//! What could be read in two ways is settled by rules, never by a guess:
//!
//! - White space around and inside, a byte order mark at the beginning, one pair of quotation marks around all of it,
//!   and in PEM `\n` written as two characters, mean nothing.
//! - Hex digits alone, of either case, are hex, never base64.
//! - What begins with `z` or `u` and is as long as 32 or 64 bytes are in base64 (43, 44, 86 or 88 characters) is base64.
//!   No key in multibase has such a length.
//! - 32 bytes in hex, in base64 or as a list say nothing of their curve, nor whether they are secret. They are taken as
//!   what is asked for; the public half shows whether that was meant.

mod error;
mod json;
mod pem;
mod text;

use std::fmt;

use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

pub use error::SecretKeyError;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// Signs (RFC 8032).
    Ed25519,
    /// Decrypts (RFC 7748).
    X25519,
}

impl Curve {
    /// The public half of a secret.
    #[must_use]
    pub fn public(self, secret: &[u8; 32]) -> [u8; 32] {
        match self {
            Self::Ed25519 => SigningKey::from_bytes(secret).verifying_key().to_bytes(),
            Self::X25519 => crypto_box::SecretKey::from_bytes(*secret).public_key().to_bytes(),
        }
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ed25519 => "Ed25519",
            Self::X25519 => "X25519",
        })
    }
}

/// How bytes were written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Two digits a byte.
    Hex,
    /// RFC 4648, section 4 or 5.
    Base64,
    /// A JSON list of numbers.
    List,
    /// With a prefix that says what they are.
    Multibase,
    /// A member of a JSON Web Key.
    Jwk,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::List => "a JSON list",
            Self::Multibase => "multibase",
            Self::Jwk => "a JSON Web Key",
        })
    }
}

/// What a secret key stood in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// The 32 bytes alone.
    Alone(Encoding),
    /// 64 bytes, of which the second half is the public key.
    Nacl(Encoding),
    /// PKCS#8 in PEM.
    Pkcs8 {
        /// Whether the public key is in it.
        with_public: bool,
    },
    /// A JSON Web Key.
    Jwk,
    /// JSON with a multibase text.
    KeyObject {
        /// Whether the public key is in it.
        with_public: bool,
    },
}

/// A secret key that was read, and in what spelling it stood. Wiped on drop; `Debug` and `Display` show no part of it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey {
    bytes: Zeroizing<[u8; 32]>,
    curve: Curve,
    spelling: Spelling,
}

impl SecretKey {
    /// Reads a key of this curve in any spelling.
    pub fn read(curve: Curve, text: &str) -> Result<Self, SecretKeyError> {
        let text = text::bare(text);
        let (bytes, spelling) = if text.is_empty() {
            return Err(SecretKeyError::Empty);
        } else if text.starts_with(['{', '[']) {
            json::read(curve, text)?
        } else if text.contains(pem::BEGIN) {
            pem::read(curve, text)?
        } else {
            text::read(curve, text)?
        };
        if *bytes == [0; 32] {
            return Err(SecretKeyError::Zero);
        }
        Ok(Self { bytes, curve, spelling })
    }

    /// The seed (RFC 8032) or the secret (RFC 7748).
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The same.
    #[must_use]
    pub fn into_bytes(self) -> Zeroizing<[u8; 32]> {
        self.bytes
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.curve.public(&self.bytes)
    }

    /// What it stood in.
    #[must_use]
    pub fn spelling(&self) -> Spelling {
        self.spelling
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey")
            .field("curve", &self.curve)
            .field("spelling", &self.spelling)
            .finish_non_exhaustive()
    }
}

/// What was read, in words: `an nacl secret key in hex, 64 bytes, whose second half matches`.
impl fmt::Display for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = |with_public| if with_public { ", whose public half matches" } else { "" };
        match self.spelling {
            Spelling::Alone(encoding) => {
                let what = if self.curve == Curve::Ed25519 { "seed" } else { "secret" };
                write!(f, "an {} {what} in {encoding}, 32 bytes", self.curve)
            }
            Spelling::Nacl(encoding) => {
                write!(f, "an nacl secret key in {encoding}, 64 bytes, whose second half matches")
            }
            Spelling::Pkcs8 { with_public } => {
                write!(f, "an {} key in PEM (PKCS#8){}", self.curve, whose(with_public))
            }
            Spelling::Jwk => write!(f, "an {} JSON Web Key{}", self.curve, whose(true)),
            Spelling::KeyObject { with_public } => {
                write!(f, "an {} key as JSON with multibase{}", self.curve, whose(with_public))
            }
        }
    }
}

/// Reads a secret of 32 bytes that is no key of a curve, such as one that locks: hex or base64, by the same rules.
pub fn read_bytes(text: &str) -> Result<Zeroizing<[u8; 32]>, SecretKeyError> {
    let text = text::bare(text);
    if text.is_empty() {
        return Err(SecretKeyError::Empty);
    }
    if text.contains(pem::BEGIN) {
        return Err(SecretKeyError::Unknown);
    }
    let (bytes, encoding) = text::decode(text)?;
    let bytes = exact(&bytes, encoding)?;
    if *bytes == [0; 32] { Err(SecretKeyError::Zero) } else { Ok(bytes) }
}

/// 32 bytes, or for Ed25519 also 64.
fn of_bytes(
    curve: Curve,
    bytes: &[u8],
    encoding: Encoding,
) -> Result<(Zeroizing<[u8; 32]>, Spelling), SecretKeyError> {
    let pair = bytes.split_first_chunk::<32>().filter(|(_, public)| public.len() == 32);
    let Some((secret, public)) = pair else {
        return Ok((exact(bytes, encoding)?, Spelling::Alone(encoding)));
    };
    let matches = Curve::Ed25519.public(secret) == public;
    match (curve, matches) {
        (Curve::Ed25519, true) => Ok((Zeroizing::new(*secret), Spelling::Nacl(encoding))),
        (Curve::Ed25519, false) => Err(SecretKeyError::SecondHalf),
        (Curve::X25519, true) => Err(SecretKeyError::OtherCurve { found: Curve::Ed25519, wanted: curve }),
        (Curve::X25519, false) => Err(SecretKeyError::Length { encoding, bytes: bytes.len() }),
    }
}

fn exact(bytes: &[u8], encoding: Encoding) -> Result<Zeroizing<[u8; 32]>, SecretKeyError> {
    bytes.try_into().map(Zeroizing::new).map_err(|_| SecretKeyError::Length { encoding, bytes: bytes.len() })
}

/// That the public half which stands beside a secret is its own.
fn matching(curve: Curve, secret: &[u8; 32], public: &[u8]) -> Result<(), SecretKeyError> {
    if curve.public(secret) == public { Ok(()) } else { Err(SecretKeyError::PublicHalf) }
}

/// That a key is of the curve that is asked for.
fn wanted(found: Curve, wanted: Curve) -> Result<(), SecretKeyError> {
    if found == wanted { Ok(()) } else { Err(SecretKeyError::OtherCurve { found, wanted }) }
}
