//! Leases jobs, has them done, and waits. Knows no domain.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::run_one;
use crate::app::App;
use crate::model::job::Job;
use crate::store::StoreError;

/// How long to wait at most before looking again: other processes make work, too.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// How long to wait after the database has failed.
const AFTER_FAILURE: Duration = Duration::from_secs(2);

/// Does jobs, one after the other.
pub(super) async fn run(app: Arc<App>, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        // Before looking, so that what comes meanwhile is not missed.
        let work = app.work.notified();
        tokio::pin!(work);
        work.as_mut().enable();
        match one(&app).await {
            Ok(true) => {}
            Ok(false) => {
                tokio::select! {
                    () = work => {}
                    () = sleep(LONGEST_WAIT) => {}
                    () = shutdown.cancelled() => {}
                }
            }
            Err(error) => {
                tracing::error!(cause = std::error::Error::source(&error), "A job was interrupted: {error}");
                tokio::select! {
                    () = sleep(AFTER_FAILURE) => {}
                    () = shutdown.cancelled() => {}
                }
            }
        }
    }
}

/// Does the job that has been due for longest. `false` if none is due.
async fn one(app: &App) -> Result<bool, StoreError> {
    let now = app.clock.now();
    let until = now.plus_millis(app.lease_millis());
    let Some(job) = app.store.lease_job(&app.owner, now, until).await? else { return Ok(false) };
    // Both at once: a job may hold the database's one writer while its lease is renewed.
    let outcome = tokio::select! {
        outcome = run_one(app, &job) => outcome,
        () = keep(app, &job) => Ok(()),
    };
    match outcome {
        // Stale: somebody else has changed it meanwhile, and so has seen to it.
        Ok(()) | Err(StoreError::Stale) => Ok(true),
        // A newer program has written what this job is about: it comes up again when its lease has run out, and others have
        // their turn meanwhile.
        Err(StoreError::Unreadable(what)) => {
            tracing::error!(job.id = %job.id, job.work = %job.work, "What a job is about cannot be read: {what}");
            Ok(true)
        }
        Err(error) => Err(error),
    }
}

/// Gives a sign of life for a job, again and again.
async fn keep(app: &App, job: &Job) {
    loop {
        sleep(Duration::from_millis(u64::from(app.delivery.lease_seconds) * 333)).await;
        let until = app.clock.now().plus_millis(app.lease_millis());
        if let Err(error) = app.store.keep_job(job, &app.owner, until).await {
            tracing::warn!(job.id = %job.id, "No sign of life could be given: {error}");
        }
    }
}
