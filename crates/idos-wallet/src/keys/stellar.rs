//! Keys of simulated Stellar wallets.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
use zeroize::Zeroizing;

use crate::stellar;

/// The key of a simulated Stellar wallet.
#[derive(Clone)]
pub struct StellarKey(SigningKey);

impl StellarKey {
    /// The wallet with this Ed25519 seed.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> StellarKey {
        StellarKey(SigningKey::from_bytes(&Zeroizing::new(seed)))
    }

    /// The `G…` address.
    #[must_use]
    pub fn address(&self) -> String {
        stellar::address_text(self.0.verifying_key().as_bytes())
    }

    /// The key in lower-case hexadecimal, as the SDK has it.
    #[must_use]
    pub fn public_key(&self) -> String {
        hex::encode(self.0.verifying_key().as_bytes())
    }

    /// Lower-case hexadecimal of a plain Ed25519 signature, as the SDK's server signer makes it.
    #[must_use]
    pub fn sign_message(&self, message: &str) -> String {
        hex::encode(self.0.sign(message.as_bytes()).to_bytes())
    }

    /// Lower-case hexadecimal of a `SEP-53` signature, as wallets such as Freighter make it.
    #[must_use]
    pub fn sign_message_sep53(&self, message: &str) -> String {
        hex::encode(self.sign_transaction(message.as_bytes()))
    }

    /// The 56 characters of the address, in ASCII.
    #[must_use]
    pub fn sender(&self) -> Vec<u8> {
        self.address().into_bytes()
    }

    /// The 64 bytes of a `sep53` signature.
    #[must_use]
    pub fn sign_transaction(&self, text: &[u8]) -> Vec<u8> {
        self.0.sign(&stellar::sep53_digest(text)).to_vec()
    }
}

impl fmt::Debug for StellarKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StellarKey").field(&self.address()).finish()
    }
}
