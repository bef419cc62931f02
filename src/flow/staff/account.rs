//! What somebody changes of their own.

use chrono_tz::Tz;

use super::{SignedIn, StaffError, codes, pace, password, start};
use crate::app::App;
use crate::model::audit::{AuditAction, AuditEntry};
use crate::model::personal::Personal;
use crate::model::staff::{ConsoleLanguage, check_password, typed_password};

/// Takes another password. All other sessions end; this one goes on under another token.
pub async fn change_password(
    app: &App,
    me: &SignedIn,
    old: &Personal<String>,
    new: &Personal<String>,
) -> Result<SignedIn, StaffError> {
    let counted = pace::ACCOUNT.count(app, &me.staff.name).await?;
    let stored = me.staff.password.as_ref().map(|stored| stored.expose().as_str());
    if !password::is(typed_password(old.expose()), stored).await? {
        return Err(StaffError::Wrong);
    }
    counted.forget(app).await?;
    let new = typed_password(new.expose());
    check_password(new.expose(), &me.staff.name)?;
    let mut staff = me.staff.clone();
    staff.password = Some(password::hash(new).await?);
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    tx.change_staff(&mut staff, now).await?;
    let renewed = start::renew(&mut tx, &me.session, &staff, me.session.factor_at, now).await?;
    for other in app.store.sessions_of_staff(&staff.id).await? {
        if other.id != me.session.id {
            // One that has just ended by itself is as good.
            let _ = tx.end_session(&staff.id, &other.id).await;
        }
    }
    tx.record(&AuditEntry::new(now, staff.actor(), AuditAction::StaffPasswordChanged, staff.id.as_str()))
        .await?;
    tx.commit().await?;
    Ok(renewed)
}

/// Makes new recovery codes, which are shown this once; the old ones work no more. Asks for a code that was given a short while ago.
pub async fn renew_recovery_codes(app: &App, me: &SignedIn) -> Result<Vec<Personal<String>>, StaffError> {
    me.require_fresh_code(app)?;
    let (shown, hashes) = codes::recovery();
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    tx.set_recovery_codes(&me.staff.id, &hashes).await?;
    tx.record(&AuditEntry::new(now, me.staff.actor(), AuditAction::StaffCodesRenewed, me.staff.id.as_str()))
        .await?;
    tx.commit().await?;
    Ok(shown)
}

/// In which language and time zone somebody reads pages.
pub async fn prefer(
    app: &App,
    me: &SignedIn,
    language: Option<ConsoleLanguage>,
    zone: Option<Tz>,
) -> Result<(), StaffError> {
    let mut staff = me.staff.clone();
    (staff.language, staff.time_zone) = (language, zone);
    let mut tx = app.store.begin().await?;
    tx.change_staff(&mut staff, app.clock.now()).await?;
    Ok(tx.commit().await?)
}
