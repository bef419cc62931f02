//! How long is waited for a database that keeps silent: a machine that is gone ends no connection, and says nothing on any.

use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::{AnyConnection, Connection as _};
use tokio::time::{Instant, timeout};

use super::{Store, StoreError};

/// How long is waited for what.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a connection.
    pub connection: Duration,
    /// For the answer on one whether it still lives.
    pub sign_of_life: Duration,
    /// For all of what is taken in together, in one transaction. More than PostgreSQL lets any statement take.
    pub group: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connection: Duration::from_secs(15),
            sign_of_life: Duration::from_secs(3),
            group: Duration::from_secs(75),
        }
    }
}

/// Until when connections are asked whether they live also when they are given back: somebody has waited for one in vain.
#[derive(Clone, Default)]
pub(super) struct Suspicion(Arc<Mutex<Option<Instant>>>);

/// How long after that.
const SUSPICIOUS: Duration = Duration::from_mins(1);

impl Suspicion {
    pub(super) fn holds(&self) -> bool {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    pub(super) fn begin(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + SUSPICIOUS);
    }
}

/// Whether a connection answers in time. One that does not is to be left, and another one made in its place.
pub(super) async fn lives(connection: &mut AnyConnection, within: Duration) -> Result<(), sqlx::Error> {
    let answered = timeout(within, connection.ping()).await;
    answered.unwrap_or(Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into())))
}

/// Work with the database. If it is broken off after a while, perhaps it was since nobody answered.
struct Waiting<'a> {
    suspicion: &'a Suspicion,
    since: Instant,
    bearable: Duration,
    is_done: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.is_done && self.since.elapsed() >= self.bearable {
            self.suspicion.begin();
        }
    }
}

impl Store {
    /// Does what belongs to taking in an issuance, alone or together with others, or to looking up whose a key is, and breaks it off when it has
    /// taken as long as two groups may: one that is left, and another one. [`StoreError::Unavailable`] then, for whoever waits.
    pub async fn in_time<T, E: From<StoreError>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let mut work = pin!(work);
        // Dropped before the work is, and before the connections are given back that it has.
        let mut waiting = Waiting {
            suspicion: &self.suspicion,
            since: Instant::now(),
            bearable: self.patience.sign_of_life,
            is_done: false,
        };
        let Ok(outcome) = timeout(2 * self.patience.group, work.as_mut()).await else {
            return Err(StoreError::Unavailable(sqlx::Error::PoolTimedOut).into());
        };
        waiting.is_done = true;
        outcome
    }
}
