//! Erase: forget everything about an issuance but that there was one.
//!
//! What is on the network belongs to the user, and only the user can remove it there; who wants it void revokes it
//! first.

use std::collections::BTreeSet;

use super::moves::{follow, next};
use crate::app::App;
use crate::model::audit::Actor;
use crate::model::ids::{ClaimId, IssuanceId};
use crate::model::issuance::{Issuance, State};
use crate::model::lifecycle::Cause;
use crate::model::submitter::Submitter;
use crate::store::StoreError;

/// Why an issuance is not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// The caller has no such issuance.
    #[error("there is no such issuance")]
    NotFound,
    /// It is on its way: its outcome has to be known first.
    #[error("an issuance that is {0} can be erased when its outcome is known")]
    Conflict(State),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Forgets contact, content, grant and reference of an issuance. Ids, times and hashes stay, to prove it; the entries of the
/// audit chain about it stay, and do not name it any more. Asking again changes nothing.
pub async fn erase(app: &App, caller: &Submitter, id: &IssuanceId) -> Result<Issuance, EraseError> {
    let issuance = app.store.issuance_of(&caller.tenant, id).await?;
    erase_as(app, caller.actor(), issuance.ok_or(EraseError::NotFound)?).await
}

/// The same, for whoever may.
pub(super) async fn erase_as(app: &App, actor: Actor, issuance: Issuance) -> Result<Issuance, EraseError> {
    let id = &issuance.id;
    if issuance.state == State::Erased {
        return Ok(issuance);
    }
    let now = app.clock.now();
    let next = next(app, &issuance, Cause::Erased, now).map_err(|_| EraseError::Conflict(issuance.state))?;

    let mut tx = app.store.begin().await?;
    match tx.mark_erased(id, issuance.state, &next, now).await {
        Ok(()) => {}
        Err(StoreError::Stale) => {
            drop(tx);
            let issuance = app.store.issuance(id).await?.ok_or(EraseError::NotFound)?;
            return Err(EraseError::Conflict(issuance.state));
        }
        Err(error) => return Err(error.into()),
    }
    if issuance.state == State::Queued {
        // Only if nothing has been sent: what is on its way has to arrive first.
        match tx.drop_unsent(id).await {
            Err(StoreError::Stale) => return Err(EraseError::Conflict(issuance.state)),
            dropped => dropped?,
        }
    }
    tx.drop_jobs(id.as_str()).await?;
    follow(app, &mut tx, &issuance, &next, None, now).await?;
    // Its claims were erased with it. Entries still name those whose rows had had their time.
    let claims = tx.claims_of_issuance(id).await?;
    let mut claims: BTreeSet<_> = claims.into_iter().map(|claim| claim.id.to_string()).collect();
    claims.extend(tx.audit_naming(id.as_str(), ClaimId::PREFIX).await?);
    for claim in claims {
        if tx.is_in_audit(&claim).await? {
            tx.unlink_audit(&claim, Actor::Service, now).await?;
        }
    }
    tx.unlink_audit(id.as_str(), actor, now).await?;
    tx.commit().await?;
    app.store.forget_traces().await?;
    app.store.issuance(id).await?.ok_or(EraseError::NotFound)
}
