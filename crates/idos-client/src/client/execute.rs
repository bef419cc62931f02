//! Sending transactions, and sorting what comes of it.

use std::error::Error as _;
use std::time::Duration;

use serde::Deserialize;

use super::Client;
use super::lookup::{TxState, TxStatus};
use super::outcome::{TIMED_OUT, TxResult, failed};
use super::prepared::{Prepared, TxTerms, UnsignedTransaction, payload};
use super::rpc::{Failure, RpcError};
use super::transport::NoAnswer;
use crate::Error;
use crate::actions::Action;
use crate::encoding::Value;
use crate::error::{Rejection, Uncertainty};
use crate::message::NodeMessage;
use crate::signer::Signer;
use crate::transaction::{Fee, TxHash};

/// Which nonce a transaction gets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Nonce {
    /// The account's next one, counting what waits in the mempool.
    Next,
    /// This one. A node takes it if it is the account's next one, so several transactions of one signer must arrive
    /// in the order of their nonces.
    Exactly(u64),
}

/// When a broadcast returns.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Broadcast {
    /// When the transaction is in a block: the action has succeeded.
    Wait,
    /// When the node has taken the transaction: the action will be tried.
    Accept,
}

/// A transaction that went well, as far as was waited for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TxOutcome {
    /// The transaction; the hash that [`Prepared::hash`] gave.
    pub hash: TxHash,
    /// Its nonce.
    pub nonce: u64,
    /// Whether it is in a block.
    pub committed: bool,
}

/// How often a fresh nonce is fetched when somebody else was faster with it.
const NONCE_ATTEMPTS: u32 = 3;

/// How long to wait for the block of a transaction that was refused because it is in the mempool already. A node
/// itself waits up to 15 seconds.
const PATIENCE: Duration = Duration::from_secs(30);

impl Client {
    /// Does an action: signs a transaction and sends it.
    ///
    /// One signer's transactions go one after the other. With [`Nonce::Next`], a nonce that somebody else has used
    /// meanwhile is replaced, a few times, unless it is this very transaction that has used it. To know the hash
    /// before anything is sent, or to have several transactions of one signer under way, use
    /// [`prepare`](Self::prepare) and [`broadcast`](Self::broadcast).
    pub async fn execute<A: Action>(
        &self,
        signer: &Signer,
        action: &A,
        nonce: Nonce,
        broadcast: Broadcast,
    ) -> Result<TxOutcome, Error> {
        let lane = self.lane(&signer.sender());
        let _turn = lane.lock().await;
        let mut attempt = 1;
        let mut is_in_a_block = false;
        loop {
            let prepared = if is_in_a_block {
                self.prepare_anew(signer, action, nonce, attempt).await?
            } else {
                self.prepare(signer, action, nonce).await?
            };
            match self.broadcast(&prepared, broadcast).await {
                Err(error) if error.is_wrong_nonce() && nonce == Nonce::Next && attempt < NONCE_ATTEMPTS => {
                    tracing::debug!(tx = %prepared.hash(), "The nonce was not the next one; fetching a fresh one");
                    attempt += 1;
                    is_in_a_block = matches!(error, Error::Failed(_));
                }
                outcome => return outcome,
            }
        }
    }

    /// What became of a transaction that is refused because its nonce is taken or the node has it already, if the node
    /// knows it; `None` if it does not.
    ///
    /// Proxies repeat requests that they think lost. The second copy can be refused for its nonce when the first one is
    /// written; with a fresh nonce the action would be done twice. Only the node that refused it is asked: another
    /// one may lag behind, and not know yet what this one has written.
    async fn delivered_before(
        &self,
        node: usize,
        prepared: &Prepared,
        broadcast: Broadcast,
    ) -> Result<Option<TxOutcome>, Error> {
        let hash = prepared.hash();
        let status = self.look_up_at(node, hash, prepared.transaction_json()).await.map_err(|error| {
            tracing::warn!(tx = %hash, cause = error.source(), "A refused transaction cannot be looked up: {error}");
            Error::OutcomeUnknown { hash, why: Uncertainty::LookUp(Box::new(error)) }
        })?;
        let Some(TxStatus { state, .. }) = status else { return Ok(None) };
        tracing::warn!(tx = %hash, "A transaction was refused, and the node has it: it came twice");
        let committed = match state {
            TxState::Succeeded { .. } => true,
            TxState::Failed { rejection, .. } => return Err(failed(rejection)),
            TxState::Pending if broadcast == Broadcast::Accept => false,
            TxState::Pending => {
                self.wait_for(hash, prepared.transaction_json(), PATIENCE).await?;
                true
            }
        };
        Ok(Some(TxOutcome { hash, nonce: prepared.nonce(), committed }))
    }

    /// Signs a transaction without sending it.
    ///
    /// Two transactions that are prepared at the same time with [`Nonce::Next`] get the same nonce, and only one of
    /// them can be written. With [`Nonce::Exactly`], no node is asked, unless the network has fees, whose price
    /// depends on the action.
    pub async fn prepare<A: Action>(
        &self,
        signer: &Signer,
        action: &A,
        nonce: Nonce,
    ) -> Result<Prepared, Error> {
        self.prepare_all(signer, std::slice::from_ref(action), nonce).await
    }

    /// Signs a transaction for an action once more, so that it is another transaction even if it has the nonce of an
    /// earlier one: its description names the attempt, which counts from 2.
    ///
    /// That is for a transaction that [failed](Error::Failed) in a block for its [nonce](Error::is_wrong_nonce): the
    /// nonce is unused, the same action with the same nonce would be the same transaction, and the node takes none that
    /// is in a block. Everywhere else send the same one again.
    pub async fn prepare_anew<A: Action>(
        &self,
        signer: &Signer,
        action: &A,
        nonce: Nonce,
        attempt: u32,
    ) -> Result<Prepared, Error> {
        let actions = std::slice::from_ref(action);
        let (nonce, fee) = self.nonce_and_fee(signer, actions, nonce).await?;
        let terms = TxTerms { chain_id: &self.chain_id, nonce, fee };
        UnsignedTransaction::anew(signer, actions, terms, attempt)?.sign(signer).await
    }

    /// Signs one transaction that does all of these actions, or none.
    pub async fn prepare_all<A: Action>(
        &self,
        signer: &Signer,
        actions: &[A],
        nonce: Nonce,
    ) -> Result<Prepared, Error> {
        let (nonce, fee) = self.nonce_and_fee(signer, actions, nonce).await?;
        UnsignedTransaction::new(signer, actions, TxTerms { chain_id: &self.chain_id, nonce, fee })?
            .sign(signer)
            .await
    }

    async fn nonce_and_fee<A: Action>(
        &self,
        signer: &Signer,
        actions: &[A],
        nonce: Nonce,
    ) -> Result<(u64, Fee), Error> {
        let fee = self.fee_for(signer, || payload(actions)).await.map_err(|error| {
            // The question for the price has the arguments in it.
            let values: Vec<_> = actions.iter().flat_map(Action::arguments).collect();
            error.without(values.iter().filter_map(Value::as_text))
        })?;
        let nonce = match nonce {
            Nonce::Exactly(nonce) => nonce,
            Nonce::Next => self.pending_account(signer).await?.nonce.saturating_add(1),
        };
        Ok((nonce, fee))
    }

    /// Sends a transaction. It is sent to one node only: to the next one only if there was no connection.
    ///
    /// The same one may be sent again: it cannot do its action twice. One that is refused for its nonce, or because the
    /// node has it, is looked up, and what became of it is the outcome.
    pub async fn broadcast(&self, prepared: &Prepared, broadcast: Broadcast) -> Result<TxOutcome, Error> {
        let request = match broadcast {
            Broadcast::Wait => prepared.request().clone(),
            Broadcast::Accept => prepared.request_without_waiting(),
        };
        let (first, mut unsent) = (self.rpc.preferred(), Error::Malformed("no node"));
        for (index, node) in self.rpc.nodes_from(first) {
            if let Err(failure) = self.rpc.admit(index).await {
                unsent = failure.into_error([]);
                continue;
            }
            // Gateways are not known to ask for a session here, but the official client sends the one it has.
            let cookie = self.sessions.of(index, prepared.sender()).cookie().await;
            match self.rpc.send(node, request.clone(), cookie.as_deref()).await {
                Err(Failure::NoAnswer(NoAnswer::Unsent(error))) => unsent = Error::Unreachable(error),
                Ok(reply) => {
                    self.rpc.prefer(index, first);
                    return outcome(prepared, broadcast, reply.result);
                }
                Err(failure) => {
                    // What becomes of the transaction is known there, and another node may lag behind.
                    self.rpc.prefer(index, first);
                    let error = rejection(prepared, failure);
                    let may_be_there =
                        matches!(error, Error::OutcomeUnknown { why: Uncertainty::KnownAlready, .. });
                    if (may_be_there || error.is_wrong_nonce())
                        && let Some(outcome) = self.delivered_before(index, prepared, broadcast).await?
                    {
                        return Ok(outcome);
                    }
                    return Err(error);
                }
            }
        }
        Err(unsent)
    }
}

#[derive(Deserialize)]
struct BroadcastAnswer {
    tx_hash: TxHash,
    #[serde(default)]
    result: Option<TxResult>,
}

fn outcome(prepared: &Prepared, broadcast: Broadcast, answer: BroadcastAnswer) -> Result<TxOutcome, Error> {
    let BroadcastAnswer { tx_hash: theirs, result } = answer;
    // Ours is made of what was sent, and it is what the caller has recorded. A look-up of any other one would be
    // about some other transaction.
    let hash = prepared.hash();
    if hash != theirs {
        tracing::warn!(ours = %hash, %theirs, "An idOS node gives a transaction another hash");
    }
    match result {
        Some(result) if result.is_success() => {
            Ok(TxOutcome { hash, nonce: prepared.nonce(), committed: true })
        }
        Some(result) => Err(failed(prepared.with_texts(|texts| result.rejection(hash, texts)))),
        None if broadcast == Broadcast::Accept => {
            Ok(TxOutcome { hash, nonce: prepared.nonce(), committed: false })
        }
        None => unknown(prepared, Uncertainty::NotInABlockYet),
    }
}

/// The error for a broadcast that has no result.
///
/// Once anything was sent the transaction may be written, unless an answer says plainly that it was refused
/// before it got into the mempool.
fn rejection(prepared: &Prepared, failure: Failure) -> Error {
    match failure {
        Failure::Error { error, .. } if error.code == BROADCAST_REJECTED => rejected(prepared, &error),
        Failure::Error { status, error } => {
            let message =
                prepared.with_texts(|texts| NodeMessage::new(error.message(), texts.iter().copied()));
            if is_before_the_mempool(error.code) {
                Error::Node { code: error.code, status, message }
            } else {
                Error::OutcomeUnknown { hash: prepared.hash(), why: Uncertainty::Node(message) }
            }
        }
        // A proxy refused to pass it on. 408 and statuses from 500 can come after it was passed on.
        Failure::Status(status @ (300..=407 | 409..=499)) => Error::HttpStatus(status),
        Failure::NoAnswer(NoAnswer::Unsent(error)) => Error::Unreachable(error),
        Failure::NoAnswer(NoAnswer::Lost(error)) => {
            Error::OutcomeUnknown { hash: prepared.hash(), why: Uncertainty::NoAnswer(error) }
        }
        other => {
            let why = Uncertainty::Answer(Box::new(other.into_error([])));
            Error::OutcomeUnknown { hash: prepared.hash(), why }
        }
    }
}

/// JSON-RPC errors that nodes and gateways give before they look at the transaction.
fn is_before_the_mempool(code: i64) -> bool {
    matches!(code, -32700 | -32600 | -32601 | -32602 | -203 | -901 | -902 | -903 | -904 | -905 | -906)
}

const BROADCAST_REJECTED: i64 = -201;
const NO_CODE_OF_ITS_OWN: u32 = 65535;

#[derive(Deserialize)]
struct BroadcastError {
    #[serde(default)]
    code: u32,
    #[serde(default)]
    message: String,
}

fn rejected(prepared: &Prepared, error: &RpcError) -> Error {
    let hash = prepared.hash();
    let Some(BroadcastError { code, message }) = error.data() else {
        let why = Uncertainty::Node(
            prepared.with_texts(|texts| NodeMessage::new(error.message(), texts.iter().copied())),
        );
        return Error::OutcomeUnknown { hash, why };
    };
    let why = match code {
        TIMED_OUT => Uncertainty::NotInABlockYet,
        _ if message.contains("transaction already exists") => Uncertainty::KnownAlready,
        0 | NO_CODE_OF_ITS_OWN if !is_final(&message) => {
            let message = prepared.with_texts(|texts| NodeMessage::new(&message, texts.iter().copied()));
            Uncertainty::Node(message)
        }
        _ => {
            return Error::Rejected(prepared.with_texts(|texts| Rejection::new(hash, code, &message, texts)));
        }
    };
    Error::OutcomeUnknown { hash, why }
}

/// The texts without a code of their own that a node gives before it puts a transaction into the mempool.
///
/// Other texts can come later: a node that waits for a block reports `context deadline exceeded` in the same way,
/// when the transaction is long in the mempool.
fn is_final(message: &str) -> bool {
    const BEFORE_THE_MEMPOOL: [&str; 4] = [
        "failed to verify the transaction",
        "failed to get tx sender identifier",
        "transaction size limit exceeded",
        "node is catching up",
    ];
    BEFORE_THE_MEMPOOL.into_iter().any(|text| message.contains(text))
}

fn unknown<T>(prepared: &Prepared, why: Uncertainty) -> Result<T, Error> {
    Err(Error::OutcomeUnknown { hash: prepared.hash(), why })
}
