//! Tell the outside what has happened: an event, and a webhook for each endpoint that wants it.

use std::time::Duration;

use idos_webhooks::{Message, SendError};
use rand::rngs::OsRng;
use serde::Serialize;

use crate::app::App;
use crate::model::audit::{AuditAction, AuditEntry};
use crate::model::case::Case;
use crate::model::claim::Claim;
use crate::model::event::{Event, EventKind};
use crate::model::ids::{CaseId, EventId, IssuanceId};
use crate::model::issuance::{HaltCode, Issuance, Kind};
use crate::model::job::{Job, Work};
use crate::model::profile::{Profile, RecordId};
use crate::model::retry;
use crate::model::submitter::Submitter;
use crate::model::time::HOUR;
use crate::model::time::Timestamp;
use crate::model::verification::{Reason, Verification};
use crate::model::wallet_link::WalletLink;
use crate::store::{StoreError, Tx};

/// What a webhook carries. Nothing of it is about a person.
#[derive(Serialize)]
struct Body<D> {
    r#type: &'static str,
    timestamp: String,
    data: D,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    issuance_id: &'a str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_hash: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
}

/// Records, with the change itself, that it is to be told.
pub async fn emit(
    app: &App,
    tx: &mut Tx,
    kind: EventKind,
    issuance: &Issuance,
    code: Option<HaltCode>,
    now: Timestamp,
) -> Result<(), StoreError> {
    record(app, tx, of_issuance(kind, issuance, code, now), now).await
}

/// What is told of an issuance.
pub(super) fn of_issuance(
    kind: EventKind,
    issuance: &Issuance,
    code: Option<HaltCode>,
    now: Timestamp,
) -> Event {
    let erased = kind == EventKind::Erased;
    let data = Data {
        issuance_id: issuance.id.as_str(),
        kind: issuance.kind.as_str(),
        reference: issuance.reference.as_deref().filter(|_| !erased),
        credential_id: (kind != EventKind::Failed && kind != EventKind::Halted)
            .then(|| issuance.ids.original.to_string()),
        transaction_hash: issuance.transaction.as_ref().map(|transaction| transaction.hash.as_str()),
        valid_until: issuance.valid_until.map(|end| end.to_string()).filter(|_| !erased),
        code: code.map(HaltCode::as_str),
    };
    event(kind, (issuance.client.as_str(), issuance.id.as_str()), data, now)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VerificationData<'a> {
    verification_id: &'a str,
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuance_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
}

/// Records, with the change of a verification itself, that it is to be told.
pub(super) async fn emit_verification(
    app: &App,
    tx: &mut Tx,
    kind: EventKind,
    verification: &Verification,
    now: Timestamp,
) -> Result<(), StoreError> {
    let data = VerificationData {
        verification_id: verification.id.as_str(),
        source: &verification.source,
        reference: verification.reference.as_deref(),
        issuance_id: verification.issuance_id.as_ref().map(IssuanceId::as_str),
        code: verification.reason.map(Reason::as_str),
    };
    tell(app, tx, kind, (verification.client.as_str(), verification.id.as_str()), data, now).await
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WalletData<'a> {
    link_id: &'a str,
    wallet_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_hash: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
}

/// Records, with the change of a wallet's record itself, that it is to be told to whoever has linked the wallet. `record` is as
/// it is after the change. A wallet that no link has brought is told of to nobody.
pub(super) async fn emit_wallet(
    app: &App,
    tx: &mut Tx,
    kind: EventKind,
    record: &Profile,
    now: Timestamp,
) -> Result<(), StoreError> {
    if matches!(record.id, RecordId::Profile(_)) {
        return Ok(());
    }
    for link in tx.links_of_record(&record.id).await? {
        emit_link(app, tx, kind, &link, record, now).await?;
    }
    Ok(())
}

/// The same for one link.
pub(super) async fn emit_link(
    app: &App,
    tx: &mut Tx,
    kind: EventKind,
    link: &WalletLink,
    record: &Profile,
    now: Timestamp,
) -> Result<(), StoreError> {
    let data = WalletData {
        link_id: link.id.as_str(),
        wallet_id: record.id.as_str(),
        reference: link.reference.as_deref(),
        transaction_hash: record.transaction.as_ref().map(|transaction| transaction.hash.as_str()),
        code: record.halt.map(HaltCode::as_str),
    };
    tell(app, tx, kind, (link.client.as_str(), link.id.as_str()), data, now).await
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClaimData<'a> {
    claim_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuance_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
}

/// Records, with the change of a claim itself, that it is to be told.
pub(super) async fn emit_claim(
    app: &App,
    tx: &mut Tx,
    kind: EventKind,
    claim: &Claim,
    code: Option<HaltCode>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let data = ClaimData {
        claim_id: claim.id.as_str(),
        kind: claim.kind.map(Kind::as_str),
        reference: claim.reference.as_deref(),
        user_id: claim.identified().map(|id| id.to_string()),
        issuance_id: claim.issuance_id.as_ref().map(IssuanceId::as_str),
        code: code.map(HaltCode::as_str),
    };
    tell(app, tx, kind, (claim.client.as_str(), claim.id.as_str()), data, now).await
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhaseData {
    ended_at: String,
    choose_until: String,
}

/// Records, with the first offers of a client's, that the phase has ended in which content was kept after delivery, and until when
/// people can choose.
pub(super) async fn emit_phase_ended(
    app: &App,
    tx: &mut Tx,
    client: &str,
    (ended, until): (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<(), StoreError> {
    let data = PhaseData { ended_at: ended.to_string(), choose_until: until.to_string() };
    tell(app, tx, EventKind::SafetyNetEnded, (client, "safety_net"), data, now).await
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CaseData<'a> {
    case_id: &'a str,
    due_at: String,
}

/// Records, with the change of a case itself, that it is to be told.
pub(super) async fn emit_case(
    app: &App,
    tx: &mut Tx,
    kind: EventKind,
    case: &Case,
    now: Timestamp,
) -> Result<(), StoreError> {
    let data = CaseData { case_id: case.id.as_str(), due_at: case.due_at.to_string() };
    tell(app, tx, kind, (case.client.as_str(), case.id.as_str()), data, now).await
}

#[derive(Serialize)]
struct RecordsData<'a> {
    records: &'a [&'a str],
}

/// Records, with the change of a case itself, that it is to be told which records are forgotten. It says nothing else.
pub(super) async fn emit_erased(
    app: &App,
    tx: &mut Tx,
    (client, case): (&str, &CaseId),
    records: &[&str],
    now: Timestamp,
) -> Result<(), StoreError> {
    let data = RecordsData { records };
    tell(app, tx, EventKind::RecordErased, (client, case.as_str()), data, now).await
}

/// Records an event about a client's record, and queues a webhook for each endpoint that wants it.
async fn tell(
    app: &App,
    tx: &mut Tx,
    kind: EventKind,
    (client, subject): (&str, &str),
    data: impl Serialize,
    now: Timestamp,
) -> Result<(), StoreError> {
    record(app, tx, event(kind, (client, subject), data, now), now).await
}

fn event(kind: EventKind, (client, subject): (&str, &str), data: impl Serialize, now: Timestamp) -> Event {
    let body = Body { r#type: kind.as_str(), timestamp: now.to_string(), data };
    Event {
        id: EventId::new(now, &mut OsRng),
        client: client.to_owned(),
        kind,
        subject: subject.to_owned(),
        body: serde_json::to_string(&body).unwrap_or_default(), // texts only
        created_at: now,
    }
}

async fn record(app: &App, tx: &mut Tx, event: Event, now: Timestamp) -> Result<(), StoreError> {
    let jobs: Vec<_> = webhooks(app, &event, now).collect();
    tx.add_events(&[event], &jobs).await
}

/// The work of telling it to each endpoint that wants it.
pub(super) fn webhooks<'a>(app: &'a App, event: &'a Event, now: Timestamp) -> impl Iterator<Item = Job> + 'a {
    let wanted = app.endpoints.iter().filter(|endpoint| endpoint.wants(&event.client, event.kind));
    wanted.map(move |endpoint| {
        let work = Job::new(Work::SendWebhook, event.id.as_str(), now, &mut OsRng);
        Job { target: endpoint.name.clone(), series: event.subject.clone(), ..work }
    })
}

/// Why an event is not told again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The caller has no such event.
    #[error("there is no such event")]
    NotFound,
    /// It has been told again a moment ago.
    #[error("it has been told again less than {} seconds ago", TELL_AGAIN / 1000)]
    TooSoon,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How long an event is not told again after it was, in milliseconds.
pub const TELL_AGAIN: i64 = 60_000;

/// Tells an event again, to every endpoint that wants it. It keeps its id, by which receivers know it. One that is being told
/// is not told twice, and nothing is recorded of having asked for it.
pub async fn replay(app: &App, caller: &Submitter, id: &EventId) -> Result<Event, ReplayError> {
    let event = app.store.event_of(&caller.tenant, id).await?;
    let event = event.ok_or(ReplayError::NotFound)?;
    let now = app.clock.now();

    let mut tx = app.store.begin().await?;
    // In the transaction, so that of several that ask at the same time one is heard.
    let is_heard = tx.mark_replayed(id, now, now.plus_millis(-TELL_AGAIN)).await?;
    if tx.is_being_told(id).await? {
        return Ok(event);
    }
    if !is_heard {
        return Err(ReplayError::TooSoon);
    }
    let jobs: Vec<_> = webhooks(app, &event, now).collect();
    tx.add_events(&[], &jobs).await?;
    tx.record(
        &AuditEntry::new(now, caller.actor(), AuditAction::EventReplayed, &event.subject)
            .detail(event.id.as_str()),
    )
    .await?;
    tx.commit().await?;
    Ok(event)
}

/// What came of telling an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// It has answered: yes, or no to this event.
    Answered,
    /// It has not, or is in trouble.
    NotAnswered {
        /// When it wants to be asked again, if it said so.
        come_again: Option<Duration>,
    },
    /// There was nothing to tell.
    Nothing,
}

impl SendOutcome {
    fn of(outcome: &Result<(), SendError>) -> Self {
        match outcome {
            Err(SendError::Status { status: 408 | 429 | 500.., retry_after }) => {
                Self::NotAnswered { come_again: *retry_after }
            }
            Ok(()) | Err(SendError::Status { .. } | SendError::Gone) => Self::Answered,
            Err(_) => Self::NotAnswered { come_again: None },
        }
    }
}

/// Forgets what waits for endpoints that are not in the configuration any more. Not at once: another replica may have got
/// its configuration before this one.
pub async fn forget_endpoints(app: &App) -> Result<(), StoreError> {
    let before = app.clock.now().plus_millis(-HOUR);
    for queue in app.store.queues_with_work().await? {
        let Some(endpoint) =
            queue.strip_prefix(Work::SendWebhook.as_str()).and_then(|rest| rest.strip_prefix('/'))
        else {
            continue;
        };
        if app.endpoints.iter().any(|known| known.name == endpoint) {
            continue;
        }
        let dropped = app.store.drop_queue(&queue, before).await?;
        if dropped > 0 {
            tracing::warn!(
                endpoint,
                webhooks = dropped,
                "They are for no endpoint of the configuration, and are dropped"
            );
        }
    }
    Ok(())
}

/// Tells one endpoint about one event. What fails is tried again, until somebody has to see to it. What else is to be told of
/// the same issuance waits: events of one issuance arrive in the order in which they happened.
pub async fn send_webhook(app: &App, job: &Job) -> Result<SendOutcome, StoreError> {
    let event = match job.subject.parse() {
        Ok(id) => app.store.event(&id).await?,
        Err(_) => None,
    };
    let endpoint = app.endpoints.iter().find(|endpoint| endpoint.name == job.target);
    let (Some(event), Some(endpoint)) = (event, endpoint) else {
        // The event is too old, or the endpoint is not in the configuration any more: there is nothing to tell.
        let mut tx = app.store.begin().await?;
        tx.finish_job(job).await?;
        tx.bring_series_forward(job, app.clock.now()).await?;
        tx.commit().await?;
        return Ok(SendOutcome::Nothing);
    };
    let now = app.clock.now();
    let outcome = match Message::new(event.id.as_str(), now.unix_seconds(), event.body.into_bytes()) {
        Ok(message) => app.sender.send(&endpoint.url, &message, &endpoint.secrets).await.map(|_| ()),
        Err(_) => Ok(()), // an id that is none cannot be told
    };

    let told = SendOutcome::of(&outcome);
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    match outcome {
        Ok(()) => {
            metrics::counter!("webhooks_total", "outcome" => "delivered").increment(1);
            tx.finish_job(job).await?;
            tx.bring_series_forward(job, now).await?;
        }
        Err(error) if error.is_worth_retrying() && job.attempts < app.delivery.max_attempts => {
            metrics::counter!("webhooks_total", "outcome" => "retried").increment(1);
            let due = retry::due(now, job.attempts, error.retry_after(), &mut OsRng);
            tx.retry_job(job, due, &error.to_string()).await?;
        }
        Err(error) => {
            metrics::counter!("webhooks_total", "outcome" => "halted").increment(1);
            tracing::warn!(event.id = %event.id, endpoint = endpoint.name, "A webhook is given up: {error}");
            tx.halt_job(job, &error.to_string()).await?;
            tx.bring_series_forward(job, now).await?;
        }
    }
    tx.commit().await?;
    Ok(told)
}
