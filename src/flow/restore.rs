//! Restore: give a credential again that is kept after delivery, to a user who has lost it.
//!
//! It is the same credential, byte for byte, sealed anew for the key that the user has now, in a new issuance with rows of its own on
//! the network. What is kept stays as it is, until its own time.

use std::sync::Arc;

use super::Accepted;
use super::intake::{IntakeError, Signed, accept_signed, new_ids, replay};
use super::kept::KeptCredential;
use crate::app::App;
use crate::model::client::Idempotency;
use crate::model::ids::{ClaimId, IssuanceId};
use crate::model::issuance::{Issuance, State};
use crate::model::safety_net::Stage;
use crate::model::submission::Authority;
use crate::model::submitter::Submitter;
use crate::store::StoreError;
use crate::vault::VaultError;

/// Why a credential is not given again.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The caller has no such issuance.
    #[error("there is no such issuance")]
    NotFound,
    /// Its credential is not in the user's profile yet, or does not hold any more.
    #[error("the credential of an issuance that is {0} cannot be given again")]
    Conflict(State),
    /// There is nothing to give again.
    #[error("nothing is kept of it")]
    NothingKept,
    /// What is kept cannot be unlocked.
    #[error("what is kept cannot be unlocked: {0}")]
    Unreadable(VaultError),
    /// It is not accepted.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Gives it again, by the ways on which credentials come into profiles. Asking again with the same key gives the same issuance.
pub async fn restore(
    app: &Arc<App>,
    caller: &Submitter,
    key: &Idempotency,
    id: &IssuanceId,
    by: (Authority, Option<ClaimId>),
) -> Result<Accepted<Issuance>, RestoreError> {
    let issuance = app.store.issuance_of(&caller.tenant, id).await?.ok_or(RestoreError::NotFound)?;
    if let Some(accepted) = replay(app, caller, key).await? {
        return Ok(accepted);
    }
    if issuance.state != State::Issued || issuance.superseded_by.is_some() {
        return Err(RestoreError::Conflict(issuance.state));
    }
    let (kept, locked) = app.store.locked_content(id).await?.ok_or(RestoreError::NothingKept)?;
    if kept.stage == Stage::Waiting || kept.until <= app.clock.now() {
        return Err(RestoreError::NothingKept);
    }
    let (shared, place) = (Arc::clone(app), id.clone());
    let bytes = locked.len();
    let unlock = move || shared.vault.unlock_record::<KeptCredential>(place.as_str(), &locked);
    let KeptCredential(credential) = app.compute(bytes, unlock).await.map_err(RestoreError::Unreadable)?;
    let signed = Signed {
        credential,
        kind: issuance.kind,
        user_id: issuance.user_id,
        ids: new_ids(),
        valid_by: issuance.valid_by,
        files: issuance.files,
        reference: issuance.reference,
        // Whom to write to, and when, is known with the first.
        contact: None,
        renews: None,
        restores: Some(issuance.id),
        listed: None,
    };
    Ok(accept_signed(app, caller, key, signed, by).await?)
}
