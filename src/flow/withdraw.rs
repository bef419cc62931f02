//! Take back what holds no more: revoke a credential, or forget what would have become one.

use rand::rngs::OsRng;

use super::erase::{self, EraseError};
use super::revoke::{self, RevokeError};
use super::work;
use crate::app::App;
use crate::model::audit::Actor;
use crate::model::ids::IssuanceId;
use crate::model::issuance::{Issuance, State};
use crate::model::job::Job;
use crate::model::retry;
use crate::store::StoreError;

/// Does it as soon as it can be done: what is on its way has to arrive first.
pub async fn withdraw(app: &App, job: &Job) -> Result<(), StoreError> {
    let id: Option<IssuanceId> = job.subject.parse().ok();
    let issuance = match &id {
        Some(id) => app.store.issuance(id).await?,
        None => None,
    };
    let is_done = match issuance {
        Some(issuance) => take_back(app, issuance).await?,
        None => true,
    };
    if is_done {
        return work::finish(app, job).await;
    }
    let due = retry::due(app.clock.now(), job.attempts, None, &mut OsRng);
    work::put_off(app, job, due, "it cannot be withdrawn yet").await
}

/// Whether there is nothing left to do.
async fn take_back(app: &App, issuance: Issuance) -> Result<bool, StoreError> {
    match issuance.state {
        State::Revoking | State::Revoked | State::Failed | State::Erased => Ok(true),
        State::Queued | State::Uploading => Ok(false),
        State::Issued => match revoke::revoke(app, Actor::Service, issuance).await {
            Ok(_) => Ok(true),
            Err(RevokeError::Store(error)) => Err(error),
            Err(error) => {
                tracing::error!("A credential that holds no more is not revoked: {error}");
                Ok(false)
            }
        },
        State::AwaitingProfile | State::AwaitingGrant | State::Halted => {
            match erase::erase_as(app, Actor::Service, issuance).await {
                Ok(_) => Ok(true),
                Err(EraseError::Store(error)) => Err(error),
                Err(EraseError::Conflict(_) | EraseError::NotFound) => Ok(false),
            }
        }
    }
}
