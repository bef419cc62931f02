//! Keys of simulated `FaceSign` wallets, also from a mnemonic.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
use hmac::Hmac;
use sha2::Sha512;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// The key of a simulated `FaceSign` wallet.
#[derive(Clone)]
pub struct FaceSignKey(SigningKey);

impl FaceSignKey {
    /// The wallet with this Ed25519 seed.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> FaceSignKey {
        FaceSignKey(SigningKey::from_bytes(&Zeroizing::new(seed)))
    }

    /// The wallet of a mnemonic; see [`mnemonic_seed`].
    pub fn from_mnemonic(mnemonic: &str) -> Result<FaceSignKey, InvalidMnemonic> {
        Ok(FaceSignKey(SigningKey::from_bytes(&*mnemonic_seed(mnemonic)?)))
    }

    /// The same text as the public key.
    #[must_use]
    pub fn address(&self) -> String {
        self.public_key()
    }

    /// The key in lower-case hexadecimal.
    #[must_use]
    pub fn public_key(&self) -> String {
        hex::encode(self.0.verifying_key().as_bytes())
    }

    /// Lower-case hexadecimal of the 64 bytes of a plain Ed25519 signature.
    #[must_use]
    pub fn sign_message(&self, message: &str) -> String {
        hex::encode(self.sign_transaction(message.as_bytes()))
    }

    /// The 32 bytes of the key.
    #[must_use]
    pub fn sender(&self) -> Vec<u8> {
        self.0.verifying_key().as_bytes().to_vec()
    }

    /// The 64 bytes of an `ed25519` signature.
    #[must_use]
    pub fn sign_transaction(&self, text: &[u8]) -> Vec<u8> {
        self.0.sign(text).to_vec()
    }
}

impl fmt::Debug for FaceSignKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FaceSignKey").field(&self.public_key()).finish()
    }
}

/// The text has not as many words as a BIP-39 mnemonic.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("mnemonic has not 12, 15, 18, 21 or 24 words, each parted from the next by one space")]
pub struct InvalidMnemonic;

/// The Ed25519 seed of a mnemonic: the first 32 bytes of its BIP-39 seed without a passphrase (PBKDF2 with
/// HMAC-SHA-512, 2048 rounds, salt `mnemonic`).
///
/// The text is brought to the NFKD form first, as BIP-39 asks. Words and checksum are not compared with a word
/// list: BIP-39 lets any words be turned to a seed, and this one has to be what the wallet's software made of
/// them.
pub fn mnemonic_seed(mnemonic: &str) -> Result<Zeroizing<[u8; 32]>, InvalidMnemonic> {
    /// More than 24 of the longest words of any language take.
    const MAX_LEN: usize = 1024;
    if mnemonic.len() > MAX_LEN {
        return Err(InvalidMnemonic);
    }
    let normal = Zeroizing::new(mnemonic.nfkd().collect::<String>());
    let has_gaps = normal.split(' ').any(str::is_empty);
    if has_gaps || !matches!(normal.split(' ').count(), 12 | 15 | 18 | 21 | 24) {
        return Err(InvalidMnemonic);
    }

    let mut seed = Zeroizing::new([0; 64]);
    pbkdf2::pbkdf2::<Hmac<Sha512>>(normal.as_bytes(), b"mnemonic", 2048, &mut *seed)
        .map_err(|_| InvalidMnemonic)?; // cannot be: HMAC takes keys of any length
    let mut first = Zeroizing::new([0; 32]);
    first.copy_from_slice(seed.split_at(32).0);
    Ok(first)
}
