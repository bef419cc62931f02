//! The name of a transaction.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The SHA-256 of a serialized transaction, 64 hex digits on the wire.
///
/// The official JavaScript client shows its applications 96 characters instead: it takes the hex digits for
/// base64. What is sent over the wire are the 64 digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TxHash([u8; 32]);

/// The text is no transaction hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a transaction hash must be 64 hexadecimal digits")]
pub struct InvalidTxHash;

impl TxHash {
    /// The hash itself.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for TxHash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl FromStr for TxHash {
    type Err = InvalidTxHash;

    fn from_str(text: &str) -> Result<Self, InvalidTxHash> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidTxHash)?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for TxHash {
    type Error = InvalidTxHash;

    fn try_from(text: String) -> Result<Self, InvalidTxHash> {
        text.parse()
    }
}

impl From<TxHash> for String {
    fn from(hash: TxHash) -> Self {
        hash.to_string()
    }
}

impl fmt::Display for TxHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TxHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TxHash({self})")
    }
}
