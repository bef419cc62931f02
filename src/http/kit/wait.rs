//! Waiting for a result. Nothing is held meanwhile: no connection to the database, no lock.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::problem::Problem;
use super::query::Query;
use super::state::Api;
use crate::store::Watch;

/// How often the record is looked at unasked: other processes change records too, and tell nobody.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Looks at records that are waited for, by why it was looked.
const LOOKS: &str = "waiting_looks_total";

/// Says what is counted, once for each process.
pub(crate) fn describe() {
    metrics::describe_counter!(
        LOOKS,
        "Looks of waiting requests at their records: first, at others that were named, told of a change, unasked, or as the service stops"
    );
    metrics::describe_gauge!("records_waited_for", "Records that requests wait for");
}

/// Gives what is read of the record of this id, as soon as it is settled or the time is over that the query's `wait` allows.
pub(crate) async fn until_settled<T, Read>(
    api: &Api,
    query: Option<&str>,
    id: &str,
    read: impl Fn() -> Read,
    is_settled: impl Fn(&T) -> bool,
) -> Result<T, Problem>
where
    Read: Future<Output = Result<T, Problem>>,
{
    until(api, seconds(query)?, Some(id), read, |_| Vec::new(), is_settled).await
}

/// For how many seconds the query wants to wait.
pub(crate) fn seconds(query: Option<&str>) -> Result<u64, Problem> {
    let mut query = Query::of(query, &["wait"])?;
    let seconds = query.wait();
    query.end()?;
    Ok(seconds)
}

/// The same for so many seconds, where it depends on several records: on that of this `id`, if it is known before, and on those
/// whose ids `others` finds in what was read.
pub(crate) async fn until<T, Read>(
    api: &Api,
    seconds: u64,
    id: Option<&str>,
    read: impl Fn() -> Read,
    others: impl Fn(&T) -> Vec<String>,
    is_settled: impl Fn(&T) -> bool,
) -> Result<T, Problem>
where
    Read: Future<Output = Result<T, Problem>>,
{
    let waiting = Waiting::new(api, seconds);
    // From before the record is looked at, so that no change is missed.
    let mut watch = api.app.store.news().watch();
    let waits = waiting.is_left();
    if let (true, Some(id)) = (waits, id) {
        watch.add(id);
    }
    let mut why = "first";
    loop {
        let record = read().await?;
        if waits {
            metrics::counter!(LOOKS, "why" => why).increment(1);
        }
        if is_settled(&record) || !waiting.is_left() {
            return Ok(record);
        }
        let named = others(&record).iter().filter(|id| watch.add(id)).count();
        // One that was not waited for may have changed since it was looked at.
        why = if named > 0 { "named" } else { waiting.again(&watch).await };
    }
}

/// A caller who waits for a result.
struct Waiting<'a> {
    api: &'a Api,
    end: Instant,
}

impl<'a> Waiting<'a> {
    /// For so many seconds, at most as many as the configuration allows.
    fn new(api: &'a Api, seconds: u64) -> Self {
        Self { api, end: Instant::now() + Duration::from_secs(seconds.min(api.app.http.max_wait)) }
    }

    /// `false` if the time is over, or the service stops: then the caller gets the record as it is.
    fn is_left(&self) -> bool {
        Instant::now() < self.end && !self.api.stop.is_cancelled()
    }

    /// Waits until it is worth to look again, and says why it is.
    async fn again(&self, watch: &Watch) -> &'static str {
        let next = self.end.min(Instant::now() + POLL_INTERVAL);
        tokio::select! {
            () = self.api.stop.cancelled() => "stopped",
            told = timeout_at(next, watch.changed()) => if told.is_ok() { "told" } else { "unasked" },
        }
    }
}
