//! Signatures of transactions and gateway logins, and the `@caller` that the schema sees.

use std::fmt;
use std::str::FromStr;

use crate::error::{Fault, Field, InvalidSignature};
use crate::{ed25519, evm, near, stellar, xrpl};

/// How a transaction or a gateway login is signed: `signature.type`, or `auth_type` of a view call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SignatureType {
    /// Plain Ed25519 over the text. Sender: the 32-byte key. Issuers and `FaceSign` use it.
    Ed25519,
    /// EIP-191 `personal_sign`, 65 bytes. Sender: the 20-byte address.
    Secp256k1Ep,
    /// The blob of [`crate::nep413::SignedPayload`]. Sender: the 32-byte key.
    Nep413,
    /// As XRPL wallets sign. Sender: the 33-byte key with its prefix.
    Xrpl,
    /// `SEP-53`, as Stellar wallets sign. Sender: the 56 characters of the `G…` address. Known from branches of
    /// the SDK only; its main line sends Stellar keys as `ed25519`, whose `@caller` matches no Stellar wallet.
    Sep53,
}

impl SignatureType {
    /// Every type.
    pub const ALL: [SignatureType; 5] = [
        SignatureType::Ed25519,
        SignatureType::Secp256k1Ep,
        SignatureType::Nep413,
        SignatureType::Xrpl,
        SignatureType::Sep53,
    ];

    /// The name on the wire, compared case-sensitively.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            SignatureType::Ed25519 => "ed25519",
            SignatureType::Secp256k1Ep => "secp256k1_ep",
            SignatureType::Nep413 => "nep413",
            SignatureType::Xrpl => "xrpl",
            SignatureType::Sep53 => "sep53",
        }
    }
}

impl fmt::Display for SignatureType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A token in the place of a signature, known from branches of the SDK: what it signs is its own payload, and nothing of the
/// transaction or of the text that a gateway asks for.
const WITHOUT_PROOF: &str = "mm_token";

/// The text names no signature type that this crate can check.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UnusableSignatureType {
    /// It names no type at all.
    #[error("signature type is none of ed25519, secp256k1_ep, nep413, xrpl, sep53")]
    Unknown,
    /// It names `mm_token`, which idOS has.
    #[error("signature type is mm_token, and no proof is defined for this signature type")]
    NoProof,
}

impl FromStr for SignatureType {
    type Err = UnusableSignatureType;

    fn from_str(text: &str) -> Result<SignatureType, UnusableSignatureType> {
        let known = SignatureType::ALL.into_iter().find(|known| known.as_str() == text);
        let unusable = if text == WITHOUT_PROOF {
            UnusableSignatureType::NoProof
        } else {
            UnusableSignatureType::Unknown
        };
        known.ok_or(unusable)
    }
}

/// The text that the schema calls `@caller`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Caller(String);

impl Caller {
    pub(crate) const fn new(text: String) -> Caller {
        Caller(text)
    }

    /// The text, in the letter case in which the schema compares it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Caller> for String {
    fn from(caller: Caller) -> String {
        caller.0
    }
}

/// Whether `sender` signed `text`, and who that is. All three are raw bytes.
///
/// The checks are as strict as those of ownership proofs; see the crate's documentation.
pub fn verify_transaction_signature(
    signature_type: SignatureType,
    sender: &[u8],
    text: &[u8],
    signature: &[u8],
) -> Result<Caller, InvalidSignature> {
    let sender = Sender::read(signature_type, sender)?;
    sender.verify(text, signature)?;
    Ok(sender.caller())
}

/// Who a sender is, *without any proof of it*: a node in open mode does not see who makes a view call.
///
/// | type | `@caller` |
/// | --- | --- |
/// | `ed25519` | the key in lower-case hexadecimal |
/// | `secp256k1_ep` | the address in the mixed case of EIP-55 |
/// | `nep413` | `ed25519:` and base58 of the key, which is what the schema's wallets hold |
/// | `xrpl` | the `r…` address |
/// | `sep53` | the `G…` address |
pub fn caller_of(signature_type: SignatureType, sender: &[u8]) -> Result<Caller, InvalidSignature> {
    Ok(Sender::read(signature_type, sender)?.caller())
}

/// A sender of the right form. Whether it is a point of its curve shows when it verifies.
enum Sender {
    Ed25519([u8; 32]),
    Secp256k1Ep([u8; 20]),
    Nep413([u8; 32]),
    Xrpl(xrpl::PublicKey),
    Sep53([u8; 32]),
}

impl Sender {
    fn read(signature_type: SignatureType, bytes: &[u8]) -> Result<Sender, InvalidSignature> {
        const KEY: &str = "the 32 bytes of a key";
        let (sender, expected) = match signature_type {
            SignatureType::Ed25519 => (bytes.try_into().ok().map(Sender::Ed25519), KEY),
            SignatureType::Nep413 => (bytes.try_into().ok().map(Sender::Nep413), KEY),
            SignatureType::Secp256k1Ep => {
                (bytes.try_into().ok().map(Sender::Secp256k1Ep), "the 20 bytes of an address")
            }
            SignatureType::Xrpl => (xrpl::PublicKey::from_bytes(bytes).map(Sender::Xrpl), xrpl::SENDER),
            SignatureType::Sep53 => (read_stellar_address(bytes).map(Sender::Sep53), stellar::ADDRESS),
        };
        sender.ok_or(InvalidSignature::Malformed { field: Field::Sender, expected })
    }

    fn verify(&self, text: &[u8], signature: &[u8]) -> Result<(), Fault> {
        match self {
            Sender::Ed25519(key) => ed25519::verify(key, text, signature),
            Sender::Secp256k1Ep(address) => evm::verify(address, text, signature),
            Sender::Nep413(key) => near::verify(key, text, signature),
            Sender::Xrpl(key) => key.verify(text, signature),
            Sender::Sep53(key) => stellar::verify_sep53(key, text, signature),
        }
    }

    fn caller(&self) -> Caller {
        Caller(match self {
            Sender::Ed25519(key) => hex::encode(key),
            Sender::Secp256k1Ep(address) => evm::address_text(address),
            Sender::Nep413(key) => near::public_key_text(key),
            Sender::Xrpl(key) => key.address(),
            Sender::Sep53(key) => stellar::address_text(key),
        })
    }
}

fn read_stellar_address(bytes: &[u8]) -> Option<[u8; 32]> {
    const LENGTH: usize = 56;
    if bytes.len() != LENGTH {
        return None; // before anything is decoded: the sender is foreign, and may be megabytes
    }
    stellar::parse_address(std::str::from_utf8(bytes).ok()?)
}
