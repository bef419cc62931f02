//! Making a block: each transaction runs on its own, and all of them are committed together.

use idos_client::encoding::{ActionExecution, Value};
use sha2::{Digest, Sha256};
use sqlx::{Connection, SqliteConnection};

use super::mempool::Pending;
use super::{Checked, TxResult};
use crate::actions::{self, Context, Failure};
use crate::schema::Schema;
use crate::state::credentials::Seen;
use crate::state::ledger::{self, BlockRow, TransactionRow};

/// The transaction's payload could not be read.
const ENCODING_ERROR: u32 = 1;
/// The account cannot pay.
const NO_FUNDS: u32 = 6;
/// The action failed.
const FAILED: u32 = 65535;

/// What holds for every transaction of a chain.
#[derive(Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) schema: Schema,
    /// The `@caller` who owns the database.
    pub(super) owner: Option<&'a str>,
}

/// Begins a chain with a block that holds nothing.
pub(super) async fn genesis(db: &mut SqliteConnection, now: i64) -> Result<BlockRow, sqlx::Error> {
    let hash = hex::encode(Sha256::digest("idos-devnode genesis"));
    let block = BlockRow { height: 0, app_hash: hash.clone(), hash, timestamp: now };
    ledger::insert_block(db, &block).await?;
    Ok(block)
}

/// Makes the block after `parent`, and tells everybody who waits for one of its transactions.
///
/// If the database fails, nothing of it has happened and those who wait hear that the transaction is gone.
pub(super) async fn make(
    db: &mut SqliteConnection,
    parent: &BlockRow,
    rules: Rules<'_>,
    now: i64,
    transactions: Vec<Pending>,
) -> Result<BlockRow, sqlx::Error> {
    let mut block = BlockRow {
        height: parent.height + 1,
        hash: block_hash(parent, now, &transactions),
        app_hash: String::new(),
        timestamp: now.max(parent.timestamp), // a clock may be set back, a chain not
    };

    let mut whole = db.begin().await?;
    ledger::insert_block(&mut whole, &block).await?;
    let mut results = Vec::with_capacity(transactions.len());
    let mut app_hash = Sha256::new_with_prefix(&parent.app_hash);
    for (position, pending) in (0..).zip(&transactions) {
        let checked = &pending.checked;
        let (action, result) = if let Some(result) = out_of_turn(&mut whole, checked).await? {
            (String::new(), result)
        } else {
            let executed = execute(&mut whole, checked, &block, rules).await?;
            // The nonce is used up whatever the action came to.
            ledger::set_nonce(&mut whole, &checked.account, checked.tx.body.nonce).await?;
            executed
        };
        let row = TransactionRow {
            hash: checked.hash.to_string(),
            height: block.height,
            position,
            caller: checked.caller.clone(),
            action,
            body: pending.json(),
            code: result.code,
            log: result.log.clone(),
        };
        ledger::insert_transaction(&mut whole, &row).await?;
        app_hash.update(&row.hash);
        app_hash.update(row.code.to_le_bytes());
        tell(&row);
        results.push(result);
    }
    block.app_hash = hex::encode(app_hash.finalize());
    ledger::set_app_hash(&mut whole, &block).await?;
    whole.commit().await?;

    for (pending, result) in transactions.into_iter().zip(results) {
        let _gone = pending.done.send(result); // nobody need be waiting
    }
    Ok(block)
}

/// What becomes of a transaction before which another one of its account is missing: it is in the block, has done
/// nothing and has not used its nonce. Codes and words are those of kwild (`Accounts.Spend`, `TxApp.checkAndSpend`),
/// which takes an account that has never done anything for one without funds.
async fn out_of_turn(db: &mut SqliteConnection, checked: &Checked) -> Result<Option<TxResult>, sqlx::Error> {
    let nonce = checked.tx.body.nonce;
    let last = ledger::nonce(db, &checked.account).await?;
    let expected = last.saturating_add(1);
    if nonce == expected {
        return Ok(None);
    }
    let (code, log) = if last == 0 {
        (NO_FUNDS, "ERROR: account has zero balance".to_owned())
    } else {
        (FAILED, format!("ERROR: invalid nonce: expected nonce {expected}, got {nonce}"))
    };
    Ok(Some(TxResult { code, log }))
}

/// Runs a transaction: all of its calls, or nothing. The name of its action, and what it came to.
async fn execute(
    db: &mut SqliteConnection,
    checked: &Checked,
    block: &BlockRow,
    rules: Rules<'_>,
) -> Result<(String, TxResult), sqlx::Error> {
    let execution = match ActionExecution::decode(&checked.tx.body.payload) {
        Ok(execution) => execution,
        Err(error) => {
            let result = TxResult { code: ENCODING_ERROR, log: format!("ERROR: {error}") };
            return Ok((String::new(), result));
        }
    };
    let mut savepoint = db.begin().await?;
    let mut context = Context {
        db: &mut savepoint,
        schema: rules.schema,
        seen: Seen::Uploaded,
        caller: &checked.caller,
        caller_is_owner: rules.owner.is_some_and(|owner| owner == checked.caller),
        height: block.height,
        timestamp: block.timestamp,
        can_write: true,
    };
    let action = actions::table::find(rules.schema, execution.action)
        .map_or(String::new(), |action| action.name.to_owned());
    match run_calls(&mut context, execution).await {
        Ok(()) => {
            savepoint.commit().await?;
            Ok((action, TxResult { code: 0, log: String::new() }))
        }
        Err(Failure::Node(error)) => Err(error),
        Err(failure) => {
            savepoint.rollback().await?;
            Ok((action, TxResult { code: FAILED, log: failure.as_log() }))
        }
    }
}

/// An execution without calls runs once without arguments.
async fn run_calls(context: &mut Context<'_>, execution: ActionExecution<'_>) -> Result<(), Failure> {
    let ActionExecution { namespace, action, calls } = execution;
    let calls: Vec<Vec<Value<'_>>> = if calls.is_empty() { vec![Vec::new()] } else { calls };
    for arguments in calls {
        actions::run(context, namespace, action, arguments).await?;
    }
    Ok(())
}

fn tell(row: &TransactionRow) {
    let TransactionRow { hash, height, action, code, log, .. } = row;
    if *code == 0 {
        tracing::info!(tx = hash, height, action, "A transaction of {action} succeeded");
    } else {
        tracing::info!(tx = hash, height, action, code, "A transaction of {action} failed: {log}");
    }
}

fn block_hash(parent: &BlockRow, now: i64, transactions: &[Pending]) -> String {
    let mut hash = Sha256::new_with_prefix(&parent.hash);
    hash.update(parent.height.to_le_bytes());
    hash.update(now.to_le_bytes());
    for pending in transactions {
        hash.update(pending.checked.hash.as_bytes());
    }
    hex::encode(hash.finalize())
}
