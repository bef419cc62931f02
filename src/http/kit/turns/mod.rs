//! Turns: who is worked for next, where more is asked for than can be done at once.
//!
//! What costs (a body parsed, signatures, the database) is done for so many requests at a time. Further ones wait in the queue of their
//! client, and clients are served one after the other, so that whoever asks for one thing waits for one turn, however much
//! somebody else asks for. Lines of imports wait apart: they get what single requests leave, at most a part of all turns, and at least
//! one. A request that would wait too long is told at once when to come again.
//!
//! Why not a crate: those of tower (`limit`, `buffer`, `load_shed`) and tokio's semaphores serve in the order of arrival.

mod queues;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use self::queues::{Place, Queues};
use super::limits::RateKey;
use super::problem::{Code, Problem};

const WAITING: &str = "http_turns_waiting";
const WAITED: &str = "http_turn_wait_seconds";
const REFUSED: &str = "http_turns_refused_total";

/// The longest that anybody is told to stay away, in seconds: by then all may be otherwise.
const MAX_RETRY_AFTER: u64 = 60;

/// Tells what the metrics are.
pub(crate) fn describe() {
    metrics::describe_gauge!(
        WAITING,
        "Requests, and lines of imports, that wait for their turn to be worked on"
    );
    metrics::describe_histogram!(
        WAITED,
        metrics::Unit::Seconds,
        "How long requests, and lines of imports, have waited for their turn"
    );
    metrics::describe_counter!(
        REFUSED,
        "Requests that were told to come again, since they would have waited too long"
    );
}

/// For what a turn is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// A request by itself: somebody waits for its answer.
    Single,
    /// A line of an import.
    Bulk,
}

impl Lane {
    fn name(self) -> &'static str {
        match self {
            Self::Single => "request",
            Self::Bulk => "import line",
        }
    }
}

/// How many there are, and for whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TurnLimits {
    /// At once.
    pub(crate) turns: usize,
    /// Of them, for single requests of one client.
    pub(crate) of_client: usize,
    /// Of them, for lines of all imports.
    pub(crate) of_imports: usize,
    /// Single requests that may wait.
    pub(crate) queue: usize,
    /// Of them, of one client.
    pub(crate) queue_of_client: usize,
    /// How long a single request may wait.
    pub(crate) max_wait: Duration,
}

/// The turns.
pub(crate) struct Turns {
    limits: TurnLimits,
    queues: Mutex<Queues<oneshot::Sender<Turn>>>,
}

/// A turn, until it is dropped.
#[must_use]
pub(crate) struct Turn {
    turns: Arc<Turns>,
    client: RateKey,
    lane: Lane,
    began: Instant,
}

impl Turns {
    pub(crate) fn new(limits: TurnLimits) -> Arc<Self> {
        Arc::new(Self { limits, queues: Mutex::new(Queues::new(limits)) })
    }

    fn queues(&self) -> MutexGuard<'_, Queues<oneshot::Sender<Turn>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A turn for a request of this client; or when to come again.
    pub(crate) async fn take(self: &Arc<Self>, client: RateKey) -> Result<Turn, Problem> {
        {
            let queues = self.queues();
            let expected = queues.expected_wait(&client);
            if queues.is_full(&client) || expected > self.limits.max_wait {
                return Err(come_again(expected));
            }
        }
        match timeout(self.limits.max_wait, self.wait(client.clone(), Lane::Single)).await {
            Ok(turn) => Ok(turn),
            Err(_) => Err(come_again(self.queues().expected_wait(&client))),
        }
    }

    /// A turn for a line of an import of this client, however long that takes: how many wait is bounded by the import.
    pub(crate) async fn take_for_line(self: &Arc<Self>, client: RateKey) -> Turn {
        self.wait(client, Lane::Bulk).await
    }

    async fn wait(self: &Arc<Self>, client: RateKey, lane: Lane) -> Turn {
        let arrived = Instant::now();
        let (give, given) = oneshot::channel();
        let place = self.queues().join(client.clone(), lane, give);
        let mut waiting = Waiting { turns: self, lane, place: Some(place) };
        metrics::gauge!(WAITING, "of" => lane.name()).increment(1.0);
        self.hand_out();
        let turn = given.await;
        waiting.place = None;
        metrics::histogram!(WAITED, "of" => lane.name()).record(arrived.elapsed().as_secs_f64());
        // The other end is dropped by `Waiting` alone, which has not been.
        turn.unwrap_or_else(|_| Turn { turns: Arc::clone(self), client, lane, began: Instant::now() })
    }

    /// Gives turns to those whose they are.
    fn hand_out(self: &Arc<Self>) {
        loop {
            let Some((client, lane, give)) = self.queues().next() else { return };
            let turn = Turn { turns: Arc::clone(self), client, lane, began: Instant::now() };
            // Whoever has gone away meanwhile gives it back at once, by dropping it; the lock is not held here.
            drop(give.send(turn));
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.queues().give_back(&self.client, self.lane, self.began.elapsed());
        self.turns.hand_out();
    }
}

/// Somebody who waits, and leaves the queue when that is given up.
struct Waiting<'t> {
    turns: &'t Arc<Turns>,
    lane: Lane,
    place: Option<Place>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        metrics::gauge!(WAITING, "of" => self.lane.name()).decrement(1.0);
        if let Some(place) = self.place.take() {
            self.turns.queues().leave(&place);
        }
    }
}

fn come_again(expected: Duration) -> Problem {
    metrics::counter!(REFUSED).increment(1);
    let seconds = expected.as_secs() + u64::from(expected.subsec_nanos() > 0);
    Problem {
        retry_after: Some(seconds.clamp(1, MAX_RETRY_AFTER)),
        ..Problem::new(Code::Overloaded).because("More is asked for than can be done in time.")
    }
}

#[cfg(test)]
mod tests;
