//! EVM wallets: addresses (EIP-55) and `personal_sign` signatures (EIP-191).

use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use sha3::{Digest, Keccak256};

use crate::encoding::hex_array;
use crate::error::Fault;

pub(crate) const ADDRESS: &str = "0x and 40 hexadecimal digits";
pub(crate) const SIGNATURE_TEXT: &str = "0x and the hexadecimal digits of 65 bytes";
const SIGNATURE: &str = "r, s and v in 65 bytes, with v one of 0, 1, 27, 28";

/// Whether the wallet of `address` signed `message`.
///
/// Accepts what Ethereum's `ecrecover` accepts, that is also a high `s`: wallets write the low one, but a node
/// that recovers the address takes both, and nothing here relies on there being only one signature. `v` is 27
/// or 28, or 0 or 1 as some libraries write it.
pub(crate) fn verify(address: &[u8; 20], message: &[u8], signature: &[u8]) -> Result<(), Fault> {
    if recover(&personal_digest(message), signature)? == *address { Ok(()) } else { Err(Fault::Wrong) }
}

/// Keccak-256 of the message with its EIP-191 prefix. The length is that of the bytes, in decimal.
pub(crate) fn personal_digest(message: &[u8]) -> [u8; 32] {
    Keccak256::new()
        .chain_update("\x19Ethereum Signed Message:\n")
        .chain_update(message.len().to_string())
        .chain_update(message)
        .finalize()
        .into()
}

/// An address in hexadecimal of any case. Its EIP-55 checksum is not looked at: wallets and nodes compare
/// addresses without case.
pub(crate) fn parse_address(text: &str) -> Option<[u8; 20]> {
    hex_array(text.strip_prefix("0x")?)
}

pub(crate) fn parse_signature(text: &str) -> Option<[u8; 65]> {
    hex_array(text.strip_prefix("0x")?)
}

/// The address in the mixed case of EIP-55.
pub(crate) fn address_text(address: &[u8; 20]) -> String {
    let digits = hex::encode(address);
    let hash = hex::encode(Keccak256::digest(&digits));
    let cased = digits.chars().zip(hash.chars()).map(|(digit, h)| {
        // Upper case where the hash's digit is 8 or more.
        if h >= '8' { digit.to_ascii_uppercase() } else { digit }
    });
    std::iter::once("0x".to_owned()).chain(cased.map(String::from)).collect()
}

/// The last 20 bytes of Keccak-256 of the uncompressed key.
pub(crate) fn address_of(key: &VerifyingKey) -> [u8; 20] {
    let point = key.to_encoded_point(false);
    let coordinates = point.as_bytes().get(1..).unwrap_or_default(); // without the leading 04
    let hash: [u8; 32] = Keccak256::digest(coordinates).into();
    let mut address = [0; 20];
    address.copy_from_slice(hash.split_at(12).1);
    address
}

fn recover(digest: &[u8; 32], signature: &[u8]) -> Result<[u8; 20], Fault> {
    let (rs, v) = match signature.split_at_checked(64) {
        Some((rs, [v])) => (rs, *v),
        _ => return Err(Fault::Signature(SIGNATURE)),
    };
    let is_y_odd = match v {
        0 | 27 => false,
        1 | 28 => true,
        _ => return Err(Fault::Signature(SIGNATURE)),
    };
    let signature = Signature::from_slice(rs).map_err(|_| Fault::Signature(SIGNATURE))?;

    // The library verifies low s only; (r, n - s) with the other parity is the same signature.
    let (signature, is_y_odd) = match signature.normalize_s() {
        Some(low) => (low, !is_y_odd),
        None => (signature, is_y_odd),
    };
    let key = VerifyingKey::recover_from_prehash(digest, &signature, RecoveryId::new(is_y_odd, false))
        .map_err(|_| Fault::Wrong)?;
    Ok(address_of(&key))
}
