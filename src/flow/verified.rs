//! What a verification and the issuance that is made of it have to tell each other, in one transaction each.

use super::claimed;
use super::events::emit_verification;
use super::holder::Holder;
use super::supersede::supersede;
use crate::app::App;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::event::EventKind;
use crate::model::ids::IssuanceId;
use crate::model::issuance::{Issuance, State as IssuanceState};
use crate::model::job::Job;
use crate::model::time::Timestamp;
use crate::model::verification::{Reason, State, Verification};
use crate::store::{StoreError, Tx};

/// Tells the provider what has become of a verification, and writes down who did it. Codes and ids alone; why a vendor has declined
/// somebody is not written down: it would stay for ever.
pub(super) async fn tell(
    app: &App,
    tx: &mut Tx,
    (actor, event): (Actor, EventKind),
    verification: &Verification,
    now: Timestamp,
) -> Result<(), StoreError> {
    let act = match event {
        EventKind::VerificationApproved => AuditAction::VerificationApproved,
        EventKind::VerificationDeclined => AuditAction::VerificationDeclined,
        EventKind::VerificationIssued => AuditAction::Issued,
        EventKind::VerificationHalted => AuditAction::Halted,
        EventKind::VerificationReset => AuditAction::ApprovalLost,
        EventKind::VerificationEnded => AuditAction::VerificationEnded,
        _ => AuditAction::Failed,
    };
    if verification.state.is_over_without() {
        let waiting = tx.claims_of_verification(&verification.id).await?;
        claimed::give_up(app, tx, waiting, now).await?;
    }
    write_down(tx, (actor, act), verification, now).await?;
    emit_verification(app, tx, event, verification, now).await
}

/// Writes down who did what to a verification. It comes last in a transaction, behind the verification's row and its job's: whoever writes
/// an entry holds up all others who do, and two that took these in another order could wait for each other.
pub(super) async fn write_down(
    tx: &mut Tx,
    (actor, act): (Actor, AuditAction),
    verification: &Verification,
    now: Timestamp,
) -> Result<(), StoreError> {
    let reason = verification.reason.filter(|reason| !reason.is_decline());
    let issuance = verification.issuance_id.as_ref().map(IssuanceId::as_str);
    let detail = match act {
        AuditAction::Halted | AuditAction::Failed | AuditAction::VerificationEnded | AuditAction::Resumed => {
            reason.map(Reason::as_str)
        }
        AuditAction::VerificationApproved => issuance.or(reason.map(Reason::as_str)),
        AuditAction::VerificationOpened => Some(verification.source.as_str()),
        AuditAction::VerificationDeclined => None,
        _ => issuance,
    };
    let entry = AuditEntry::new(now, actor, act, verification.id.as_str());
    tx.record(&entry.detail(detail.unwrap_or_default())).await
}

/// The verification that an issuance is made for, and what makes it.
pub(super) struct MadeFor<'a> {
    /// As it was read.
    pub(super) verification: &'a Verification,
    /// What is done with it.
    pub(super) by: MadeBy<'a>,
    /// When the vendor, or the source of personhood, decided.
    pub(super) decided_at: Option<i64>,
}

/// What makes an issuance for a verification.
pub(super) enum MadeBy<'a> {
    /// A job that has asked a vendor: it is done.
    Job(&'a Job),
    /// A proof that this is a person, who is held to one credential.
    Proof(&'a Holder),
}

impl MadeFor<'_> {
    /// Remembers it with the issuance itself, so that there is one for each decision, whatever is killed when.
    /// [`StoreError::Stale`] if the verification has changed since it was read.
    pub(super) async fn record(
        &self,
        app: &App,
        tx: &mut Tx,
        issuance: &Issuance,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let before = self.verification;
        let is_first = before.issuance_id.is_none();
        let verification = Verification {
            state: if is_first { State::Approved } else { before.state },
            reason: None,
            obstacles: Vec::new(),
            waits_for: None,
            heard: None,
            decided_at: self.decided_at,
            made: before.made.saturating_add(1),
            issuance_id: Some(issuance.id.clone()),
            locked_contact: None, // it is the issuance's from now on
            waits_until: None,
            ..before.clone()
        };
        tx.change_verification(&verification, now).await?;
        let owner = before.owner(issuance.user_id);
        match tx.relay_check(&before.id).await? {
            // Of what one consumer gets the newest holds; what another one has is nothing to it.
            Some(consumer) => {
                tx.add_made(&issuance.id, &before.id, &format!("{owner}/{consumer}"), now).await?;
                tx.add_relay_credentials(consumer, &issuance.id, &issuance.ids).await?;
                let waiting = tx.claims_of_verification(&before.id).await?;
                claimed::attach(app, tx, waiting, issuance, now).await?;
            }
            None => tx.add_made(&issuance.id, &before.id, &owner, now).await?,
        }
        match self.by {
            MadeBy::Job(job) => tx.finish_job(job).await?,
            MadeBy::Proof(person) => person.hold(tx, &issuance.id, now).await?,
        }
        if is_first && before.state != State::Approved {
            emit_verification(app, tx, EventKind::VerificationApproved, &verification, now).await?;
        }
        write_down(tx, (before.vendor(), AuditAction::VerificationApproved), &verification, now).await
    }
}

/// An issuance has moved: the verification that it was made of goes with it.
pub(super) async fn follow(
    app: &App,
    tx: &mut Tx,
    issuance: &Issuance,
    to: IssuanceState,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(before) = tx.made_of(&issuance.id).await? else { return Ok(()) };
    if to == IssuanceState::Erased {
        tx.forget_relay_credentials(&issuance.id).await?;
    }
    match to {
        IssuanceState::Failed | IssuanceState::Erased => tx.release_person(&issuance.id).await?,
        // One that was replaced holds nobody any more. Whose only credential is revoked does not get one for somebody else.
        IssuanceState::Revoked => tx.release_person_if_held(&issuance.id).await?,
        _ => {}
    }
    if before.issuance_id.as_ref() != Some(&issuance.id) {
        return Ok(()); // there is a newer one
    }
    let (verification, event) = match to {
        IssuanceState::Issued if issuance.state != IssuanceState::Revoking => {
            let mut older = tx.made_before(&issuance.id).await?;
            older.extend(tx.made_for_person_before(&issuance.id).await?);
            older.sort_unstable();
            older.dedup();
            for older in older {
                supersede(tx, &older, &issuance.id, now).await?;
            }
            let issued = Verification { state: State::Issued, reason: None, ..before };
            (issued, Some(EventKind::VerificationIssued))
        }
        IssuanceState::Failed => {
            let reason = Some(Reason::IssuanceFailed);
            (Verification { state: State::Failed, reason, ..before }, Some(EventKind::VerificationFailed))
        }
        IssuanceState::Revoked => (Verification { state: State::Revoked, ..before }, None),
        IssuanceState::Erased => {
            tx.forget_events(before.id.as_str()).await?;
            (erased(before), None)
        }
        _ => return Ok(()),
    };
    tx.change_verification(&verification, now).await?;
    if let Some(event) = event {
        return tell(app, tx, (Actor::Service, event), &verification, now).await;
    }
    if verification.state == State::Erased {
        // By whom, the entry of the issuance says.
        return tx.unlink_audit(verification.id.as_str(), Actor::Service, now).await.map(|_| ());
    }
    write_down(tx, (Actor::Service, AuditAction::Revoked), &verification, now).await
}

/// What is left of a verification that is to be forgotten: ids and times of ours.
pub(super) fn erased(verification: Verification) -> Verification {
    Verification {
        state: State::Erased,
        user_id: None,
        reference: None,
        locked_contact: None,
        case_id: None,
        case_scope: None,
        waits_for: None,
        reason: None,
        obstacles: Vec::new(),
        heard: None,
        waits_until: None,
        ..verification
    }
}
