//! The confirmation: one mail to the person, before the address is forgotten.
//!
//! It goes out by the rules of notices: what the mail server may have is not sent twice, and what cannot be sent is reported and
//! not tried for ever. One who has only ordered reminders off is answered all the same, since this is the answer to a request.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::DateTime;

use crate::app::App;
use crate::flow::mail_link;
use crate::flow::notices::may_send_today;
use crate::mail::{self, Mail, MailError, Next};
use crate::model::carrying_out::{CarriedCase, Kept, MailState, Run};
use crate::model::ids::VerificationId;
use crate::model::mail_link::StopReason;
use crate::model::notices::{MOST_ATTEMPTS, pause};
use crate::model::personal::Contact;
use crate::model::time::{DAY, Timestamp};
use crate::store::StoreError;

/// How long a dialogue with a mail server may take.
const LONGEST: Duration = Duration::from_mins(15);

/// Sends the confirmation, if that is still to be done. Gives when to try again; `None` if nothing more is to be done about it.
pub(super) async fn confirm(app: &App, case: &CarriedCase) -> Result<Option<Timestamp>, StoreError> {
    let run = &case.run;
    let now = app.clock.now();
    let is_over = match run.mail {
        // Whoever was sending is gone. Nobody knows what the mail server has, if it may have all of it.
        MailState::Sending if run.mail_data_at.is_some() => {
            return settle(app, case, run, MailState::Unclear).await;
        }
        MailState::Open | MailState::Sending => false,
        MailState::Sent | MailState::None | MailState::Failed | MailState::Unclear => true,
    };
    if is_over {
        return Ok(None);
    }
    if run.mail_attempts >= MOST_ATTEMPTS {
        return settle(app, case, run, MailState::Failed).await;
    }
    if now < run.mail_due_at {
        return Ok(Some(run.mail_due_at));
    }
    let contact = if app.mailer.is_there() { addressee(app, case).await? } else { None };
    let Some(contact) = contact else { return settle(app, case, run, MailState::None).await };
    send(app, case, &contact, now).await
}

/// Whom to write to: the contact that was brought last, unless nothing is sent to that address.
async fn addressee(app: &App, case: &CarriedCase) -> Result<Option<Contact>, StoreError> {
    let mut contact = None;
    if let Some(id) = app.store.contacts_of_case(&case.id).await?.into_iter().next()
        && let Some(locked) = app.store.locked_contact(&id).await?
    {
        contact = app.vault.unlock_record::<Contact>(id.as_str(), &locked).ok();
    }
    if contact.is_none() {
        for id in app.store.held_contacts_of_case(&case.id).await? {
            contact = held_contact(app, &id).await?;
        }
    }
    let Some(contact) = contact else { return Ok(None) };
    let stops = mail_link::stops(app, &case.client, &contact.email).await?;
    Ok(Some(contact).filter(|_| stops.iter().all(|stop| *stop == StopReason::Unsubscribed)))
}

async fn held_contact(app: &App, id: &VerificationId) -> Result<Option<Contact>, StoreError> {
    let locked = app.store.verification(id).await?.and_then(|of| of.locked_contact);
    Ok(locked.and_then(|held| app.vault.unlock_record::<Contact>(id.as_str(), &held.locked).ok()))
}

async fn settle(
    app: &App,
    case: &CarriedCase,
    before: &Run,
    to: MailState,
) -> Result<Option<Timestamp>, StoreError> {
    let mut tx = app.store.begin().await?;
    tx.note_erasure_mail(&case.id, before, &Run { mail: to, ..before.clone() }).await?;
    tx.commit().await?;
    metrics::counter!("erasure_mails_total", "outcome" => to.as_str()).increment(1);
    Ok(None)
}

async fn send(
    app: &App,
    case: &CarriedCase,
    contact: &Contact,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let records = app.store.listed_records(&case.id).await?;
    let kept =
        records.iter().filter(|record| matches!(record.kept, Some(Kept::Credential | Kept::Revoked))).count();
    let composed = write(app, case, contact, u32::try_from(kept).unwrap_or(u32::MAX));
    let composed = match composed {
        Ok(composed) => composed,
        Err(error) => {
            tracing::error!(case.id = %case.id, "The confirmation of an erasure cannot be written: {error}");
            return settle(app, case, &case.run, MailState::Failed).await;
        }
    };
    let taken = Run {
        mail: MailState::Sending,
        mail_attempts: case.run.mail_attempts.saturating_add(1),
        ..case.run.clone()
    };
    let mut tx = app.store.begin().await?;
    if !may_send_today(app, &mut tx, now).await? {
        return Ok(Some(now.plus_millis(DAY - now.unix_millis().rem_euclid(DAY))));
    }
    tx.note_erasure_mail(&case.id, &case.run, &taken).await?;
    tx.commit().await?;

    // Before the server can have all of it, the row says since when: whoever comes after us knows it then.
    let begun = Run { mail_data_at: Some(now), ..taken.clone() };
    let has_begun = AtomicBool::new(false);
    let permit = async {
        let may = begin(app, case, &taken, &begun).await.is_ok();
        has_begun.store(may, Ordering::SeqCst);
        may
    };
    let sending = app.mailer.send_if(&composed, Box::pin(permit));
    let outcome = match tokio::time::timeout(LONGEST, sending).await {
        Ok(Ok(outcome)) => {
            if !matches!(outcome, mail::Outcome::Sent { .. }) {
                tracing::warn!(case.id = %case.id, "The confirmation of an erasure was not sent: {outcome}");
            }
            outcome.next()
        }
        Err(_) if has_begun.load(Ordering::SeqCst) => Next::Unknown,
        Ok(Err(_)) | Err(_) => Next::Again,
    };
    let before = if has_begun.load(Ordering::SeqCst) { &begun } else { &taken };
    match outcome {
        Next::Done => settle(app, case, before, MailState::Sent).await,
        Next::Never => settle(app, case, before, MailState::Failed).await,
        Next::Unknown => settle(app, case, before, MailState::Unclear).await,
        Next::Again => {
            let due = app.clock.now().plus_millis(pause(taken.mail_attempts));
            let again = Run { mail: MailState::Open, mail_data_at: None, mail_due_at: due, ..taken.clone() };
            let mut tx = app.store.begin().await?;
            tx.note_erasure_mail(&case.id, before, &again).await?;
            tx.commit().await?;
            Ok(Some(due))
        }
    }
}

async fn begin(app: &App, case: &CarriedCase, taken: &Run, begun: &Run) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    tx.note_erasure_mail(&case.id, taken, begun).await?;
    tx.commit().await
}

fn write(app: &App, case: &CarriedCase, contact: &Contact, kept: u32) -> Result<mail::Composed, MailError> {
    let now = app.clock.now();
    let post = mail::Letter {
        to: &contact.email,
        locale: contact.locale.as_str(),
        id: case.id.as_str(),
        date: DateTime::from_timestamp_millis(now.unix_millis()).unwrap_or_default(),
    };
    app.mailer.write(&Mail::Erased { kept }, &post)
}
