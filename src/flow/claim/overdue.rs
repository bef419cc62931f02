//! End claims whose time is over, and forget what is left of them in the end.

use crate::app::App;
use crate::flow::events::emit_claim;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::claim::{Claim, State};
use crate::model::event::EventKind;
use crate::model::time::Timestamp;
use crate::store::StoreError;

/// Claims that are read in one go.
const BATCH: u32 = 200;

/// Ends them.
pub(in crate::flow) async fn end_overdue(app: &App) -> Result<(), StoreError> {
    let mut from = None;
    loop {
        let now = app.clock.now();
        let batch = app.store.due_claims(now, from, BATCH).await?;
        for claim in batch.items {
            match end(app, claim, now).await {
                // Somebody has just changed it.
                Ok(()) | Err(StoreError::Stale) => {}
                Err(error @ StoreError::Unavailable(_)) => return Err(error),
                Err(error) => tracing::error!("A claim is passed over: {error}"),
            }
        }
        from = batch.next;
        if from.is_none() {
            return Ok(());
        }
    }
}

async fn end(app: &App, claim: Claim, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    if claim.gone_at() <= now {
        tx.forget_claim(&claim).await?;
        return tx.commit().await;
    }
    if claim.state.is_final() || claim.state == State::Writing {
        // Nobody follows the link any more: where its page led back to goes.
        tx.change_claim(&Claim { locked: None, ..claim }, now).await?;
        return tx.commit().await;
    }
    let id = claim.id.clone();
    let claim = claim.emptied(State::Expired);
    tx.change_claim(&claim, now).await?;
    emit_claim(app, &mut tx, EventKind::ClaimExpired, &claim, None, now).await?;
    tx.record(&AuditEntry::new(now, Actor::Service, AuditAction::ClaimExpired, id.as_str())).await?;
    tx.commit().await?;
    Ok(())
}
