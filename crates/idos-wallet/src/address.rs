//! What addresses look like: of which types of wallet a text can be one, and why of none.
//!
//! A node says of an address that nobody has, and of a text that can be no address, the same: that there is no profile.
//! It compares letters without their case, for all types, so what differs from an address in its case alone is found
//! where that cannot be a mistake:
//!
//! - EVM: the case is free. The checksum of EIP-55 is not looked at: other chains have another one (EIP-1191), and
//!   wallets and nodes compare addresses without case.
//! - NEAR: an account id, in lower case as its protocol has it; of implicit accounts (64 digits) in either case, since
//!   the SDK writes upper case. A name without a dot is legal (`hello`), but not where it is meant as digits: `0x` or
//!   `0s` and hexadecimal digits of another number than 40, or 32 and more digits alone. On NEAR, no such name can be
//!   had. Ethereum's implicit accounts there (`0x…`) belong to the EVM address.
//! - XRPL and Stellar: with the checksum, so in their own case. X-addresses, muxed accounts (`M…`) and contracts (`C…`)
//!   name something inside an account or none, and no wallet of idOS has one.
//! - `FaceSign`: the key, in either case.

use std::fmt;

use stellar_strkey::Strkey;

use crate::error::{Field, InvalidProof};
use crate::limits::{MAX_ADDRESS_LEN, check_length};
use crate::{WalletType, evm, facesign, near, stellar, xrpl};

/// What addresses look like, in a few words.
pub const ADDRESS_FORMS: &str = "0x and 40 hexadecimal digits (EVM), an account id in lower case (NEAR), r… or G… with a \
                                 right checksum (XRPL, Stellar), or 64 hexadecimal digits (FaceSign, NEAR)";

/// That `text` is written as addresses of this type are. Whether somebody has it is another question.
pub fn check_address(wallet_type: WalletType, text: &str) -> Result<(), InvalidProof> {
    check_length(Field::Address, text, MAX_ADDRESS_LEN)?;
    let (is_one, expected) = match wallet_type {
        WalletType::Evm => (evm::parse_address(text).is_some(), evm::ADDRESS),
        WalletType::Near => (near::parse_account(text).is_some(), near::ACCOUNT),
        WalletType::Xrpl => (xrpl::is_address(text), xrpl::ADDRESS),
        WalletType::Stellar => (stellar::parse_address(text).is_some(), stellar::ADDRESS),
        WalletType::FaceSign => (facesign::parse_key(text).is_some(), facesign::KEY),
    };
    if is_one { Ok(()) } else { Err(InvalidProof::Malformed { field: Field::Address, expected }) }
}

/// The types of wallet of which `text` can be an address: one at least, or why it can be none.
pub fn address_types(text: &str) -> Result<Vec<WalletType>, NotAnAddress> {
    // The one prefix whose case is free, as are the digits after it.
    let lower = text.strip_prefix("0X").map(|digits| format!("0x{digits}"));
    let text = lower.as_deref().unwrap_or(text);
    let types: Vec<_> = WalletType::ALL
        .into_iter()
        .filter(|known| check_address(*known, text).is_ok())
        .filter(|known| *known != WalletType::Near || !is_meant_as_digits(text))
        .collect();
    if types.is_empty() { Err(NotAnAddress::of(text)) } else { Ok(types) }
}

/// Whether a text of digits and letters is meant as an address or a key, and has the wrong number of digits.
fn is_meant_as_digits(text: &str) -> bool {
    let is_hex = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0s")) {
        Some(digits) => is_hex(digits) && digits.len() != 40,
        None => is_hex(text) && text.len() >= 32 && text.len() != 64,
    }
}

/// Why a text can be no address. As a text, a phrase that follows the name of the field, without the value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotAnAddress {
    /// It is empty, or longer than any.
    Length,
    /// There are blanks, line ends or other control characters in it or around it.
    Blanks,
    /// The chain stands before it (CAIP-10, did:pkh).
    Chain,
    /// It is a public key.
    PublicKey,
    /// It is a secret key.
    SecretKey,
    /// Hexadecimal digits without `0x`, or not as many as addresses have.
    Digits,
    /// It is an X-address of the XRP Ledger.
    XAddress,
    /// It is a Stellar address of another kind: muxed, or a contract.
    OtherStellar,
    /// It looks like an XRPL or a Stellar address, and its checksum is wrong.
    Checksum,
    /// Whatever else.
    Other,
}

impl NotAnAddress {
    fn of(text: &str) -> Self {
        let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_base58 = text.bytes().all(|byte| byte.is_ascii_alphanumeric() && !b"0OIl".contains(&byte));
        let has_prefix = text.starts_with("0x");
        match (text.len(), text.bytes().next()) {
            (0, _) => Self::Length,
            (length, _) if length > MAX_ADDRESS_LEN => Self::Length,
            _ if text.chars().any(|c| c.is_whitespace() || c.is_control()) => Self::Blanks,
            _ if ["ed25519:", "secp256k1:"].iter().any(|curve| text.starts_with(curve)) => Self::PublicKey,
            _ if text.contains(':') => Self::Chain,
            // Of XRPL, or of EVM without and with `0x`: 33 bytes, or 65.
            (66 | 130, _) if is_hex => Self::PublicKey,
            (68 | 132, _) if has_prefix => Self::PublicKey,
            _ if has_prefix || is_meant_as_digits(text) => Self::Digits,
            (46..=48, Some(b'X' | b'T')) if is_base58 => Self::XAddress,
            (29 | 31, Some(b's')) if is_base58 => Self::SecretKey,
            (25..=35, Some(b'r')) if is_base58 => Self::Checksum,
            _ => match Strkey::from_string(text) {
                Ok(Strkey::PrivateKeyEd25519(_)) => Self::SecretKey,
                Ok(_) => Self::OtherStellar,
                Err(_) if text.len() == 56 && text.starts_with('G') => Self::Checksum,
                Err(_) => Self::Other,
            },
        }
    }
}

impl fmt::Display for NotAnAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = match self {
            Self::Length => return write!(f, "must have 1 to {MAX_ADDRESS_LEN} bytes: {ADDRESS_FORMS}"),
            Self::Blanks => "has blanks or control characters, which no address has",
            Self::Chain => "has a chain before it; leave out all up to the last colon",
            Self::PublicKey => "is a public key; a profile is found by the address of a wallet",
            Self::SecretKey => "is a secret key, and should be given to nobody",
            Self::Digits => "has not the digits of an address",
            Self::XAddress => "is an X-address; idOS knows the classic address of the account (r…)",
            Self::OtherStellar => "is a Stellar key of another kind; idOS knows accounts (G…)",
            Self::Checksum => "has a wrong checksum; letters of both cases count as they are",
            Self::Other => "is no address of any type of wallet",
        };
        write!(f, "{problem}. Addresses are {ADDRESS_FORMS}")
    }
}
