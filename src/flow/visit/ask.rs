//! Ask for the link of a mail, and have it sent.
//!
//! Whoever asks is answered before anything is looked for: the address lies locked until the background work has looked, which forgets it
//! at once if there is nothing of it.

use chrono::DateTime;
use rand::rngs::OsRng;

use super::records::{records, texts};
use super::{VisitError, lock, visitor_of};
use crate::app::App;
use crate::flow::staff::pace;
use crate::flow::work;
use crate::mail::{Letter, Link, Mail, Next};
use crate::model::ids::VisitId;
use crate::model::job::{Job, Work};
use crate::model::mail_link::LinkToken;
use crate::model::notices::pause;
use crate::model::personal::{Contact, Email};
use crate::model::sought::AnyRecord;
use crate::model::time::HOUR;
use crate::model::visit::{Visit, Visitor, Way};
use crate::store::StoreError;

const MINUTE: i64 = 60_000;

/// What the keyed hash is for of which a link's token is made.
const LINK: &str = "visit_link";

/// What the keyed hash of an address is for, by which its mails are counted.
const COUNTED: &str = "visit_mail";

/// Whether mails with links can be sent.
fn can_send(app: &App) -> bool {
    app.mailer.is_there() && app.http.public_url.is_some()
}

/// Somebody asks for a link, from an address of the network. What is done is the same whether or not anything is kept about the e-mail
/// address, and so is the time that it takes.
pub async fn ask(app: &App, email: Email, from: &str) -> Result<(), VisitError> {
    pace::VISITS.count(app, from).await?;
    if !can_send(app) {
        tracing::warn!("Nobody can be sent a link to their own page: it takes [mail] and http.public_url");
        return Ok(());
    }
    let now = app.clock.now();
    let id = VisitId::new(now, &mut OsRng);
    let locked = lock(app, &id, &Visitor::Address(email))?;
    let job = Job::new(Work::SendLink, id.as_str(), now, &mut OsRng);
    let visit = Visit {
        id,
        way: Way::Mail,
        locked: Some(locked),
        link_hash: None,
        hash: None,
        ends_at: now.plus_millis(i64::from(app.person_page.link_minutes) * MINUTE),
        created_at: now,
    };
    let mut tx = app.store.begin().await?;
    tx.add_visit(&visit).await?;
    tx.enqueue(&job).await?;
    tx.commit().await?;
    Ok(())
}

/// Sends the link that was asked for, if anything has this address: to the address as it is recorded, since another spelling that counts as
/// the same may be somebody else's mailbox. The token is made of the visit's id by the vault's key, so that a mail that is sent once more
/// is the same mail.
pub async fn send(app: &App, job: &Job) -> Result<(), StoreError> {
    let id: VisitId = job.subject.parse().map_err(|_| StoreError::Unreadable("subject"))?;
    let now = app.clock.now();
    let Some(visit) = app.store.visit(&id).await?.filter(|visit| visit.hash.is_none()) else {
        return work::finish(app, job).await;
    };
    let asked = visitor_of(app, &visit).filter(|_| visit.ends_at > now && can_send(app));
    let Some(Visitor::Address(asked)) = asked else { return give_up(app, &visit, job).await };
    let found = records(app, &Visitor::Address(asked)).await?;
    let Some(contact) = contact_of(app, &found).await? else { return give_up(app, &visit, job).await };
    let Some((token, url)) = link(app, &id) else { return give_up(app, &visit, job).await };
    let Ok(locked) = lock(app, &id, &Visitor::Address(contact.email.clone())) else {
        return give_up(app, &visit, job).await;
    };

    let linked = Visit { locked: Some(locked), link_hash: Some(token.hash()), ..visit.clone() };
    let mut tx = app.store.begin().await?;
    if visit.link_hash.is_none() {
        let hour = now.plus_millis(-now.unix_millis().rem_euclid(HOUR));
        let name = app.vault.index(COUNTED, contact.email.for_index().as_bytes());
        if !tx.count_mail(&name, hour, app.person_page.mails_per_hour).await? {
            drop(tx);
            return give_up(app, &visit, job).await;
        }
    }
    tx.link_visit(&linked, &texts(&found)).await?;
    tx.commit().await?;

    // Known to be kept before anybody can follow it.
    let date = DateTime::from_timestamp_millis(visit.created_at.unix_millis()).unwrap_or_default();
    let letter = Letter { to: &contact.email, locale: contact.locale.as_str(), id: id.as_str(), date };
    let minutes = app.person_page.link_minutes;
    let Ok(composed) = app.mailer.write(&Mail::Access { url, minutes }, &letter) else {
        tracing::error!("The mail with the link to a person's own page cannot be written");
        return give_up(app, &visit, job).await;
    };
    let Ok(outcome) = app.mailer.send(&composed).await else { return give_up(app, &visit, job).await };
    match outcome.next() {
        // It may have arrived; who misses it asks for another.
        Next::Done | Next::Unknown => work::finish(app, job).await,
        Next::Again => {
            let due = now.plus_millis(pause(job.attempts));
            work::put_off(app, job, due, "the mail server has not taken it").await
        }
        Next::Never => {
            tracing::warn!("The mail with the link to a person's own page was not sent: {outcome}");
            give_up(app, &visit, job).await
        }
    }
}

/// Forgets that somebody has asked.
async fn give_up(app: &App, visit: &Visit, job: &Job) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    tx.end_visit(&visit.id).await?;
    tx.finish_job(job).await?;
    tx.commit().await?;
    app.store.forget_traces().await
}

/// The token of a visit's link, and where it leads.
fn link(app: &App, id: &VisitId) -> Option<(LinkToken, Link)> {
    let token = LinkToken::of_keyed_hash(&app.vault.index(LINK, id.as_str().as_bytes()))?;
    let url = app.http.public(&format!("/me/link/{}", *token.to_text()))?;
    Some((token, url.parse().ok()?))
}

/// The contact of the newest of these records that has one which can be unlocked.
async fn contact_of(app: &App, records: &[AnyRecord]) -> Result<Option<Contact>, StoreError> {
    for record in records {
        if let Some(contact) = super::own::contact_of(app, record).await? {
            return Ok(Some(contact));
        }
    }
    Ok(None)
}
