//! Records whose time is over: each is erased, as [`erase`](super::erase) does it, and its row deleted, in one transaction.
//!
//! The time begins with the end of what a record is about: `retention.records_months`.

use super::moves::{follow, next};
use crate::app::App;
use crate::model::audit::Actor;
use crate::model::ids::IssuanceId;
use crate::model::issuance::State;
use crate::model::lifecycle::Cause;
use crate::model::time::Timestamp;
use crate::store::{EndedKind, Place, StoreError};

/// Records that are read in one go.
const BATCH: u32 = 200;

/// The most of a kind that one sweep ends, so that others have their turn: the next one goes on.
const MOST: usize = 5_000;

/// Ends them.
pub(super) async fn end_records(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now();
    let moment = app.periods.records_before(now);
    end_issuances(app, moment).await?;
    for kind in EndedKind::ALL {
        end_others(app, *kind, moment).await?;
    }
    Ok(())
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
    let verification = tx.delete_issuance(id.as_str()).await?;
    if let Some(verification) = verification {
        tx.unlink_audit(&verification, Actor::Service, now).await?;
    }
    tx.unlink_audit(id.as_str(), Actor::Service, now).await?;
    tx.commit().await?;
    Ok(())
}

/// The same of records without a credential, a part in one transaction.
async fn end_others(app: &App, kind: EndedKind, moment: Timestamp) -> Result<(), StoreError> {
    let (mut from, mut seen): (Option<Place>, usize) = (None, 0);
    loop {
        let batch = app.store.ended_records(kind, moment, from, BATCH).await?;
        seen += batch.len();
        if !batch.is_empty() {
            let now = app.clock.now();
            let mut tx = app.store.begin().await?;
            let mut ended = Vec::new();
            for Place { id, .. } in &batch {
                if tx.delete_ended(kind, id, moment).await? {
                    ended.push(id);
                }
            }
            for id in ended {
                tx.unlink_audit(id, Actor::Service, now).await?;
            }
            tx.commit().await?;
        }
        from = batch.last().cloned();
        if from.is_none() || seen >= MOST {
            return Ok(());
        }
    }
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
