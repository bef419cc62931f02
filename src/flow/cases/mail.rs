//! The person shows who they are by a link that is sent to the recorded address, and to no other.
//!
//! The link's token is random, and kept as a hash for a day. Looking at it changes nothing, since programs look at links in mails; what the
//! page posts does.

use chrono::DateTime;
use rand::rngs::OsRng;

use super::look::{Shown, shown};
use super::{CaseError, step};
use crate::app::App;
use crate::mail::{Letter, Link, Mail, Next};
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::case::{Case, CaseState, Identity, NoCaseMove, RecordKind, Step};
use crate::model::ids::{CaseId, NoticeId};
use crate::model::mail_link::LinkToken;
use crate::model::personal::Contact;
use crate::model::submitter::Submitter;
use crate::model::time::DAY;

/// How long a link works, in milliseconds.
const LASTS: i64 = DAY;

/// How long after one mail there is no other, in milliseconds: nobody is to be written to as often as somebody else likes.
const PAUSE: i64 = 5 * 60_000;

/// Sends the link to the address that the records of a case have. A later link takes the place of an earlier one.
pub async fn send(app: &App, caller: &Submitter, id: &CaseId) -> Result<Shown, CaseError> {
    let case = app.store.case_of(&caller.tenant, id).await?.ok_or(CaseError::NotFound)?;
    if case.state != CaseState::AwaitingIdentity {
        return Err(NoCaseMove::Stands(case.state).into());
    }
    let now = app.clock.now();
    if app.store.case_link_until(id).await?.is_some_and(|until| until.plus_millis(PAUSE - LASTS) > now) {
        return Err(CaseError::TooSoon);
    }
    if !app.mailer.is_there() {
        return Err(CaseError::NoMail);
    }
    let contact = address_of(app, &app.store.case_records(&case.id).await?).await?;
    let token = LinkToken::new(&mut OsRng);
    let url = app.http.public(&format!("/erasure/{}", *token.to_text()));
    let url: Link = url.and_then(|url| url.parse().ok()).ok_or(CaseError::NoMail)?;

    let mut tx = app.store.begin().await?;
    tx.keep_case_link(&case, &token.hash(), now.plus_millis(LASTS)).await?;
    tx.record(&AuditEntry::new(now, caller.actor(), AuditAction::CaseMailSent, id.as_str())).await?;
    tx.commit().await?;

    // Known to be kept before anybody can follow it.
    let name = NoticeId::new(now, &mut OsRng);
    let date = DateTime::from_timestamp_millis(now.unix_millis()).unwrap_or_default();
    let letter = Letter { to: &contact.email, locale: contact.locale.as_str(), id: name.as_str(), date };
    let composed = app.mailer.write(&Mail::Identify { url }, &letter).map_err(|_| CaseError::NoMail)?;
    let outcome = app.mailer.send(&composed).await.map_err(|_| CaseError::NoMail)?;
    match outcome.next() {
        // It may have arrived: whoever asks can see whether it has.
        Next::Done | Next::Unknown => {}
        Next::Again | Next::Never => {
            tracing::warn!(case.id = %id, "The mail of a case was not sent: {outcome}");
            return Err(CaseError::MailRefused);
        }
    }
    let case = app.store.case(id).await?.ok_or(CaseError::NotFound)?;
    shown(app, case).await
}

/// The one address that these records have.
pub(super) async fn address_of(app: &App, records: &[(RecordKind, String)]) -> Result<Contact, CaseError> {
    let mut found: Option<Contact> = None;
    for (kind, id) in records {
        let locked = match kind {
            RecordKind::Issuance => match id.parse() {
                Ok(issuance) => app.store.locked_contact(&issuance).await?,
                Err(_) => None,
            },
            RecordKind::Verification => match id.parse() {
                Ok(verification) => {
                    let there = app.store.verification(&verification).await?;
                    there.and_then(|verification| verification.locked_contact).map(|contact| contact.locked)
                }
                Err(_) => None,
            },
            _ => None,
        };
        let Some(locked) = locked else { continue };
        let Ok(contact) = app.vault.unlock_record::<Contact>(id, &locked) else { continue };
        match &found {
            Some(other) if *other.email.for_index() != *contact.email.for_index() => {
                return Err(CaseError::SeveralAddresses);
            }
            _ => found = Some(contact),
        }
    }
    found.ok_or(CaseError::NoAddress)
}

/// The case of a link that works.
async fn case_of(app: &App, token: &LinkToken) -> Result<Case, CaseError> {
    let now = app.clock.now();
    match app.store.case_of_link(&token.hash()).await? {
        Some((case, until)) if until > now && case.state == CaseState::AwaitingIdentity => Ok(case),
        _ => Err(CaseError::NotFound),
    }
}

/// Whether there is something to confirm by a link.
pub async fn can_confirm(app: &App, token: &LinkToken) -> Result<bool, CaseError> {
    match case_of(app, token).await {
        Ok(_) => Ok(true),
        Err(CaseError::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whoever has the link says that the request is theirs. Once.
pub async fn confirm(app: &App, token: &LinkToken) -> Result<(), CaseError> {
    let case = case_of(app, token).await?;
    step::take(app, Actor::Service, case, Step::Identified(Identity::Mail), None).await.map(|_| ())
}
