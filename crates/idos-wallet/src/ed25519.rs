//! Ed25519, strictly.
//!
//! `RFC 8032` 5.1.7 asks for a canonical `S`; many implementations do not look, and accept keys of low order,
//! for which a signature needs no secret. Neither passes here.

use ed25519_dalek::{Signature, VerifyingKey};

use crate::error::Fault;

/// L = 2^252 + 27742317777372353535851937790883648493, little endian.
const GROUP_ORDER: [u8; 32] = [
    0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Whether `signature` (64 bytes) is by `key` over `message`.
pub(crate) fn verify(key: &[u8; 32], message: &[u8], signature: &[u8]) -> Result<(), Fault> {
    let key = verifying_key(key)?;
    let signature = <&[u8; 64]>::try_from(signature).map_err(|_| Fault::Signature("64 bytes"))?;

    let signature = Signature::from_bytes(signature);
    if signature.s_bytes().iter().rev().ge(GROUP_ORDER.iter().rev()) {
        return Err(Fault::Signature("in canonical form")); // S + L: somebody changed a good one
    }

    // Would refuse S >= L too; refuses an R of low order.
    key.verify_strict(message, &signature).map_err(|_| Fault::Wrong)
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
