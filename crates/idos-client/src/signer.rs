//! Keys that sign transactions and gateway logins.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
use idos_wallet::{Caller, SignatureType, WalletKey, caller_of};
use sha2::{Digest as _, Sha256};

/// Who acts: an issuer's (or consumer's) signing key, or a wallet.
#[derive(Clone, Debug)]
pub enum Signer {
    /// A plain Ed25519 key. The only kind that can be a delegate of an issuer: the schema compares delegates with
    /// the caller letter for letter, stores them in lower case, and writes the address of an EVM caller in mixed.
    Ed25519(Ed25519Signer),
    /// The key of a simulated wallet.
    Wallet(WalletKey),
}

/// An Ed25519 signing key. Wiped when dropped; `Debug` shows the public key.
#[derive(Clone)]
pub struct Ed25519Signer(SigningKey);

impl Signer {
    /// The Ed25519 key of this seed (`RFC 8032` 5.1.5).
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self::Ed25519(Ed25519Signer::from_seed(seed))
    }

    /// The bytes that name this signer in transactions and calls.
    #[must_use]
    pub fn sender(&self) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.0.verifying_key().to_bytes().to_vec(),
            Self::Wallet(wallet) => wallet.sender(),
        }
    }

    /// How this signer signs.
    #[must_use]
    pub fn signature_type(&self) -> SignatureType {
        match self {
            Self::Ed25519(_) => SignatureType::Ed25519,
            Self::Wallet(wallet) => wallet.signature_type(),
        }
    }

    /// What actions see as `@caller`.
    #[must_use]
    pub fn caller(&self) -> Caller {
        match self {
            // 32 bytes of a key are always a sender; the other arm cannot be taken.
            Self::Ed25519(key) => caller_of(SignatureType::Ed25519, key.0.verifying_key().as_bytes())
                .unwrap_or_else(|_| unreachable_caller(key)),
            Self::Wallet(wallet) => wallet.caller(),
        }
    }

    /// Signs the text of a transaction, of a gateway login or of a call in private mode.
    ///
    /// NEAR wallets need 32 bytes that they use only once. They are derived from the text, which is itself used
    /// only once, so that no randomness is needed here.
    #[must_use]
    pub fn sign(&self, text: &str) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.sign(text.as_bytes()).to_vec(),
            Self::Wallet(wallet) => wallet.sign_transaction(text.as_bytes(), once(text)),
        }
    }
}
