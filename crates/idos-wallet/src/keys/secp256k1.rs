//! What EVM and XRPL keys on secp256k1 share.

use k256::ecdsa::{RecoveryId, Signature, SigningKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The key whose scalar is `seed`. Nearly every 32 bytes are one; zero, and numbers beyond the group's order, are
/// hashed until they are.
pub(super) fn signing_key(seed: [u8; 32]) -> SigningKey {
    let mut scalar = Zeroizing::new(seed);
    loop {
        if let Ok(key) = SigningKey::from_slice(&*scalar) {
            return key;
        }
        *scalar = Sha256::digest(*scalar).into();
    }
}

/// Deterministic (`RFC 6979`, with SHA-256), with a low `s`.
#[expect(clippy::expect_used, reason = "fails for short digests only, and for an r or s of zero: 1 in 2^256")]
pub(super) fn sign(key: &SigningKey, digest: &[u8; 32]) -> (Signature, RecoveryId) {
    key.sign_prehash_recoverable(digest).expect("a digest of 32 bytes can be signed")
}
