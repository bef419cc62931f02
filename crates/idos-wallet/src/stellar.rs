//! Stellar wallets: `G…` addresses (`SEP-23`), and signatures of the two kinds in use.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use stellar_strkey::ed25519::PublicKey;

use crate::ed25519;
use crate::encoding::hex_array;
use crate::error::Fault;

pub(crate) const PUBLIC_KEY: &str = "a G… address or 64 hexadecimal digits";
pub(crate) const ADDRESS: &str = "the 56 characters of a G… address";
pub(crate) const SIGNATURE_TEXT: &str = "64 bytes in hexadecimal or base64";

/// Whether `key` signed `message`, either plainly (the SDK's checker and server signers) or by `SEP-53` (real
/// wallets such as Freighter). What today's node accepts is not public; both prove possession of the key.
pub(crate) fn verify_either(key: &[u8; 32], message: &[u8], signature: &[u8]) -> Result<(), Fault> {
    match ed25519::verify(key, message, signature) {
        Err(Fault::Wrong) => verify_sep53(key, message, signature),
        other => other,
    }
}

/// Whether `key` signed `message` by `SEP-53`.
pub(crate) fn verify_sep53(key: &[u8; 32], message: &[u8], signature: &[u8]) -> Result<(), Fault> {
    ed25519::verify(key, &sep53_digest(message), signature)
}

pub(crate) fn sep53_digest(message: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update("Stellar Signed Message:\n").chain_update(message).finalize().into()
}

/// A key as the schema's comments have it (`G…`) or as the SDK has it (hexadecimal).
pub(crate) fn parse_public_key(text: &str) -> Option<[u8; 32]> {
    parse_address(text).or_else(|| hex_array(text))
}

pub(crate) fn parse_address(text: &str) -> Option<[u8; 32]> {
    PublicKey::from_string(text).ok().map(|key| key.0)
}

pub(crate) fn address_text(key: &[u8; 32]) -> String {
    PublicKey(*key).to_string()
}

/// Hexadecimal and base64 of 64 bytes differ in length, so one cannot be taken for the other.
pub(crate) fn parse_signature(text: &str) -> Option<[u8; 64]> {
    hex_array(text).or_else(|| STANDARD.decode(text).ok()?.try_into().ok())
}
