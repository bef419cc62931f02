//! The methods that tell about chain, accounts and transactions.

use idos_client::transaction::{Draft, TxHash};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Reply, RpcError, error, read_params};
use crate::chain::Whereabouts;
use crate::shared::Shared;
use crate::state::ledger::{self, Account};

/// The version of the user service that Kwil 0.10 has.
const API_VERSION: (u32, u32, u32) = (0, 2, 0);

pub(super) async fn chain_info(node: &Shared) -> Outcome {
    let head = node.chain.lock().await.head().clone();
    Ok(json!({
        "chain_id": node.config.chain_id,
        "block_height": head.height,
        "block_hash": head.hash,
        "gas": false,
    })
    .into())
}

/// Always healthy: this node makes no empty blocks, so the age of the last one says nothing.
pub(super) async fn health(node: &Shared) -> Result<Value, RpcError> {
    let head = node.chain.lock().await.head().clone();
    let block_time = head.timestamp.saturating_mul(1000);
    let age = node.config.clock.now().timestamp_millis().saturating_sub(block_time);
    Ok(json!({
        "chain_id": node.config.chain_id,
        "block_height": head.height,
        "block_hash": head.hash,
        "gas": false,
        "healthy": true,
        "version": api_version(),
        "block_time": block_time,
        "block_age": age.max(0),
        "syncing": false,
        "height": head.height,
        "app_hash": head.app_hash,
        "peer_count": 0,
        "mode": if node.config.private_mode { "private" } else { "open" },
    }))
}

pub(super) fn version() -> Reply {
    let (major, minor, patch) = API_VERSION;
    json!({
        "service": "user",
        "api_ver": api_version(),
        "major": major,
        "minor": minor,
        "patch": patch,
        "kwil_ver": concat!("idos-devnode-", env!("CARGO_PKG_VERSION")),
    })
    .into()
}

pub(super) fn ping() -> Reply {
    json!({ "message": "pong" }).into()
}

/// An account never seen has no `id`, and nonce 0.
pub(super) async fn account(node: &Shared, params: Value, one_too_high: bool) -> Outcome {
    #[derive(Deserialize)]
    struct Params {
        id: Option<Id>,
        #[serde(default)]
        status: Option<u32>,
    }
    #[derive(Deserialize)]
    struct Id {
        #[serde(default)]
        identifier: Option<String>,
        #[serde(default)]
        key_type: Option<String>,
    }

    let Params { id, status } = read_params(params)?;
    let missing = || RpcError::new(error::INVALID_PARAMS, "missing account identifier");
    let Id { identifier, key_type } = id.ok_or_else(missing)?;
    let identifier = identifier.filter(|identifier| !identifier.is_empty()).ok_or_else(missing)?;
    let identifier = hex::decode(identifier).map_err(|_| RpcError::invalid_params())?;
    let key_type = key_type.unwrap_or_default();
    if !matches!(key_type.as_str(), "ed25519" | "secp256k1") {
        return Err(RpcError::new(error::ACCOUNT, "account info error"));
    }

    let account = Account { identifier: hex::encode(identifier), key_type };
    let pending = status.unwrap_or(0) > 0;
    let mut nonce = node.chain.lock().await.nonce(&account, pending).await?;
    let mut answer = json!({ "balance": "0" });
    if nonce > 0 {
        answer = json!({
            "id": { "identifier": account.identifier, "key_type": account.key_type },
            "balance": "0",
        });
    }
    if one_too_high {
        nonce += 1;
    }
    if let Some(members) = answer.as_object_mut() {
        members.insert("nonce".to_owned(), json!(nonce));
    }
    Ok(answer.into())
}

pub(super) async fn num_accounts(node: &Shared) -> Outcome {
    let mut chain = node.chain.lock().await;
    let count = ledger::count_accounts(&mut chain.db).await?;
    Ok(json!({ "count": count, "height": chain.head().height }).into())
}

/// Takes drafts: without signature, fee and nonce. There are no fees.
pub(super) fn estimate_price(params: Value) -> Outcome {
    #[derive(Deserialize)]
    struct Params {
        #[serde(rename = "tx")]
        _tx: Draft,
    }
    let _params: Params = read_params(params)?;
    Ok(json!({ "price": "0" }).into())
}

/// The transaction itself is always in the answer: the JavaScript client falls over without it.
pub(super) async fn tx_query(node: &Shared, params: Value) -> Outcome {
    #[derive(Deserialize)]
    struct Params {
        tx_hash: TxHash,
    }
    let Params { tx_hash } = read_params(params)?;
    let found = node.chain.lock().await.find(&tx_hash).await?;
    let (height, tx, result) = match found {
        None => return Err(RpcError::new(error::TX_NOT_FOUND, "transaction not found")),
        Some(Whereabouts::Pending(tx)) => (-1, tx, Value::Null),
        Some(Whereabouts::Committed(row)) => (row.height, row.body, tx_result(row.code, &row.log)),
    };
    let tx: Value = serde_json::from_str(&tx)
        .map_err(|_| RpcError::new(error::NODE_INTERNAL, "a stored transaction cannot be read"))?;
    Ok(json!({ "tx_hash": tx_hash, "height": height, "tx": tx, "tx_result": result }).into())
}

/// What a transaction came to; an empty log is left out.
pub(super) fn tx_result(code: u32, log: &str) -> Value {
    if log.is_empty() {
        json!({ "code": code, "gas": 0 })
    } else {
        json!({ "code": code, "gas": 0, "log": log })
    }
}

fn api_version() -> String {
    let (major, minor, patch) = API_VERSION;
    format!("{major}.{minor}.{patch}")
}
