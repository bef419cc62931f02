//! Open a verification, and say later what was not known then.

use identity_vendors::{CaseId, InvalidId};
use idos_credential::{Invalid, Problem};
use rand::rngs::OsRng;
use uuid::Uuid;

use crate::app::App;
use crate::flow::idempotency::{self, ReplayError};
use crate::flow::verified::{erased, write_down};
use crate::flow::{Accepted, claimed, contact};
use crate::model::audit::{Actor, AuditAction};
use crate::model::client::Idempotency;
use crate::model::ids::{VerificationId, random_uuid};
use crate::model::issuance::{Delivery, Reference};
use crate::model::job::{Job, Work};
use crate::model::personal::Contact;
use crate::model::submission::CopyFor;
use crate::model::submitter::Submitter;
use crate::model::time::{DAY, Timestamp};
use crate::model::verification::{Reason, State, Verification};
use crate::source::Source;
use crate::store::StoreError;
use crate::vault::VaultError;

/// What a provider says when a verification begins.
pub struct Opening {
    /// The name of a configured source.
    pub source: String,
    /// On whose authority the credential will be written.
    pub delivery: Delivery,
    /// Who gets the copy, if it is not the issuer.
    pub copy_for: Option<CopyFor>,
    /// The idOS user, if that is known.
    pub user_id: Option<Uuid>,
    /// Whom to write to.
    pub contact: Option<Contact>,
    /// The provider's reference.
    pub reference: Option<Reference>,
    /// The vendor's case, if there is one already.
    pub case: Option<VendorCase>,
}

/// The vendor's ids of a case.
pub struct VendorCase {
    /// Its id.
    pub id: String,
    /// What else finds it.
    pub scope: Option<String>,
}

impl VendorCase {
    /// Refuses what can be no id of a vendor's.
    pub fn new(id: &str, scope: Option<&str>) -> Result<Self, InvalidId> {
        let read = |text: &str| CaseId::new(text).map(|id| id.as_str().to_owned());
        Ok(Self { id: read(id)?, scope: scope.map(read).transpose()? })
    }
}

/// Why no verification is opened.
#[derive(Debug, thiserror::Error)]
pub enum OpeningError {
    /// A field.
    #[error("it is refused: {0}")]
    Invalid(#[from] Invalid),
    /// Another request had the same key.
    #[error("the Idempotency-Key was used for another request")]
    KeyReused,
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ReplayError> for OpeningError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::KeyReused => Self::KeyReused,
            ReplayError::Store(error) => Self::Store(error),
        }
    }
}

/// Opens a verification.
pub async fn open(
    app: &App,
    caller: &Submitter,
    key: &Idempotency,
    opening: Opening,
) -> Result<Accepted<Verification>, OpeningError> {
    if let Some(accepted) = replay(app, caller, key).await? {
        return Ok(accepted);
    }
    let Some(source) = find(app, &opening.source, &caller.tenant) else {
        return Err(invalid("source", "names no configured source of this client").into());
    };
    if opening.case.is_some() && source.poll_seconds.is_none() {
        return Err(invalid("case", NO_CASES).into());
    }
    let now = app.clock.now();
    let id = VerificationId::new(now, &mut OsRng);
    let locked_contact = opening
        .contact
        .map(|contact| contact::lock(&app.vault, (id.as_str(), &caller.tenant), &contact))
        .transpose()?;
    let (case_id, case_scope) = match opening.case {
        Some(case) => (Some(case.id), case.scope),
        None => (None, None),
    };
    let verification = Verification {
        client: caller.tenant.clone(),
        source: opening.source,
        external_id: random_uuid(&mut OsRng),
        state: State::Opened,
        delivery: opening.delivery,
        user_id: opening.user_id,
        reference: opening.reference.map(Reference::into_string),
        copy_for: opening.copy_for.map(|copy| (copy.grantee, copy.encryption_key.to_base64())),
        locked_contact,
        case_id,
        case_scope,
        waits_for: None,
        reason: None,
        obstacles: Vec::new(),
        heard: None,
        heard_at: None,
        decided_at: None,
        made: 0,
        issuance_id: None,
        version: 0,
        waits_until: Some(days_from(source.wait_days, now)),
        created_at: now,
        updated_at: now,
        id,
    };
    let Some(mut tx) = idempotency::claim(app, caller, key, verification.id.as_str(), now).await? else {
        return replay(app, caller, key).await?.ok_or(OpeningError::KeyReused);
    };
    match tx.add_verification(&verification).await {
        Err(StoreError::Exists) => return Err(invalid("case.id", CASE_TAKEN).into()),
        added => added?,
    }
    if let (Some(pause), Some(_)) = (source.poll_seconds, &verification.case_id) {
        tx.enqueue(&look_after(pause, &verification, now)).await?;
    }
    write_down(&mut tx, (caller.actor(), AuditAction::VerificationOpened), &verification, now).await?;
    tx.commit().await?;
    metrics::counter!("verifications_opened_total", "source" => verification.source.clone()).increment(1);
    tracing::info!(verification.id = %verification.id, source = verification.source, "Opened {}", verification.id);
    Ok(Accepted { record: verification, replayed: false })
}

/// What is said of a case that another verification has.
const CASE_TAKEN: &str = "is that of another verification";

async fn replay(
    app: &App,
    caller: &Submitter,
    key: &Idempotency,
) -> Result<Option<Accepted<Verification>>, ReplayError> {
    idempotency::replay(app, caller, key, async |id: &VerificationId| app.store.verification(id).await).await
}

/// What is said of a case at a source of personhood.
const NO_CASES: &str = "is not taken: a source of personhood has no cases";

/// What an opening has to know of a source.
#[derive(Clone, Copy)]
struct Found {
    wait_days: u32,
    /// The first pause before it is asked unbidden; nothing for a source of personhood, which is asked when a proof comes.
    poll_seconds: Option<u32>,
}

/// The configured source of this name, of whichever sort, if it is this client's.
fn find(app: &App, name: &str, tenant: &str) -> Option<Found> {
    let vendor = app.source(name).filter(|source| source.tenant == tenant);
    let vendor = vendor.map(|of| Found { wait_days: of.wait_days, poll_seconds: Some(of.poll_seconds) });
    let person = app.person_source(name).filter(|source| source.tenant == tenant);
    vendor.or_else(|| person.map(|of| Found { wait_days: of.wait_days, poll_seconds: None }))
}

fn days_from(days: u32, now: Timestamp) -> Timestamp {
    now.plus_millis(i64::from(days) * DAY)
}

/// Until when a verification waits that begins to wait now.
pub(super) fn waits_until(source: &Source, now: Timestamp) -> Timestamp {
    days_from(source.wait_days, now)
}

/// The vendor is asked unbidden, after the first pause.
pub(super) fn first_look(source: &Source, of: &Verification, now: Timestamp) -> Job {
    look_after(source.poll_seconds, of, now)
}

fn look_after(seconds: u32, of: &Verification, now: Timestamp) -> Job {
    let due_at = now.plus_millis(i64::from(seconds) * 1000);
    Job { due_at, ..ask_now(&of.source, of.id.as_str(), now) }
}

/// The vendor is asked at once.
pub(super) fn ask_now(source: &str, subject: &str, now: Timestamp) -> Job {
    Job { target: source.to_owned(), ..Job::new(Work::FetchResult, subject, now, &mut OsRng) }
}

/// What is said of a verification after it was opened.
#[derive(Default)]
pub struct Resumption {
    /// The idOS user.
    pub user_id: Option<Uuid>,
    /// The vendor's case.
    pub case: Option<VendorCase>,
}

/// Why a verification is not brought on.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// The caller has none.
    #[error("there is no such verification")]
    NotFound,
    /// There is nothing to bring on.
    #[error("a verification that is {0} is not brought on")]
    Conflict(State),
    /// Neither is the vendor's case known, nor is it given.
    #[error("it is refused: {0}")]
    Invalid(#[from] Invalid),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Has the vendor asked once more, with what is known by now. Asking again changes nothing.
pub async fn resume(
    app: &App,
    caller: &Submitter,
    id: &VerificationId,
    with: Resumption,
) -> Result<Verification, ResumeError> {
    let before = app.store.verification_of(&caller.tenant, id).await?.ok_or(ResumeError::NotFound)?;
    bring_on(app, caller.actor(), before, with).await
}

/// The same, by somebody's word, with nothing that was not known.
pub(in crate::flow) async fn resume_as(
    app: &App,
    actor: Actor,
    before: Verification,
) -> Result<Verification, ResumeError> {
    bring_on(app, actor, before, Resumption::default()).await
}

async fn bring_on(
    app: &App,
    actor: Actor,
    before: Verification,
    with: Resumption,
) -> Result<Verification, ResumeError> {
    let is_open = matches!(before.state, State::Opened | State::Pending | State::Halted)
        || (before.state == State::Approved && before.issuance_id.is_none());
    if !is_open {
        return Err(ResumeError::Conflict(before.state));
    }
    let now = app.clock.now();
    let mut verification = before.clone();
    verification.user_id = with.user_id.or(before.user_id);
    if with.case.is_some() && app.person_source(&before.source).is_some() {
        return Err(invalid("case", NO_CASES).into());
    }
    if let Some(case) = with.case {
        (verification.case_id, verification.case_scope) = (Some(case.id), case.scope);
    }
    if verification.reason == Some(Reason::UserIdMissing) && with.user_id.is_some() {
        (verification.reason, verification.obstacles) = (None, Vec::new());
    }
    let mut tx = app.store.begin().await?;
    match tx.change_verification(&verification, now).await {
        Err(StoreError::Exists) => return Err(invalid("case.id", CASE_TAKEN).into()),
        changed => changed?,
    }
    if verification.case_id.is_some() {
        tx.enqueue(&ask_now(&verification.source, verification.id.as_str(), now)).await?;
    }
    write_down(&mut tx, (actor, AuditAction::Resumed), &before, now).await?;
    tx.commit().await?;
    app.store.verification(&before.id).await?.ok_or(ResumeError::NotFound)
}

/// Why a verification is not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// The caller has none.
    #[error("there is no such verification")]
    NotFound,
    /// It has an issuance, which is to be erased: the verification goes with it.
    #[error("it has an issuance: erase that, and the verification goes with it")]
    HasIssuance,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Forgets a verification that has no issuance, but for ids and times of ours. Asking again changes nothing.
pub async fn erase(app: &App, caller: &Submitter, id: &VerificationId) -> Result<Verification, EraseError> {
    let before = app.store.verification_of(&caller.tenant, id).await?.ok_or(EraseError::NotFound)?;
    if before.state == State::Erased {
        return Ok(before);
    }
    if before.issuance_id.is_some() {
        return Err(EraseError::HasIssuance);
    }
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    tx.change_verification(&erased(before), now).await?;
    let waiting = tx.claims_of_verification(id).await?;
    for claim in &waiting {
        tx.forget_relay_start(&claim.id).await?;
    }
    claimed::give_up(app, &mut tx, waiting, now).await?;
    tx.forget_events(id.as_str()).await?;
    tx.drop_jobs(id.as_str()).await?;
    tx.unlink_audit(id.as_str(), caller.actor(), now).await?;
    tx.commit().await?;
    app.store.forget_traces().await?;
    app.store.verification(id).await?.ok_or(EraseError::NotFound)
}

/// Has the vendor asked once more, whosever verification it is: for operators. `false` if there is none, or it is over, or the
/// vendor's case is not known.
pub async fn ask_again(app: &App, id: &VerificationId) -> Result<bool, StoreError> {
    let Some(of) = app.store.verification(id).await? else { return Ok(false) };
    if of.state.is_final() || of.case_id.is_none() {
        return Ok(false);
    }
    let mut tx = app.store.begin().await?;
    let now = app.clock.now();
    tx.enqueue(&ask_now(&of.source, of.id.as_str(), now)).await?;
    write_down(&mut tx, (Actor::Operator, AuditAction::Resumed), &of, now).await?;
    tx.commit().await?;
    Ok(true)
}

fn invalid(field: &str, problem: &'static str) -> Invalid {
    Problem::new(field, problem).into()
}
