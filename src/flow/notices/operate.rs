//! What operators do about notices.

use super::letter::{Item, Letter, write};
use crate::app::App;
use crate::mail::{MailError, Rendered};
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::ids::NoticeId;
use crate::model::issuance::State;
use crate::model::notices::{Notice, NoticeCode, NoticeDeed, NoticeState};
use crate::model::personal::Contact;
use crate::model::staff::{Reach, Staff};
use crate::store::StoreError;

/// Why it is not done.
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// There is none.
    #[error("there is no such notice")]
    NotFound,
    /// It looks otherwise than when somebody made up their mind.
    #[error("the notice has changed meanwhile")]
    Changed,
    /// It is being sent: what comes of it is known in a moment.
    #[error("it is being sent at this moment")]
    BeingSent,
    /// There is nothing to cancel.
    #[error("a notice that is {0} cannot be cancelled")]
    NotPlanned(NoticeState),
    /// Its credential does not hold any more.
    #[error("its credential is not valid any more, so there is nothing to say")]
    NotIssued,
    /// There is nobody to write to.
    #[error("there is no contact, or it cannot be unlocked")]
    NoContact,
    /// It cannot be written.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A notice that may be seen.
pub async fn visible(app: &App, whose: &Reach, id: &NoticeId) -> Result<Notice, NoticeError> {
    let notice = found(app, id).await?;
    if whose.sees(&notice.client) { Ok(notice) } else { Err(NoticeError::NotFound) }
}

/// Does something about a notice that may be seen, for somebody of the staff. If it looks otherwise than they have `seen` it when they made up
/// their mind, it is [`NoticeError::Changed`].
pub async fn act(
    app: &App,
    staff: &Staff,
    id: &NoticeId,
    (deed, seen): (NoticeDeed, &str),
) -> Result<(), NoticeError> {
    let notice = visible(app, &staff.reach, id).await?;
    if notice.seen() != seen || !notice.deeds().contains(&deed) {
        return Err(NoticeError::Changed);
    }
    let actor = &staff.actor();
    match deed {
        NoticeDeed::Resend => resend_as(app, actor, &notice).await,
        NoticeDeed::Cancel => cancel_as(app, actor, &notice).await,
    }
}

/// Has a notice sent once more, whatever came of it, at the next moment at which the person may be written to.
pub async fn resend(app: &App, id: &NoticeId) -> Result<(), NoticeError> {
    resend_as(app, &Actor::Operator, &found(app, id).await?).await
}

async fn resend_as(app: &App, actor: &Actor, notice: &Notice) -> Result<(), NoticeError> {
    let issuance = app.store.issuance(&notice.issuance_id).await?;
    if issuance.is_none_or(|issuance| issuance.state != State::Issued) {
        return Err(NoticeError::NotIssued);
    }
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    match tx.resend_notice(&notice.id, now).await {
        Err(StoreError::Stale) => return Err(NoticeError::BeingSent),
        done => done?,
    }
    tx.record(&entry(app, actor, notice, AuditAction::NoticeResent)).await?;
    tx.commit().await?;
    Ok(())
}

/// Has a notice not sent that is planned.
pub async fn cancel(app: &App, id: &NoticeId) -> Result<(), NoticeError> {
    cancel_as(app, &Actor::Operator, &found(app, id).await?).await
}

async fn cancel_as(app: &App, actor: &Actor, notice: &Notice) -> Result<(), NoticeError> {
    if notice.state != NoticeState::Planned {
        return Err(NoticeError::NotPlanned(notice.state));
    }
    let mut tx = app.store.begin().await?;
    match tx.drop_notice(notice, NoticeCode::Cancelled, app.clock.now()).await {
        Err(StoreError::Stale) => return Err(NoticeError::BeingSent),
        done => done?,
    }
    tx.record(&entry(app, actor, notice, AuditAction::NoticeCancelled)).await?;
    Ok(tx.commit().await?)
}

/// What a notice says, without whom it goes to.
pub async fn text_of(app: &App, id: &NoticeId) -> Result<Rendered, NoticeError> {
    let notice = found(app, id).await?;
    let issuance = app.store.issuance(&notice.issuance_id).await?.ok_or(NoticeError::NotFound)?;
    let addressee = app.store.addressee(&issuance.id).await?.ok_or(NoticeError::NoContact)?;
    let contact = app.vault.unlock_record::<Contact>(issuance.id.as_str(), &addressee.locked);
    let valid_until = issuance.valid_until.ok_or(NoticeError::NotIssued)?;
    let letter = Letter {
        notice: notice.id,
        contact: contact.map_err(|_| NoticeError::NoContact)?,
        items: vec![Item { kind: issuance.kind, valid_until }],
        renew_url: None,
        unsubscribe_url: None,
    };
    Ok(write(app, &letter)?.rendered)
}

async fn found(app: &App, id: &NoticeId) -> Result<Notice, NoticeError> {
    app.store.notice(id).await?.ok_or(NoticeError::NotFound)
}

fn entry(app: &App, actor: &Actor, notice: &Notice, act: AuditAction) -> AuditEntry {
    AuditEntry::new(app.clock.now(), actor.clone(), act, notice.issuance_id.as_str())
        .detail(notice.id.as_str())
}
