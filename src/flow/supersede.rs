//! Supersede: a credential that has taken the place of another one, which is then marked as superseded in its public notes.

use rand::rngs::OsRng;
use uuid::Uuid;

use crate::app::App;
use crate::model::ids::IssuanceId;
use crate::model::issuance::{Issuance, State};
use crate::model::job::{Job, Work};
use crate::model::submitter::Submitter;
use crate::model::time::Timestamp;
use crate::store::{StoreError, Tx};

/// Where the renewed issuance stands in a submission.
pub(super) const RENEWS: &str = "renews";

/// What is said of an issuance that another one renews already.
pub(super) const RENEWED: &str = "is being renewed, or has been, by another issuance";

/// What is said of an issuance whose credential is over.
pub(super) const OVER: &str = "has no credential that holds: submit without it";

/// Says why `renews` cannot be renewed for this user, if it cannot: it must be the caller's own, and hold.
pub(super) async fn refusal(
    app: &App,
    caller: &Submitter,
    (renews, user_id): (&IssuanceId, Uuid),
) -> Result<Option<&'static str>, StoreError> {
    let Some(issuance) = app.store.issuance_of(&caller.tenant, renews).await? else {
        return Ok(Some("names no issuance of yours"));
    };
    if issuance.user_id != user_id {
        return Ok(Some("is the issuance of another user than userId"));
    }
    Ok(match issuance.state {
        State::Issued if issuance.superseded_by.is_some() => Some(RENEWED),
        State::Issued => None,
        State::Erased => Some("names no issuance of yours"),
        State::Revoking | State::Revoked | State::Failed => Some(OVER),
        State::AwaitingProfile | State::AwaitingGrant | State::Queued | State::Uploading | State::Halted => {
            Some("has no credential in the user's profile yet")
        }
    })
}

/// A credential has come into the user's profile: the one that it renews holds no more.
pub(super) async fn follow(
    tx: &mut Tx,
    issuance: &Issuance,
    to: State,
    now: Timestamp,
) -> Result<(), StoreError> {
    // What comes back from a revocation that has stopped has been there before.
    let is_new = to == State::Issued && issuance.state != State::Revoking;
    match &issuance.renews {
        Some(older) if is_new => supersede(tx, older, &issuance.id, now).await,
        _ => Ok(()),
    }
}

/// Has `older` marked as superseded in the user's profile, or forgotten if it has not come there yet.
pub(super) async fn supersede(
    tx: &mut Tx,
    older: &IssuanceId,
    by: &IssuanceId,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.mark_superseded(older, by).await?;
    tx.enqueue(&Job::new(Work::Withdraw, older.as_str(), now, &mut OsRng)).await
}
