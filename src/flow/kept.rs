//! The safety net: keep a signed credential after delivery, offer the choice when the phase ends, and delete what is kept, each
//! written down. [`SafetyNet`](crate::model::safety_net::SafetyNet) says when.

use std::collections::BTreeMap;

use idos_credential::SignedCredential;
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use super::events::emit_phase_ended;
use crate::app::App;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::ids::IssuanceId;
use crate::model::issuance::{Issuance, State};
use crate::model::safety_net::{Deleted, Due, Kept, NoChoice, Stage};
use crate::model::submitter::Submitter;
use crate::model::time::{DAY, Timestamp};
use crate::store::{KeptOf, Store, StoreError, Tx};
use crate::vault::{Locked, VaultError};

/// What is due is seen to so many at a time, in one transaction.
const BATCH: u32 = 50;

/// Ends of the phase that lie closer together are one end: clients are told of it once.
const SAME_END: i64 = DAY;

/// A signed credential that stays after delivery.
pub(super) struct KeptCredential(pub(super) SignedCredential);

impl Locked for KeptCredential {
    const PLACE: &'static str = "kept_content";

    fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        Ok(Zeroizing::new(self.0.text().as_bytes().to_vec()))
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        let text = std::str::from_utf8(bytes).map_err(|_| VaultError::Damaged)?;
        SignedCredential::from_stored(Zeroizing::new(text.to_owned())).map(Self).ok_or(VaultError::Damaged)
    }
}

/// A signed credential, locked, and until when it is to be kept.
pub(super) struct LockedContent {
    until: Timestamp,
    valid_until: Option<Timestamp>,
    locked: String,
}

impl LockedContent {
    /// Keeps it with its issuance, in the same transaction.
    pub(super) async fn keep(
        &self,
        tx: &mut Tx,
        (id, client): (&IssuanceId, &str),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        tx.keep_content((id, client), (self.until, self.valid_until), &self.locked, now).await
    }

    /// The content, locked; until when it is to be kept; and when it ends.
    pub(super) fn into_parts(self) -> (String, Timestamp, Option<Timestamp>) {
        (self.locked, self.until, self.valid_until)
    }
}

/// Whether a signed credential that is about to be sealed is to be kept.
pub(super) fn is_to_be_kept(app: &App, signed: &SignedCredential) -> bool {
    app.safety_net.keeps_until(signed.expiration_date(), app.clock.now()).is_some()
}

/// Locks a signed credential that is about to be sealed, if it is to be kept. Gives it back.
pub(super) fn lock(
    app: &App,
    id: &IssuanceId,
    signed: SignedCredential,
) -> Result<(SignedCredential, Option<LockedContent>), VaultError> {
    let valid_until = signed.expiration_date();
    let Some(until) = app.safety_net.keeps_until(valid_until, app.clock.now()) else {
        return Ok((signed, None));
    };
    let kept = KeptCredential(signed);
    let locked = app.vault.lock_record(id.as_str(), &kept, &mut OsRng)?;
    Ok((kept.0, Some(LockedContent { until, valid_until, locked })))
}

/// An issuance has moved: what is kept of it counts from its delivery on, and goes with it.
pub(super) async fn follow(
    app: &App,
    tx: &mut Tx,
    issuance: &Issuance,
    to: State,
    now: Timestamp,
) -> Result<(), StoreError> {
    let why = match to {
        State::Issued if issuance.state != State::Revoking => return delivered(app, tx, issuance, now).await,
        State::Revoked => Deleted::Revoked,
        // What has failed never was the user's, and nothing is said of it.
        State::Erased | State::Failed => Deleted::Erased,
        _ => return Ok(()),
    };
    let Some(kept) = tx.kept_of(&issuance.id).await? else { return Ok(()) };
    let is_gone = tx.forget_kept(&issuance.id, &kept).await?;
    // What was never delivered was never kept: its end is written down with that of its issuance.
    if is_gone && kept.stage != Stage::Waiting {
        tx.record(&deleted(&issuance.id, Actor::Service, why, now)).await?;
    }
    Ok(())
}

async fn delivered(app: &App, tx: &mut Tx, issuance: &Issuance, now: Timestamp) -> Result<(), StoreError> {
    let Some(kept) = tx.kept_of(&issuance.id).await?.filter(|kept| kept.stage == Stage::Waiting) else {
        return Ok(());
    };
    // The phase may have ended, or been shortened, since it was submitted.
    match app.safety_net.keeps_until(kept.valid_until, now) {
        Some(until) => {
            let counts = Kept { stage: Stage::Kept, until: until.min(kept.until), ..kept };
            if tx.change_kept(&issuance.id, (&kept, &counts)).await? {
                let entry = entry(&issuance.id, Actor::Service, AuditAction::ContentKept, now);
                tx.record(&entry.detail(counts.stage.as_str())).await?;
            }
        }
        None => {
            tx.forget_kept(&issuance.id, &kept).await?;
        }
    }
    Ok(())
}

fn entry(id: &IssuanceId, actor: Actor, act: AuditAction, now: Timestamp) -> AuditEntry {
    AuditEntry::new(now, actor, act, id.as_str())
}

fn deleted(id: &IssuanceId, actor: Actor, why: Deleted, now: Timestamp) -> AuditEntry {
    entry(id, actor, AuditAction::KeptDeleted, now).detail(why.as_str())
}

/// Why nothing is changed of what is kept.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// The caller has no such issuance.
    #[error("there is no such issuance")]
    NotFound,
    /// There is nothing to choose about.
    #[error("nothing is kept of it")]
    NothingKept,
    /// The choice cannot be taken.
    #[error(transparent)]
    NoChoice(#[from] NoChoice),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Deletes what is kept of an issuance, because the person wants it. Asking again changes nothing. What is still on its way is not
/// kept when it is delivered.
pub async fn delete(app: &App, caller: &Submitter, id: &IssuanceId) -> Result<Issuance, KeptError> {
    let issuance = app.store.issuance_of(&caller.tenant, id).await?.ok_or(KeptError::NotFound)?;
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let Some(kept) = tx.kept_of(id).await? else { return Ok(issuance) };
    if !tx.forget_kept(id, &kept).await? {
        return Err(StoreError::Stale.into());
    }
    tx.record(&deleted(id, caller.actor(), Deleted::Asked, now)).await?;
    tx.commit().await?;
    app.store.forget_traces().await?;
    app.store.issuance(id).await?.ok_or(KeptError::NotFound)
}

/// Keeps on what is kept of an issuance, until a moment that the person has chosen, once the choice is offered.
pub async fn choose(
    app: &App,
    caller: &Submitter,
    id: &IssuanceId,
    until: Timestamp,
) -> Result<Issuance, KeptError> {
    app.store.issuance_of(&caller.tenant, id).await?.ok_or(KeptError::NotFound)?;
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let kept = tx.kept_of(id).await?.ok_or(KeptError::NothingKept)?;
    kept.check_choice(until, now)?;
    let chosen = Kept { stage: Stage::Chosen, until, ..kept };
    if !tx.change_kept(id, (&kept, &chosen)).await? {
        return Err(StoreError::Stale.into());
    }
    tx.record(&entry(id, caller.actor(), AuditAction::KeptChosen, now)).await?;
    tx.commit().await?;
    app.store.issuance(id).await?.ok_or(KeptError::NotFound)
}

/// Sees to all that is due: what the settings keep for a shorter time than they did, offers of the choice, deletions.
pub(super) async fn end_due(app: &App) -> Result<(), StoreError> {
    app.store.shorten_kept(app.safety_net.limit(app.clock.now())).await?;
    let mut from = None;
    loop {
        let now = app.clock.now();
        let batch = app.store.kept_due(now, from, BATCH).await?;
        if !batch.items.is_empty() {
            see_to(app, &batch.items, now).await?;
        }
        from = batch.next;
        if from.is_none() {
            return Ok(());
        }
    }
}

async fn see_to(app: &App, due: &[KeptOf], now: Timestamp) -> Result<(), StoreError> {
    let ends = ends_to_tell(&app.store, due).await?;
    let mut tx = app.store.begin().await?;
    let (mut entries, mut told) = (Vec::new(), BTreeMap::new());
    for KeptOf { id, client, kept } in due {
        let done = match app.safety_net.due(kept, now) {
            None => None,
            Some(Due::Delete(why)) => {
                let is_gone = tx.forget_kept(id, kept).await?;
                is_gone.then(|| deleted(id, Actor::Service, why, now))
            }
            Some(Due::Offer(until)) => {
                let is_offered = offer(&mut tx, (id, kept), until).await?;
                if is_offered {
                    told.entry(client).or_insert((kept.until, until));
                }
                is_offered.then(|| entry(id, Actor::Service, AuditAction::ChoiceOffered, now))
            }
        };
        entries.extend(done);
    }
    for (client, (ended, until)) in told {
        if ends.get(client) == Some(&ended) {
            tx.record_anew(&told_name(client), &ended.unix_millis().to_string()).await?;
            emit_phase_ended(app, &mut tx, client, (ended, until), now).await?;
        }
    }
    // Whoever writes an entry holds up all others who do, so they come last.
    for entry in &entries {
        tx.record(entry).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Offers the choice of one person. Whoever writes to people about it does so from here, in the same transaction.
async fn offer(tx: &mut Tx, (id, kept): (&IssuanceId, &Kept), until: Timestamp) -> Result<bool, StoreError> {
    tx.change_kept(id, (kept, &Kept { stage: Stage::Offered, until, ..*kept })).await
}

/// The ends of the phase that clients have not been told of yet.
async fn ends_to_tell(store: &Store, due: &[KeptOf]) -> Result<BTreeMap<String, Timestamp>, StoreError> {
    let mut ends = BTreeMap::new();
    for KeptOf { client, kept, .. } in due.iter().filter(|due| due.kept.stage == Stage::Kept) {
        if ends.contains_key(client) {
            continue;
        }
        let told: Option<i64> = store.recorded(&told_name(client)).await?.and_then(|text| text.parse().ok());
        let is_told = told.is_some_and(|told| (kept.until.unix_millis() - told).abs() < SAME_END);
        if !is_told {
            ends.insert(client.clone(), kept.until);
        }
    }
    Ok(ends)
}

fn told_name(client: &str) -> String {
    format!("safety_net_ended/{client}")
}

/// What was kept cannot be locked anew.
#[derive(Debug, thiserror::Error)]
pub enum RelockError {
    /// Some of it.
    #[error(
        "{left} kept credentials cannot be unlocked and stay as they are (the log names them); {relocked} were locked anew"
    )]
    Left {
        /// How many.
        left: usize,
        /// How many are done.
        relocked: usize,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Locks all that is kept under the present vault key. Gives how many. May be broken off and run again.
pub async fn relock_all(app: &App) -> Result<usize, RelockError> {
    let (mut relocked, mut left) = (0, 0);
    let mut from = None;
    loop {
        // One at a time: each may be as large as a request.
        let batch = app.store.kept_to_relock(app.vault.key_id(), from, 1).await?;
        left += batch.unreadable.len();
        for old in &batch.items {
            let id = old.id.as_str();
            let new = app
                .vault
                .unlock_record::<KeptCredential>(id, &old.locked)
                .and_then(|kept| app.vault.lock_record(id, &kept, &mut OsRng));
            let new = match new {
                Ok(new) => new,
                Err(error) => {
                    tracing::error!(issuance.id = id, "What is kept cannot be locked anew: {error}");
                    left += 1;
                    continue;
                }
            };
            let now = app.clock.now();
            let mut tx = app.store.begin().await?;
            if tx.relock_kept(&old.id, &old.locked, &new).await? {
                let entry = entry(&old.id, Actor::Operator, AuditAction::Relocked, now);
                tx.record(&entry.detail(app.vault.key_id())).await?;
                tx.commit().await?;
                relocked += 1;
            }
        }
        from = batch.next;
        if from.is_none() {
            break;
        }
    }
    if left == 0 { Ok(relocked) } else { Err(RelockError::Left { left, relocked }) }
}
