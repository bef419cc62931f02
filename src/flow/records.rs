//! Records whose time is over: each is erased, as [`erase`](super::erase) does it, and its row deleted, in one transaction.
//!
//! The time begins with the end of what a record is about: `retention.records_months`.

use super::moves::{follow, next};
use crate::app::App;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::ids::IssuanceId;
use crate::model::issuance::{Issuance, State};
use crate::model::lifecycle::Cause;
use crate::model::time::Timestamp;
use crate::store::{Place, StoreError};

/// Records that are read in one go.
const BATCH: u32 = 200;

/// The most of a kind that one sweep ends, so that others have their turn: the next one goes on.
const MOST: usize = 5_000;

/// Ends them.
pub(super) async fn end_records(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now();
    let moment = app.periods.records_before(now);
    end_issuances(app, moment).await?;
    end_verifications(app, moment).await?;
    write_down(app, "wallet_link", app.store.forget_wallet_links_before(moment).await?).await?;
    write_down(app, "profile", app.store.forget_profiles_before(moment).await?).await?;
    write_down(app, "attribute", app.store.forget_attributes_before(moment).await?).await
}

async fn end_issuances(app: &App, moment: Timestamp) -> Result<(), StoreError> {
    let (mut from, mut seen): (Option<Place>, usize) = (None, 0);
    loop {
        let batch = app.store.ended_issuances(moment, from, BATCH).await?;
        seen += batch.len();
        for Place { id, .. } in &batch {
            pass_over(id, end_issuance(app, id).await)?;
        }
        from = batch.last().cloned();
        if from.is_none() || seen >= MOST {
            return Ok(());
        }
    }
}

/// Erases one, and deletes its row: in one transaction, or its erasure would be its last change, and begin its time anew.
async fn end_issuance(app: &App, id: &str) -> Result<(), StoreError> {
    let Ok(id) = id.parse::<IssuanceId>() else { return Err(StoreError::Unreadable("id")) };
    let Some(issuance) = app.store.issuance(&id).await? else { return Ok(()) };
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    if issuance.state == State::Erased {
        tx.touch_issuance(&id, State::Erased, issuance.updated_at).await?;
    } else {
        let next = next(app, &issuance, Cause::Erased, now)?;
        tx.mark_erased(&id, issuance.state, &next, now).await?;
        tx.drop_jobs(id.as_str()).await?;
        // Its event is told to whom it was said that it was issued.
        follow(app, &mut tx, &issuance, &next, None, now).await?;
    }
    tx.delete_issuance(id.as_str()).await?;
    tx.record(&ended(&issuance, now)).await?;
    tx.commit().await?;
    app.notify_workers();
    Ok(())
}

fn ended(issuance: &Issuance, now: Timestamp) -> AuditEntry {
    AuditEntry::new(now, Actor::Service, AuditAction::RecordEnded, issuance.id.as_str())
        .detail(issuance.state.as_str())
}

async fn end_verifications(app: &App, moment: Timestamp) -> Result<(), StoreError> {
    let (mut from, mut seen, mut ended): (Option<Place>, usize, u64) = (None, 0, 0);
    loop {
        let batch = app.store.ended_verifications(moment, from, BATCH).await?;
        seen += batch.len();
        if !batch.is_empty() {
            let mut tx = app.store.begin().await?;
            for Place { id, .. } in &batch {
                ended += u64::from(tx.delete_verification(id, moment).await?);
            }
            tx.commit().await?;
        }
        from = batch.last().cloned();
        if from.is_none() || seen >= MOST {
            return write_down(app, "verification", ended).await;
        }
    }
}

/// Of records without a credential, how many is written down: what was asked and done about each is in the chain already.
async fn write_down(app: &App, table: &str, ended: u64) -> Result<(), StoreError> {
    if ended == 0 {
        return Ok(());
    }
    let entry = AuditEntry::new(app.clock.now(), Actor::Service, AuditAction::RecordEnded, table);
    let mut tx = app.store.begin().await?;
    tx.record(&entry.detail(format!("ended:{ended}"))).await?;
    tx.commit().await
}

/// One that has just changed, or cannot be read, does not keep others from their turn.
fn pass_over(id: &str, result: Result<(), StoreError>) -> Result<(), StoreError> {
    match result {
        Ok(()) | Err(StoreError::Stale) => Ok(()),
        Err(error @ StoreError::Unavailable(_)) => Err(error),
        Err(error) => {
            tracing::error!(subject = id, "The end of a record is passed over: {error}");
            Ok(())
        }
    }
}
