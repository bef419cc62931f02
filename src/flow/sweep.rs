//! Sweep: compare what is with what should be. Ends what has waited too long, tells of credentials that end, forgets
//! what is kept no longer, and finds work that got lost.
//!
//! Nothing keeps others from their turn: neither a step that fails, nor a record that cannot be read or ended, nor a node
//! that does not answer. What the node has to be asked about comes last, and waits for it no longer than
//! `retention.overdue_hours`.

use std::error::Error as _;
use std::time::{Duration, Instant};

use super::cases;
use super::claim;
use super::deliver;
use super::events::{emit, emit_wallet, forget_endpoints};
use super::kept;
use super::look;
use super::moves::{follow, next};
use super::notices;
use super::records;
use super::verification::end_overdue as end_overdue_verifications;
use super::work;
use crate::app::{App, NodeError};
use crate::model::attribute::Attribute;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::event::EventKind;
use crate::model::issuance::{HaltCode, Issuance};
use crate::model::lifecycle::Cause;
use crate::model::profile::{Profile, ProfileState};
use crate::model::time::Timestamp;
use crate::model::time::{DAY, HOUR};
use crate::store::{Halt, Place, ProfileChange, StoreError, Tx};

/// How long before a credential ends it is told: 30 days.
const EXPIRING: i64 = 30 * DAY;

/// Records that are read in one go.
const BATCH: u32 = 200;

/// How long questions that fail may take in one sweep, all together, before the node is asked no more: one that hangs would
/// keep it from ever ending.
const PATIENCE: Duration = Duration::from_secs(30);

/// Does it all. May be broken off and begun again. What fails is logged, and keeps the rest from nothing; the first failure
/// is given back.
pub async fn sweep(app: &App) -> Result<(), StoreError> {
    let mut outcome = Ok(());
    let mut done = |step: &'static str, result: Result<(), StoreError>| {
        if let Err(error) = result {
            tracing::error!(step, cause = error.source(), "A step of the sweep was broken off: {error}");
            outcome = std::mem::replace(&mut outcome, Ok(())).and(Err(error));
        }
    };
    let now = app.clock.now();
    let before = |hours: u32| now.plus_millis(-i64::from(hours) * HOUR);
    done("overdue", end_overdue(app).await);
    done("overdue profiles", end_overdue_profiles(app).await);
    done("overdue attributes", end_overdue_attributes(app).await);
    let forgotten = app.store.forget_claims_before(before(app.retention.idempotency_hours)).await;
    done("idempotency keys", forgotten.map(|_| ()));
    done("events", app.store.forget_events_before(before(app.retention.events_hours)).await.map(|_| ()));
    done("overdue verifications", end_overdue_verifications(app).await);
    done("overdue claims", claim::end_overdue(app).await);
    let forgotten = app.store.forget_vendor_events_before(before(app.retention.vendor_events_hours)).await;
    done("webhooks of vendors", forgotten.map(|_| ()));
    done("links of mails", app.store.forget_links_before(now).await.map(|_| ()));
    done("wallets of links", app.store.expire_wallet_links(now).await.map(|_| ()));
    done("endpoints that are no more", forget_endpoints(app).await);
    done("what is kept", kept::end_due(app).await);
    done("ends", tell_of_ends(app).await);
    done("notices", notices::replan(app).await);
    done("records", records::end_records(app).await);
    done("limits of mail", app.store.forget_mail_limits(before(48)).await.map(|_| ()));
    let hour = now.unix_millis().div_euclid(HOUR);
    done("views", app.store.forget_views_before(hour).await.map(|_| ()));
    done("cases that are held", cases::end_holds(app).await);
    done("cases that are due soon", cases::tell_of_due(app).await);
    done("visits", app.store.forget_visits_before(now).await.map(|_| ()));
    done("sessions", app.store.forget_sessions_before(now).await.map(|_| ()));
    done("proposals", app.store.forget_proposals_before(now).await.map(|_| ()));
    done("attempts to sign in", app.store.forget_attempts_before(before(24)).await.map(|_| ()));
    done("lost work", find_lost_work(app).await);
    done("numbers that are old", look::forget_numbers(app).await);
    done("what was brought on in bulk", look::forget_bulk_resumes(app).await);
    done("overdue, sent", end_overdue_sent(app).await);
    done("numbers", look::count_up(app).await);
    done("what was left of moved rows", app.store.clear_some_gaps().await);
    done("traces", app.store.forget_traces().await);
    outcome
}

/// What became of one record. It keeps others from their turn only where they would fare no better.
fn go_on(subject: &str, result: Result<(), StoreError>) -> Result<(), StoreError> {
    match result {
        // Somebody was faster with this record; there is nothing left to do about it.
        Ok(()) | Err(StoreError::Stale) => Ok(()),
        Err(error @ StoreError::Unavailable(_)) => Err(error),
        Err(error) => {
            tracing::error!(subject, cause = error.source(), "The sweep passes over a record: {error}");
            Ok(())
        }
    }
}

/// The moment before which content goes that somebody else should have seen to: the node, or a newer program.
fn last_limit(app: &App) -> Timestamp {
    app.clock.now().plus_millis(-i64::from(app.retention.overdue_hours) * HOUR)
}

/// Issuances whose time of waiting is over, and of which nothing was ever sent: their content goes.
async fn end_overdue(app: &App) -> Result<(), StoreError> {
    let mut from = None;
    loop {
        let now = app.clock.now();
        let batch = app.store.overdue(now, from, BATCH).await?;
        for issuance in &batch.items {
            go_on(issuance.id.as_str(), end(app, issuance, issuance.halt, now).await)?;
        }
        forget_unread(app, &batch.unreadable, Tx::forget_unread).await?;
        from = batch.next;
        if from.is_none() {
            return Ok(());
        }
    }
}

/// Issuances whose time of waiting is over, and which may have been sent. What has been sent may be there, whatever has
/// happened to the work since: that is asked before the content goes.
async fn end_overdue_sent(app: &App) -> Result<(), StoreError> {
    let (mut from, mut patience, mut not_asked): (Option<Place>, _, u64) = (None, PATIENCE, 0);
    loop {
        let now = app.clock.now();
        let limit = last_limit(app);
        // Where the node is asked no more, only what waits for it no longer is of interest.
        let until = if patience.is_zero() { limit } else { now };
        let batch = app.store.overdue_sent(until, from, BATCH).await?;
        for issuance in &batch.items {
            // One that is announced, and of which only the content is missing, has had its time for that.
            let is_there = match issuance.announced_at {
                Some(_) => Some(false),
                None => ask(app, issuance, &mut patience).await,
            };
            let result = match is_there {
                Some(true) => deliver::found(app, issuance).await,
                Some(false) => end(app, issuance, issuance.halt, now).await,
                None if issuance.waits_until.is_some_and(|until| until <= limit) => {
                    tracing::error!(issuance.id = %issuance.id, "It has to go, and the node cannot be asked whether it was delivered");
                    end(app, issuance, Some(HaltCode::OutcomeUnknown), now).await
                }
                None => {
                    not_asked += 1;
                    Ok(())
                }
            };
            go_on(issuance.id.as_str(), result)?;
        }
        forget_unread(app, &batch.unreadable, Tx::forget_unread).await?;
        from = batch.next;
        if from.is_none() {
            if not_asked > 0 {
                tracing::warn!(
                    issuances = not_asked,
                    "Some are overdue, and cannot be ended before the node is asked"
                );
            }
            return Ok(());
        }
    }
}

/// Whether the credential of an issuance is on the network; `None` if that cannot be known. Takes the time of a failure from
/// `patience`, and does not ask where none is left.
async fn ask(app: &App, issuance: &Issuance, patience: &mut Duration) -> Option<bool> {
    if patience.is_zero() {
        return None;
    }
    let start = Instant::now();
    match deliver::is_on_network(app, issuance).await {
        Ok(is_there) => is_there,
        Err(error) => {
            // One that nobody has reached a moment ago is not asked for each record.
            let took = if matches!(error, NodeError::TooSlow) { PATIENCE } else { start.elapsed() };
            *patience = patience.saturating_sub(took);
            tracing::debug!(issuance.id = %issuance.id, cause = error.source(), "The node cannot be asked: {error}");
            None
        }
    }
}

/// Profiles whose time of waiting is over: the wallet's proof goes.
async fn end_overdue_profiles(app: &App) -> Result<(), StoreError> {
    let mut from = None;
    loop {
        let now = app.clock.now();
        let batch = app.store.stopped_profiles(Some(now), from, BATCH).await?;
        for profile in &batch.items {
            go_on(profile.id.as_str(), end_profile(app, profile, now).await)?;
        }
        forget_unread(app, &batch.unreadable, Tx::forget_wallet_unread).await?;
        from = batch.next;
        if from.is_none() {
            return Ok(());
        }
    }
}

async fn end_profile(app: &App, profile: &Profile, now: Timestamp) -> Result<(), StoreError> {
    let change = ProfileChange { halt: profile.halt, forget: true, ..ProfileChange::default() };
    let mut tx = app.store.begin().await?;
    tx.advance_profile(&profile.id, ProfileState::Halted, ProfileState::Failed, change, now).await?;
    tx.drop_jobs(profile.id.as_str()).await?;
    emit_wallet(app, &mut tx, EventKind::WalletFailed, profile, now).await?;
    tx.record(&entry(profile.id.as_str(), profile.halt, now)).await?;
    tx.commit().await
}

/// Attributes whose time of waiting is over: key and value go.
async fn end_overdue_attributes(app: &App) -> Result<(), StoreError> {
    let mut from = None;
    loop {
        let now = app.clock.now();
        let batch = app.store.stopped_attributes(Some(now), from, BATCH).await?;
        for attribute in &batch.items {
            go_on(attribute.id.as_str(), end_attribute(app, attribute, now).await)?;
        }
        forget_unread(app, &batch.unreadable, Tx::forget_attribute_unread).await?;
        from = batch.next;
        if from.is_none() {
            return Ok(());
        }
    }
}

async fn end_attribute(app: &App, attribute: &Attribute, now: Timestamp) -> Result<(), StoreError> {
    let change = ProfileChange { halt: attribute.halt, forget: true, ..ProfileChange::default() };
    let mut tx = app.store.begin().await?;
    tx.advance_attribute(&attribute.id, ProfileState::Halted, ProfileState::Failed, change, now).await?;
    tx.drop_jobs(attribute.id.as_str()).await?;
    tx.record(&entry(attribute.id.as_str(), attribute.halt, now)).await?;
    tx.commit().await
}

/// Records that this program cannot read are left to one that can. If that does not come, their content goes, and the
/// records stay as they are.
async fn forget_unread(
    app: &App,
    unreadable: &[Place],
    forget: impl AsyncFn(&mut Tx, &str) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let limit = last_limit(app).unix_millis();
    for place in unreadable.iter().filter(|place| place.at <= limit) {
        let mut tx = app.store.begin().await?;
        if forget(&mut tx, &place.id).await? {
            tx.record(&unread(app, &place.id)).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

fn unread(app: &App, subject: &str) -> AuditEntry {
    AuditEntry::new(app.clock.now(), Actor::Service, AuditAction::Failed, subject)
        .detail("record_not_readable")
}

async fn end(
    app: &App,
    issuance: &Issuance,
    halt: Option<HaltCode>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let next = next(app, issuance, Cause::Overdue, now)?;
    let mut tx = app.store.begin().await?;
    let why = Halt { code: halt, was_sent: false };
    tx.mark_stopped(&issuance.id, issuance.state, &next, why, now).await?;
    tx.drop_jobs(issuance.id.as_str()).await?;
    follow(app, &mut tx, issuance, &next, halt, now).await?;
    tx.record(&entry(issuance.id.as_str(), halt, now)).await?;
    tx.commit().await?;
    Ok(())
}

fn entry(subject: &str, halt: Option<HaltCode>, at: Timestamp) -> AuditEntry {
    AuditEntry::new(at, Actor::Service, AuditAction::Failed, subject)
        .detail(halt.map_or("waited_too_long", HaltCode::as_str))
}

/// Credentials that end soon, or have ended: each is told once.
async fn tell_of_ends(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now();
    let mut from = None;
    loop {
        let batch = app.store.ended(now, from, BATCH).await?;
        for issuance in &batch.items {
            go_on(issuance.id.as_str(), tell(app, issuance, EventKind::Expired, "expired", now).await)?;
        }
        from = batch.next;
        if from.is_none() {
            break;
        }
    }
    loop {
        let batch = app.store.ending(now, now.plus_millis(EXPIRING), from, BATCH).await?;
        for issuance in &batch.items {
            go_on(issuance.id.as_str(), tell(app, issuance, EventKind::Expiring, "expiring", now).await)?;
        }
        from = batch.next;
        if from.is_none() {
            return Ok(());
        }
    }
}

async fn tell(
    app: &App,
    issuance: &Issuance,
    kind: EventKind,
    noticed: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    tx.mark_noticed(&issuance.id, noticed).await?;
    emit(app, &mut tx, kind, issuance, None, now).await?;
    tx.commit().await
}

/// An issuance in a state that work should end, without work: a bug made it so, and this mends it and says so.
async fn find_lost_work(app: &App) -> Result<(), StoreError> {
    let mut from = None;
    loop {
        let batch = app.store.without_work(from, BATCH).await?;
        for issuance in &batch.items {
            go_on(issuance.id.as_str(), give_work(app, issuance).await)?;
        }
        from = batch.next;
        if from.is_none() {
            return Ok(());
        }
    }
}

async fn give_work(app: &App, issuance: &Issuance) -> Result<(), StoreError> {
    tracing::error!(issuance.id = %issuance.id, state = %issuance.state, "An issuance had lost its work");
    let now = app.clock.now();
    let id = issuance.id.as_str();
    let Some(work) = work::of_state(issuance.state, &issuance.id, &issuance.write_key, now) else {
        return Ok(());
    };
    let mut tx = app.store.begin().await?;
    tx.suspect_sent(&issuance.id).await?;
    tx.enqueue(&work).await?;
    tx.record(&AuditEntry::new(now, Actor::Service, AuditAction::Resumed, id).detail("lost_work")).await?;
    tx.commit().await
}
