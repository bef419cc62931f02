//! Erase: forget everything about an issuance but that there was one.
//!
//! What is on the network belongs to the user, and only the user can remove it there; who wants it void revokes it
//! first.

use super::announce::announce;
use crate::app::App;
use crate::model::audit::{Act, Entry};
use crate::model::event::EventKind;
use crate::model::ids::IssuanceId;
use crate::model::issuance::{Issuance, State};
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

/// Forgets contact, content, grant and reference of an issuance. Ids, times and hashes stay, to prove it. Asking again
/// changes nothing.
pub async fn erase(app: &App, caller: &Submitter, id: &IssuanceId) -> Result<Issuance, EraseError> {
    let issuance = app.store.issuance_of(&caller.tenant, id).await?;
    let issuance = issuance.ok_or(EraseError::NotFound)?;
    match issuance.state {
        State::Erased => return Ok(issuance),
        State::Revoking => return Err(EraseError::Conflict(issuance.state)),
        _ => {}
    }
    let now = app.clock.now();

    let mut tx = app.store.begin().await?;
    match tx.mark_erased(id, issuance.state, now).await {
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
    tx.forget_content(id).await?;
    tx.forget_contact(id).await?;
    tx.forget_events(id).await?;
    tx.drop_jobs(id.as_str()).await?;
    announce(app, &mut tx, EventKind::Erased, &issuance, None, now).await?;
    tx.record(&Entry {
        at: now,
        actor: caller.actor(),
        act: Act::Erased,
        subject: id.as_str().to_owned(),
        detail: issuance.state.as_str().to_owned(),
    })
    .await?;
    tx.commit().await?;
    app.store.forget_traces().await?;
    app.announce_change();
    app.store.issuance(id).await?.ok_or(EraseError::NotFound)
}
