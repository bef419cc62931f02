//! What a failure means for the work that met it.

use idos_client::{Conflict, Refusal};
use rand::rngs::OsRng;

use super::{DeliverError, Stop, Task, halt_in_lane, later, succeeded};
use crate::app::App;
use crate::model::issuance::HaltCode;
use crate::model::job::Job;
use crate::model::retry;
use crate::store::{LaneLease, StoreError};

/// What a failure of the node means for a job.
enum Verdict {
    /// Time can mend it.
    Retry,
    /// A person has to do something.
    Halt(HaltCode),
}

/// How often what has failed in a block, in words that are not known, is sent again before it counts as refused.
const PUZZLING: u32 = 6;

/// The refusal that a failure names, if this work would meet it again. What is there already has been looked at before
/// ([`is_done`](super::is_done)).
///
/// Who cannot be understood has not said no; and what is about the node, the network or our account is alike for all
/// work, and mended without it.
#[must_use]
pub fn named(error: &idos_client::Error) -> Option<HaltCode> {
    match error.refusal() {
        // A grant names one of our keys, and so does what is sealed: one of the two is no delegate, or not of the same
        // inserter. Another grant would meet the same.
        Some(Refusal::NotAnInserter | Refusal::NotAllowed | Refusal::GrantIssuer) => {
            Some(HaltCode::NotAnInserter)
        }
        Some(Refusal::GrantWindow) => Some(HaltCode::GrantExpired),
        Some(Refusal::GrantSignature | Refusal::GrantTimes) => Some(HaltCode::GrantRefused),
        Some(Refusal::GrantOwnerUnknown) => Some(HaltCode::OwnerUnknown),
        Some(Refusal::WalletInvalid) => Some(HaltCode::WalletRefused),
        Some(Refusal::WalletTaken) => Some(HaltCode::WalletTaken),
        Some(Refusal::UserUnknown) => Some(HaltCode::UserUnknown),
        _ => match error.conflict() {
            Some(Conflict::WriteGrantUsed | Conflict::AccessGrantExists) => Some(HaltCode::GrantUsed),
            Some(Conflict::UserExists) => Some(HaltCode::OtherKey),
            Some(Conflict::WalletTaken) => Some(HaltCode::WalletTaken),
            _ => is_about_the_work(error).then_some(HaltCode::Refused),
        },
    }
}

/// Sorts a failure to send: only a refusal that is [named] stops the work at once.
fn verdict(app: &App, job: &Job, error: &idos_client::Error) -> Verdict {
    match named(error) {
        Some(code) => Verdict::Halt(code),
        None if matches!(error, idos_client::Error::Failed(_)) && job.attempts >= PUZZLING => {
            Verdict::Halt(HaltCode::Refused)
        }
        None if job.attempts >= app.delivery.max_attempts => Verdict::Halt(HaltCode::TooManyAttempts),
        None => Verdict::Retry,
    }
}

/// Whether a failure names a reason that this work would meet again.
fn is_about_the_work(error: &idos_client::Error) -> bool {
    use idos_client::Error;
    match (error, error.refusal(), error.conflict()) {
        // Not even sent.
        (Error::TooLarge { .. } | Error::Encode(_), _, _) => true,
        (
            _,
            Some(
                Refusal::ActionUnknown
                | Refusal::NotAView
                | Refusal::OtherSchema
                | Refusal::OtherNetwork
                | Refusal::TransactionSignature
                | Refusal::Funds,
            ),
            _,
        ) => false,
        (_, Some(_), _) | (_, _, Some(Conflict::CredentialExists | Conflict::AttributeExists)) => true,
        (_, None, _) => false,
    }
}

/// Remembers that the job did not do it, and what comes next.
pub async fn refused(
    app: &App,
    lease: &LaneLease,
    job: &Job,
    error: &idos_client::Error,
) -> Result<(), DeliverError> {
    if error.refusal() == Some(Refusal::ActionUnknown) {
        app.forget_content_place();
    }
    if let Some(task) = Task::of(app, job).await?
        && task.was_done_unseen(app, job, error).await?
    {
        return succeeded(app, lease, job, None).await;
    }
    let verdict = match verdict(app, job, error) {
        Verdict::Halt(_)
            if job.attempts < app.delivery.max_attempts && will_pass(app, job, error).await? =>
        {
            Verdict::Retry
        }
        verdict => verdict,
    };
    match verdict {
        Verdict::Halt(code) => Ok(halt_in_lane(app, lease, job, Stop::new(code, error.to_string())).await?),
        Verdict::Retry => {
            tracing::warn!(job.id = %job.id, job.work = %job.work, subject = job.subject, "A transaction did nothing: {error}");
            let due = retry::due(app.clock.now(), job.attempts, None, &mut OsRng);
            Ok(later(app, lease, job, due, "the node could not do it").await?)
        }
    }
}

/// Whether a refusal is only about the moment: what it misses is on its way by another job, or the time of the node's
/// blocks is behind or ahead of ours.
async fn will_pass(app: &App, job: &Job, error: &idos_client::Error) -> Result<bool, StoreError> {
    let Some(task) = Task::of(app, job).await? else { return Ok(false) };
    match error.refusal() {
        Some(refusal) => task.will_pass(app, refusal).await,
        None => Ok(false),
    }
}
