//! Coming in by an OpenID provider: it says who somebody is, and by its groups what they may do. What has to be kept until they come back
//! is in their browser, locked: nothing is written down of who has only set out.

use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use url::Url;

use super::sign_in::From;
use super::{SignedIn, StaffError, pace, start};
use crate::app::App;
use crate::model::audit::{AuditAction, AuditEntry};
use crate::model::ids::SessionId;
use crate::model::staff::{Reach, Staff, Stage, login_name};
use crate::model::submitter::is_plain_name;
use crate::model::time::Timestamp;
use crate::oidc::{Begun, Identity, OidcError, OidcProvider, Returned, TokenFault};
use crate::store::{Store, StoreError};
use crate::vault;

/// How long somebody may take at the provider, in milliseconds.
pub const LASTS: i64 = 10 * 60_000;

/// How much the provider's clock may be behind ours, in milliseconds.
const SKEW: i64 = 60_000;

/// What the locked text belongs to.
const PLACE: &str = "staff_sign_in";

/// The most names that are tried for somebody whose own is taken.
const NAMES: u32 = 100;

/// Somebody who is on the way to the provider.
pub struct Leaving {
    /// Where they go.
    pub url: Url,
    /// What their browser keeps until they come back, for [`LASTS`].
    pub kept: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    begun: Begun,
    /// Since when, in milliseconds since 1970.
    at: i64,
    /// The session in which they show once more who they are, before what cannot be undone.
    session: Option<String>,
    next: String,
}

/// Sends somebody to the provider; to show once more who they are, if they have come in. `next` is where they go on afterwards.
pub async fn leave(app: &App, me: Option<&SignedIn>, next: &str) -> Result<Leaving, StaffError> {
    let me = me.filter(|me| me.session.stage == Stage::Full);
    let (url, begun) = provider(app)?.begin(me.is_some()).await?;
    let kept = Kept {
        begun,
        at: app.clock.now().unix_millis(),
        session: me.map(|me| me.session.id.as_str().to_owned()),
        next: next.to_owned(),
    };
    let kept = app.vault.lock(PLACE, &vault::to_json(&kept)?, &mut OsRng)?;
    Ok(Leaving { url, kept })
}

/// Lets somebody in who has come back, with what their browser has kept. Gives their session, and where they go on.
pub async fn come_back(
    app: &App,
    kept: Option<&str>,
    returned: Returned,
    from: From<'_>,
) -> Result<(SignedIn, String), StaffError> {
    let now = app.clock.now();
    let counted = pace::ADDRESS.count(app, from.address).await?;
    let kept = kept.and_then(|kept| app.vault.unlock(PLACE, kept).ok());
    let kept: Option<Kept> = kept.and_then(|bytes| vault::from_json(&bytes).ok());
    let is_in_time = |kept: &Kept| (kept.at..kept.at.saturating_add(LASTS)).contains(&now.unix_millis());
    let Some(kept) = kept.filter(is_in_time) else { return Err(OidcError::NotBegunHere.into()) };
    let identity = provider(app)?.finish(kept.begun, returned, now).await?;
    // Whom it knows from earlier has shown nothing anew.
    let shown_since = |at: Timestamp| at.unix_millis() >= kept.at - SKEW;
    if kept.session.is_some() && !identity.authenticated_at.is_some_and(shown_since) {
        return Err(OidcError::Token(TokenFault::Other).into());
    }
    let me = let_in(app, &identity, kept.session.as_deref(), now).await?;
    counted.take_back(app).await?;
    metrics::counter!("staff_sign_ins_total", "outcome" => "signed_in").increment(1);
    Ok((me, kept.next))
}

fn provider(app: &App) -> Result<&OidcProvider, StaffError> {
    app.oidc.as_ref().ok_or(StaffError::NotFound)
}

/// Opens a session for somebody, in place of the one in which they have shown once more who they are.
async fn let_in(
    app: &App,
    identity: &Identity,
    session: Option<&str>,
    now: Timestamp,
) -> Result<SignedIn, StaffError> {
    let known = app.store.staff_of_identity(&identity.issuer, &identity.subject).await?;
    let is_new = known.is_none();
    let mut staff = match known {
        Some(staff) => staff,
        None => newcomer(&app.store, identity, now).await?,
    };
    let has_changed = staff.role != identity.role;
    (staff.role, staff.signed_in_at, staff.accepted_at) =
        (identity.role, Some(now), staff.accepted_at.or(Some(now)));
    let mut tx = app.store.begin().await?;
    if is_new {
        match tx.add_staff(&staff).await {
            // In two windows at the same time.
            Err(StoreError::Exists) => return Err(StaffError::Wrong),
            other => other?,
        }
        staff.version += 1;
    } else {
        match tx.change_staff(&mut staff, now).await {
            Err(StoreError::Stale) => return Err(StaffError::Wrong),
            other => other?,
        }
    }
    if has_changed {
        tx.end_sessions_of(&staff.id).await?;
    } else if let Some(old) = session.and_then(|id| id.parse::<SessionId>().ok()) {
        match tx.end_session(&staff.id, &old).await {
            // It has ended, or was somebody else's, who stays in it elsewhere.
            Ok(()) | Err(StoreError::Stale) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let full = start::open(app, &mut tx, &staff, Stage::Full, now).await?;
    let entry = |act| AuditEntry::new(now, staff.actor(), act, staff.id.as_str());
    if is_new || has_changed {
        let act = if is_new { AuditAction::StaffAccepted } else { AuditAction::StaffChanged };
        tx.record(&entry(act).detail(format!("role:{} client:{} openid", staff.role, staff.reach))).await?;
    }
    tx.record(&entry(AuditAction::StaffSignedIn).detail("openid")).await?;
    tx.commit().await?;
    Ok(full)
}

/// Somebody whom the provider has sent for the first time.
async fn newcomer(store: &Store, identity: &Identity, now: Timestamp) -> Result<Staff, StaffError> {
    let name = free_name(store, &identity.name).await?;
    let mut staff = Staff::new(name, identity.role, Reach::All, now, &mut OsRng);
    staff.identity = Some((identity.issuer.clone(), identity.subject.clone()));
    Ok(staff)
}

/// What they are called here: nobody else's name.
async fn free_name(store: &Store, text: &str) -> Result<String, StaffError> {
    let plain = plain(text);
    for number in 1..=NAMES {
        let name = if number == 1 { plain.clone() } else { format!("{plain}-{number}") };
        if store.staff_of_name(&name).await?.is_none() {
            return Ok(name);
        }
    }
    Err(StaffError::Taken)
}

/// A plain name that is like this one.
fn plain(text: &str) -> String {
    let text = login_name(text);
    let before_the_host = text.split('@').next().unwrap_or_default();
    let plain: String = before_the_host
        .chars()
        .map(|char| if is_plain_name(char.encode_utf8(&mut [0; 4])) { char } else { '-' })
        .take(60)
        .collect();
    let plain = plain.trim_matches('-');
    if is_plain_name(plain) { plain.to_owned() } else { "somebody".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_providers_become_plain_ones() {
        for (text, expected) in [
            ("ada", "ada"),
            ("Ada.Lovelace@example.com", "ada.lovelace"),
            ("Ada Lovelace", "ada-lovelace"),
            ("Ādā", "d"),
            ("日本", "somebody"),
            ("", "somebody"),
            ("@example.com", "somebody"),
            ("<script>", "script"),
        ] {
            assert_eq!(plain(text), expected, "{text}");
            assert!(is_plain_name(&plain(text)));
        }
        assert_eq!(plain(&"a".repeat(500)).len(), 60);
    }
}
