//! Transactions that wait for a block, in the order in which they came.

use std::collections::{HashMap, HashSet, VecDeque};

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

/// The queue. An account's transactions are in it in the order of their nonces. They are accepted without gaps;
/// only a fault that drops one leaves a gap, until [`Mempool::recheck`]. No way is known to bring kwild to that.
#[derive(Default)]
pub(super) struct Mempool {
    queue: VecDeque<Pending>,
    /// The last accepted nonce of each account that has something waiting. What was dropped since the last block counts,
    /// as in kwild, which counts apart from its queue, though it drops nothing of one sender's out of the middle.
    nonces: HashMap<Account, u64>,
    bytes: usize,
    /// Whether something was dropped since the last block.
    has_dropped: bool,
    /// Those who wait for transactions that are gone: nobody tells them, until their patience is at its end.
    forgotten: Vec<oneshot::Sender<TxResult>>,
}

impl Mempool {
    pub(super) fn get(&self, hash: &TxHash) -> Option<&Pending> {
        self.queue.iter().find(|pending| pending.checked.hash == *hash)
    }

    pub(super) fn hashes(&self) -> Vec<TxHash> {
        self.queue.iter().map(|pending| pending.checked.hash).collect()
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

    /// Whether there is a reason for a block: something waits, or was dropped and still counts.
    pub(super) fn wants_a_block(&self) -> bool {
        !self.queue.is_empty() || self.has_dropped
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
            self.bytes = self.bytes.saturating_sub(next.checked.size);
            taken.extend(self.queue.pop_front());
        }
        taken
    }

    /// Forgets a transaction, and that it was ever there. Its nonce counts until the next block.
    pub(super) fn drop_one(&mut self, hash: &TxHash) -> bool {
        let position = self.queue.iter().position(|pending| pending.checked.hash == *hash);
        let Some(gone) = position.and_then(|position| self.queue.remove(position)) else { return false };
        self.has_dropped = true;
        self.forget(gone);
        true
    }

    /// Forgets everything, as a node that starts again. How much that was.
    pub(super) fn clear(&mut self) -> usize {
        let all = std::mem::take(&mut self.queue);
        let count = all.len();
        self.nonces.clear();
        self.has_dropped = false;
        for gone in all {
            self.forget(gone);
        }
        count
    }

    /// Whose transactions wait.
    pub(super) fn accounts(&self) -> HashSet<Account> {
        self.queue.iter().map(|pending| pending.checked.account.clone()).collect()
    }

    /// What a node does after each block: counts the nonces anew from the `committed` ones, and forgets what does
    /// not fit any more.
    pub(super) fn recheck(&mut self, committed: HashMap<Account, u64>) {
        self.nonces = committed;
        self.has_dropped = false;
        for pending in std::mem::take(&mut self.queue) {
            let Checked { account, tx, .. } = &pending.checked;
            let last = self.nonces.get_mut(account);
            match last.filter(|last| last.checked_add(1) == Some(tx.body.nonce)) {
                Some(last) => {
                    *last = tx.body.nonce;
                    self.queue.push_back(pending);
                }
                None => self.forget(pending),
            }
        }
        let waiting = self.accounts();
        self.nonces.retain(|account, _| waiting.contains(account));
    }

    fn forget(&mut self, gone: Pending) {
        self.bytes = self.bytes.saturating_sub(gone.checked.size);
        self.forgotten.retain(|done| !done.is_closed());
        self.forgotten.push(gone.done);
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
