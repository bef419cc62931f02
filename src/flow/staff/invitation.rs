//! Invitations: whoever has the link chooses a password, takes over the secret of one-time codes, and shows that they have it.

use std::fmt::Write as _;

use qrcodegen::{QrCode, QrCodeEcc};

use super::codes::{self, Code};
use super::pace;
use super::{SignedIn, StaffError, password, start};
use crate::app::App;
use crate::model::audit::{AuditAction, AuditEntry};
use crate::model::mail_link::LinkToken;
use crate::model::personal::Personal;
use crate::model::staff::{Staff, Stage, check_password, typed_password};
use crate::store::StoreError;
use crate::vault::VaultError;

/// Whose invitation it is.
pub async fn follow(app: &App, token: &LinkToken) -> Result<Staff, StaffError> {
    let staff = app.store.staff_of_invitation(&token.hash()).await?.ok_or(StaffError::NoInvitation)?;
    match &staff.invitation {
        Some((_, until)) if app.clock.now() < *until => Ok(staff),
        Some(_) => Err(StaffError::InvitationExpired),
        None => Err(StaffError::NoInvitation),
    }
}

/// Takes the password that somebody chooses, and makes the secret of their codes.
pub async fn choose_password(
    app: &App,
    mut staff: Staff,
    given: &Personal<String>,
) -> Result<Staff, StaffError> {
    let given = typed_password(given.expose());
    check_password(given.expose(), &staff.name)?;
    staff.password = Some(password::hash(given).await?);
    staff.locked_totp = Some(codes::fresh(app, &staff.id)?);
    let mut tx = app.store.begin().await?;
    tx.change_staff(&mut staff, app.clock.now()).await?;
    tx.commit().await?;
    Ok(staff)
}

/// What an app for one-time codes takes over.
pub struct Setup {
    /// The secret, in base32, for typing.
    pub secret: Personal<String>,
    /// The same as a URL (`otpauth:`).
    pub url: Personal<String>,
    /// The URL as a QR code: how many squares each side has, and the path that draws the dark ones (SVG).
    pub picture: (i32, Personal<String>),
}

/// What somebody takes over who has chosen a password; `None` before.
pub fn setup(app: &App, staff: &Staff) -> Result<Option<Setup>, VaultError> {
    let Some(totp) = codes::generator(app, staff)? else { return Ok(None) };
    let url = totp.to_url().map_err(|_| VaultError::Damaged)?;
    let code = QrCode::encode_text(&url, QrCodeEcc::Medium).map_err(|_| VaultError::Damaged)?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            let _ = write!(path, "M{x} {y}h1v1h-1z"); // a text takes all
        }
    }
    Ok(Some(Setup {
        secret: Personal::new(totp.secret().to_base32()),
        url: Personal::new(url),
        picture: (code.size(), Personal::new(path)),
    }))
}

/// Takes the first code, and with it the end of the invitation. Gives a session, and codes for the case that theirs are lost, which are shown
/// this once.
pub async fn finish(
    app: &App,
    mut staff: Staff,
    code: &str,
    address: &str,
) -> Result<(SignedIn, Vec<Personal<String>>), StaffError> {
    let of_address = pace::ADDRESS.count(app, address).await?;
    let now = app.clock.now();
    let Some(code @ Code::OfStep(_)) = codes::look(app, &staff, code, now)? else {
        return Err(StaffError::Wrong);
    };
    of_address.take_back(app).await?;
    let (shown, hashes) = codes::recovery();
    staff.invitation = None;
    staff.accepted_at = Some(now);
    staff.signed_in_at = Some(now);
    let mut tx = app.store.begin().await?;
    codes::take(&mut tx, &mut staff, &code).await?;
    match tx.change_staff(&mut staff, now).await {
        // Somebody else has followed it at the same time.
        Err(StoreError::Stale) => return Err(StaffError::NoInvitation),
        other => other?,
    }
    tx.set_recovery_codes(&staff.id, &hashes).await?;
    let session = start::open(app, &mut tx, &staff, Stage::Full, now).await?;
    tx.record(&AuditEntry::new(now, staff.actor(), AuditAction::StaffAccepted, staff.id.as_str())).await?;
    tx.commit().await?;
    Ok((session, shown))
}
