//! Keys of simulated NEAR wallets.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
use zeroize::Zeroizing;

use crate::near;
use crate::nep413::{Payload, SignedPayload};

/// Whom the wallets of idOS users sign for.
const RECIPIENT: &str = "idos.network";

/// The key of a simulated NEAR wallet.
#[derive(Clone)]
pub struct NearKey {
    key: SigningKey,
    /// The name of the account. None: the implicit one.
    account: Option<String>,
}

impl NearKey {
    /// The wallet with this Ed25519 seed, on the implicit account of its key.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> NearKey {
        NearKey { key: SigningKey::from_bytes(&Zeroizing::new(seed)), account: None }
    }

    /// The same key on a named account, such as `alice.near`. The name is not checked.
    #[must_use]
    pub fn with_account(self, account: impl Into<String>) -> NearKey {
        NearKey { account: Some(account.into()), ..self }
    }

    /// The account id: the name, or the key in lower-case hexadecimal.
    #[must_use]
    pub fn address(&self) -> String {
        self.account.clone().unwrap_or_else(|| hex::encode(self.key.verifying_key().as_bytes()))
    }

    /// `ed25519:` and base58 of the key.
    #[must_use]
    pub fn public_key(&self) -> String {
        near::public_key_text(self.key.verifying_key().as_bytes())
    }

    /// Upper-case hexadecimal of [`NearKey::sign_transaction`].
    #[must_use]
    pub fn sign_message(&self, message: &str, nonce: [u8; 32]) -> String {
        hex::encode_upper(self.sign_transaction(message.as_bytes(), nonce))
    }

    /// The 32 bytes of the key.
    #[must_use]
    pub fn sender(&self) -> Vec<u8> {
        self.key.verifying_key().as_bytes().to_vec()
    }

    /// The blob of [`SignedPayload`], for the recipient `idos.network` and without a callback URL. The blob's
    /// length field ends at 64 KiB; a longer message is signed all the same, but left out of the blob.
    #[must_use]
    pub fn sign_transaction(&self, text: &[u8], nonce: [u8; 32]) -> Vec<u8> {
        let payload = Payload { message: text, nonce, recipient: RECIPIENT, callback_url: None };
        let signature = self.key.sign(&payload.digest()).to_bytes();
        let blob = SignedPayload { payload, signature };
        let without_message = SignedPayload { payload: Payload { message: &[], ..payload }, signature };
        blob.encode().or_else(|| without_message.encode()).unwrap_or_default()
    }
}

impl fmt::Debug for NearKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NearKey").field(&self.public_key()).finish()
    }
}
