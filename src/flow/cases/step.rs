//! A step of a case: what it changes, in one transaction.

use super::CaseError;
use super::find::{self, Found};
use crate::app::App;
use crate::flow::erasure;
use crate::flow::events::emit_case;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::case::{Case, CaseState, Step};
use crate::model::event::EventKind;
use crate::store::{StoreError, Tx};

/// Takes a step. `records` are those that the case is about from then on, if others than before. When it is carried out, what has come
/// since of the same person is listed as well.
pub(super) async fn take(
    app: &App,
    actor: Actor,
    case: Case,
    step: Step,
    records: Option<Found>,
) -> Result<Case, CaseError> {
    let now = app.clock.now();
    let before = case.id.clone();
    let mut after = case.after(&step, super::rules(app), now)?;
    let records = match (after.state, records) {
        (CaseState::CarryingOut, records) => {
            let listed = match records {
                Some(chosen) => chosen.records(),
                None => app.store.case_records(&before).await?,
            };
            Some(find::again(app, &after.client, listed).await?)
        }
        (_, records) => records,
    };
    if let Some(records) = &records {
        after.records = u32::try_from(records.len()).unwrap_or(u32::MAX);
        after.is_shared = records.is_shared() && after.decided_at.is_none();
    }

    let mut tx = app.store.begin().await?;
    tx.change_case(&after).await?;
    match (after.state, &records) {
        // What is not erased is not listed any longer than somebody has to decide about it.
        (CaseState::Refused | CaseState::Withdrawn, _) => tx.drop_case_records(&after.id).await?,
        (_, Some(records)) => list(&mut tx, &after, records).await?,
        (_, None) => {}
    }
    if after.state == CaseState::CarryingOut {
        erasure::begin(&mut tx, &after.id, now).await?;
    }
    if matches!(step, Step::Identified(_)) {
        emit_case(app, &mut tx, EventKind::CaseIdentified, &after, now).await?;
    }
    let (act, detail) = written_down(&step, &after);
    tx.record(&AuditEntry::new(now, actor, act, after.id.as_str()).detail(detail)).await?;
    tx.commit().await?;
    app.store.case(&after.id).await?.ok_or(CaseError::NotFound)
}

/// Lists these records of a case, and no others.
async fn list(tx: &mut Tx, case: &Case, records: &Found) -> Result<(), StoreError> {
    tx.drop_case_records(&case.id).await?;
    tx.list_case_records(&case.id, &records.records()).await
}

fn written_down(step: &Step, after: &Case) -> (AuditAction, String) {
    let held = || after.held.as_ref().map_or_else(String::new, |(_, until)| format!("held_until:{until}"));
    match step {
        Step::Identified(identity) => (AuditAction::CaseIdentified, identity.to_string()),
        Step::Decided { .. } => (AuditAction::CaseDecided, held()),
        Step::Approved { .. } => (AuditAction::CaseApproved, held()),
        Step::HoldOver => (AuditAction::CaseHoldOver, String::new()),
        Step::Refused(grounds, _) => (AuditAction::CaseRefused, grounds.to_string()),
        Step::Withdrawn => (AuditAction::CaseWithdrawn, String::new()),
        // Whoever carries it out writes that down.
        Step::CarriedOut => (AuditAction::Erased, String::new()),
    }
}
