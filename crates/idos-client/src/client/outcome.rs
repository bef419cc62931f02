//! What a node says that became of a transaction in a block.

use serde::Deserialize;

use crate::Error;
use crate::error::{Rejection, Uncertainty};
use crate::transaction::TxHash;

/// The code of a broadcast whose block did not come in time: nothing is said about the transaction.
pub(super) const TIMED_OUT: u32 = 10;

/// What became of a transaction in a block.
#[derive(Deserialize)]
pub(super) struct TxResult {
    code: u32,
    #[serde(default)]
    log: String,
}

impl TxResult {
    pub(super) fn is_success(&self) -> bool {
        self.code == 0
    }

    /// What a failure says; `texts` are arguments that must not be shown.
    pub(super) fn rejection(&self, hash: TxHash, texts: &[&str]) -> Rejection {
        Rejection::new(hash, self.code, &self.log, texts)
    }
}

/// The error for an execution with another code than 0.
pub(super) fn failed(rejection: Rejection) -> Error {
    match rejection.code {
        TIMED_OUT => Error::OutcomeUnknown { hash: rejection.hash, why: Uncertainty::NotInABlockYet },
        _ => Error::Failed(rejection),
    }
}
