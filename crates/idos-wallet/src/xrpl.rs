//! XRP Ledger wallets: keys, `r…` addresses, and signatures as `ripple-keypairs` makes them.

use k256::ecdsa::signature::hazmat::PrehashVerifier;
use k256::ecdsa::{Signature, VerifyingKey};
use ripemd::Ripemd160;
use sha2::{Digest, Sha256, Sha512};

use crate::ed25519;
use crate::encoding::hex_array;
use crate::error::Fault;

pub(crate) const PUBLIC_KEY: &str = "33 bytes in hexadecimal that begin with ED, 02 or 03";
pub(crate) const ADDRESS: &str = "a classic XRPL address: r…, with its checksum";
pub(crate) const SENDER: &str = "33 bytes that begin with ED, 02 or 03";
pub(crate) const SIGNATURE_TEXT: &str = "an XRPL signature in hexadecimal";

/// Says "Ed25519" where a compressed secp256k1 key has 02 or 03.
const ED25519_PREFIX: u8 = 0xED;

/// A public key with its one-byte prefix. Not known to be a point of its curve.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PublicKey([u8; 33]);

impl PublicKey {
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<PublicKey> {
        match bytes.first()? {
            &ED25519_PREFIX | 2 | 3 => bytes.try_into().ok().map(PublicKey),
            _ => None,
        }
    }

    pub(crate) fn ed25519(key: &[u8; 32]) -> PublicKey {
        let mut bytes = [ED25519_PREFIX; 33];
        bytes.split_at_mut(1).1.copy_from_slice(key);
        PublicKey(bytes)
    }

    pub(crate) fn secp256k1(key: &VerifyingKey) -> PublicKey {
        let mut bytes = [0; 33];
        bytes.copy_from_slice(key.to_encoded_point(true).as_bytes());
        PublicKey(bytes)
    }

    pub(crate) fn parse(text: &str) -> Option<PublicKey> {
        PublicKey::from_bytes(&hex_array::<33>(text)?)
    }

    /// Upper-case hexadecimal, as XRPL software writes it.
    pub(crate) fn text(&self) -> String {
        hex::encode_upper(self.0)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 33] {
        &self.0
    }

    /// The classic address: base58check, in Ripple's alphabet, of 00 and RIPEMD-160 of SHA-256 of the key.
    pub(crate) fn address(&self) -> String {
        let account = Ripemd160::digest(Sha256::digest(self.0));
        bs58::encode(account).with_alphabet(bs58::Alphabet::RIPPLE).with_check_version(0).into_string()
    }

    /// Whether this key signed `message`. `signature` is 64 bytes for Ed25519, DER with a low `s` otherwise, as
    /// the ledger demands.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Fault> {
        match &self.0 {
            [ED25519_PREFIX, key @ ..] => ed25519::verify(key, message, signature),
            sec1 => verify_secp256k1(sec1, message, signature),
        }
    }
}

/// Whether `text` is a classic address, with its checksum.
pub(crate) fn is_address(text: &str) -> bool {
    let decoded = bs58::decode(text).with_alphabet(bs58::Alphabet::RIPPLE).with_check(Some(0)).into_vec();
    // The version and 20 bytes.
    decoded.is_ok_and(|bytes| bytes.len() == 21)
}

fn verify_secp256k1(key: &[u8; 33], message: &[u8], signature: &[u8]) -> Result<(), Fault> {
    let key = VerifyingKey::from_sec1_bytes(key).map_err(|_| Fault::Key("a secp256k1 public key"))?;
    let signature =
        Signature::from_der(signature).map_err(|_| Fault::Signature("an ECDSA signature in DER"))?;
    // The library refuses a high s.
    key.verify_prehash(&digest(message), &signature).map_err(|_| Fault::Wrong)
}

/// The first half of SHA-512: what secp256k1 keys sign. Ed25519 keys sign the message itself.
pub(crate) fn digest(message: &[u8]) -> [u8; 32] {
    let hash: [u8; 64] = Sha512::digest(message).into();
    let mut half = [0; 32];
    half.copy_from_slice(hash.split_at(32).0);
    half
}
