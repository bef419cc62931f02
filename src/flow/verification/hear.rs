//! Take what a vendor tells. It is only noted, by ids, and asked about later: the answer is fast, and nothing of a webhook is kept
//! that could be about a person.

use identity_vendors::{Case, Event, Notice, Proof};
use uuid::Uuid;

use super::open::{ask_now, first_look};
use crate::app::App;
use crate::model::audit::{AuditAction, AuditEntry};
use crate::model::time::Timestamp;
use crate::model::verification::{State, Verification, WaitsFor};
use crate::source::Source;
use crate::store::{StoreError, Tx, VendorEvent};

/// How often a change is tried that somebody else was faster with.
const TRIES: usize = 5;

/// What became of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is acted on.
    Accepted,
    /// It was taken before.
    Repeated,
    /// It is about nothing that is known here, or changes nothing.
    Ignored,
}

impl Taken {
    /// `accepted` and so on.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Repeated => "repeated",
            Self::Ignored => "ignored",
        }
    }
}

/// Takes a webhook whose signature was checked.
pub async fn hear(app: &App, source: &Source, notice: &Notice, proof: Proof) -> Result<Taken, StoreError> {
    let mut outcome = Err(StoreError::Stale);
    for _ in 0..TRIES {
        outcome = note(app, source, notice, proof).await;
        if !matches!(outcome, Err(StoreError::Stale)) {
            break;
        }
    }
    let heard = outcome?;
    metrics::counter!(
        "vendor_webhooks_total",
        "source" => source.name.to_string(), "event" => notice.event.as_str(), "outcome" => heard.as_str()
    )
    .increment(1);
    Ok(heard)
}

async fn note(app: &App, source: &Source, notice: &Notice, proof: Proof) -> Result<Taken, StoreError> {
    let name = source.name.as_str();
    // Under each vault key: a repetition is known while one is being replaced, too.
    let delivery = format!("{name}\0{}", notice.delivery);
    let ids: Vec<_> = app.vault.indexes("vendor_event", delivery.as_bytes());
    let ids: Vec<_> = ids.into_iter().map(|hash| format!("{name}/{hash}")).collect();
    for id in &ids {
        if app.store.vendor_event(id).await?.is_some() {
            return Ok(Taken::Repeated);
        }
    }
    let now = app.clock.now();
    let before = match &notice.case {
        Some(case) => find(app, source, case).await?,
        None => None,
    };
    let event = VendorEvent {
        id: ids.into_iter().next().unwrap_or_default(),
        event: notice.event.as_str().to_owned(),
        verification_id: before.as_ref().map(|verification| verification.id.clone()),
        case_id: notice.case.as_ref().map(|case| case.id.as_str().to_owned()),
        case_scope: notice.case.as_ref().and_then(|case| Some(case.scope.as_ref()?.as_str().to_owned())),
        received_at: now,
    };
    let changed = match (&before, &notice.case) {
        (Some(before), Some(case)) => after(app, source, before, notice, case).await?,
        _ => None,
    };
    let mut tx = app.store.begin().await?;
    match tx.add_vendor_event(&event).await {
        Err(StoreError::Exists) => return Ok(Taken::Repeated),
        added => added?,
    }
    let heard = match (changed, before) {
        (Some(verification), _) => {
            tx.change_verification(&verification, now).await?;
            tx.enqueue(&work(source, &verification, notice.event, now)).await?;
            told(&mut tx, &verification, notice.event.as_str(), now).await?;
            Taken::Accepted
        }
        // Whose it is, the vendor has to say. What is not signed makes us ask about nothing that we do not know.
        (None, None)
            if notice.event.is_worth_asking() && proof == Proof::Signed && event.case_id.is_some() =>
        {
            tx.enqueue(&ask_now(name, &event.id, now)).await?;
            Taken::Accepted
        }
        _ => Taken::Ignored,
    };
    tx.commit().await?;
    Ok(heard)
}

/// Writes down what a vendor has told of a verification, unless it is only that it goes on.
pub(super) async fn told(
    tx: &mut Tx,
    verification: &Verification,
    event: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    if event == Event::Progress.as_str() {
        return Ok(());
    }
    let entry =
        AuditEntry::new(now, verification.vendor(), AuditAction::VendorTold, verification.id.as_str());
    tx.record(&entry.detail(event)).await
}

/// The verification that a case is of: by our own id, which the vendor has as its reference, or by the vendor's.
async fn find(app: &App, source: &Source, case: &Case) -> Result<Option<Verification>, StoreError> {
    let name = source.name.as_str();
    let ours: Option<Uuid> =
        case.reference.as_ref().and_then(|reference| Uuid::try_parse(reference.as_str()).ok());
    if let Some(ours) = ours
        && let Some(found) = app.store.verification_by_external_id(name, ours).await?
    {
        return Ok(Some(found));
    }
    app.store.verification_by_case(name, case.id.as_str()).await
}

/// What the webhook makes of a verification; `None` if nothing. Of two events the later one holds, by the vendor's clock where it
/// tells the time; what was deleted stays so.
async fn after(
    app: &App,
    source: &Source,
    before: &Verification,
    notice: &Notice,
    case: &Case,
) -> Result<Option<Verification>, StoreError> {
    let at = notice.happened_at.map(|moment| moment.0);
    let is_late = matches!((at, before.heard_at), (Some(at), Some(last)) if at < last);
    let is_deleted = before.heard.as_deref() == Some(Event::Deleted.as_str());
    let holds = notice.event == Event::Deleted || !(is_late || is_deleted);
    if before.state.is_final() || notice.event == Event::Unknown || !holds {
        return Ok(None);
    }
    let mut verification = before.clone();
    // Each attempt of a person may be a case of its own: the latest counts, unless it is another verification's.
    let taken = app.store.verification_by_case(source.name.as_str(), case.id.as_str()).await?;
    if taken.is_none_or(|other| other.id == before.id) {
        verification.case_id = Some(case.id.as_str().to_owned());
        verification.case_scope = case.scope.as_ref().map(|scope| scope.as_str().to_owned());
    }
    verification.heard_at = at.or(before.heard_at);
    if notice.event == Event::Progress {
        if verification.state == State::Opened {
            (verification.state, verification.waits_for) = (State::Pending, Some(WaitsFor::Vendor));
        }
    } else {
        verification.heard = Some(notice.event.as_str().to_owned());
    }
    Ok(Some(verification))
}

fn work(
    source: &Source,
    verification: &Verification,
    event: Event,
    now: Timestamp,
) -> crate::model::job::Job {
    if event == Event::Progress && verification.heard.is_none() {
        first_look(source, verification, now)
    } else {
        ask_now(source.name.as_str(), verification.id.as_str(), now)
    }
}
