//! End verifications that have waited for too long.

use crate::app::App;
use crate::flow::verified::tell;
use crate::model::audit::Actor;
use crate::model::event::EventKind;
use crate::model::verification::{Reason, State, Verification};
use crate::store::StoreError;

/// Verifications that are read in one go.
const BATCH: u32 = 200;

/// Ends them, and forgets whom to write to.
pub(in crate::flow) async fn end_overdue(app: &App) -> Result<(), StoreError> {
    let mut from = None;
    loop {
        let now = app.clock.now();
        let batch = app.store.overdue_verifications(now, from, BATCH).await?;
        for verification in batch.items {
            match end(app, verification).await {
                // Somebody has just brought it on.
                Ok(()) | Err(StoreError::Stale) => {}
                Err(error) => return Err(error),
            }
        }
        from = batch.next;
        if from.is_none() {
            return Ok(());
        }
    }
}

async fn end(app: &App, before: Verification) -> Result<(), StoreError> {
    let now = app.clock.now();
    let verification = Verification {
        state: State::Failed,
        reason: before.reason.or(Some(Reason::NoResult)),
        locked_contact: None,
        waits_for: None,
        waits_until: None,
        ..before
    };
    let mut tx = app.store.begin().await?;
    tx.change_verification(&verification, now).await?;
    tx.drop_jobs(verification.id.as_str()).await?;
    let failed = (Actor::Service, EventKind::VerificationFailed);
    tell(app, &mut tx, failed, &verification, now).await?;
    tx.commit().await?;
    Ok(())
}
