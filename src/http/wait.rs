//! Waiting for a result. Nothing is held meanwhile: no connection to the database, no lock.

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::Api;
use super::problem::Problem;

/// How often it is looked by itself: other replicas change records too, and tell nobody.
const LOOK: Duration = Duration::from_secs(1);

/// How long to wait after being told of a change: under load there are many, and most are of other records.
const GATHER: Duration = Duration::from_millis(50);

/// Looks until `is_settled`, or until `seconds` are over (at most as many as the configuration allows), or until the
/// service stops. Gives the record as it then is.
pub(super) async fn until<T>(
    api: &Api,
    seconds: u64,
    mut look: impl AsyncFnMut() -> Result<T, Problem>,
    is_settled: impl Fn(&T) -> bool,
) -> Result<T, Problem> {
    let end = Instant::now() + Duration::from_secs(seconds.min(api.app.http.max_wait));
    let mut changes = api.app.changes.subscribe();
    loop {
        changes.mark_unchanged();
        let record = look().await?;
        if is_settled(&record) || Instant::now() >= end || api.stop.is_cancelled() {
            return Ok(record);
        }
        let next = end.min(Instant::now() + LOOK);
        tokio::select! {
            () = api.stop.cancelled() => {}
            () = sleep_until(next) => {}
            _ = timeout_at(next, changes.changed()) => sleep(GATHER).await,
        }
    }
}
