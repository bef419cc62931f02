//! Transactions that are not finished: what clients send to `user.estimate_price`.
//!
//! The official JavaScript client leaves signature, fee and nonce null there, and names a signature type that
//! has nothing to do with the signer. A node that reads such a draft strictly breaks every write of that client.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{CONCAT, EXECUTE, wire};

/// A transaction of which anything may be missing.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// The signature, if there is one.
    pub signature: Option<DraftSignature>,
    /// What the transaction says.
    pub body: DraftBody,
    /// Public key or address of the sender; empty if there is none.
    #[serde(with = "wire::hex_bytes")]
    pub sender: Vec<u8>,
    /// How the signed text is made.
    pub serialization: Option<String>,
}

/// The body of a draft.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DraftBody {
    /// The description.
    #[serde(rename = "desc")]
    pub description: Option<String>,
    /// The encoded payload.
    #[serde(with = "wire::optional_base64")]
    pub payload: Option<Vec<u8>>,
    /// What kind of payload.
    #[serde(rename = "type")]
    pub payload_type: Option<String>,
    /// The fee in decimal digits.
    pub fee: Option<String>,
    /// The nonce.
    pub nonce: Option<u64>,
    /// The network.
    pub chain_id: Option<String>,
}

/// The signature of a draft.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DraftSignature {
    /// The signature's bytes.
    #[serde(rename = "sig", with = "wire::optional_base64")]
    pub bytes: Option<Vec<u8>>,
    /// The name of the scheme.
    #[serde(rename = "type")]
    pub signature_type: Option<String>,
}

impl Draft {
    /// The draft that the official JavaScript client makes.
    #[must_use]
    pub fn unsigned(payload: Vec<u8>, sender: Vec<u8>) -> Self {
        Self {
            signature: Some(DraftSignature { bytes: None, signature_type: Some("secp256k1_ep".to_owned()) }),
            body: DraftBody {
                description: Some(String::new()),
                payload: Some(payload),
                payload_type: Some(EXECUTE.to_owned()),
                fee: None,
                nonce: None,
                chain_id: Some(String::new()),
            },
            sender,
            serialization: Some(CONCAT.to_owned()),
        }
    }
}

/// Does not show the payload.
impl fmt::Debug for DraftBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DraftBody")
            .field("payload_type", &self.payload_type)
            .field("payload_len", &self.payload.as_ref().map(Vec::len))
            .finish_non_exhaustive()
    }
}
