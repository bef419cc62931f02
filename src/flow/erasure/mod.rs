//! An erasure, carried out: each record of a case is settled and forgotten, it is looked whether anything is left, and what
//! remains is a signed receipt.
//!
//! A case goes through phases, one after the other ([`Phase`]). Each step of each is a short transaction that checks what was
//! read before, so it may be broken off and begun again anywhere, and two processes at once change nothing. What is found again,
//! be it a row or a record that has come meanwhile, sends the case back to the first phase.

mod copy;
mod letter;
mod look;
mod receipt;
mod settle;

use std::collections::BTreeSet;

use rand::rngs::OsRng;

use super::events::emit_erased;
use super::work;
use crate::app::App;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::carrying_out::{CarriedCase, ListedRecord, Phase, Step, look_again};
use crate::model::ids::CaseId;
use crate::model::job::{Job, Work};
use crate::model::time::{HOUR, Timestamp};
use crate::store::{StoreError, Tx};

use self::settle::Settled;

/// Begins to carry a case out, in the transaction that has decided it. Its records are listed. Asking again changes nothing.
pub async fn begin(tx: &mut Tx, case: &CaseId, now: Timestamp) -> Result<(), StoreError> {
    tx.begin_erasure(case, now).await?;
    tx.enqueue(&Job::new(Work::Erase, case.as_str(), now, &mut OsRng)).await
}

/// What a step came to.
enum Flow {
    /// The next one can be taken at once.
    On,
    /// Something is waited for: why, and when it is looked again.
    Wait(&'static str, Timestamp),
}

/// Carries a case out, as far as that goes now.
pub async fn carry_out(app: &App, job: &Job) -> Result<(), StoreError> {
    let id: Option<CaseId> = job.subject.parse().ok();
    loop {
        let case = match &id {
            Some(id) => app.store.carried_case(id).await?,
            None => None,
        };
        // It is done, or somebody has taken it out of our hands.
        let Some(case) = case else { return work::finish(app, job).await };
        let records = app.store.listed_records(&case.id).await?;
        let flow = match case.run.phase {
            Phase::Settling => settle_all(app, &case, &records).await?,
            Phase::Writing => write(app, &case).await?,
            Phase::Forgetting => forget_all(app, &case, &records).await?,
            Phase::Telling => told(app, &case).await?,
            Phase::Looking => match look::look(app, &case, &records).await? {
                look::Seen::Nothing => return end(app, &case, &records, job).await,
                // The copies were seen to be gone when they were removed.
                look::Seen::NotAsked if is_late(app, &case) => return end(app, &case, &records, job).await,
                look::Seen::Something => Flow::On,
                look::Seen::NotAsked => Flow::Wait("the node cannot be asked", again(app, &case)),
            },
        };
        if let Flow::Wait(why, due) = flow {
            return work::put_off(app, job, due, why).await;
        }
    }
}

/// When a case is looked at again.
fn again(app: &App, case: &CarriedCase) -> Timestamp {
    let now = app.clock.now();
    let since = now.unix_millis().saturating_sub(case.run.started_at.unix_millis());
    now.plus_millis(look_again(since))
}

/// Whether what others have to see to has been waited for long enough.
fn is_late(app: &App, case: &CarriedCase) -> bool {
    let until = case.run.started_at.plus_millis(i64::from(app.retention.overdue_hours) * HOUR);
    app.clock.now() >= until
}

/// Brings each record to where it can be forgotten. One that waits keeps no other from its turn.
async fn settle_all(app: &App, case: &CarriedCase, records: &[ListedRecord]) -> Result<Flow, StoreError> {
    let (mut waits, mut has_moved) = (None, false);
    for record in records.iter().filter(|record| record.step == Step::Listed) {
        match settle::settle(app, case, record, is_late(app, case)).await {
            Ok(Settled::Ready { record: ready, .. }) => {
                let ready = ListedRecord { step: Step::Ready, ..ready };
                let mut tx = app.store.begin().await?;
                tx.change_record(&case.id, record, &ready).await?;
                tx.commit().await?;
            }
            // Somebody was faster with it.
            Ok(Settled::Moved) | Err(StoreError::Stale) => has_moved = true,
            Ok(Settled::Wait(why)) => waits = Some(why),
            Err(error) => return Err(error),
        }
    }
    if let Some(why) = waits {
        return Ok(Flow::Wait(why, again(app, case)));
    }
    // As they are now: whose a record is may be known only since it was settled.
    let records = app.store.listed_records(&case.id).await?;
    if has_moved || look::list_relatives(app, case, &records).await? {
        return Ok(Flow::On);
    }
    let mut tx = app.store.begin().await?;
    tx.move_erasure(&case.id, Phase::Settling, Phase::Writing).await?;
    tx.commit().await?;
    Ok(Flow::On)
}

/// Tells the person, as long as the address is there. Then it is told which records go.
async fn write(app: &App, case: &CarriedCase) -> Result<Flow, StoreError> {
    if let Some(due) = letter::confirm(app, case).await? {
        return Ok(Flow::Wait("the confirmation is to be sent", due));
    }
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    tx.move_erasure(&case.id, Phase::Writing, Phase::Forgetting).await?;
    // As they are now: nobody changes them but in this phase, or by another process, and then the move above was not ours.
    let records = app.store.listed_records(&case.id).await?;
    let going: Vec<_> = records.iter().filter(|record| record.step == Step::Ready).collect();
    for record in &going {
        let told = ListedRecord { step: Step::Told, ..(*record).clone() };
        tx.change_record(&case.id, record, &told).await?;
    }
    let ids: Vec<_> = going.iter().map(|record| record.id.as_str()).collect();
    if !ids.is_empty() {
        emit_erased(app, &mut tx, (&case.client, &case.id), &ids, now).await?;
    }
    tx.commit().await?;
    Ok(Flow::On)
}

/// Forgets each record, if it still stands as it was settled. One that does not is settled once more.
async fn forget_all(app: &App, case: &CarriedCase, records: &[ListedRecord]) -> Result<Flow, StoreError> {
    let (mut waits, mut has_moved) = (None, false);
    for record in records.iter().filter(|record| record.step == Step::Told) {
        match settle::settle(app, case, record, is_late(app, case)).await {
            Ok(Settled::Ready { record: ready, seen }) => {
                let forgotten = ListedRecord { step: Step::Forgotten, ..ready };
                let mut tx = app.store.begin().await?;
                let whose = (forgotten.kind, forgotten.id.as_str());
                match tx.forget_record(&case.client, whose, seen.as_deref()).await {
                    Ok(()) => {}
                    // It has changed since it was read.
                    Err(StoreError::Stale) => {
                        has_moved = true;
                        continue;
                    }
                    Err(error) => return Err(error),
                }
                tx.change_record(&case.id, record, &forgotten).await?;
                tx.commit().await?;
            }
            Ok(Settled::Moved) | Err(StoreError::Stale) => has_moved = true,
            Ok(Settled::Wait(why)) => waits = Some(why),
            Err(error) => return Err(error),
        }
    }
    app.store.forget_traces().await?;
    if let Some(why) = waits {
        return Ok(Flow::Wait(why, again(app, case)));
    }
    if !has_moved {
        let mut tx = app.store.begin().await?;
        tx.move_erasure(&case.id, Phase::Forgetting, Phase::Telling).await?;
        tx.commit().await?;
    }
    Ok(Flow::On)
}

/// Waits until it is told which records are gone, and forgets that as well. A receiver that does not answer is waited for until
/// its webhooks are given up, or for so long as anybody is.
async fn told(app: &App, case: &CarriedCase) -> Result<Flow, StoreError> {
    if !is_late(app, case) && app.store.is_telling_of(&case.id).await? {
        return Ok(Flow::Wait("it is being told", again(app, case)));
    }
    let mut tx = app.store.begin().await?;
    tx.move_erasure(&case.id, Phase::Telling, Phase::Looking).await?;
    tx.forget_erasure_events(&case.id).await?;
    tx.commit().await?;
    Ok(Flow::On)
}

/// Nothing is left: the receipt is signed, and what the case was about is forgotten.
async fn end(app: &App, case: &CarriedCase, records: &[ListedRecord], job: &Job) -> Result<(), StoreError> {
    let now = app.clock.now();
    let receipt = match receipt::sign(app, case, records, now).await {
        Ok(receipt) => receipt,
        Err(error) => {
            tracing::error!(case.id = %case.id, "The receipt of an erasure cannot be signed: {error}");
            return work::put_off(app, job, again(app, case), "the receipt cannot be signed").await;
        }
    };
    let mut tx = app.store.begin().await?;
    tx.end_erasure(&case.id, (records.len(), &receipt), now).await?;
    tx.finish_job(job).await?;
    let entry = AuditEntry::new(now, Actor::Service, AuditAction::CaseDone, case.id.as_str());
    tx.record(&entry.detail(format!("records:{}", records.len()))).await?;
    // What the audit chain says of them stays, since it would break, but is found by nothing any more.
    for record in records {
        tx.unlink_audit(&record.id, Actor::Service, now).await?;
    }
    let users: BTreeSet<_> = records.iter().filter_map(|record| record.user_id.as_deref()).collect();
    for user in users {
        tx.unlink_audit(&format!("user:{user}"), Actor::Service, now).await?;
    }
    tx.commit().await?;
    app.store.clear_gaps().await?;
    app.store.forget_traces().await?;
    metrics::counter!("erasures_total", "outcome" => "done").increment(1);
    Ok(())
}
