//! Halt: something has stopped, and waits for a person. All of it comes through here, and is logged once, with its cause.

use super::stop::Stop;
use super::{Task, entry, hold, write_credential};
use crate::app::App;
use crate::model::audit::AuditAction;
use crate::model::issuance::Issuance;
use crate::model::job::Job;
use crate::model::time::Timestamp;
use crate::store::{LaneLease, StoreError, Tx};

/// Stops a job of a lane, and what it is about.
pub async fn halt_in_lane(app: &App, lease: &LaneLease, job: &Job, stop: Stop) -> Result<(), StoreError> {
    let task = Task::of(app, job).await?;
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    hold(app, &mut tx, lease, now).await?;
    if let Some(task) = &task {
        task.stop(app, &mut tx, stop.code, job, now).await?;
        record_halt(&mut tx, job, &stop, now).await?;
    }
    // Who resumes the record makes the work anew.
    tx.finish_job(job).await?;
    tx.commit().await?;
    if task.is_some() {
        report(job, &stop);
    }
    Ok(())
}

/// Stops a job without a lane, and the issuance that it is about.
pub(in crate::flow) async fn halt(
    app: &App,
    job: &Job,
    issuance: &Issuance,
    stop: Stop,
) -> Result<(), StoreError> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    write_credential::stop(app, &mut tx, issuance, stop.code, job, now).await?;
    record_halt(&mut tx, job, &stop, now).await?;
    tx.finish_job(job).await?;
    tx.commit().await?;
    report(job, &stop);
    Ok(())
}

async fn record_halt(tx: &mut Tx, job: &Job, stop: &Stop, now: Timestamp) -> Result<(), StoreError> {
    tx.record(&entry(&job.subject, AuditAction::Halted, stop.code.as_str(), now)).await
}

fn report(job: &Job, Stop { code, cause }: &Stop) {
    metrics::counter!("halts_total", "code" => code.as_str()).increment(1);
    tracing::warn!(subject = job.subject, job.work = %job.work, code = %code, "It has stopped: {cause}");
}
