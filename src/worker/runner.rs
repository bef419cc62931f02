//! Leases jobs of a queue, has them done, and waits. Knows no domain.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::model::job::{Job, Queue};
use crate::store::StoreError;

/// How long to wait at most before looking again: other processes make work, too.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// How long to wait after the database has failed.
pub(super) const AFTER_FAILURE: Duration = Duration::from_secs(2);

/// Does the jobs of a queue, one after the other.
pub(super) async fn run(
    app: Arc<App>,
    queue: Queue,
    work: impl AsyncFn(&App, &Job) -> Result<(), StoreError>,
    shutdown: CancellationToken,
) {
    while !shutdown.is_cancelled() {
        // Before looking, so that what comes meanwhile is not missed.
        let news = app.store.news().of(queue.work);
        tokio::pin!(news);
        news.as_mut().enable();
        let done = match lease(&app, &queue).await {
            Ok(None) => Ok(false),
            Ok(Some(job)) => carry_out(&app, &job, work(&app, &job)).await.map(|_| true),
            Err(error) => Err(error),
        };
        match done {
            Ok(true) => {}
            Ok(false) => {
                tokio::select! {
                    () = news => {}
                    () = sleep(LONGEST_WAIT) => {}
                    () = shutdown.cancelled() => {}
                }
            }
            Err(error) => {
                report(&error);
                tokio::select! {
                    () = sleep(AFTER_FAILURE) => {}
                    () = shutdown.cancelled() => {}
                }
            }
        }
    }
}

/// Says that the database has kept a job from being done.
pub(super) fn report(error: &StoreError) {
    tracing::error!(cause = std::error::Error::source(error), "A job was interrupted: {error}");
}

/// Takes the job of a queue that has been due for longest. `None` if none is due.
pub(super) async fn lease(app: &App, queue: &Queue) -> Result<Option<Job>, StoreError> {
    let now = app.clock.now();
    let until = now.plus_millis(app.lease_millis());
    app.store.lease_job(queue, &app.owner, now, until).await
}

/// Has a leased job done, and gives signs of life for it. `None` if it was not done, and nobody has to know.
pub(super) async fn carry_out<T>(
    app: &App,
    job: &Job,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<Option<T>, StoreError> {
    // Both at once: a job may hold the database's one writer while its lease is renewed.
    let outcome = tokio::select! {
        outcome = work => outcome,
        never = keep(app, job) => match never {},
    };
    match outcome {
        Ok(done) => Ok(Some(done)),
        // Somebody else has changed it meanwhile, and so has seen to it.
        Err(StoreError::Stale) => Ok(None),
        // A newer program has written what this job is about: it comes up again when its lease has run out, and others have
        // their turn meanwhile.
        Err(StoreError::Unreadable(what)) => {
            tracing::error!(job.id = %job.id, job.work = %job.work, "What a job is about cannot be read: {what}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Gives a sign of life for a job, again and again.
async fn keep(app: &App, job: &Job) -> std::convert::Infallible {
    loop {
        sleep(Duration::from_millis(u64::from(app.delivery.lease_seconds) * 333)).await;
        let until = app.clock.now().plus_millis(app.lease_millis());
        if let Err(error) = app.store.keep_job(job, &app.owner, until).await {
            tracing::warn!(job.id = %job.id, "No sign of life could be given: {error}");
        }
    }
}
