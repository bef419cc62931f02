//! Open a case: a request was received.

use rand::rngs::OsRng;

use super::find::{Found, Whose, find};
use super::look::{Shown, shown};
use super::{CaseError, mail};
use crate::app::App;
use crate::flow::{Accepted, idempotency};
use crate::model::audit::{AuditAction, AuditEntry};
use crate::model::case::{Case, CaseOrigin, CaseState, Due, Identity, MONTHS};
use crate::model::client::Idempotency;
use crate::model::ids::CaseId;
use crate::model::submitter::Submitter;
use crate::model::time::{DAY, Timestamp};

/// How long ago a request may have been received that is opened now, in milliseconds.
const OLDEST: i64 = 366 * DAY;

/// A request.
#[derive(Debug)]
pub struct NewCase {
    /// By what the person is known. It is not kept.
    pub whose: Whose,
    /// When it was received; now, if that is not said.
    pub received_at: Option<Timestamp>,
    /// By what it is known that whoever asks is the person, if it is: a client vouches for it, or the person has shown it before they ask.
    pub identity: Option<Identity>,
    /// Who has asked.
    pub origin: CaseOrigin,
}

/// Opens a case for all records of a person; for none, if there are none: the request is to be answered all the same. A `key` makes a
/// request the same as an earlier one.
pub async fn open(
    app: &App,
    caller: &Submitter,
    key: Option<&Idempotency>,
    new: NewCase,
) -> Result<Accepted<Shown>, CaseError> {
    if let Some(accepted) = replay(app, caller, key).await? {
        return Ok(accepted);
    }
    let now = app.clock.now();
    let received_at = new.received_at.unwrap_or(now);
    if received_at > now || received_at < now.plus_millis(-OLDEST) {
        return Err(CaseError::ReceivedAt);
    }
    if new.identity == Some(Identity::Client) && !app.erasure.clients_vouch() {
        return Err(CaseError::NotVouched);
    }
    let found = find(app, &caller.tenant, &new.whose).await?;
    let identity = match new.identity {
        // An address shows who it is where the records have no other one.
        Some(Identity::Mail) if mail::address_of(app, &found.records()).await.is_err() => None,
        identity => identity,
    };
    let case = made(app, caller, (new.origin, identity), received_at, &found);
    let tx = match key {
        Some(key) => idempotency::claim(app, caller, key, case.id.as_str(), now).await?,
        None => Some(app.store.begin().await?),
    };
    let Some(mut tx) = tx else {
        return replay(app, caller, key).await?.ok_or(CaseError::KeyReused);
    };
    tx.add_case(&case).await?;
    tx.list_case_records(&case.id, &found.records()).await?;
    if case.origin == CaseOrigin::Person {
        tx.note_asked_erasure(&case.id, &found.records()).await?;
    }
    let entry = AuditEntry::new(now, caller.actor(), AuditAction::CaseOpened, case.id.as_str());
    tx.record(&entry.detail(format!("{} records:{}", case.origin, case.records))).await?;
    if let Some(identity) = case.identity {
        let entry = AuditEntry::new(now, caller.actor(), AuditAction::CaseIdentified, case.id.as_str());
        tx.record(&entry.detail(identity.as_str())).await?;
    }
    tx.commit().await?;
    Ok(Accepted { record: shown(app, case).await?, replayed: false })
}

fn made(
    app: &App,
    caller: &Submitter,
    (origin, identity): (CaseOrigin, Option<Identity>),
    received_at: Timestamp,
    found: &Found,
) -> Case {
    let now = app.clock.now();
    let state = if identity.is_some() { CaseState::AwaitingDecision } else { CaseState::AwaitingIdentity };
    Case {
        id: CaseId::new(now, &mut OsRng),
        client: caller.tenant.clone(),
        state,
        origin,
        received_at,
        due_at: Due::after(received_at, MONTHS, app.erasure.zone()).at,
        revokes: app.erasure.revoke,
        records: u32::try_from(found.len()).unwrap_or(u32::MAX),
        is_shared: found.is_shared(),
        identity,
        identified_at: identity.map(|_| now),
        decided_by: None,
        decided_at: None,
        approved_at: None,
        extended: None,
        held: None,
        refusal: None,
        alerted_at: None,
        receipt: None,
        version: 0,
        created_at: now,
        updated_at: now,
    }
}

async fn replay(
    app: &App,
    caller: &Submitter,
    key: Option<&Idempotency>,
) -> Result<Option<Accepted<Shown>>, CaseError> {
    let Some(key) = key else { return Ok(None) };
    let read = async |id: &CaseId| app.store.case(id).await;
    let Some(Accepted { record, replayed }) = idempotency::replay(app, caller, key, read).await? else {
        return Ok(None);
    };
    Ok(Some(Accepted { record: shown(app, record).await?, replayed }))
}
