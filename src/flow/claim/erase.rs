//! Forget a claim on request.

use super::ClaimError;
use crate::app::App;
use crate::model::claim::{Claim, State};
use crate::model::ids::ClaimId;
use crate::model::submitter::Submitter;

/// Forgets what the person has signed, and all but ids and times; the link works no more. The issuance stays as it is: that is erased by
/// itself, and its claims with it. Asking again changes nothing.
pub async fn erase(app: &App, caller: &Submitter, id: &ClaimId) -> Result<Claim, ClaimError> {
    let before = app.store.claim_of(&caller.tenant, id).await?.ok_or(ClaimError::Unknown)?;
    if before.state == State::Erased {
        return Ok(before);
    }
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    tx.forget_events(id.as_str()).await?;
    tx.forget_relay_start(id).await?;
    tx.change_claim(&before.emptied(State::Erased), now).await?;
    tx.unlink_audit(id.as_str(), caller.actor(), now).await?;
    tx.commit().await?;
    app.store.forget_traces().await?;
    app.store.claim(id).await?.ok_or(ClaimError::Unknown)
}
