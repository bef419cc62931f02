//! Sample staff of a development service: one of each role, who come in without having shown anything. Where [`App::has_sample_staff`] does
//! not say so, and no setting can have it say so, there is none of it.

use rand::rngs::OsRng;

use super::{SignedIn, StaffError, start};
use crate::app::App;
use crate::model::audit::{Actor, AuditAction, AuditEntry};
use crate::model::staff::{Reach, Role, Staff, Stage};
use crate::store::StoreError;

/// Lets somebody in as the sample person of this role, who sees the records of all clients. The first time makes that person, whom no
/// password and no code lets in.
pub async fn come_in(app: &App, role: Role) -> Result<SignedIn, StaffError> {
    if !app.has_sample_staff {
        return Err(StaffError::NotFound);
    }
    let now = app.clock.now();
    let name = format!("sample-{role}");
    let known = app.store.staff_of_name(&name).await?;
    let is_new = known.is_none();
    let mut staff = known.unwrap_or_else(|| Staff::new(name, role, Reach::All, now, &mut OsRng));
    // An admin may have tried at this person what may be done to people.
    (staff.role, staff.accepted_at, staff.signed_in_at) = (role, staff.accepted_at.or(Some(now)), Some(now));
    let mut tx = app.store.begin().await?;
    if is_new {
        match tx.add_staff(&staff).await {
            // In two windows at the same time.
            Err(StoreError::Exists) => return Err(StaffError::Wrong),
            other => other?,
        }
        let entry = AuditEntry::new(now, Actor::Operator, AuditAction::StaffInvited, staff.id.as_str());
        tx.record(&entry.detail(format!("role:{} client:{} sample", staff.role, staff.reach))).await?;
    } else {
        match tx.change_staff(&mut staff, now).await {
            Err(StoreError::Stale) => return Err(StaffError::Wrong),
            other => other?,
        }
    }
    let full = start::open(app, &mut tx, &staff, Stage::Full, now).await?;
    let entry = AuditEntry::new(now, staff.actor(), AuditAction::StaffSignedIn, staff.id.as_str());
    tx.record(&entry.detail("sample")).await?;
    tx.commit().await?;
    Ok(full)
}
