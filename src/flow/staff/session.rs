//! Sessions: found by their tokens, and ended.

use std::time::Duration;

use super::StaffError;
use crate::app::App;
use crate::model::audit::{AuditAction, AuditEntry};
use crate::model::ids::SessionId;
use crate::model::mail_link::LinkToken;
use crate::model::staff::{Role, Staff, StaffSession, Stage};
use crate::model::time::Timestamp;
use crate::store::StoreError;

/// How often it is noted that a session is in use, in milliseconds.
const NOTED_EVERY: i64 = 60_000;

/// How long a request waits for that.
const NOTE_USE: Duration = Duration::from_secs(1);

const MINUTE: i64 = 60_000;

/// Somebody in a session.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub staff: Staff,
    /// In which.
    pub session: StaffSession,
    /// What their browser has for it.
    pub token: LinkToken,
}

impl SignedIn {
    /// What every form of this session carries.
    #[must_use]
    pub fn form_token(&self) -> String {
        self.token.for_forms()
    }

    /// Whether a form is of this session.
    #[must_use]
    pub fn has_sent(&self, form_token: &str) -> bool {
        self.token.has_sent(form_token)
    }

    /// Whether somebody has shown all that is asked for, and may do what this role may.
    #[must_use]
    pub fn may(&self, role: Role) -> bool {
        self.session.stage == Stage::Full && self.staff.role >= role
    }

    /// Refuses what cannot be undone, unless a code was given a short while ago.
    pub fn require_fresh_code(&self, app: &App) -> Result<(), StaffError> {
        let good_for = i64::from(app.console.step_up_minutes) * MINUTE;
        let now = app.clock.now();
        let is_fresh = self.session.factor_at.is_some_and(|at| now < at.plus_millis(good_for));
        if is_fresh { Ok(()) } else { Err(StaffError::StepUp) }
    }
}

/// Whether a session is over at this moment.
#[must_use]
pub fn is_over(app: &App, session: &StaffSession, now: Timestamp) -> bool {
    let idle = i64::from(app.console.idle_minutes) * MINUTE;
    session.ends_at <= now || session.seen_at.plus_millis(idle) <= now
}

/// Who is in the session of this token, if there is one that goes on.
pub async fn find(app: &App, token: LinkToken) -> Result<Option<SignedIn>, StoreError> {
    let now = app.clock.now();
    let Some(session) = app.store.staff_session(&token.hash()).await? else { return Ok(None) };
    if is_over(app, &session, now) {
        return Ok(None);
    }
    let Some(staff) = app.store.staff(&session.staff).await?.filter(|staff| staff.accepted_at.is_some())
    else {
        return Ok(None);
    };
    if session.seen_at.plus_millis(NOTED_EVERY) <= now {
        // Pages are read also while the database takes nothing in.
        match tokio::time::timeout(NOTE_USE, app.store.note_session(&session.hash, now)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!("The use of a session was not noted: {error}"),
            Err(_) => tracing::warn!("The use of a session was not noted in time"),
        }
    }
    Ok(Some(SignedIn { staff, session, token }))
}

/// Ends the session itself.
pub async fn sign_out(app: &App, me: &SignedIn) -> Result<(), StaffError> {
    end(app, me, &me.session.id).await
}

/// Ends a session of somebody's own.
pub async fn end(app: &App, me: &SignedIn, id: &SessionId) -> Result<(), StaffError> {
    let mut tx = app.store.begin().await?;
    match tx.end_session(&me.staff.id, id).await {
        Err(StoreError::Stale) => return Err(StaffError::NotFound),
        other => other?,
    }
    let entry =
        AuditEntry::new(app.clock.now(), me.staff.actor(), AuditAction::StaffSignedOut, me.staff.id.as_str());
    tx.record(&entry.detail("sessions:1")).await?;
    Ok(tx.commit().await?)
}

/// Ends all of somebody's own sessions.
pub async fn end_all(app: &App, me: &SignedIn) -> Result<(), StaffError> {
    let mut tx = app.store.begin().await?;
    let ended = tx.end_sessions_of(&me.staff.id).await?;
    let entry =
        AuditEntry::new(app.clock.now(), me.staff.actor(), AuditAction::StaffSignedOut, me.staff.id.as_str());
    tx.record(&entry.detail(format!("sessions:{ended}"))).await?;
    Ok(tx.commit().await?)
}
