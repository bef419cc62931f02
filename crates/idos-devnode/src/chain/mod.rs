//! The chain: which transactions are accepted, and the blocks that are made of them.
//!
//! One [`Chain`] owns the state. Whoever holds it sees the state between two blocks, never within one.

mod block;
mod check;
mod mempool;

use std::collections::HashMap;

use idos_client::encoding::Value;
use idos_client::transaction::TxHash;
use sqlx::SqliteConnection;
use tokio::sync::oneshot;

pub(crate) use check::{Checked, Rejection, account, check};
use mempool::{Mempool, Pending};

use crate::actions::table::Action;
use crate::actions::{self, Context, Failure, Rows};
use crate::schema::Schema;
use crate::state::credentials::Seen;
use crate::state::ledger::{self, Account, BlockRow, TransactionRow};

/// What a transaction came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TxResult {
    /// 0 is success.
    pub(crate) code: u32,
    /// Empty on success.
    pub(crate) log: String,
}

/// Where a transaction is.
pub(crate) enum Whereabouts {
    /// In the mempool; its JSON form.
    Pending(String),
    /// In a block.
    Committed(Box<TransactionRow>),
}

/// A view call: who makes it, and what it calls.
pub(crate) struct ViewCall<'a> {
    pub(crate) caller: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) action: &'a str,
    pub(crate) arguments: Vec<Value<'a>>,
    /// Which credentials it sees.
    pub(crate) seen: Seen,
}

/// The state, the transactions that wait, and the last block.
pub(crate) struct Chain {
    pub(crate) db: SqliteConnection,
    schema: Schema,
    /// The `@caller` who owns the database.
    owner: Option<String>,
    mempool: Mempool,
    head: BlockRow,
}

impl Chain {
    /// Continues the chain in `db`, or begins it at `now`, unix seconds.
    pub(crate) async fn open(
        mut db: SqliteConnection,
        schema: Schema,
        owner: Option<String>,
        now: i64,
    ) -> Result<Self, sqlx::Error> {
        let head = match ledger::last_block(&mut db).await? {
            Some(head) => head,
            None => block::genesis(&mut db, now).await?,
        };
        Ok(Self { db, schema, owner, mempool: Mempool::default(), head })
    }

    /// The last block.
    pub(crate) fn head(&self) -> &BlockRow {
        &self.head
    }

    /// Whether the transaction is in a block or waits for one.
    pub(crate) async fn knows(&mut self, hash: &TxHash) -> Result<bool, sqlx::Error> {
        Ok(self.mempool.get(hash).is_some()
            || ledger::has_transaction(&mut self.db, &hash.to_string()).await?)
    }

    /// Where a transaction is, if anywhere.
    pub(crate) async fn find(&mut self, hash: &TxHash) -> Result<Option<Whereabouts>, sqlx::Error> {
        if let Some(pending) = self.mempool.get(hash) {
            return Ok(Some(Whereabouts::Pending(pending.json())));
        }
        let row = ledger::transaction(&mut self.db, &hash.to_string()).await?;
        Ok(row.map(|row| Whereabouts::Committed(Box::new(row))))
    }

    /// The last nonce an account has used; with `pending`, the waiting transactions count.
    pub(crate) async fn nonce(&mut self, account: &Account, pending: bool) -> Result<u64, sqlx::Error> {
        match self.mempool.nonce(account).filter(|_| pending) {
            Some(nonce) => Ok(nonce),
            None => ledger::nonce(&mut self.db, account).await,
        }
    }

    /// Takes a checked transaction into the mempool. What it came to is sent once it is in a block.
    pub(crate) async fn accept(
        &mut self,
        checked: Checked,
    ) -> Result<Result<oneshot::Receiver<TxResult>, Rejection>, sqlx::Error> {
        if self.knows(&checked.hash).await? {
            return Ok(Err(Rejection::already_exists(&checked.hash)));
        }
        if !self.mempool.has_room_for(&checked) {
            return Ok(Err(Rejection::mempool_full(&checked.hash)));
        }
        let expected = self.nonce(&checked.account, true).await?.saturating_add(1);
        if checked.tx.body.nonce != expected {
            return Ok(Err(Rejection::wrong_nonce(&checked, expected)));
        }
        let (done, result) = oneshot::channel();
        self.mempool.push(Pending { checked, done });
        Ok(Ok(result))
    }

    /// Makes a block of what waits, as much as fits. `None` if there is no reason for one.
    pub(crate) async fn make_block(&mut self, now: i64) -> Result<Option<BlockRow>, sqlx::Error> {
        if !self.mempool.wants_a_block() {
            return Ok(None);
        }
        let transactions = self.mempool.take_a_block();
        let rules = block::Rules { schema: self.schema, owner: self.owner.as_deref() };
        let made = block::make(&mut self.db, &self.head, rules, now, transactions).await;
        let mut committed = HashMap::new();
        for account in self.mempool.accounts() {
            let nonce = ledger::nonce(&mut self.db, &account).await?;
            committed.insert(account, nonce);
        }
        self.mempool.recheck(committed);
        self.head = made?;
        Ok(Some(self.head.clone()))
    }

    /// What waits, oldest first.
    pub(crate) fn pending(&self) -> Vec<TxHash> {
        self.mempool.hashes()
    }

    /// Forgets a transaction that waits, without telling anybody. False if it does not wait.
    pub(crate) fn drop_pending(&mut self, hash: &TxHash) -> bool {
        self.mempool.drop_one(hash)
    }

    /// Forgets everything that waits, without telling anybody, as a node that starts again. How much that was.
    pub(crate) fn lose_mempool(&mut self) -> usize {
        self.mempool.clear()
    }

    /// Runs a view. A real chain makes an empty block at least every minute, so that views see about the time of
    /// day; here they see `now` itself, unix seconds, at the height of the last block.
    pub(crate) async fn call(
        &mut self,
        now: i64,
        call: ViewCall<'_>,
    ) -> Result<(&'static Action, Rows), Failure> {
        let mut context = Context {
            db: &mut self.db,
            schema: self.schema,
            seen: call.seen,
            caller: call.caller,
            caller_is_owner: self.owner.as_deref().is_some_and(|owner| owner == call.caller),
            height: self.head.height,
            timestamp: now.max(self.head.timestamp),
            can_write: false,
        };
        actions::run(&mut context, call.namespace, call.action, call.arguments).await
    }
}
