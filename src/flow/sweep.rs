//! Sweep: compare what is with what should be. Ends what has waited too long, tells of credentials that end, forgets
//! what is kept no longer, and finds work that got lost.

use idos_credential::Moment;

use super::announce::announce;
use super::deliver;
use super::intake::look_again;
use super::profile::job;
use crate::app::App;
use crate::model::audit::{Act, Entry};
use crate::model::event::EventKind;
use crate::model::issuance::{HaltCode, Issuance, State};
use crate::model::job::{Job, Work};
use crate::model::profile::ProfileState;
use crate::store::{ProfileChange, StoreError};

const HOUR: i64 = 3_600_000;

/// How long before a credential ends it is told: 30 days.
const EXPIRING: i64 = 30 * 24 * HOUR;

/// Records that are handled in one go.
const BATCH: u32 = 200;

/// Does it all. May be broken off and begun again.
pub async fn sweep(app: &App) -> Result<(), StoreError> {
    end_overdue(app).await?;
    tell_of_ends(app).await?;
    let now = app.clock.now();
    let before = |hours: u32| now.plus_millis(-i64::from(hours) * HOUR);
    app.store.forget_claims_before(before(app.retention.idempotency_hours)).await?;
    app.store.forget_events_before(before(app.retention.events_hours)).await?;
    find_lost_work(app).await?;
    app.store.forget_traces().await
}

/// Issuances and profiles whose time of waiting is over: their content goes.
async fn end_overdue(app: &App) -> Result<(), StoreError> {
    loop {
        let now = app.clock.now();
        let overdue = app.store.overdue(now, BATCH).await?;
        let mut ended = 0;
        for issuance in &overdue {
            // What has been sent may be there, whatever has happened to the work since: that is asked before the content
            // goes.
            let was_sent = issuance.state == State::Halted && issuance.sealed_at.is_some();
            match if was_sent { deliver::is_on_network(app, issuance).await } else { Ok(false) } {
                Ok(true) => skip_stale(deliver::found(app, issuance).await)?,
                Ok(false) => skip_stale(end(app, issuance, now).await)?,
                Err(error) => {
                    tracing::warn!(issuance.id = %issuance.id, "It cannot be ended before the node is asked: {error}");
                    continue;
                }
            }
            ended += 1;
        }
        let profiles = app.store.overdue_profiles(now, BATCH).await?;
        for profile in &profiles {
            let change =
                ProfileChange { halt: profile.halt, forget_wallet: true, ..ProfileChange::default() };
            let mut tx = app.store.begin().await?;
            let moved = tx
                .advance_profile(&profile.id, ProfileState::Halted, ProfileState::Failed, change, now)
                .await;
            if moved.is_ok() {
                tx.drop_jobs(profile.id.as_str()).await?;
                tx.record(&entry(app, profile.id.as_str(), profile.halt, now)).await?;
                tx.commit().await?;
            } else {
                skip_stale(moved)?;
            }
        }
        if ended + profiles.len() < BATCH as usize {
            return Ok(());
        }
    }
}

async fn end(app: &App, issuance: &Issuance, now: Moment) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    tx.mark_failed(&issuance.id, issuance.state, issuance.halt, now).await?;
    tx.forget_content(&issuance.id).await?;
    tx.forget_contact(&issuance.id).await?;
    tx.drop_jobs(issuance.id.as_str()).await?;
    announce(app, &mut tx, EventKind::Failed, issuance, issuance.halt, now).await?;
    tx.record(&entry(app, issuance.id.as_str(), issuance.halt, now)).await?;
    tx.commit().await?;
    app.announce_change();
    Ok(())
}

fn entry(app: &App, subject: &str, halt: Option<HaltCode>, at: Moment) -> Entry {
    Entry {
        at,
        actor: app.actor(),
        act: Act::Failed,
        subject: subject.to_owned(),
        detail: halt.map_or("waited_too_long", HaltCode::as_str).to_owned(),
    }
}

/// Credentials that end soon, or have ended: each is told once.
async fn tell_of_ends(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now();
    for (kind, noticed, from, to) in [
        (EventKind::Expired, "expired", Moment::EPOCH, now),
        (EventKind::Expiring, "expiring", now, now.plus_millis(EXPIRING)),
    ] {
        loop {
            let ending = app.store.ending(from, to, noticed, BATCH).await?;
            for issuance in &ending {
                let mut tx = app.store.begin().await?;
                let told = tx.mark_noticed(&issuance.id, noticed).await;
                if told.is_ok() {
                    announce(app, &mut tx, kind, issuance, None, now).await?;
                    tx.commit().await?;
                } else {
                    skip_stale(told)?;
                }
            }
            if ending.len() < BATCH as usize {
                break;
            }
        }
    }
    Ok(())
}

/// An issuance in a state that work should end, without work: a bug made it so, and this mends it and says so.
async fn find_lost_work(app: &App) -> Result<(), StoreError> {
    for issuance in app.store.without_work(BATCH).await? {
        tracing::error!(issuance.id = %issuance.id, state = %issuance.state, "An issuance had lost its work");
        let now = app.clock.now();
        let id = issuance.id.as_str();
        let work = match issuance.state {
            State::Queued => job(Work::WriteCredential, id, &issuance.write_key, now),
            State::Revoking => job(Work::EditNotes, id, &issuance.write_key, now),
            _ => look_again(&issuance.id, now),
        };
        let mut tx = app.store.begin().await?;
        tx.enqueue(&Job { reason: Some("lost work".to_owned()), ..work }).await?;
        tx.record(&Entry {
            at: now,
            actor: app.actor(),
            act: Act::Resumed,
            subject: id.to_owned(),
            detail: "lost_work".to_owned(),
        })
        .await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Somebody was faster with this record; there is nothing left to do about it.
fn skip_stale(result: Result<(), StoreError>) -> Result<(), StoreError> {
    match result {
        Err(StoreError::Stale) => Ok(()),
        other => other,
    }
}
