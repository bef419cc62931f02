//! Plan: what is to be said of a credential, and when.

use rand::rngs::OsRng;

use crate::app::App;
use crate::model::ids::{IssuanceId, NoticeId};
use crate::model::issuance::{Issuance, Kind, State};
use crate::model::notices::{Known, NoticeCode, NoticeState, Zone};
use crate::model::personal::Contact;
use crate::model::time::Timestamp;
use crate::store::{NewNotice, StoreError, Tx};

/// The name under which the settings are recorded by which was planned.
const SETTINGS: &str = "notice_settings";

/// Credentials that are planned anew in one transaction.
const BATCH: u32 = 200;

/// Plans the notices of an issuance whose credential is in the user's profile: those that are not planned yet, and those that
/// are planned for another time. What the settings do not have any more is dropped. Where there is nobody to write to, so is
/// everything.
pub(in crate::flow) async fn plan(
    app: &App,
    tx: &mut Tx,
    issuance: &Issuance,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(valid_until) = issuance.valid_until else { return Ok(()) };
    let owner = owner(issuance);
    tx.drop_superseded(&owner, (&issuance.id, valid_until), now).await?;
    let Some(addressee) = tx.addressee(&issuance.id).await? else {
        tx.drop_notices(&issuance.id, NoticeCode::NoContact, now).await?;
        return Ok(());
    };
    let there = tx.notices_of(&issuance.id).await?;
    // Said by another credential's: it stays so.
    if there.iter().any(|notice| notice.code == Some(NoticeCode::Superseded)) {
        return Ok(());
    }
    let days = |wanted: &dyn Fn(NoticeState, Option<NoticeCode>) -> bool| -> Vec<u32> {
        there.iter().filter(|notice| wanted(notice.state, notice.code)).map(|notice| notice.days).collect()
    };
    let known = Known {
        planned: &days(&|state, _| state == NoticeState::Planned),
        said: &days(&|state, code| match state {
            NoticeState::Sent | NoticeState::Unclear | NoticeState::Sending => true,
            // To an address that does not exist, nothing was said.
            NoticeState::Failed => code != Some(NoticeCode::Refused),
            NoticeState::Planned | NoticeState::Dropped => false,
        }),
        passed_over: &days(&|state, code| {
            let passed_over = [NoticeCode::Late, NoticeCode::TooLate, NoticeCode::Cancelled];
            state == NoticeState::Dropped && code.is_some_and(|code| passed_over.contains(&code))
        }),
    };
    let zone = zone_of(app, &issuance.id, &addressee.locked);
    let wanted = app.notices.plan(issuance.kind, valid_until, zone, now, known);
    for notice in there.iter().filter(|notice| notice.state == NoticeState::Planned) {
        if !wanted.iter().any(|(days, _)| *days == notice.days) {
            tx.drop_notice(notice, NoticeCode::Policy, now).await?;
        }
    }
    for (days, due_at) in wanted {
        // One that is planned for this moment keeps what is known of it, such as its tries.
        let is_same = |notice: &crate::model::notices::Notice| {
            let was_tried = notice.attempts > 0 || notice.is_paced;
            notice.days == days
                && notice.state == NoticeState::Planned
                && (notice.due_at == due_at || (was_tried && notice.due_at >= now))
        };
        if there.iter().any(is_same) {
            continue;
        }
        let id = NoticeId::new(now, &mut OsRng);
        let (client, issuance_id) = (issuance.client.as_str(), &issuance.id);
        let notice = NewNotice { id, issuance_id, client, owner: &owner, days, valid_until, due_at };
        tx.plan_notice(&notice, now).await?;
    }
    Ok(())
}

/// Drops what is planned for an issuance.
pub(in crate::flow) async fn drop_all(
    tx: &mut Tx,
    id: &IssuanceId,
    code: NoticeCode,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.drop_notices(id, code, now).await.map(|_| ())
}

/// Plans all anew if the settings have changed since it was planned, or nothing ever was. May be broken off and begun again.
pub async fn replan(app: &App) -> Result<(), StoreError> {
    let fingerprint = app.notices.fingerprint();
    if app.store.recorded(SETTINGS).await?.as_deref() == Some(fingerprint.as_str()) {
        return Ok(());
    }
    let (mut from, mut planned) = (None, 0_u64);
    loop {
        let now = app.clock.now();
        let batch = app.store.with_end(now.plus_millis(-crate::model::notices::LATEST), from, BATCH).await?;
        let mut tx = app.store.begin().await?;
        for issuance in batch.items.iter().filter(|issuance| issuance.state == State::Issued) {
            match plan(app, &mut tx, issuance, now).await {
                // It is being sent at this moment.
                Ok(()) | Err(StoreError::Stale) => planned += 1,
                Err(error) => return Err(error),
            }
        }
        tx.commit().await?;
        from = batch.next;
        if from.is_none() {
            break;
        }
    }
    let mut tx = app.store.begin().await?;
    tx.record_anew(SETTINGS, &fingerprint).await?;
    tx.commit().await?;
    tracing::info!(credentials = planned, "Notices are planned by the present settings");
    Ok(())
}

/// The zone of whom a contact is of; that of the settings where it cannot be unlocked.
pub(super) fn zone_of(app: &App, id: &IssuanceId, locked: &str) -> Zone {
    let contact = app.vault.unlock_record::<Contact>(id.as_str(), locked).ok();
    app.notices.zone_of(contact.as_ref().map(|contact| &contact.locale))
}

/// Whose credential of what: all versions of KYC are one and the same.
pub(in crate::flow) fn owner(issuance: &Issuance) -> String {
    let is_kyc = (0..=9).filter_map(Kind::of_kyc_version).any(|kind| kind == issuance.kind);
    let kind = if is_kyc { "kyc" } else { issuance.kind.as_str() };
    format!("{}/{kind}/{}", issuance.client, issuance.user_id)
}
