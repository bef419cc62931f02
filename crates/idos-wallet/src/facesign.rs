//! `FaceSign` wallets: an Ed25519 key, whose hexadecimal text is the address, the public key and the `@caller`.

use crate::encoding::hex_array;

pub(crate) const KEY: &str = "the 64 hexadecimal digits of an Ed25519 public key";
pub(crate) const SIGNATURE_TEXT: &str = "the hexadecimal digits of 64 bytes";

/// A key, written in either case. (The SDK writes lower case, and so does `@caller`.)
pub(crate) fn parse_key(text: &str) -> Option<[u8; 32]> {
    hex_array(text)
}
