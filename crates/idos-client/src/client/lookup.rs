//! Looking transactions up.

use std::error::Error as _;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep};

use super::Client;
use super::outcome::{TxResult, failed};
use super::prepared::{Prepared, with_texts_of};
use super::rpc::Failure;
use crate::Error;
use crate::error::{Rejection, Uncertainty};
use crate::signer::Signer;
use crate::transaction::TxHash;

/// What a node knows of a transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TxStatus {
    /// The transaction.
    pub hash: TxHash,
    /// What became of it.
    pub state: TxState,
}

/// What became of a transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TxState {
    /// It waits in the mempool.
    Pending,
    /// It is in the block of this height, and its action succeeded.
    Succeeded {
        /// The height.
        height: u64,
    },
    /// It is in the block of this height, and its action failed.
    Failed {
        /// The height.
        height: u64,
        /// What the node says.
        rejection: Rejection,
    },
}

/// What is to be done about a transaction that may or may not have been sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fate {
    /// The node has it.
    Known(TxState),
    /// The node does not have it, and its nonce is unused: it may still come, and the same one can be sent again.
    Absent,
    /// The node does not have it, and another transaction of its account has used its nonce: it can never be written.
    Superseded,
}

const QUERY: &str = "user.tx_query";
/// The JSON-RPC error of a node that does not know a transaction.
const NOT_FOUND: i64 = -202;

impl Client {
    /// Looks a transaction up; `None` if the node does not know it.
    ///
    /// A transaction that is not known may still arrive, from another node. It cannot any more once a later
    /// transaction of the same account is in a block.
    pub async fn transaction(&self, hash: TxHash) -> Result<Option<TxStatus>, Error> {
        self.look_up(hash, &[]).await
    }

    /// What is to be done about a transaction of `signer`'s, for instance after a restart.
    ///
    /// Everything is asked of one node: of two, one that lags behind may not know a transaction whose nonce the other
    /// one counts already.
    pub async fn fate(&self, signer: &Signer, prepared: &Prepared) -> Result<Fate, Error> {
        let (first, mut last) = (self.rpc.preferred(), None);
        for (index, _) in self.rpc.nodes_from(first) {
            let found = match self.rpc.admit(index).await {
                Ok(()) => self.fate_at(index, signer, prepared).await,
                Err(failure) => Err(failure),
            };
            match found {
                Err(failure) if failure.lets_another_node_try() => last = Some(failure),
                found => {
                    self.rpc.prefer(index, first);
                    return found.map_err(|failure| unseen(prepared.transaction_json(), failure));
                }
            }
        }
        let failure = last.unwrap_or(Failure::Malformed("no node"));
        Err(unseen(prepared.transaction_json(), failure))
    }

    async fn fate_at(&self, node: usize, signer: &Signer, prepared: &Prepared) -> Result<Fate, Failure> {
        let (hash, sent) = (prepared.hash(), prepared.transaction_json());
        if let Some(TxStatus { state, .. }) = self.status_at(node, hash, sent).await? {
            return Ok(Fate::Known(state));
        }
        if self.account_at(node, signer).await?.nonce < prepared.nonce() {
            return Ok(Fate::Absent);
        }
        // It may have come into a block between the two questions.
        let status = self.status_at(node, hash, sent).await?;
        Ok(status.map_or(Fate::Superseded, |status| Fate::Known(status.state)))
    }

    /// Looks a transaction up. `sent` is the transaction in JSON where it is at hand, to strike its arguments out of
    /// what the node says; those of the transaction in the node's answer are struck out anyway.
    async fn look_up(&self, hash: TxHash, sent: &[u8]) -> Result<Option<TxStatus>, Error> {
        let answer = self.rpc.read_from_any(QUERY, &TxParams { tx_hash: hash }).await;
        status(hash, sent, answer).map_err(|failure| unseen(sent, failure))
    }

    /// The same at one node, whatever the others know.
    pub(super) async fn look_up_at(
        &self,
        node: usize,
        hash: TxHash,
        sent: &[u8],
    ) -> Result<Option<TxStatus>, Error> {
        self.status_at(node, hash, sent).await.map_err(|failure| unseen(sent, failure))
    }

    async fn status_at(&self, node: usize, hash: TxHash, sent: &[u8]) -> Result<Option<TxStatus>, Failure> {
        status(hash, sent, self.rpc.read_from(node, QUERY, &TxParams { tx_hash: hash }).await)
    }

    /// Looks a transaction up until it is in a block, for as long as `patience`. Gives the height of the block.
    ///
    /// The error is [`Error::Failed`] if the action failed, and [`Error::OutcomeUnknown`] if the transaction did
    /// not appear in time. A look-up that fails, for whatever reason, says nothing about the transaction: the node
    /// is asked again, and if the last look-up has failed as well, the outcome is unknown because of that.
    pub async fn confirm(&self, hash: TxHash, patience: Duration) -> Result<u64, Error> {
        self.wait_for(hash, &[], patience).await
    }

    /// [`confirm`](Self::confirm); `sent` is as for [`look_up`](Self::look_up).
    pub(super) async fn wait_for(&self, hash: TxHash, sent: &[u8], patience: Duration) -> Result<u64, Error> {
        const FIRST_PAUSE: Duration = Duration::from_millis(300);
        const LONGEST_PAUSE: Duration = Duration::from_secs(2);
        let start = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let why = match self.look_up(hash, sent).await {
                Ok(Some(TxStatus { state: TxState::Succeeded { height }, .. })) => return Ok(height),
                Ok(Some(TxStatus { state: TxState::Failed { rejection, .. }, .. })) => {
                    return Err(failed(rejection));
                }
                Ok(_) => Uncertainty::NotSeen,
                Err(error) => {
                    tracing::debug!(tx = %hash, cause = error.source(), "A transaction's look-up failed: {error}");
                    Uncertainty::LookUp(Box::new(error))
                }
            };
            if start.elapsed() + pause > patience {
                tracing::warn!(tx = %hash, cause = why.source(), "Gave up waiting for a transaction: {why}");
                return Err(Error::OutcomeUnknown { hash, why });
            }
            sleep(pause).await;
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
    }
}

/// The error for a look-up that failed, without the arguments of what was sent.
fn unseen(sent: &[u8], failure: Failure) -> Error {
    with_texts_of(sent, |texts| failure.into_error(texts.iter().copied()))
}

fn status(hash: TxHash, sent: &[u8], answer: Result<TxAnswer, Failure>) -> Result<Option<TxStatus>, Failure> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(Failure::Error { error, .. }) if error.code == NOT_FOUND => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let (Ok(height), Some(result)) = (u64::try_from(answer.height), answer.tx_result) else {
        return Ok(Some(TxStatus { hash, state: TxState::Pending }));
    };
    let state = if result.is_success() {
        TxState::Succeeded { height }
    } else {
        let found = answer.tx.as_deref().map_or("", RawValue::get);
        let rejection = with_texts_of(found.as_bytes(), |found| {
            with_texts_of(sent, |sent| result.rejection(hash, &[found, sent].concat()))
        });
        TxState::Failed { height, rejection }
    };
    Ok(Some(TxStatus { hash, state }))
}

#[derive(Serialize)]
struct TxParams {
    tx_hash: TxHash,
}

#[derive(Deserialize)]
struct TxAnswer {
    height: i64,
    #[serde(default)]
    tx: Option<Box<RawValue>>,
    #[serde(default)]
    tx_result: Option<TxResult>,
}
