//! `user.broadcast`: from a transaction in JSON to its block.

use std::sync::Arc;

use idos_client::transaction::{Body, Draft, Fee, Signature, Signed, TxHash};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::info::tx_result;
use super::{Outcome, RpcError, error, read_params};
use crate::chain::{Checked, Rejection, TxResult, check};
use crate::faults::{Ending, Loss, Plan};
use crate::shared::Shared;

#[derive(Deserialize)]
struct Params {
    /// Read as a draft, because a real node takes a fee of null for 0.
    tx: Draft,
    /// 1: wait for the block. 0, or nothing: for the mempool only.
    #[serde(default)]
    sync: Option<u8>,
}

/// Where an accepted transaction's result will come from.
type Committed = oneshot::Receiver<TxResult>;

pub(super) async fn broadcast(node: &Arc<Shared>, params: Value, plan: &Plan) -> Outcome {
    let Params { tx, sync } = read_params(params)?;
    let tx = complete(tx).ok_or_else(RpcError::invalid_params)?;
    let hash = tx.hash();

    // The fault comes first, so that it can also refuse a transaction that is known, as a node does whose index of
    // transactions lags behind its accounts.
    if !plan.wrong_nonce && node.chain.lock().await.knows(&hash).await? {
        return Err(Rejection::already_exists(&hash).into());
    }
    let checked = check(tx, hash, &node.config.chain_id)?;
    if plan.wrong_nonce {
        let expected = checked.tx.body.nonce.saturating_add(1);
        return Err(Rejection::wrong_nonce(&checked, expected).into());
    }
    let result = accept(node, checked, plan.loss).await?;

    // A client that is hung up on "after the commit" must find it committed.
    if sync != Some(1) && plan.ending != Ending::HangUp {
        return Ok(json!({ "tx_hash": hash }).into());
    }
    let TxResult { code, log } = committed(node, &hash, result).await?;
    Ok(json!({ "tx_hash": hash, "result": tx_result(code, &log) }).into())
}

/// Takes it into the mempool, and where the node makes a block for each transaction, makes that block.
///
/// In a task of its own, so that a client who goes away cannot stop a block halfway.
async fn accept(node: &Arc<Shared>, checked: Checked, loss: Option<Loss>) -> Result<Committed, RpcError> {
    let node = Arc::clone(node);
    let hash = checked.hash;
    let task = tokio::spawn(async move {
        let mut chain = node.chain.lock().await;
        let result = chain.accept(checked).await??;
        match loss {
            None => {}
            Some(Loss::Transaction) => {
                chain.drop_pending(&hash);
            }
            Some(Loss::Mempool) => {
                chain.lose_mempool();
            }
        }
        if node.config.block_interval.is_none() {
            chain.make_block(node.config.clock.now().timestamp()).await?;
        }
        Ok(result)
    });
    task.await.unwrap_or_else(|_| Err(RpcError::new(error::INTERNAL, "the node failed")))
}

async fn committed(node: &Shared, hash: &TxHash, result: Committed) -> Result<TxResult, RpcError> {
    match tokio::time::timeout(node.config.commit_wait, result).await {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(_)) => Err(RpcError::new(error::NODE_INTERNAL, "the block could not be made")),
        Err(_) => Err(Rejection::timed_out(hash).into()),
    }
}

/// The transaction that a real node reads: a missing fee is 0, other missing members are empty.
fn complete(draft: Draft) -> Option<Signed> {
    let Draft { signature, body, sender, serialization } = draft;
    let signature = signature?;
    let fee = match body.fee.as_deref() {
        None | Some("") => Fee::zero(),
        Some(fee) => without_leading_zeros(fee).parse().ok()?,
    };
    Some(Signed {
        signature: Signature {
            bytes: signature.bytes.unwrap_or_default(),
            signature_type: signature.signature_type.unwrap_or_default(),
        },
        body: Body {
            description: body.description.unwrap_or_default(),
            payload: body.payload.unwrap_or_default(),
            payload_type: body.payload_type.unwrap_or_default(),
            fee,
            nonce: body.nonce.unwrap_or_default(),
            chain_id: body.chain_id.unwrap_or_default(),
        },
        sender,
        serialization: serialization.unwrap_or_default(),
    })
}

fn without_leading_zeros(fee: &str) -> &str {
    let digits = fee.trim_start_matches('0');
    if digits.is_empty() { "0" } else { digits }
}
