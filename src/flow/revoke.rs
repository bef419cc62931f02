//! Revoke: mark a credential as revoked in the user's profile, through the key that sealed it.
//!
//! The node says nothing when there is nothing to edit, so what can be read back is (`flow::deliver`).

use super::moves::{follow, next};
use super::work;
use crate::app::App;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::ids::IssuanceId;
use crate::model::issuance::{Issuance, State};
use crate::model::lifecycle::Cause;
use crate::model::submitter::Submitter;
use crate::store::StoreError;

/// Why a credential is not to be revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// The caller has no such issuance.
    #[error("there is no such issuance")]
    NotFound,
    /// There is no credential that could be revoked.
    #[error("an issuance that is {0} has no credential that could be revoked")]
    Conflict(State),
    /// The key that sealed it, which alone can edit it, is not in the configuration any more.
    #[error("the write key that sealed it is not in the configuration any more, and no other can edit it")]
    KeyMissing,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Has a credential revoked. Asking again changes nothing.
pub async fn request(app: &App, caller: &Submitter, id: &IssuanceId) -> Result<Issuance, RevokeError> {
    let issuance = app.store.issuance_of(&caller.tenant, id).await?;
    revoke(app, caller.actor(), issuance.ok_or(RevokeError::NotFound)?).await
}

/// The same, for whoever may.
pub(super) async fn revoke(app: &App, actor: Actor, issuance: Issuance) -> Result<Issuance, RevokeError> {
    let id = &issuance.id;
    match issuance.state {
        State::Revoking | State::Revoked => return Ok(issuance),
        _ => {}
    }
    let now = app.clock.now();
    let next = next(app, &issuance, Cause::RevocationAsked, now)
        .map_err(|_| RevokeError::Conflict(issuance.state))?;
    if app.write_key(&issuance.write_key).is_none() {
        return Err(RevokeError::KeyMissing);
    }

    let mut tx = app.store.begin().await?;
    match tx.mark_revoking(id, issuance.state, &next, now).await {
        Ok(()) => {}
        // Somebody else has asked at the same time.
        Err(StoreError::Stale) => {
            drop(tx);
            return app.store.issuance(id).await?.ok_or(RevokeError::NotFound);
        }
        Err(error) => return Err(error.into()),
    }
    follow(app, &mut tx, &issuance, &next, None, now).await?;
    if let Some(job) = work::of_state(next.state, id, &issuance.write_key, now) {
        tx.enqueue(&job).await?;
    }
    tx.record(&AuditEntry::new(now, actor, AuditAction::RevokeRequested, id.as_str())).await?;
    tx.commit().await?;
    app.store.issuance(id).await?.ok_or(RevokeError::NotFound)
}
