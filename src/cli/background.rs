//! The background work of a service, beside a command that waits for what comes of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::store::StoreError;
use crate::worker;

/// How long a command waits for one record: a network's blocks, and some attempts more.
const PATIENCE: Duration = Duration::from_mins(5);

/// How often it is looked without being told of a change.
const LOOK: Duration = Duration::from_secs(1);

/// Why a record did not become what was waited for.
#[derive(Debug, thiserror::Error)]
pub(super) enum WaitError {
    /// It is not there any more.
    #[error("the record is gone")]
    Gone,
    /// It takes too long.
    #[error("it is still on its way after {} minutes: the log says why", PATIENCE.as_secs() / 60)]
    TooSlow,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Background work that is under way.
pub(super) struct Background {
    stop: CancellationToken,
    work: JoinHandle<()>,
}

impl Background {
    pub(super) fn start(app: &Arc<App>) -> Self {
        let stop = CancellationToken::new();
        let work = tokio::spawn(worker::run(Arc::clone(app), stop.clone()));
        Self { stop, work }
    }

    /// Ends it in good order: what it holds is given back, so that whoever works next on the same database has it at once.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.work.await {
            tracing::warn!("The background work did not end well: {error}");
        }
    }
}

/// Looks at the record of this id until it is as wanted.
pub(super) async fn until<T>(
    app: &App,
    id: &str,
    look: impl AsyncFn() -> Result<Option<T>, StoreError>,
    is_wanted: impl Fn(&T) -> bool,
) -> Result<T, WaitError> {
    let end = Instant::now() + PATIENCE;
    // From before it is looked at, so that no change is missed.
    let mut watch = app.store.news().watch();
    watch.add(id);
    loop {
        let record = look().await?.ok_or(WaitError::Gone)?;
        if is_wanted(&record) {
            return Ok(record);
        }
        if Instant::now() >= end {
            return Err(WaitError::TooSlow);
        }
        // Whether it was told or has waited long enough, it looks again.
        let _ = timeout_at(Instant::now() + LOOK, watch.changed()).await;
    }
}
