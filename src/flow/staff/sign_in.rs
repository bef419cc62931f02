//! Coming in: by password, then by code.

use super::codes::{self, Code};
use super::pace::{self, Counted};
use super::{SignedIn, StaffError, device, password, start};
use crate::app::App;
use crate::model::audit::{AuditAction, AuditEntry};
use crate::model::personal::Personal;
use crate::model::staff::{Staff, Stage, login_name, typed_password};
use crate::store::StoreError;

/// From where somebody tries to come in.
#[derive(Clone, Copy, Debug)]
pub struct From<'a> {
    /// The address, or what stands for it.
    pub address: &'a str,
    /// What their browser carries if it has come in before.
    pub device: Option<&'a str>,
}

/// Looks at name and password. What it opens asks for a code.
pub async fn by_password(
    app: &App,
    name: &str,
    given: &Personal<String>,
    from: From<'_>,
) -> Result<SignedIn, StaffError> {
    let name = login_name(name);
    let of_address = pace::ADDRESS.count(app, from.address).await?;
    let staff = app.store.staff_of_name(&name).await?;
    let known = staff.as_ref().and_then(|staff| device::known(app, &staff.id, from.device));
    let of_account = match known {
        Some(device) => pace::DEVICE.count(app, device).await?,
        None => pace::ACCOUNT.count(app, &name).await?,
    };
    let may_come = staff.filter(|staff| staff.accepted_at.is_some() && app.console.local_accounts);
    let stored = may_come.as_ref().and_then(|staff| staff.password.as_ref());
    let is_right =
        password::is(typed_password(given.expose()), stored.map(|stored| stored.expose().as_str())).await?;
    let Some(staff) = may_come.filter(|_| is_right) else {
        metrics::counter!("staff_sign_ins_total", "outcome" => "wrong_password").increment(1);
        return Err(StaffError::Wrong);
    };
    of_address.take_back(app).await?;
    of_account.forget(app).await?;
    let mut tx = app.store.begin().await?;
    let half = start::open(app, &mut tx, &staff, Stage::Password, app.clock.now()).await?;
    tx.commit().await?;
    Ok(half)
}

/// Looks at the code of somebody who has shown their password. The session goes on under another token.
pub async fn by_code(app: &App, half: &SignedIn, code: &str, from: From<'_>) -> Result<SignedIn, StaffError> {
    let counted = count(app, &half.staff, from).await?;
    let now = app.clock.now();
    let mut staff = half.staff.clone();
    staff.signed_in_at = Some(now);
    let Some(code) = codes::look(app, &staff, code, now)? else {
        return wrong_code();
    };
    let mut tx = app.store.begin().await?;
    if !take(&mut tx, &mut staff, &code, now).await? {
        return wrong_code();
    }
    match tx.end_session(&staff.id, &half.session.id).await {
        // It was used meanwhile.
        Err(StoreError::Stale) => return Err(StaffError::Wrong),
        other => other?,
    }
    let full = start::open(app, &mut tx, &staff, Stage::Full, now).await?;
    let entry = AuditEntry::new(now, staff.actor(), AuditAction::StaffSignedIn, staff.id.as_str());
    tx.record(&entry.detail(how(&code))).await?;
    tx.commit().await?;
    forget(app, counted).await?;
    metrics::counter!("staff_sign_ins_total", "outcome" => "signed_in").increment(1);
    Ok(full)
}

/// Looks at another code of somebody who is in, before they do what cannot be undone. The session goes on under another token.
pub async fn step_up(app: &App, me: &SignedIn, code: &str, from: From<'_>) -> Result<SignedIn, StaffError> {
    let counted = count(app, &me.staff, from).await?;
    let now = app.clock.now();
    let mut staff = me.staff.clone();
    let Some(code) = codes::look(app, &staff, code, now)? else {
        return wrong_code();
    };
    let mut tx = app.store.begin().await?;
    if !take(&mut tx, &mut staff, &code, now).await? {
        return wrong_code();
    }
    let renewed = match start::renew(&mut tx, &me.session, &staff, Some(now), now).await {
        Err(StoreError::Stale) => return Err(StaffError::Wrong),
        other => other?,
    };
    tx.commit().await?;
    forget(app, counted).await?;
    Ok(renewed)
}

async fn count(app: &App, staff: &Staff, from: From<'_>) -> Result<(Counted, Counted), StaffError> {
    let of_address = pace::ADDRESS.count(app, from.address).await?;
    let of_code = match device::known(app, &staff.id, from.device) {
        Some(device) => pace::DEVICE.count(app, device).await?,
        None => pace::CODE.count(app, staff.id.as_str()).await?,
    };
    Ok((of_address, of_code))
}

async fn forget(app: &App, (of_address, of_code): (Counted, Counted)) -> Result<(), StaffError> {
    of_address.take_back(app).await?;
    Ok(of_code.forget(app).await?)
}

/// Uses the code; `false` if it was used meanwhile.
async fn take(
    tx: &mut crate::store::Tx,
    staff: &mut Staff,
    code: &Code,
    now: crate::model::time::Timestamp,
) -> Result<bool, StaffError> {
    if !codes::take(tx, staff, code).await? {
        return Ok(false);
    }
    match tx.change_staff(staff, now).await {
        Ok(()) => Ok(true),
        Err(StoreError::Stale) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn wrong_code<T>() -> Result<T, StaffError> {
    metrics::counter!("staff_sign_ins_total", "outcome" => "wrong_code").increment(1);
    Err(StaffError::Wrong)
}

fn how(code: &Code) -> &'static str {
    match code {
        Code::OfStep(_) => "code",
        Code::Recovery(_) => "recovery_code",
    }
}
