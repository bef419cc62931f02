//! What several resources show.

use serde::Serialize;

use crate::model::issuance::{HaltCode, Stopped, Transaction};
use crate::model::time::Timestamp;

/// A list, newest first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct List<T> {
    pub(super) items: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_cursor: Option<String>,
}

/// A transaction.
#[derive(Serialize)]
pub(super) struct TransactionView {
    hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u64>,
}

impl From<Transaction> for TransactionView {
    fn from(transaction: Transaction) -> Self {
        Self { hash: transaction.hash, height: transaction.height }
    }
}

/// Why something has stopped, and what brings it on.
#[derive(Serialize)]
pub(super) struct HaltView {
    code: &'static str,
    cure: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

impl HaltView {
    /// Of `what`, which waits until then.
    pub(super) fn new(code: HaltCode, what: Stopped, until: Option<Timestamp>) -> Self {
        Self { code: code.as_str(), cure: code.cure(what), until: until.map(|until| until.to_string()) }
    }
}
