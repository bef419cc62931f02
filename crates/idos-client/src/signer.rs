//! Keys that sign transactions and gateway logins.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
use idos_wallet::{SignatureType, WalletKey};
use sha2::{Digest as _, Sha256};

/// Who acts: an issuer's (or consumer's) signing key, or a wallet.
#[derive(Clone, Debug)]
pub enum Signer {
    /// A plain Ed25519 key. Nothing else can be an issuer's delegate in practice: the schema stores delegates in
    /// lower case and compares them with the caller letter for letter, but writes EVM callers in mixed case.
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
            Self::Ed25519(key) => key.public_key().to_vec(),
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

    /// What actions see as `@caller`. This is what a grant must name as its grantee.
    #[must_use]
    pub fn caller(&self) -> String {
        match self {
            Self::Ed25519(key) => key.public_key_hex(),
            Self::Wallet(wallet) => wallet.caller().into(),
        }
    }

    /// Signs the text of a transaction, of a gateway login or of a call in private mode.
    ///
    /// NEAR wallets need 32 bytes that they use only once (`NEP-413`). They are derived from the text, which is
    /// itself signed only once, so no randomness is needed.
    #[must_use]
    pub fn sign(&self, text: &str) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.sign(text.as_bytes()).to_vec(),
            Self::Wallet(wallet) => wallet.sign_transaction(text.as_bytes(), nonce_for(text)),
        }
    }
}

impl Ed25519Signer {
    /// The key of this seed (`RFC 8032` 5.1.5).
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// The public key as idOS writes it everywhere: lower-case hex. Also the delegate's address.
    #[must_use]
    pub fn public_key_hex(&self) -> String {
        hex::encode(self.public_key())
    }

    /// Signs bytes.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(bytes).to_bytes()
    }
}

impl fmt::Debug for Ed25519Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ed25519Signer({})", self.public_key_hex())
    }
}

impl From<WalletKey> for Signer {
    fn from(wallet: WalletKey) -> Self {
        Self::Wallet(wallet)
    }
}

fn nonce_for(text: &str) -> [u8; 32] {
    Sha256::new().chain_update("idos-client NEP-413 nonce\0").chain_update(text).finalize().into()
}
