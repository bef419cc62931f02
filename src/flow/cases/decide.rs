//! What staff decide about a case.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::find::{self, Found};
use super::look::{Shown, shown};
use super::{CaseError, step};
use crate::app::App;
use crate::model::audit::{AuditAction, AuditEntry};
use crate::model::case::{
    Case, CaseState, Due, EXTENDED_MONTHS, ExtensionReason, Grounds, LegalBasis, NoCaseMove, RecordKind, Step,
};
use crate::model::ids::CaseId;
use crate::model::submitter::Submitter;
use crate::model::time::Timestamp;

/// Whose records are meant, where they may be several people's.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// All records of these users.
    pub users: Vec<Uuid>,
    /// These records, of those that name no user.
    pub records: Vec<String>,
}

async fn case_of(app: &App, caller: &Submitter, id: &CaseId) -> Result<Case, CaseError> {
    app.store.case_of(&caller.tenant, id).await?.ok_or(CaseError::NotFound)
}

/// Decides that a case is carried out. Where the records may be several people's, `choice` says whose are meant.
pub async fn decide(
    app: &App,
    caller: &Submitter,
    id: &CaseId,
    choice: Option<&Choice>,
) -> Result<Shown, CaseError> {
    let case = case_of(app, caller, id).await?;
    if case.state != CaseState::AwaitingDecision {
        return Err(NoCaseMove::Stands(case.state).into());
    }
    let found = find::these(app, &case.client, app.store.case_records(id).await?).await?;
    let chosen = match choice {
        Some(choice) => choose(found, choice)?,
        None if case.is_shared => return Err(CaseError::Choose),
        None => found,
    };
    let hold = hold_of(app, &case, &chosen).await?;
    let decided = Step::Decided { by: caller.actor().to_text(), hold };
    let case = step::take(app, caller.actor(), case, decided, Some(chosen)).await?;
    shown(app, case).await
}

/// The records that are chosen: some, since a case about none of them would be done without anything having been done.
fn choose(found: Found, choice: &Choice) -> Result<Found, CaseError> {
    let users: BTreeSet<_> = choice.users.iter().copied().collect();
    let records: BTreeSet<_> = choice.records.iter().map(String::as_str).collect();
    if users.is_empty() && records.is_empty() {
        return Err(CaseError::Choose);
    }
    if !users.is_subset(&found.users()) {
        return Err(CaseError::NotACandidate("users"));
    }
    let unowned: BTreeSet<_> =
        found.all().filter(|record| record.user_id.is_none()).map(|record| record.id).collect();
    if !records.iter().all(|id| unowned.contains(*id)) {
        return Err(CaseError::NotACandidate("records"));
    }
    Ok(found.only(|id, user| user.map_or_else(|| records.contains(id), |user| users.contains(&user))))
}

/// The law that wants records of a case held, and until when.
async fn hold_of(app: &App, case: &Case, records: &Found) -> Result<Option<(String, Timestamp)>, CaseError> {
    let Some(hold) = app.erasure.hold() else { return Ok(None) };
    let mut issuances = Vec::new();
    for (kind, id) in records.records() {
        if let (RecordKind::Issuance, Ok(id)) = (kind, id.parse()) {
            issuances.extend(app.store.issuance(&id).await?);
        }
    }
    let until = hold.of_case(&issuances, case.received_at, app.clock.now());
    Ok(until.map(|until| (hold.basis, until)))
}

/// The law that wants the records of a case held, as they are listed, and until when.
pub(super) async fn hold_on(app: &App, case: &Case) -> Result<Option<(String, Timestamp)>, CaseError> {
    let records = find::these(app, &case.client, app.store.case_records(&case.id).await?).await?;
    hold_of(app, case, &records).await
}

/// Approves what somebody else has decided.
pub async fn approve(app: &App, caller: &Submitter, id: &CaseId) -> Result<Shown, CaseError> {
    let case = case_of(app, caller, id).await?;
    if case.state != CaseState::AwaitingApproval {
        return Err(NoCaseMove::Stands(case.state).into());
    }
    if !case.waits_for_approval_of(&caller.actor().to_text()) {
        return Err(CaseError::SameDecider);
    }
    let hold = hold_on(app, &case).await?;
    let case = step::take(app, caller.actor(), case, Step::Approved { hold }, None).await?;
    shown(app, case).await
}

/// By when a case would be due if it were extended.
#[must_use]
pub fn extended_until(app: &App, case: &Case) -> Due {
    Due::after(case.received_at, EXTENDED_MONTHS, app.erasure.zone())
}

/// Extends the time of a case, once and within its first month, by two further months.
pub async fn extend(
    app: &App,
    caller: &Submitter,
    id: &CaseId,
    reason: ExtensionReason,
) -> Result<Shown, CaseError> {
    let case = case_of(app, caller, id).await?;
    let now = app.clock.now();
    if !case.state.waits_for_somebody() {
        return Err(NoCaseMove::Stands(case.state).into());
    }
    if case.extended.is_some() {
        return Err(CaseError::Extended);
    }
    if now > case.due_at {
        return Err(CaseError::TooLate);
    }
    let case = Case {
        due_at: extended_until(app, &case).at,
        extended: Some((now, reason)),
        alerted_at: None,
        updated_at: now,
        ..case
    };
    let mut tx = app.store.begin().await?;
    tx.change_case(&case).await?;
    let entry = AuditEntry::new(now, caller.actor(), AuditAction::CaseExtended, case.id.as_str());
    tx.record(&entry.detail(reason.as_str())).await?;
    tx.commit().await?;
    super::look::show(app, caller, id).await
}

/// Refuses a case. Grounds that are some other provision need it named.
pub async fn refuse(
    app: &App,
    caller: &Submitter,
    id: &CaseId,
    (grounds, basis): (Grounds, Option<LegalBasis>),
) -> Result<Shown, CaseError> {
    if grounds == Grounds::Other && basis.is_none() {
        return Err(CaseError::NoBasis);
    }
    let case = case_of(app, caller, id).await?;
    let case = step::take(app, caller.actor(), case, Step::Refused(grounds, basis), None).await?;
    shown(app, case).await
}

/// Ends a case because whoever has asked does not want it any more.
pub async fn withdraw(app: &App, caller: &Submitter, id: &CaseId) -> Result<Shown, CaseError> {
    let case = case_of(app, caller, id).await?;
    let case = step::take(app, caller.actor(), case, Step::Withdrawn, None).await?;
    shown(app, case).await
}
