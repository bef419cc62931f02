//! News: which kinds of work have become due by what was committed here, and which records have changed, told to those of this process
//! who wait for them. Others look by themselves, again and again; so do these, since other processes do the same.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::watch::{Watch, Watches};
use crate::model::job::{Job, Work};

/// What has come up in this process.
pub struct News {
    lanes: Notify,
    /// By the place of a kind of work among all of them.
    queues: Vec<Notify>,
    watches: Arc<Watches>,
}

/// Which work a transaction makes due.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Made {
    for_lanes: bool,
    /// A bit for each kind of work.
    queues: u64,
}

impl Default for News {
    fn default() -> Self {
        Self {
            lanes: Notify::new(),
            queues: Work::ALL.iter().map(|_| Notify::new()).collect(),
            watches: Arc::default(),
        }
    }
}

impl News {
    /// Ends when a lane may have something to do.
    pub fn for_lanes(&self) -> Notified<'_> {
        self.lanes.notified()
    }

    /// Ends when there may be work of this kind that no lane does.
    pub fn of(&self, work: Work) -> Notified<'_> {
        self.queues.get(work as usize).unwrap_or(&self.lanes).notified()
    }

    /// Somebody who is to be told when records change.
    #[must_use]
    pub fn watch(&self) -> Watch {
        self.watches.watch()
    }

    /// What a transaction has made and changed that is committed.
    pub(super) fn tell(&self, made: Made, changed: &[String]) {
        self.watches.tell(changed);
        if made.for_lanes {
            self.lanes.notify_waiters();
        }
        for (place, queue) in self.queues.iter().enumerate() {
            if made.queues & (1 << place) != 0 {
                queue.notify_waiters();
            }
        }
    }
}

impl Made {
    /// This job.
    pub(super) fn add(&mut self, job: &Job) {
        if job.lane.is_some() {
            self.for_lanes = true;
        } else {
            self.queues |= 1 << job.work as usize;
        }
    }

    /// Work of this kind, whoever does it.
    pub(super) fn add_work(&mut self, work: Work) {
        self.for_lanes = true;
        self.queues |= 1 << work as usize;
    }

    /// Nobody knows which.
    pub(super) fn add_any(&mut self) {
        *self = Self { for_lanes: true, queues: u64::MAX };
    }
}
