//! What a transaction must be before its nonce is looked at.

use std::str::FromStr;

use idos_client::transaction::{CONCAT, EXECUTE, MAX_DESCRIPTION, MAX_TRANSACTION, Signed, TxHash};
use idos_wallet::{SignatureType, verify_transaction_signature};

use crate::state::ledger::Account;

/// Anything else than what has a code of its own.
const OTHER: u32 = 65535;

/// A transaction whose form, chain and signature are right.
pub(crate) struct Checked {
    pub(crate) tx: Signed,
    pub(crate) hash: TxHash,
    /// In serialized bytes.
    pub(crate) size: usize,
    /// `@caller`.
    pub(crate) caller: String,
    pub(crate) account: Account,
}

/// Why a transaction gets into no block: the `data` of a broadcast error.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Rejection {
    pub(crate) code: u32,
    pub(crate) hash: String,
    pub(crate) message: String,
}

/// Checks size, chain and signature, in the node's order.
pub(crate) fn check(tx: Signed, hash: TxHash, chain_id: &str) -> Result<Checked, Rejection> {
    let refuse = |code, message: String| Rejection { code, hash: hash.to_string(), message };
    let size = tx.serialized_len();
    if size > MAX_TRANSACTION {
        return Err(refuse(OTHER, "transaction size limit exceeded".to_owned()));
    }
    if !tx.body.chain_id.is_empty() && tx.body.chain_id != chain_id {
        let shown: String = tx.body.chain_id.chars().filter(|c| !c.is_control()).take(64).collect();
        return Err(refuse(5, format!("wrong chain ID: {shown}")));
    }
    let caller =
        verify(&tx).map_err(|why| refuse(OTHER, format!("failed to verify the transaction: {why}")))?;
    if tx.body.payload_type != EXECUTE {
        // A real node takes transfers, votes and SQL as well; no idOS client sends them.
        return Err(refuse(2, "unknown payload type".to_owned()));
    }
    let account = account(&tx.signature.signature_type, &tx.sender);
    Ok(Checked { tx, hash, size, caller, account })
}

/// The caller, if the signature is the sender's over the readable text. A bad signature has no code of its own.
fn verify(tx: &Signed) -> Result<String, String> {
    if tx.body.description.len() > MAX_DESCRIPTION {
        return Err("description is too long".to_owned());
    }
    if tx.serialization != CONCAT {
        return Err("invalid serialization type".to_owned()); // "direct" is for transactions that nodes make
    }
    let signature_type =
        SignatureType::from_str(&tx.signature.signature_type).map_err(|error| error.to_string())?;
    let text = tx.body.sign_text();
    verify_transaction_signature(signature_type, &tx.sender, text.as_bytes(), &tx.signature.bytes)
        .map(Into::into)
        .map_err(|error| error.to_string())
}

/// The account of a sender.
pub(crate) fn account(signature_type: &str, sender: &[u8]) -> Account {
    let is_evm = signature_type == SignatureType::Secp256k1Ep.as_str();
    let key_type = if is_evm { "secp256k1" } else { "ed25519" };
    Account { identifier: hex::encode(sender), key_type: key_type.to_owned() }
}

impl Rejection {
    pub(crate) fn already_exists(hash: &TxHash) -> Self {
        Self { code: OTHER, hash: hash.to_string(), message: "transaction already exists".to_owned() }
    }

    pub(crate) fn mempool_full(hash: &TxHash) -> Self {
        Self { code: 11, hash: hash.to_string(), message: "mempool is full".to_owned() }
    }

    pub(crate) fn timed_out(hash: &TxHash) -> Self {
        let message = "timed out waiting for tx to be included in a block".to_owned();
        Self { code: 10, hash: hash.to_string(), message }
    }

    pub(crate) fn wrong_nonce(checked: &Checked, expected: u64) -> Self {
        let (sender, got) = (&checked.account.identifier, checked.tx.body.nonce);
        Self {
            code: 4,
            hash: checked.hash.to_string(),
            message: format!("invalid nonce for account {sender}: got {got}, expected {expected}"),
        }
    }
}
