//! Who works here, and what they may do: by an admin, or from the command line.

use rand::rngs::OsRng;

use super::{StaffError, codes};
use crate::app::App;
pub use crate::flow::by::By;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::ids::StaffId;
use crate::model::mail_link::LinkToken;
use crate::model::staff::{Reach, Role, Staff, login_name};
use crate::model::submitter::is_plain_name;
use crate::model::time::HOUR;
use crate::store::{Store, StoreError};

impl By {
    fn entry(&self, act: AuditAction, staff: &Staff) -> AuditEntry {
        let detail = format!("role:{} client:{}", staff.role, staff.reach);
        AuditEntry::new(self.at, self.actor.clone(), act, staff.id.as_str()).detail(detail)
    }

    /// Nobody takes from themselves what somebody else would have to give back.
    fn is_another(&self, staff: &Staff) -> Result<(), StaffError> {
        if self.actor == staff.actor() { Err(StaffError::Oneself) } else { Ok(()) }
    }
}

/// Invites somebody. The token of the link is given once, here, and is kept nowhere.
pub async fn add(
    store: &Store,
    by: &By,
    name: &str,
    role: Role,
    reach: Reach,
) -> Result<(Staff, LinkToken), StaffError> {
    let name = login_name(name);
    if !is_plain_name(&name) {
        return Err(StaffError::Name);
    }
    let token = LinkToken::new(&mut OsRng);
    let mut staff = Staff::new(name, role, reach, by.at, &mut OsRng);
    staff.invitation = Some((token.hash(), by.at.plus_millis(i64::from(by.invitation_hours) * HOUR)));
    let mut tx = store.begin().await?;
    by.settle(&mut tx).await?;
    match tx.add_staff(&staff).await {
        Err(StoreError::Exists) => return Err(StaffError::Taken),
        other => other?,
    }
    tx.record(&by.entry(AuditAction::StaffInvited, &staff)).await?;
    tx.commit().await?;
    Ok((staff, token))
}

/// Invites somebody anew, such as one who has lost all of it: nothing that let them in before does, and no session goes on.
pub async fn reset(store: &Store, by: &By, id: &StaffId) -> Result<(Staff, LinkToken), StaffError> {
    let mut staff = find(store, id).await?;
    by.is_another(&staff)?;
    let token = LinkToken::new(&mut OsRng);
    (staff.password, staff.locked_totp, staff.accepted_at) = (None, None, None);
    staff.invitation = Some((token.hash(), by.at.plus_millis(i64::from(by.invitation_hours) * HOUR)));
    let mut tx = store.begin().await?;
    by.settle(&mut tx).await?;
    tx.change_staff(&mut staff, by.at).await?;
    tx.end_sessions_of(id).await?;
    tx.set_recovery_codes(id, &[]).await?;
    tx.record(&by.entry(AuditAction::StaffInvited, &staff)).await?;
    tx.commit().await?;
    Ok((staff, token))
}

/// Changes what somebody may do. Their sessions end.
pub async fn change(
    store: &Store,
    by: &By,
    id: &StaffId,
    role: Role,
    reach: Reach,
) -> Result<Staff, StaffError> {
    let mut staff = find(store, id).await?;
    by.is_another(&staff)?;
    (staff.role, staff.reach) = (role, reach);
    let mut tx = store.begin().await?;
    by.settle(&mut tx).await?;
    tx.change_staff(&mut staff, by.at).await?;
    tx.end_sessions_of(id).await?;
    tx.record(&by.entry(AuditAction::StaffChanged, &staff)).await?;
    tx.commit().await?;
    Ok(staff)
}

/// Forgets somebody.
pub async fn remove(store: &Store, by: &By, id: &StaffId) -> Result<(), StaffError> {
    let staff = find(store, id).await?;
    by.is_another(&staff)?;
    let mut tx = store.begin().await?;
    by.settle(&mut tx).await?;
    match tx.forget_staff(id).await {
        Err(StoreError::Stale) => return Err(StaffError::NotFound),
        other => other?,
    }
    tx.record(&by.entry(AuditAction::StaffRemoved, &staff)).await?;
    Ok(tx.commit().await?)
}

/// Ends all sessions of somebody's. Gives how many there were.
pub async fn sign_out(store: &Store, by: &By, id: &StaffId) -> Result<u64, StaffError> {
    let staff = find(store, id).await?;
    let mut tx = store.begin().await?;
    let ended = tx.end_sessions_of(id).await?;
    let entry = AuditEntry::new(by.at, by.actor.clone(), AuditAction::StaffSignedOut, staff.id.as_str());
    tx.record(&entry.detail(format!("sessions:{ended}"))).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Somebody, by id or by name.
pub async fn named(store: &Store, text: &str) -> Result<Staff, StaffError> {
    let found = match text.parse::<StaffId>() {
        Ok(id) => store.staff(&id).await?,
        Err(_) => store.staff_of_name(&login_name(text)).await?,
    };
    found.ok_or(StaffError::NotFound)
}

async fn find(store: &Store, id: &StaffId) -> Result<Staff, StaffError> {
    store.staff(id).await?.ok_or(StaffError::NotFound)
}

/// Locks the secrets of everybody's codes under the present vault key. Gives how many were not before.
pub async fn relock_all(app: &App) -> Result<usize, StaffError> {
    let mut relocked = 0;
    for mut staff in app.store.all_staff().await? {
        let Some(locked) = &staff.locked_totp else { continue };
        if locked.split('.').nth(1) == Some(app.vault.key_id()) {
            continue;
        }
        staff.locked_totp = Some(codes::lock_anew(app, &staff.id, locked)?);
        let now = app.clock.now();
        let mut tx = app.store.begin().await?;
        match tx.change_staff(&mut staff, now).await {
            // They have just come in: the next run finds them.
            Err(StoreError::Stale) => continue,
            other => other?,
        }
        tx.record(&AuditEntry::new(now, Actor::Operator, AuditAction::Relocked, staff.id.as_str())).await?;
        tx.commit().await?;
        relocked += 1;
    }
    Ok(relocked)
}
