//! Who waits for which records: requests that a client holds open until something comes of what it has asked for.
//!
//! A transaction collects the ids of the records that it changes ([`Tx::changed`]), and when it is committed, those alone are told who
//! wait for one of them: what others commit wakes nobody. What another process changes is told to nobody here; whoever waits looks
//! by itself from time to time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::Tx;

/// Requests that wait, by the ids of what they wait for. As many ids as they have named are remembered, and as long as they wait.
#[derive(Default)]
pub(super) struct Watches(Mutex<HashMap<String, Vec<Arc<Notify>>>>);

impl Watches {
    fn with<T>(&self, look: impl FnOnce(&mut HashMap<String, Vec<Arc<Notify>>>) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Somebody who waits for nothing as yet.
    pub(super) fn watch(self: &Arc<Self>) -> Watch {
        Watch { all: Arc::clone(self), told: Arc::default(), ids: Vec::new() }
    }

    /// These records have changed.
    pub(super) fn tell(&self, changed: &[String]) {
        if changed.is_empty() {
            return;
        }
        self.with(|all| {
            // Kept until it is asked for: one who looks at the record at this moment looks again.
            let told = changed.iter().filter_map(|id| all.get(id)).flatten();
            told.for_each(|waiting| waiting.notify_one());
        });
    }
}

/// Somebody who waits for records to change. What changes between two waits is not missed, and several changes are told once. Dropped,
/// nothing of it is left.
pub struct Watch {
    all: Arc<Watches>,
    told: Arc<Notify>,
    ids: Vec<String>,
}

impl Watch {
    /// Waits for the record of this id, too. `true` if it did not yet: what has changed before is not told, so the record is to be
    /// looked at once more.
    pub fn add(&mut self, id: &str) -> bool {
        if self.ids.iter().any(|there| there == id) {
            return false;
        }
        self.ids.push(id.to_owned());
        self.all.with(|all| all.entry(id.to_owned()).or_default().push(Arc::clone(&self.told)));
        metrics::gauge!("records_waited_for").increment(1.0);
        true
    }

    /// Ends as soon as one of the records has been changed by this process, since this was last waited for. May be broken off.
    pub async fn changed(&self) {
        self.told.notified().await;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let ids = std::mem::take(&mut self.ids);
        metrics::gauge!("records_waited_for").decrement(ids.iter().map(|_| 1.0).sum::<f64>());
        self.all.with(|all| {
            for id in ids {
                if let Some(waiting) = all.get_mut(&id) {
                    waiting.retain(|there| !Arc::ptr_eq(there, &self.told));
                    if waiting.is_empty() {
                        all.remove(&id);
                    }
                }
            }
        });
    }
}

impl Tx {
    /// The record of this id is not what it was, once this transaction is committed. Every statement that changes what a request can
    /// wait for goes with it (`tests/it/service/watching.rs` reads them all).
    pub(super) fn changed(&mut self, id: impl Into<String>) {
        self.changed.push(id.into());
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn told(watch: &Watch) -> bool {
        watch.changed().now_or_never().is_some()
    }

    fn tell(all: &Watches, ids: &[&str]) {
        all.tell(&ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
    }

    #[test]
    fn everybody_is_told_of_their_own_once() {
        let all = Arc::new(Watches::default());
        let (mut one, mut same, mut other) = (all.watch(), all.watch(), all.watch());
        assert!(one.add("a") && one.add("b") && same.add("b") && other.add("c"));
        assert!(!one.add("a"));
        tell(&all, &["a", "d"]);
        assert_eq!([&one, &same, &other].map(told), [true, false, false]);
        tell(&all, &["a", "b"]);
        tell(&all, &["b"]);
        assert_eq!([&one, &same, &other].map(told), [true, true, false]);
        assert_eq!([&one, &same, &other].map(told), [false; 3]);
    }

    #[test]
    fn who_begins_to_wait_before_or_after_it_is_told_is_told() {
        let all = Arc::new(Watches::default());
        let mut watch = all.watch();
        watch.add("a");
        {
            let mut waiting = Box::pin(watch.changed());
            assert!(waiting.as_mut().now_or_never().is_none());
            tell(&all, &["a"]);
            assert!(waiting.as_mut().now_or_never().is_some());
        }
        // Told, and gone before it was heard.
        let broken_off = Box::pin(watch.changed());
        tell(&all, &["a"]);
        drop(broken_off);
        assert!(told(&watch));
    }

    #[test]
    fn nothing_is_left_of_who_is_gone() {
        let all = Arc::new(Watches::default());
        let (mut one, mut other) = (all.watch(), all.watch());
        one.add("a");
        one.add("b");
        other.add("b");
        drop(one);
        assert_eq!(all.with(|all| all.keys().cloned().collect::<Vec<_>>()), ["b"]);
        tell(&all, &["a", "b"]);
        assert!(told(&other));
        drop(other);
        assert_eq!(all.with(|all| all.len()), 0);
    }
}
