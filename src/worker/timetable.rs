//! Work that recurs: it is done by one process, whichever comes first.

use std::sync::Arc;
use std::time::Duration;

use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};
use tokio_util::sync::CancellationToken;

use super::lanes::{self, Watch};
use crate::app::App;
use crate::flow::{audit, sweep};
use crate::model::time::HOUR;

/// Each minute, at its beginning: seconds, minutes, hours, days, months, weekdays.
const EACH_MINUTE: &str = "0 * * * * *";

/// A little less than a minute: the one that comes first has it.
const PERIOD: i64 = 55_000;

/// A little less than an hour, for the signature under the audit chain.
const SIGNING_PERIOD: i64 = HOUR - 5_000;

/// Sweeps and signs at start; then sweeps each minute, and signs each hour.
pub(super) async fn run(app: Arc<App>, watch: Arc<Watch>, shutdown: CancellationToken) {
    // The configuration may have lost a key since the last start, whoever has swept meanwhile.
    adopt_orphans(&app, &watch).await;
    tick(&app, &watch).await;
    if let Err(error) = schedule(&app, watch, &shutdown).await {
        tracing::error!("The timetable cannot be set up: {error}");
        shutdown.cancel();
    }
}

async fn schedule(
    app: &Arc<App>,
    watch: Arc<Watch>,
    shutdown: &CancellationToken,
) -> Result<(), JobSchedulerError> {
    let mut scheduler = JobScheduler::new().await?;
    let app = Arc::clone(app);
    let sweep = Job::new_async(EACH_MINUTE, move |_, _| {
        let (app, watch) = (Arc::clone(&app), Arc::clone(&watch));
        Box::pin(async move { tick(&app, &watch).await })
    })?;
    scheduler.add(sweep).await?;
    scheduler.start().await?;
    shutdown.cancelled().await;
    // Whatever is under way may be broken off: it is begun again.
    let _ = tokio::time::timeout(Duration::from_secs(1), scheduler.shutdown()).await;
    Ok(())
}

async fn tick(app: &App, watch: &Watch) {
    let now = app.clock.now().unix_millis();
    match app.store.claim_recurring("sweep", now, now + PERIOD).await {
        Ok(false) => {}
        Ok(true) => {
            if let Err(error) = sweep::sweep(app).await {
                tracing::error!(
                    cause = std::error::Error::source(&error),
                    "The sweep was broken off: {error}"
                );
            }
            adopt_orphans(app, watch).await;
        }
        Err(error) => tracing::error!(cause = std::error::Error::source(&error), "No sweep: {error}"),
    }
    match app.store.claim_recurring("audit_checkpoint", now, now + SIGNING_PERIOD).await {
        Ok(false) => {}
        Ok(true) => audit::checkpoint_or_log(app).await,
        Err(error) => {
            tracing::error!(cause = std::error::Error::source(&error), "No audit checkpoint: {error}");
        }
    }
}

async fn adopt_orphans(app: &App, watch: &Watch) {
    if let Err(error) = lanes::adopt_orphans(app, watch).await {
        tracing::error!(cause = std::error::Error::source(&error), "Work of lanes without key: {error}");
    }
}
