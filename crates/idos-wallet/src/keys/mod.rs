//! Keys of simulated wallets, for tests, demonstrations and the development node's holders.
//!
//! They write what the JavaScript SDK and its wallets write, byte for byte. Secrets are wiped when dropped and
//! never printed.

mod evm;
mod facesign;
mod near;
mod secp256k1;
mod stellar;
mod xrpl;

pub use evm::EvmKey;
pub use facesign::{FaceSignKey, InvalidMnemonic, mnemonic_seed};
pub use near::NearKey;
pub use stellar::StellarKey;
pub use xrpl::XrplKey;

use crate::{Caller, SignatureType, WalletType};

/// The key of a simulated wallet of any type.
#[derive(Clone, Debug)]
pub enum WalletKey {
    /// An EVM wallet.
    Evm(EvmKey),
    /// A NEAR wallet.
    Near(NearKey),
    /// An XRPL wallet.
    Xrpl(XrplKey),
    /// A Stellar wallet.
    Stellar(StellarKey),
    /// A `FaceSign` wallet.
    FaceSign(FaceSignKey),
}

/// Does the same with whichever key it is.
macro_rules! with_key {
    ($wallet:expr, $key:ident => $do:expr) => {
        match $wallet {
            WalletKey::Evm($key) => $do,
            WalletKey::Near($key) => $do,
            WalletKey::Xrpl($key) => $do,
            WalletKey::Stellar($key) => $do,
            WalletKey::FaceSign($key) => $do,
        }
    };
}

impl WalletKey {
    /// The wallet whose private key is `seed`. XRPL wallets get an Ed25519 key, NEAR wallets an implicit account.
    #[must_use]
    pub fn from_seed(wallet_type: WalletType, seed: [u8; 32]) -> WalletKey {
        match wallet_type {
            WalletType::Evm => WalletKey::Evm(EvmKey::from_seed(seed)),
            WalletType::Near => WalletKey::Near(NearKey::from_seed(seed)),
            WalletType::Xrpl => WalletKey::Xrpl(XrplKey::ed25519_from_seed(seed)),
            WalletType::Stellar => WalletKey::Stellar(StellarKey::from_seed(seed)),
            WalletType::FaceSign => WalletKey::FaceSign(FaceSignKey::from_seed(seed)),
        }
    }

    /// The type to give as `wallet_type`.
    #[must_use]
    pub const fn wallet_type(&self) -> WalletType {
        match self {
            WalletKey::Evm(_) => WalletType::Evm,
            WalletKey::Near(_) => WalletType::Near,
            WalletKey::Xrpl(_) => WalletType::Xrpl,
            WalletKey::Stellar(_) => WalletType::Stellar,
            WalletKey::FaceSign(_) => WalletType::FaceSign,
        }
    }

    /// What to give as `address`.
    #[must_use]
    pub fn address(&self) -> String {
        with_key!(self, key => key.address())
    }

    /// What to give as `public_key`; None for EVM.
    #[must_use]
    pub fn public_key(&self) -> Option<String> {
        match self {
            WalletKey::Evm(_) => None,
            WalletKey::Near(key) => Some(key.public_key()),
            WalletKey::Xrpl(key) => Some(key.public_key()),
            WalletKey::Stellar(key) => Some(key.public_key()),
            WalletKey::FaceSign(key) => Some(key.public_key()),
        }
    }

    /// What write grants call the owner: the address, but for NEAR and `FaceSign` the public key.
    #[must_use]
    pub fn owner_identifier(&self) -> String {
        match self {
            WalletKey::Near(key) => key.public_key(),
            WalletKey::FaceSign(key) => key.public_key(),
            WalletKey::Evm(_) | WalletKey::Xrpl(_) | WalletKey::Stellar(_) => self.address(),
        }
    }

    /// Signs a message; the answer is what to give as `signature` of a proof or grant. Only NEAR uses the nonce.
    #[must_use]
    pub fn sign_message(&self, message: &str, nonce: [u8; 32]) -> String {
        match self {
            WalletKey::Near(key) => key.sign_message(message, nonce),
            WalletKey::Evm(key) => key.sign_message(message),
            WalletKey::Xrpl(key) => key.sign_message(message),
            WalletKey::Stellar(key) => key.sign_message(message),
            WalletKey::FaceSign(key) => key.sign_message(message),
        }
    }

    /// The bytes to give as `sender` of transactions, logins and calls.
    #[must_use]
    pub fn sender(&self) -> Vec<u8> {
        with_key!(self, key => key.sender())
    }

    /// How this wallet signs transactions. Stellar wallets use [`SignatureType::Sep53`], the only type under
    /// which the schema finds them.
    #[must_use]
    pub const fn signature_type(&self) -> SignatureType {
        match self {
            WalletKey::Evm(_) => SignatureType::Secp256k1Ep,
            WalletKey::Near(_) => SignatureType::Nep413,
            WalletKey::Xrpl(_) => SignatureType::Xrpl,
            WalletKey::Stellar(_) => SignatureType::Sep53,
            WalletKey::FaceSign(_) => SignatureType::Ed25519,
        }
    }

    /// Signs the text of a transaction or gateway login. Only NEAR uses the nonce.
    #[must_use]
    pub fn sign_transaction(&self, text: &[u8], nonce: [u8; 32]) -> Vec<u8> {
        match self {
            WalletKey::Near(key) => key.sign_transaction(text, nonce),
            WalletKey::Evm(key) => key.sign_transaction(text),
            WalletKey::Xrpl(key) => key.sign_transaction(text),
            WalletKey::Stellar(key) => key.sign_transaction(text),
            WalletKey::FaceSign(key) => key.sign_transaction(text),
        }
    }

    /// The `@caller` of this wallet's transactions: for each type the text by which the schema finds the wallet.
    #[must_use]
    pub fn caller(&self) -> Caller {
        Caller::new(self.owner_identifier())
    }
}
