//! Background work, as verbs make it.

use rand::rngs::OsRng;

use crate::app::App;
use crate::model::ids::IssuanceId;
use crate::model::issuance::{Issuance, State};
use crate::model::job::{Job, Work};
use crate::model::time::Timestamp;
use crate::store::{StoreError, Tx};

/// How soon it is looked again for a profile that was not there, in milliseconds.
const FIRST_LOOK: i64 = 5_000;

/// Work for a lane: the write key that is to send.
pub(super) fn lane_job(work: Work, subject: &str, lane: &str, now: Timestamp) -> Job {
    Job { lane: Some(lane.to_owned()), ..Job::new(work, subject, now, &mut OsRng) }
}

/// The work that ends this state of an issuance; `None` where nothing is to be done. `lane` is its write key.
pub(super) fn of_state(state: State, id: &IssuanceId, lane: &str, now: Timestamp) -> Option<Job> {
    state.work().map(|work| match work {
        // It was looked a moment ago.
        Work::Seal => {
            let due_at = now.plus_millis(FIRST_LOOK);
            Job { due_at, ..Job::new(work, id.as_str(), now, &mut OsRng) }
        }
        // No transaction: it does not wait for its turn in a lane.
        Work::UploadContent => Job::new(work, id.as_str(), now, &mut OsRng),
        Work::AddUser
        | Work::AddWallet
        | Work::AddAttribute
        | Work::WriteCredential
        | Work::EditNotes
        | Work::SendWebhook
        | Work::FetchResult
        | Work::ResumeAll
        | Work::Withdraw
        | Work::RescindCopy
        | Work::Erase
        | Work::SendLink => lane_job(work, id.as_str(), lane, now),
    })
}

/// Ends a job that has nothing to do any more.
pub(super) async fn finish(app: &App, job: &Job) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    tx.finish_job(job).await?;
    tx.commit().await
}

/// Puts a job off, for a reason without values.
pub(super) async fn put_off(app: &App, job: &Job, due: Timestamp, why: &str) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    tx.retry_job(job, due, why).await?;
    tx.commit().await
}

/// Brings on all that has waited for this user.
pub(super) async fn bring_waiting_forward(
    tx: &mut Tx,
    waiting: &[Issuance],
    now: Timestamp,
) -> Result<(), StoreError> {
    for issuance in waiting {
        tx.bring_forward(Work::Seal, issuance.id.as_str(), now).await?;
    }
    Ok(())
}
