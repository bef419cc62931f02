//! NEAR wallets: keys, account names, and NEP-413 signatures.

use crate::encoding::hex_array;
use crate::error::Fault;
use crate::{ed25519, nep413};

pub(crate) const PUBLIC_KEY: &str = "ed25519: and 32 bytes in base58";
pub(crate) const ACCOUNT: &str = "a NEAR account id that an Ed25519 key can sign for";
pub(crate) const SIGNATURE_TEXT: &str = "the hexadecimal digits of a NEP-413 payload and its signature";

const KEY_PREFIX: &str = "ed25519:";

/// Whether `key` signed `message`. `signature` is the blob of [`nep413::SignedPayload`]; the message inside it
/// is not looked at, since some wallets leave it out and the node puts the claimed one in its place.
pub(crate) fn verify(key: &[u8; 32], message: &[u8], signature: &[u8]) -> Result<(), Fault> {
    let signed = nep413::SignedPayload::decode(signature).map_err(|_| Fault::Signature("a NEP-413 blob"))?;
    let claimed = nep413::Payload { message, ..signed.payload };
    ed25519::verify(key, &claimed.digest(), &signed.signature)
}

pub(crate) fn parse_public_key(text: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    let len = bs58::decode(text.strip_prefix(KEY_PREFIX)?).onto(&mut key).ok()?;
    (len == key.len()).then_some(key)
}

pub(crate) fn public_key_text(key: &[u8; 32]) -> String {
    format!("{KEY_PREFIX}{}", bs58::encode(key).into_string())
}

/// What the name of an account says about its key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Account {
    /// An implicit account: the name is the key.
    Implicit([u8; 32]),
    /// A chosen name. Only the chain knows its keys.
    Named,
}

/// The account that `text` names. None if it is not an account id, or one of Ethereum's kind (`0x…`): that
/// belongs to a secp256k1 key, and idOS would mistake it for somebody's EVM address.
pub(crate) fn parse_account(text: &str) -> Option<Account> {
    // Lower case by NEAR's rules, but the SDK writes it in upper case.
    if let Some(key) = hex_array(text) {
        return Some(Account::Implicit(key));
    }
    let is_ethereum_like = text.strip_prefix("0x").is_some_and(|digits| hex_array::<20>(digits).is_some());
    (is_account_id(text) && !is_ethereum_like).then_some(Account::Named)
}

/// 2 to 64 characters: words of `a-z` and `0-9`, held together by single `.`, `-` or `_`.
fn is_account_id(text: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    (2..=64).contains(&text.len()) && text.split(['.', '-', '_']).all(is_word)
}
