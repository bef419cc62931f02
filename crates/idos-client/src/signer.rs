//! Keys that sign transactions and gateway logins.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use ed25519_dalek::{Signer as _, SigningKey};
use idos_wallet::{SignatureType, WalletKey};
use sha2::{Digest as _, Sha256};

/// Who acts: an issuer's (or consumer's) signing key, or a wallet.
#[derive(Clone)]
pub enum Signer {
    /// A plain Ed25519 key. Nothing else can be an issuer's delegate in practice: the schema stores delegates in
    /// lower case and compares them with the caller letter for letter, but writes EVM callers in mixed case.
    Ed25519(Ed25519Signer),
    /// An Ed25519 key that signs elsewhere.
    Remote(Arc<dyn RemoteKey>),
    /// The key of a simulated wallet.
    Wallet(WalletKey),
}

/// An Ed25519 key that this process need not hold: one of a key management service, of a hardware module, of a program
/// beside this one.
pub trait RemoteKey: Send + Sync {
    /// The public key.
    fn public_key(&self) -> [u8; 32];

    /// Signs a message (`RFC 8032` 5.1.6, Ed25519 without prehashing). Each message may be signed any number of times.
    fn sign<'a>(&'a self, message: &'a [u8]) -> Signing<'a>;
}

/// A signature that is on its way.
pub type Signing<'a> = Pin<Box<dyn Future<Output = Result<[u8; 64], SignError>> + Send + 'a>>;

/// Why a key that signs elsewhere did not. Nothing was sent to a node; the same may be tried again.
#[derive(Debug, thiserror::Error)]
#[error("the key {key} did not sign")]
pub struct SignError {
    /// The public key in lower-case hex.
    pub key: String,
    /// What happened.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
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
            Self::Remote(key) => key.public_key().to_vec(),
            Self::Wallet(wallet) => wallet.sender(),
        }
    }

    /// How this signer signs.
    #[must_use]
    pub fn signature_type(&self) -> SignatureType {
        match self {
            Self::Ed25519(_) | Self::Remote(_) => SignatureType::Ed25519,
            Self::Wallet(wallet) => wallet.signature_type(),
        }
    }

    /// What actions see as `@caller`. This is what a grant must name as its grantee.
    #[must_use]
    pub fn caller(&self) -> String {
        match self {
            Self::Ed25519(key) => key.public_key_hex(),
            Self::Remote(key) => hex::encode(key.public_key()),
            Self::Wallet(wallet) => wallet.caller().into(),
        }
    }

    /// Signs the text of a transaction, of a gateway login or of a call in private mode.
    ///
    /// NEAR wallets need 32 bytes that they use only once (`NEP-413`). They are derived from the text, which is
    /// itself signed only once, so no randomness is needed.
    pub async fn sign(&self, text: &str) -> Result<Vec<u8>, SignError> {
        Ok(match self {
            Self::Ed25519(key) => key.sign(text.as_bytes()).to_vec(),
            Self::Remote(key) => key.sign(text.as_bytes()).await?.to_vec(),
            Self::Wallet(wallet) => wallet.sign_transaction(text.as_bytes(), nonce_for(text)),
        })
    }

    /// The same at once, if the key is in this process.
    #[must_use]
    pub fn sign_here(&self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Ed25519(key) => Some(key.sign(text.as_bytes()).to_vec()),
            Self::Wallet(wallet) => Some(wallet.sign_transaction(text.as_bytes(), nonce_for(text))),
            Self::Remote(_) => None,
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

/// Shows who signs.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.caller())
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
