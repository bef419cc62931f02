//! Which no it is.

use super::{Curve, Encoding};

/// Why a secret key was refused. Never repeats any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretKeyError {
    /// Nothing is there.
    #[error("is empty")]
    Empty,
    /// A placeholder.
    #[error("is nothing but zeros, which everybody knows")]
    Zero,
    /// In no spelling at all.
    #[error("is neither hex nor base64, nor multibase (z… or u…), PEM or a JSON Web Key")]
    Unknown,
    /// Hex with something else in it.
    #[error("is not hex: it has the length, or the 0x, of hex, and not only hex digits")]
    NotHex,
    /// Half a byte is missing.
    #[error("has an odd number of hex digits: one is missing, or one is too many")]
    OddHex,
    /// Neither 32 bytes nor, where that may be, 64.
    #[error("is {bytes} bytes in {encoding}: a secret has 32, an nacl secret key (Ed25519 only) has 64")]
    Length {
        /// How the bytes were written.
        encoding: Encoding,
        /// How many there are.
        bytes: usize,
    },
    /// 64 bytes that are no `NaCl` secret key.
    #[error(
        "is 64 bytes whose second half is not the public key of the first: not an nacl secret key, or damaged"
    )]
    SecondHalf,
    /// A secret with somebody else's public key beside it.
    #[error("is a secret key with a public half beside it that is not its own")]
    PublicHalf,
    /// A key for another purpose.
    #[error("is an {found} key, and an {wanted} key is wanted here ({})", if *.wanted == Curve::Ed25519 {
        "Ed25519 signs, X25519 decrypts"
    } else {
        "X25519 decrypts, Ed25519 signs"
    })]
    OtherCurve {
        /// What it is.
        found: Curve,
        /// What it should be.
        wanted: Curve,
    },
    /// A key of another algorithm.
    #[error("is a key of another algorithm ({0}): Ed25519 signs, X25519 decrypts, and no other key does")]
    OtherAlgorithm(&'static str),
    /// The half that everybody may know.
    #[error("is a public key; the secret key is wanted")]
    PublicKey,
    /// Locked by a passphrase.
    #[error("is an encrypted PEM: decrypt it first (openssl pkey -in FILE)")]
    Encrypted,
    /// OpenSSH's own format.
    #[error("is in OpenSSH's own format: write it as PKCS#8 first")]
    OpenSsh,
    /// Something else in PEM.
    #[error("is a PEM that holds no private key, such as a certificate")]
    NotAKey,
    /// Several things in PEM.
    #[error("has more than one PEM block: leave the one with the private key")]
    Several,
    /// PEM that is none.
    #[error("is a PEM that is damaged, or is not PKCS#8 (RFC 5958, RFC 8410)")]
    Pem,
    /// Multibase that is none.
    #[error("begins like multibase (z… or u…), and is none, or not of an Ed25519 or X25519 key")]
    Multibase,
    /// JSON that is no key.
    #[error(
        "is JSON, and neither one JSON Web Key (kty OKP, crv, x and d) nor a key with privateKeyMultibase"
    )]
    Json,
    /// Several keys in JSON.
    #[error("is a set of JSON Web Keys: leave the one key")]
    JwkSet,
}
