//! Keys of simulated EVM wallets.

use std::fmt;

use k256::ecdsa::SigningKey;

use super::secp256k1;
use crate::evm;

/// The key of a simulated EVM wallet.
#[derive(Clone)]
pub struct EvmKey(SigningKey);

impl EvmKey {
    /// The wallet whose private key is `seed`. (The few values that are no private key are hashed to one.)
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> EvmKey {
        EvmKey(secp256k1::signing_key(seed))
    }

    /// The address in the mixed case of EIP-55.
    #[must_use]
    pub fn address(&self) -> String {
        evm::address_text(&self.address_bytes())
    }

    /// `personal_sign`: `0x` and lower-case hexadecimal of r, s and v, where v is 27 or 28.
    #[must_use]
    pub fn sign_message(&self, message: &str) -> String {
        format!("0x{}", hex::encode(self.sign_transaction(message.as_bytes())))
    }

    /// The 20 bytes of the address.
    #[must_use]
    pub fn sender(&self) -> Vec<u8> {
        self.address_bytes().to_vec()
    }

    /// The 65 bytes of a `secp256k1_ep` signature.
    #[must_use]
    pub fn sign_transaction(&self, text: &[u8]) -> Vec<u8> {
        let (signature, parity) = secp256k1::sign(&self.0, &evm::personal_digest(text));
        [&signature.to_bytes()[..], &[27 + parity.to_byte()]].concat()
    }

    fn address_bytes(&self) -> [u8; 20] {
        evm::address_of(self.0.verifying_key())
    }
}

impl fmt::Debug for EvmKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EvmKey").field(&self.address()).finish()
    }
}
