//! Contacts: kept locked, found by a keyed hash, with issuances and with verifications that have none yet.

use std::fmt::Display;

use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::address::{RENEWED, index, indexes};
use super::notices;
use crate::app::App;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::ids::{IssuanceId, VerificationId};
use crate::model::issuance::{Issuance, State};
use crate::model::personal::{Contact, ContactChange, Email, LockedContact};
use crate::model::staff::Reach;
use crate::model::submitter::Submitter;
use crate::store::{ContactToRelock, StoreError, Tx};
use crate::vault::{self, Locked, Vault, VaultError};

/// A contact as it lies in the vault.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Kept {
    email: String,
    locale: String,
}

impl Locked for Contact {
    const PLACE: &'static str = "contact";

    fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let Self { email, locale } = self;
        vault::to_json(&Kept { email: email.expose().to_owned(), locale: locale.as_str().to_owned() })
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        let kept: Kept = vault::from_json(bytes)?;
        Ok(Self {
            email: kept.email.parse().map_err(|_| VaultError::Damaged)?,
            locale: kept.locale.parse().map_err(|_| VaultError::Damaged)?,
        })
    }
}

/// Locks a contact for a record of a client, with the hash by which it is found.
pub fn lock(
    vault: &Vault,
    (id, client): (&str, &str),
    contact: &Contact,
) -> Result<LockedContact, VaultError> {
    let index = index(vault, client, &contact.email);
    Ok(LockedContact { locked: vault.lock_record(id, contact, &mut OsRng)?, index })
}

/// What belongs to a contact, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Issuances.
    pub issuances: Vec<IssuanceId>,
    /// Verifications that still hold the contact: there is no issuance yet that has it.
    pub verifications: Vec<VerificationId>,
}

impl Found {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.issuances.is_empty() && self.verifications.is_empty()
    }

    /// How many records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.issuances.len() + self.verifications.len()
    }

    /// All ids as text. Each says by its beginning what it is of.
    pub fn ids(&self) -> impl Iterator<Item = String> {
        let issuances = self.issuances.iter().map(ToString::to_string);
        issuances.chain(self.verifications.iter().map(ToString::to_string))
    }
}

/// What a client has of this contact.
pub(super) async fn find(app: &App, client: &str, email: &Email) -> Result<Found, StoreError> {
    let indexes = indexes(&app.vault, client, email);
    Ok(Found {
        issuances: app.store.issuances_of_contact(client, &indexes).await?,
        verifications: app.store.verifications_of_contact(client, &indexes).await?,
    })
}

/// Why a contact is not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The caller has no such issuance.
    #[error("there is no such issuance")]
    NotFound,
    /// It is over.
    #[error("an issuance that is {0} has no contact any more")]
    Conflict(State),
    /// There is no contact, and no address for one.
    #[error("there is no contact yet, so an address is needed")]
    NoContact,
    /// What is there cannot be unlocked, so that nothing of it can stay.
    #[error("the contact that is there cannot be unlocked")]
    Unreadable,
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Changes whom to write to about an issuance, and when that is done: its notices move with it. An address that is new is
/// written to, whatever became of the one before.
pub async fn change(
    app: &App,
    caller: &Submitter,
    id: &IssuanceId,
    change: ContactChange,
) -> Result<Issuance, ChangeError> {
    let issuance = app.store.issuance_of(&caller.tenant, id).await?.ok_or(ChangeError::NotFound)?;
    if matches!(issuance.state, State::Failed | State::Erased) {
        return Err(ChangeError::Conflict(issuance.state));
    }
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    // In the transaction: it may have been issued, or be over, since it was read. First, as whoever erases it does: each waits for the
    // other in one order.
    match tx.touch_issuance(id, issuance.state, now).await {
        Err(StoreError::Stale) => return Err(ChangeError::Conflict(issuance.state)),
        touched => touched?,
    }
    let there = tx.addressee(id).await?;
    let before = match &there {
        None => None,
        Some(there) => match app.vault.unlock_record::<Contact>(id.as_str(), &there.locked) {
            Ok(contact) => Some(contact),
            Err(_) if change.email.is_some() && change.locale.is_some() => None,
            Err(_) => return Err(ChangeError::Unreadable),
        },
    };
    let is_same = match (&before, &change.email) {
        (Some(before), Some(email)) => *before.email.for_index() == *email.for_index(),
        (Some(_), None) => true,
        (None, _) => false,
    };
    let (old_email, old_locale) = before.map(|before| (before.email, before.locale)).unzip();
    let contact = Contact {
        email: change.email.or(old_email).ok_or(ChangeError::NoContact)?,
        locale: change.locale.or(old_locale).unwrap_or_default(),
    };
    let new = lock(&app.vault, (id.as_str(), &issuance.client), &contact)?;
    match &there {
        // What is known of the address stays known.
        Some(there) if is_same => {
            if !tx.relock_contact(id, &there.locked, &new).await? {
                return Err(StoreError::Stale.into());
            }
        }
        _ => {
            tx.forget_contact(id).await?;
            tx.keep_contact(id, &new, now).await?;
        }
    }
    if issuance.state == State::Issued {
        notices::plan(app, &mut tx, &issuance, now).await?;
    }
    tx.record(&AuditEntry::new(now, caller.actor(), AuditAction::ContactChanged, id.as_str())).await?;
    tx.commit().await?;
    app.store.forget_traces().await?;
    app.store.issuance(id).await?.ok_or(ChangeError::NotFound)
}

/// What the caller has of this contact. Looking is written down.
pub async fn look_up(app: &App, caller: &Submitter, email: &Email) -> Result<Found, StoreError> {
    let found = find(app, &caller.tenant, email).await?;
    write_down(app, caller.actor(), &caller.tenant, found.len()).await?;
    Ok(found)
}

/// What all clients have of this contact, by client. For operators. Looking is written down.
pub async fn look_up_all(app: &App, email: &Email) -> Result<Vec<(String, Found)>, StoreError> {
    look_up_as(app, Actor::Operator, &Reach::All, email).await
}

/// What there is of this contact among the records that somebody may see, by client. Looking is written down.
pub async fn look_up_as(
    app: &App,
    actor: Actor,
    whose: &Reach,
    email: &Email,
) -> Result<Vec<(String, Found)>, StoreError> {
    let mut all = Vec::new();
    for client in app.store.clients_with_contacts().await?.into_iter().filter(|client| whose.sees(client)) {
        let found = find(app, &client, email).await?;
        if !found.is_empty() {
            all.push((client, found));
        }
    }
    let subject = whose.client().unwrap_or("all");
    write_down(app, actor, subject, all.iter().map(|(_, found)| found.len()).sum()).await?;
    Ok(all)
}

async fn write_down(app: &App, actor: Actor, whose: &str, found: usize) -> Result<(), StoreError> {
    let entry = AuditEntry::new(app.clock.now(), actor, AuditAction::ContactLookedUp, whose);
    let mut tx = app.store.begin().await?;
    tx.record(&entry.detail(format!("found:{found}"))).await?;
    tx.commit().await
}

/// Why contacts were not locked anew.
#[derive(Debug, thiserror::Error)]
pub enum RelockError {
    /// Some are left as they are: no key of the vault opens them, or what they hold is no contact. The log names them.
    #[error(
        "{left} contacts cannot be unlocked and stay as they are (the log names them); {relocked} were locked anew"
    )]
    Left {
        /// How many.
        left: usize,
        /// How many others were locked anew.
        relocked: usize,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How many contacts were locked anew, and how many could not be.
#[derive(Default)]
struct Count {
    relocked: usize,
    left: usize,
}

/// Locks all contacts under the vault's present key, and renews their look-up hashes; those too that an earlier version
/// made. Gives how many. One that cannot be unlocked does not keep the others from it. May be broken off and begun again.
pub async fn relock_all(app: &App) -> Result<usize, RelockError> {
    let mut count = Count::default();
    let mut from = None;
    loop {
        let batch = app.store.contacts_to_relock(app.vault.key_id(), RENEWED, from, 100).await?;
        count.left += batch.unreadable.len();
        for old in batch.items {
            relock(app, &old, &mut count, async |tx, new| tx.relock_contact(&old.id, &old.locked, new).await)
                .await?;
        }
        from = batch.next;
        if from.is_none() {
            break;
        }
    }
    loop {
        let batch = app.store.held_contacts_to_relock(app.vault.key_id(), RENEWED, from, 100).await?;
        count.left += batch.unreadable.len();
        for old in batch.items {
            relock(app, &old, &mut count, async |tx, new| {
                tx.relock_held_contact(&old.id, &old.locked, new).await
            })
            .await?;
        }
        from = batch.next;
        if from.is_none() {
            break;
        }
    }
    let Count { relocked, left } = count;
    if left == 0 { Ok(relocked) } else { Err(RelockError::Left { left, relocked }) }
}

/// Locks one anew. `put` replaces it, and says whether it was still there.
async fn relock<Id: Display>(
    app: &App,
    old: &ContactToRelock<Id>,
    count: &mut Count,
    put: impl AsyncFn(&mut Tx, &LockedContact) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let id = old.id.to_string();
    let contact = app.vault.unlock_record::<Contact>(&id, &old.locked);
    let made = contact.and_then(|contact| {
        let new = lock(&app.vault, (&id, &old.client), &contact)?;
        Ok((new, indexes(&app.vault, &old.client, &contact.email)))
    });
    let (new, before) = match made {
        Ok(made) => made,
        Err(error) => {
            tracing::error!(record.id = id, "A contact cannot be locked anew: {error}");
            count.left += 1;
            return Ok(());
        }
    };
    let mut tx = app.store.begin().await?;
    if put(&mut tx, &new).await? {
        for before in &before {
            tx.move_mail_stops(&old.client, (before, &new.index)).await?;
        }
        let entry = AuditEntry::new(app.clock.now(), Actor::Operator, AuditAction::Relocked, &id);
        tx.record(&entry.detail(app.vault.key_id())).await?;
        tx.commit().await?;
        count.relocked += 1;
    }
    Ok(())
}
