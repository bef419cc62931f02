//! Ed25519, strictly.
//!
//! `RFC 8032` 5.1.7 asks for a canonical `S`; many implementations do not look, and accept keys of low order,
//! for which a signature needs no secret. Neither passes here.

use ed25519_dalek::{Signature, VerifyingKey};

use crate::error::Fault;

/// Whether `signature` (64 bytes) is by `key` over `message`.
pub(crate) fn verify(key: &[u8; 32], message: &[u8], signature: &[u8]) -> Result<(), Fault> {
    let key = verifying_key(key)?;
    let signature = <&[u8; 64]>::try_from(signature).map_err(|_| Fault::Signature("64 bytes"))?;

    // Refuses S >= L, and an R of low order.
    key.verify_strict(message, &Signature::from_bytes(signature))
        .map_err(|_| Fault::Wrong)
}

fn verifying_key(bytes: &[u8; 32]) -> Result<VerifyingKey, Fault> {
    const EXPECTED: &str = "an Ed25519 public key";
    let key = VerifyingKey::from_bytes(bytes).map_err(|_| Fault::Key(EXPECTED))?;
    if key.is_weak() {
        return Err(Fault::WeakKey);
    }
    // A coordinate of 2^255 - 19 or more is a second spelling of a key, and so would be a second identity.
    if key.to_edwards().compress().to_bytes() != *bytes {
        return Err(Fault::Key(EXPECTED));
    }
    Ok(key)
}
