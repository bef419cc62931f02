//! Transactions: the text that is signed, the bytes that are hashed, the JSON that is sent.
//!
//! A node checks the signature against [`Body::sign_text`], which binds the payload by twenty bytes of its
//! SHA-256. The transaction's name is the hash of its serialized form, so it is known before anything is sent.

mod draft;
mod hash;
mod serialize;
mod wire;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use draft::{Draft, DraftBody, DraftSignature};
pub use hash::{InvalidTxHash, TxHash};

/// The largest transaction a node takes, in serialized bytes.
pub const MAX_TRANSACTION: usize = 4 * 1024 * 1024;

/// The longest description a node takes, in bytes.
pub const MAX_DESCRIPTION: usize = 200;

/// The payload type of executions of actions.
pub const EXECUTE: &str = "execute";

/// The serialization whose signed text people can read; every wallet uses it.
pub const CONCAT: &str = "concat";

/// What a transaction says, before it is signed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// What a wallet shows to the person who signs. Part of the signed text to the last blank.
    #[serde(rename = "desc")]
    pub description: String,
    /// The encoded payload.
    #[serde(with = "wire::base64_bytes")]
    pub payload: Vec<u8>,
    /// What kind of payload, for idOS always [`EXECUTE`].
    #[serde(rename = "type")]
    pub payload_type: String,
    /// The fee offered. Networks without fees take zero.
    pub fee: Fee,
    /// The account's nonce plus one.
    pub nonce: u64,
    /// The network this is for.
    pub chain_id: String,
}

/// A signed transaction. Its JSON form is what `user.broadcast` takes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Signed {
    /// The signature over [`Body::sign_text`].
    pub signature: Signature,
    /// What was signed.
    pub body: Body,
    /// Public key or address of the signer, as its signature type wants it.
    #[serde(with = "wire::hex_bytes")]
    pub sender: Vec<u8>,
    /// How the signed text was made: [`CONCAT`], or `direct` for transactions of nodes.
    pub serialization: String,
}

/// A signature and its type, e.g. `ed25519`. The type is free text here, so that a node can name an unknown one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Signature {
    /// The signature's bytes.
    #[serde(rename = "sig", with = "wire::base64_bytes")]
    pub bytes: Vec<u8>,
    /// The name of the scheme; letter case matters.
    #[serde(rename = "type")]
    pub signature_type: String,
}

/// A fee: a whole number of any size in decimal digits, without leading zeros.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fee(String);

/// The text is no fee.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a fee must be a decimal number without sign and leading zeros")]
pub struct InvalidFee;

/// The first twenty bytes of the SHA-256 of `payload`, in lower-case hex: how signed texts name a payload.
#[must_use]
pub fn payload_digest(payload: &[u8]) -> String {
    let digest = Sha256::digest(payload);
    hex::encode(digest.get(..20).unwrap_or_default())
}

impl Body {
    /// The text to sign (serialization [`CONCAT`]). Its last line ends with a newline, too.
    #[must_use]
    pub fn sign_text(&self) -> String {
        format!(
            "{}\n\nPayloadType: {}\nPayloadDigest: {}\nFee: {}\nNonce: {}\n\nKwil Chain ID: {}\n",
            self.description,
            self.payload_type,
            payload_digest(&self.payload),
            self.fee,
            self.nonce,
            self.chain_id
        )
    }
}

impl Signed {
    /// The bytes that a node stores and hashes.
    #[must_use]
    pub fn serialize(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.serialized_len());
        serialize::transaction(&mut out, self);
        out
    }

    /// The length of [`serialize`](Self::serialize); a node takes at most [`MAX_TRANSACTION`].
    #[must_use]
    pub fn serialized_len(&self) -> usize {
        let mut len = serialize::Length(0);
        serialize::transaction(&mut len, self);
        len.0
    }

    /// The name of this transaction on the network.
    #[must_use]
    pub fn hash(&self) -> TxHash {
        let mut hasher = Sha256::new();
        serialize::transaction(&mut hasher, self);
        TxHash::from(<[u8; 32]>::from(hasher.finalize()))
    }

    /// Appends the JSON form to `out`: the same as serde makes, with the payload written only once.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        wire::write_transaction(out, self);
    }

    /// About how many bytes [`write_json`](Self::write_json) appends; never less.
    #[must_use]
    pub fn json_capacity(&self) -> usize {
        wire::transaction_capacity(self)
    }
}

/// Does not show the payload, which may be megabytes of somebody's data.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("description", &self.description)
            .field("payload_type", &self.payload_type)
            .field("payload_len", &self.payload.len())
            .field("fee", &self.fee)
            .field("nonce", &self.nonce)
            .field("chain_id", &self.chain_id)
            .finish()
    }
}

impl Fee {
    /// No fee.
    #[must_use]
    pub fn zero() -> Self {
        Self("0".to_owned())
    }

    /// The number's digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Fee {
    type Err = InvalidFee;

    fn from_str(text: &str) -> Result<Self, InvalidFee> {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        // 78 digits hold every number of 256 bits.
        if digits && text.len() <= 78 && (text == "0" || !text.starts_with('0')) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidFee)
        }
    }
}

impl TryFrom<String> for Fee {
    type Error = InvalidFee;

    fn try_from(text: String) -> Result<Self, InvalidFee> {
        text.parse()
    }
}

impl From<Fee> for String {
    fn from(fee: Fee) -> Self {
        fee.0
    }
}

impl fmt::Display for Fee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
