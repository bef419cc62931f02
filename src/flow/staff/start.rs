//! Sessions, begun: each with a token that was nobody's before.

use rand::rngs::OsRng;

use super::session::SignedIn;
use crate::app::App;
use crate::model::ids::SessionId;
use crate::model::mail_link::LinkToken;
use crate::model::staff::{Staff, StaffSession, Stage};
use crate::model::time::{HOUR, Timestamp};
use crate::store::{StoreError, Tx};

/// How long somebody may look for their code, in milliseconds.
const HALF_WAY: i64 = 5 * 60_000;

/// Opens a session within a change of whose it is.
pub(super) async fn open(
    app: &App,
    tx: &mut Tx,
    staff: &Staff,
    stage: Stage,
    now: Timestamp,
) -> Result<SignedIn, StoreError> {
    let token = LinkToken::new(&mut OsRng);
    let (factor_at, lasts) = match stage {
        Stage::Password => (None, HALF_WAY),
        Stage::Full => (Some(now), i64::from(app.console.session_hours) * HOUR),
    };
    let session = StaffSession {
        id: SessionId::new(now, &mut OsRng),
        hash: token.hash(),
        staff: staff.id.clone(),
        stage,
        factor_at,
        seen_at: now,
        ends_at: now.plus_millis(lasts),
        created_at: now,
    };
    tx.add_session(&session).await?;
    Ok(SignedIn { staff: staff.clone(), session, token })
}

/// Goes on with a session under another token, which takes the old one's place: after each change of what it may do.
pub(super) async fn renew(
    tx: &mut Tx,
    old: &StaffSession,
    staff: &Staff,
    factor_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<SignedIn, StoreError> {
    let token = LinkToken::new(&mut OsRng);
    let session = StaffSession {
        id: SessionId::new(now, &mut OsRng),
        hash: token.hash(),
        factor_at,
        seen_at: now,
        ..old.clone()
    };
    tx.end_session(&staff.id, &old.id).await?;
    tx.add_session(&session).await?;
    Ok(SignedIn { staff: staff.clone(), session, token })
}
