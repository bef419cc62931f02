//! What staff do about a record that they look at, each by their own word.

use super::found::Loaded;
use crate::app::App;
use crate::flow::halted::{self, Halted};
use crate::flow::{resume as resuming, verification};
use crate::model::audit::Actor;
use crate::model::ids::JobId;
use crate::model::sought::AnyRecord;
use crate::model::staff::Reach;
use crate::store::StoreError;

/// Brings on a record that has stopped. Gives whether it goes on: it may take a new write grant, or have nothing left to go on with. `None`
/// if there is no such record that may be seen, or it is none that stops.
pub async fn resume(
    app: &App,
    actor: &Actor,
    whose: &Reach,
    id: &AnyRecord,
) -> Result<Option<bool>, StoreError> {
    let stopped = match Loaded::read(app, whose, id).await? {
        Some(Loaded::Issuance(one)) => Halted::Issuance(one),
        Some(Loaded::Profile(one)) => Halted::Profile(one),
        Some(Loaded::Attribute(one)) => Halted::Attribute(one),
        Some(Loaded::Verification(one)) => {
            return match verification::resume_as(app, actor.clone(), *one).await {
                Ok(_) => Ok(Some(true)),
                Err(verification::ResumeError::Store(error)) if !matches!(error, StoreError::Stale) => {
                    Err(error)
                }
                Err(_) => Ok(Some(false)),
            };
        }
        Some(Loaded::WalletLink(..) | Loaded::Claim(_)) | None => return Ok(None),
    };
    // Nothing is revoked by resuming: what has not stopped is left alone.
    if stopped.code().is_none() {
        return Ok(Some(false));
    }
    match halted::resume_as(app, actor.clone(), stopped).await {
        Ok(()) => Ok(Some(true)),
        Err(error) => error.of_the_store().map_or(Ok(Some(false)), Err),
    }
}

/// Has an endpoint told again of an event that it was given up for. Gives whether there is such work on an event that may be seen.
pub async fn tell_again(app: &App, actor: &Actor, whose: &Reach, id: &JobId) -> Result<bool, StoreError> {
    let Some(job) = app.store.job(id).await? else { return Ok(false) };
    let event = match job.subject.parse() {
        Ok(id) => app.store.event(&id).await?,
        Err(_) => None,
    };
    if !event.is_some_and(|event| whose.sees(&event.client)) {
        return Ok(false);
    }
    match resuming::retry_job_as(app, actor.clone(), id).await {
        Err(StoreError::Stale) => Ok(false),
        done => done.map(|()| true),
    }
}
