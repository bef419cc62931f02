//! Keys of simulated XRPL wallets, on either curve.

use std::fmt;

use ed25519_dalek::Signer as _;
use zeroize::Zeroizing;

use super::secp256k1;
use crate::xrpl::{self, PublicKey};

/// The key of a simulated XRPL wallet.
#[derive(Clone)]
pub struct XrplKey {
    key: Key,
    public: PublicKey,
}

#[derive(Clone)]
enum Key {
    Ed25519(ed25519_dalek::SigningKey),
    Secp256k1(k256::ecdsa::SigningKey),
}

impl XrplKey {
    /// The wallet with this Ed25519 private key. (Not a family seed, `s…`, from which XRPL wallets derive it.)
    #[must_use]
    pub fn ed25519_from_seed(seed: [u8; 32]) -> XrplKey {
        let key = ed25519_dalek::SigningKey::from_bytes(&Zeroizing::new(seed));
        let public = PublicKey::ed25519(key.verifying_key().as_bytes());
        XrplKey { key: Key::Ed25519(key), public }
    }

    /// The wallet with this secp256k1 private key. (The few values that are none are hashed to one.)
    #[must_use]
    pub fn secp256k1_from_seed(seed: [u8; 32]) -> XrplKey {
        let key = secp256k1::signing_key(seed);
        let public = PublicKey::secp256k1(key.verifying_key());
        XrplKey { key: Key::Secp256k1(key), public }
    }

    /// The classic `r…` address.
    #[must_use]
    pub fn address(&self) -> String {
        self.public.address()
    }

    /// The 33 bytes of the key in upper-case hexadecimal.
    #[must_use]
    pub fn public_key(&self) -> String {
        self.public.text()
    }

    /// Upper-case hexadecimal of [`XrplKey::sign_transaction`].
    #[must_use]
    pub fn sign_message(&self, message: &str) -> String {
        hex::encode_upper(self.sign_transaction(message.as_bytes()))
    }

    /// The 33 bytes of the key.
    #[must_use]
    pub fn sender(&self) -> Vec<u8> {
        self.public.as_bytes().to_vec()
    }

    /// 64 bytes for Ed25519, DER for secp256k1.
    #[must_use]
    pub fn sign_transaction(&self, text: &[u8]) -> Vec<u8> {
        match &self.key {
            Key::Ed25519(key) => key.sign(text).to_vec(),
            Key::Secp256k1(key) => secp256k1::sign(key, &xrpl::digest(text)).0.to_der().as_bytes().to_vec(),
        }
    }
}

impl fmt::Debug for XrplKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("XrplKey").field(&self.address()).finish()
    }
}
