//! Transactions that wait for a block, in the order in which they came.

use std::collections::{HashMap, VecDeque};

use idos_client::transaction::TxHash;
use tokio::sync::oneshot;

use super::{Checked, TxResult};
use crate::state::ledger::Account;

/// The most that a block holds, in serialized bytes of transactions (Kwil's default).
const MAX_BLOCK: usize = 6 * 1024 * 1024;
/// The most that may wait, likewise.
const MAX_MEMPOOL: usize = 200 * 1024 * 1024;

/// A transaction that waits, and whom to tell what it came to.
pub(super) struct Pending {
    pub(super) checked: Checked,
    pub(super) done: oneshot::Sender<TxResult>,
}

/// The queue. An account's transactions are in it in the order of their nonces, without gaps.
#[derive(Default)]
pub(super) struct Mempool {
    queue: VecDeque<Pending>,
    /// The last nonce of each account that has something waiting.
    nonces: HashMap<Account, u64>,
    bytes: usize,
}

impl Mempool {
    pub(super) fn get(&self, hash: &TxHash) -> Option<&Pending> {
        self.queue.iter().find(|pending| pending.checked.hash == *hash)
    }

    pub(super) fn nonce(&self, account: &Account) -> Option<u64> {
        self.nonces.get(account).copied()
    }

    pub(super) fn has_room_for(&self, checked: &Checked) -> bool {
        self.bytes + checked.size <= MAX_MEMPOOL
    }

    pub(super) fn push(&mut self, pending: Pending) {
        let Checked { account, tx, size, .. } = &pending.checked;
        self.nonces.insert(account.clone(), tx.body.nonce);
        self.bytes += size;
        self.queue.push_back(pending);
    }

    /// Takes out the oldest, as many as fit into one block.
    pub(super) fn take_a_block(&mut self) -> Vec<Pending> {
        let mut taken = Vec::new();
        let mut size = 0;
        while let Some(next) = self.queue.front() {
            size += next.checked.size;
            if size > MAX_BLOCK {
                break; // the first always fits: a transaction is smaller than a block
            }
            taken.extend(self.queue.pop_front());
        }
        self.bytes = self.queue.iter().map(|pending| pending.checked.size).sum();
        let left = self.queue.iter().map(|pending| &pending.checked);
        self.nonces = left.map(|checked| (checked.account.clone(), checked.tx.body.nonce)).collect();
        taken
    }
}

impl Pending {
    /// The transaction as `user.broadcast` took it.
    pub(super) fn json(&self) -> String {
        let mut json = Vec::new();
        self.checked.tx.write_json(&mut json);
        String::from_utf8(json).unwrap_or_default() // JSON is UTF-8
    }
}
