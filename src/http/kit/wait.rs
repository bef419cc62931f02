//! Waiting for a result. Nothing is held meanwhile: no connection to the database, no lock.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

use super::problem::Problem;
use super::query::Query;
use super::state::Api;

/// How often the record is looked at unasked: other replicas change records too, and tell nobody.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// How long to wait after being told of a change: under load there are many, and most are of other records.
const GATHERING_TIME: Duration = Duration::from_millis(50);

/// Gives what is read, as soon as it is settled or the time is over that the query's `wait` allows.
pub(crate) async fn until_settled<T, Read>(
    api: &Api,
    query: Option<&str>,
    read: impl Fn() -> Read,
    is_settled: impl Fn(&T) -> bool,
) -> Result<T, Problem>
where
    Read: Future<Output = Result<T, Problem>>,
{
    let mut query = Query::of(query, &["wait"])?;
    let seconds = query.wait();
    query.end()?;
    until(api, seconds, read, is_settled).await
}

/// The same for so many seconds.
pub(crate) async fn until<T, Read>(
    api: &Api,
    seconds: u64,
    read: impl Fn() -> Read,
    is_settled: impl Fn(&T) -> bool,
) -> Result<T, Problem>
where
    Read: Future<Output = Result<T, Problem>>,
{
    let mut waiting = Waiting::new(api, seconds);
    loop {
        let record = read().await?;
        if is_settled(&record) || !waiting.again().await {
            return Ok(record);
        }
    }
}

/// A caller who waits for a result.
struct Waiting<'a> {
    api: &'a Api,
    end: Instant,
    changes: watch::Receiver<u64>,
}

impl<'a> Waiting<'a> {
    /// For so many seconds, at most as many as the configuration allows. Begins before the record is looked at, so that
    /// no change is missed.
    fn new(api: &'a Api, seconds: u64) -> Self {
        let end = Instant::now() + Duration::from_secs(seconds.min(api.app.http.max_wait));
        Self { api, end, changes: api.app.changes.subscribe() }
    }

    /// Waits until it is worth to look again. `false` at once if the time is over, or the service stops: then the caller
    /// gets the record as it is.
    async fn again(&mut self) -> bool {
        let now = Instant::now();
        if now >= self.end || self.api.stop.is_cancelled() {
            return false;
        }
        let next = self.end.min(now + POLL_INTERVAL);
        tokio::select! {
            () = self.api.stop.cancelled() => {}
            changed = timeout_at(next, self.changes.changed()) => {
                if changed.is_ok() {
                    sleep(GATHERING_TIME).await;
                }
            }
        }
        self.changes.mark_unchanged();
        true
    }
}
