//! A simulated user: an EVM wallet, and an encryption key derived from a password.

use idos_credential::EncryptionSecret;
use idos_credential::user_key::{DerivationError, Strength, derive};
use idos_wallet::{WalletKey, WalletType};
use rand::RngCore as _;
use rand::distributions::{Alphanumeric, DistString as _};
use rand::rngs::OsRng;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::model::personal::Personal;
use crate::model::submission::Owner;

/// What the user's wallet signs to prove that it is the user's; the official SDK's words.
const OWNERSHIP_MESSAGE: &str = "Sign this message to prove you own this wallet";
/// As long as the passwords that idOS makes for users.
const PASSWORD_LENGTH: usize = 20;

pub(in crate::cli) struct Holder {
    pub(in crate::cli) user_id: Uuid,
    pub(in crate::cli) wallet: WalletKey,
    pub(in crate::cli) secret: EncryptionSecret,
    password: Zeroizing<String>,
}

impl Holder {
    pub(in crate::cli) fn new() -> Result<Self, DerivationError> {
        let mut seed = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(seed.as_mut_slice());
        let password = Zeroizing::new(Alphanumeric.sample_string(&mut OsRng, PASSWORD_LENGTH));
        Self::of(random_id(), WalletKey::from_seed(WalletType::Evm, *seed), password)
    }

    /// One who is the same each time that these are.
    pub(in crate::cli) fn of(
        user_id: Uuid,
        wallet: WalletKey,
        password: Zeroizing<String>,
    ) -> Result<Self, DerivationError> {
        let secret = derive(&password, &user_id.to_string(), Strength::Current)?;
        Ok(Self { user_id, wallet, secret, password })
    }

    /// The wallet, as others know it.
    pub(in crate::cli) fn owner(&self) -> Owner {
        Owner {
            wallet_type: self.wallet.wallet_type(),
            address: Personal::new(self.wallet.address()),
            public_key: self.wallet.public_key().map(Personal::new),
        }
    }

    /// Message and signature that prove the wallet.
    pub(in crate::cli) fn prove_wallet(&self) -> (&'static str, String) {
        (OWNERSHIP_MESSAGE, self.sign(OWNERSHIP_MESSAGE))
    }

    pub(in crate::cli) fn sign(&self, text: &str) -> String {
        let mut nonce = [0; 32];
        OsRng.fill_bytes(&mut nonce);
        self.wallet.sign_message(text, nonce)
    }

    /// The encryption secret as the user's browser would make it: from the password alone.
    pub(in crate::cli) fn derive_again(&self) -> Result<EncryptionSecret, DerivationError> {
        derive(&self.password, &self.user_id.to_string(), Strength::Current)
    }
}

/// A random UUID of version 4.
pub(in crate::cli) fn random_id() -> Uuid {
    let mut bytes = [0; 16];
    OsRng.fill_bytes(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}
