//! Links in mails, and addresses that nothing is sent to.
//!
//! A link's token is random, and kept as a hash: whoever reads the database can follow none, and whoever has a token learns
//! nothing of whom it is for. It works until its end, or until the last issuance of its mail is erased.

use rand::rngs::OsRng;

use super::address::indexes;
use super::events::emit;
use crate::app::App;
use crate::mail::Link;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::event::EventKind;
use crate::model::ids::IssuanceId;
use crate::model::issuance::Issuance;
use crate::model::mail_link::{LinkToken, Purpose, StopReason};
use crate::model::personal::Email;
use crate::model::submitter::Submitter;
use crate::model::time::{DAY, Timestamp};
use crate::store::{self, StoreError, Tx};

/// For how long a link that works once gives the same answer again, in milliseconds: an answer may get lost, and a page may be
/// loaded twice.
const SAME_ANSWER: i64 = 15 * 60_000;

/// How long a link to unsubscribe works, in milliseconds: a year, since mails are kept, and it must work for at least 30 days
/// after each was sent (CAN-SPAM, 15 U.S.C. 7704 (a)(3)).
const UNSUBSCRIBE: i64 = 365 * DAY;

/// Why a link is not followed.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// There is none, or it is not the caller's.
    #[error("there is no such link, or what it is about has been erased")]
    Unknown,
    /// Its time is over.
    #[error("the link has expired")]
    Expired,
    /// It works once, and has been used.
    #[error("the link has been used")]
    Used,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a link for a mail about these issuances, in the transaction that says that the mail is being sent.
pub async fn make(
    app: &App,
    tx: &mut Tx,
    purpose: Purpose,
    issuances: &[IssuanceId],
    now: Timestamp,
) -> Result<LinkToken, StoreError> {
    let token = LinkToken::new(&mut OsRng);
    let lasts = match purpose {
        Purpose::Renew => i64::from(app.renewal.link_days) * DAY,
        Purpose::Unsubscribe => UNSUBSCRIBE,
    };
    tx.add_mail_link((&token.hash(), purpose), issuances, now.plus_millis(lasts), now).await?;
    Ok(token)
}

/// The same, as the address of the provider's page; `None` if there is no such page.
pub(super) async fn renewal(
    app: &App,
    tx: &mut Tx,
    issuances: &[IssuanceId],
    now: Timestamp,
) -> Result<Option<Link>, StoreError> {
    if app.renewal.url.is_none() {
        return Ok(None);
    }
    let token = make(app, tx, Purpose::Renew, issuances, now).await?;
    Ok(app.renewal.link(&token.to_text()).and_then(|url| url.parse().ok()))
}

/// The same to unsubscribe; `None` if it is not known where this service is reached from outside.
pub(super) async fn unsubscribing(
    app: &App,
    tx: &mut Tx,
    issuances: &[IssuanceId],
    now: Timestamp,
) -> Result<Option<Link>, StoreError> {
    if app.http.public_url.is_none() {
        return Ok(None);
    }
    let token = make(app, tx, Purpose::Unsubscribe, issuances, now).await?;
    Ok(app.http.public(&format!("/unsubscribe/{}", *token.to_text())).and_then(|url| url.parse().ok()))
}

/// What the link of this hash stands for, if it is one for this.
async fn found(app: &App, hash: &str, purpose: Purpose) -> Result<Option<store::Link>, StoreError> {
    Ok(app.store.mail_link(hash).await?.filter(|link| link.purpose == purpose))
}

/// Trades the token of a renewal link for what its mail was about, newest first. Trading it again right away gives the same.
pub async fn redeem(app: &App, caller: &Submitter, token: &LinkToken) -> Result<Vec<Issuance>, LinkError> {
    let hash = token.hash();
    let link = found(app, &hash, Purpose::Renew).await?.ok_or(LinkError::Unknown)?;
    let mut issuances = Vec::new();
    for id in link.issuances.iter().rev() {
        // Another client's is not there, and does not tell that there is one.
        issuances.extend(app.store.issuance_of(&caller.tenant, id).await?);
    }
    if issuances.is_empty() {
        return Err(LinkError::Unknown);
    }
    let now = app.clock.now();
    if link.expires_at <= now {
        return Err(LinkError::Expired);
    }
    if app.renewal.once && link.used_at.is_some_and(|used| used.plus_millis(SAME_ANSWER) <= now) {
        return Err(LinkError::Used);
    }
    let mut tx = app.store.begin().await?;
    if tx.use_mail_link(&hash, now).await? {
        for issuance in &issuances {
            let entry =
                AuditEntry::new(now, caller.actor(), AuditAction::RenewalRedeemed, issuance.id.as_str());
            tx.record(&entry).await?;
        }
        tx.commit().await?;
    }
    Ok(issuances)
}

/// Whether there is a link to unsubscribe of this token. Looking changes nothing, since programs look at links in mails.
pub async fn can_unsubscribe(app: &App, token: &LinkToken) -> Result<bool, StoreError> {
    let link = found(app, &token.hash(), Purpose::Unsubscribe).await?;
    Ok(link.is_some_and(|link| link.expires_at > app.clock.now()))
}

/// Sends no reminders any more to the address that a mail with this link went to. Asking again changes nothing.
pub async fn unsubscribe(app: &App, token: &LinkToken) -> Result<(), LinkError> {
    let hash = token.hash();
    let link = found(app, &hash, Purpose::Unsubscribe).await?.ok_or(LinkError::Unknown)?;
    let now = app.clock.now();
    if link.expires_at <= now {
        return Err(LinkError::Expired);
    }
    // All of one mail went to one address.
    let mut whose = None;
    for id in &link.issuances {
        if whose.is_none() {
            whose = app.store.contact_index(id).await?;
        }
    }
    let Some((client, index)) = whose else { return Err(LinkError::Unknown) };
    let address = Address::of(app, &client, &index).await?;
    let mut tx = app.store.begin().await?;
    tx.use_mail_link(&hash, now).await?;
    address.stop_and_commit(app, tx, (Actor::Service, StopReason::Unsubscribed), now).await?;
    Ok(())
}

/// Sends nothing any more to an address of the caller's contacts. Gives whose contact it is, newest first; nothing happens if
/// it is nobody's.
pub async fn tell_unreachable(
    app: &App,
    caller: &Submitter,
    email: &Email,
    reason: StopReason,
) -> Result<Vec<IssuanceId>, StoreError> {
    let client = &caller.tenant;
    let now = app.clock.now();
    let mut all = Vec::new();
    for index in indexes(&app.vault, client, email) {
        let address = Address::of(app, client, &index).await?;
        if address.issuances.is_empty() {
            continue;
        }
        let tx = app.store.begin().await?;
        address.stop_and_commit(app, tx, (caller.actor(), reason), now).await?;
        all.extend(address.issuances.into_iter().map(|issuance| issuance.id));
    }
    all.sort_unstable();
    all.reverse();
    Ok(all)
}

/// Sends nothing any more to the address of an issuance's contact. Gives whether there is one.
pub(super) async fn stop_for(
    app: &App,
    id: &IssuanceId,
    (actor, reason): (Actor, StopReason),
) -> Result<bool, StoreError> {
    let Some((client, index)) = app.store.contact_index(id).await? else { return Ok(false) };
    let address = Address::of(app, &client, &index).await?;
    let tx = app.store.begin().await?;
    address.stop_and_commit(app, tx, (actor, reason), app.clock.now()).await?;
    Ok(true)
}

/// Why nothing is sent to an address, if that is so.
pub async fn stops(app: &App, client: &str, email: &Email) -> Result<Vec<StopReason>, StoreError> {
    app.store.mail_stops(client, &indexes(&app.vault, client, email)).await
}

/// An address of a client's contacts, by its keyed hash.
pub(super) struct Address {
    client: String,
    index: String,
    /// Those that have it.
    issuances: Vec<Issuance>,
}

impl Address {
    pub(super) async fn of(app: &App, client: &str, index: &str) -> Result<Self, StoreError> {
        let index = index.to_owned();
        let mut issuances = Vec::new();
        for id in app.store.issuances_of_contact(client, std::slice::from_ref(&index)).await? {
            issuances.extend(app.store.issuance(&id).await?);
        }
        Ok(Self { client: client.to_owned(), index, issuances })
    }

    /// Nothing is sent to it any more, and that is told. Gives what is to be written down; nothing, if it was so before.
    pub(super) async fn stop(
        &self,
        app: &App,
        tx: &mut Tx,
        (actor, reason): (Actor, StopReason),
        now: Timestamp,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let mut entries = Vec::new();
        // What was erased since it was read has no address any more, and is not named again.
        let there = tx.hold_contacts((&self.client, &self.index)).await?;
        if there.is_empty() || !tx.stop_mail((&self.client, &self.index), reason, now).await? {
            return Ok(entries);
        }
        let event = match reason {
            StopReason::Unsubscribed => EventKind::ContactUnsubscribed,
            StopReason::Unreachable | StopReason::Complained => EventKind::ContactUnreachable,
        };
        for issuance in self.issuances.iter().filter(|issuance| there.contains(&issuance.id)) {
            emit(app, tx, event, issuance, None, now).await?;
            let entry = AuditEntry::new(now, actor.clone(), AuditAction::MailStopped, issuance.id.as_str());
            entries.push(entry.detail(reason.as_str()));
        }
        Ok(entries)
    }

    async fn stop_and_commit(
        &self,
        app: &App,
        mut tx: Tx,
        by: (Actor, StopReason),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for entry in self.stop(app, &mut tx, by, now).await? {
            tx.record(&entry).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
