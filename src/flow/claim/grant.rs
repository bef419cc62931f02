//! The write grant that the person signs: who may write what to where, and until when.

use std::time::Duration;

use idos_client::WriteGrant;

use super::person::is_by;
use super::{ClaimError, invalid, submitter};
use crate::app::App;
use crate::flow::claimed::Kept;
use crate::flow::events::emit_claim;
use crate::flow::grant::{self, GrantError};
use crate::flow::resume;
use crate::model::audit::{AuditAction, AuditEntry};
use crate::model::claim::{Claim, State};
use crate::model::event::EventKind;
use crate::model::issuance::Issuance;
use crate::model::submission::{Owner, SignedGrant};

const NOT_NOW: &str = "There is no write grant to be signed: the person is not identified yet, or the credential does not wait for one.";

const OTHER_WALLET: &str =
    "This is not the wallet that has signed in. Sign in with it first, or use the other one.";

impl From<GrantError> for ClaimError {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::Invalid(invalid) => Self::Invalid(invalid),
            GrantError::Node(error) => Self::Node(error),
        }
    }
}

/// Makes a grant for the person's wallet to sign.
pub async fn offer(app: &App, claim: &Claim, owner: &Owner) -> Result<(WriteGrant, String), ClaimError> {
    let issuance = check(app, claim, owner).await?;
    let grantee = issuance.as_ref().and_then(|issuance| issuance.grantee.as_deref());
    let valid_for = Duration::from_secs(claim.grant_seconds.into());
    Ok(grant::offer(app, owner, valid_for, None, grantee).await?)
}

/// Takes the grant that the person has signed: an issuance that waits for it goes on, or it is kept, locked, until one is submitted.
/// The same grant again changes nothing.
pub async fn sign(app: &App, claim: Claim, signed: SignedGrant) -> Result<Claim, ClaimError> {
    if claim.grant_id == Some(signed.grant.id)
        && matches!(claim.state, State::Granted | State::Writing | State::Written)
    {
        return Ok(claim);
    }
    let issuance = check(app, &claim, &signed.owner).await?;
    let id = claim.id.clone();
    if let Some(issuance) = issuance {
        resume::bring_on_by_claim(app, submitter(&claim).actor(), issuance, signed, &claim).await?;
    } else {
        keep(app, claim, signed).await?;
    }
    app.store.claim(&id).await?.ok_or(ClaimError::Unknown)
}

/// That there is a grant to be signed, and by this wallet. Gives the issuance that waits for it.
async fn check(app: &App, claim: &Claim, owner: &Owner) -> Result<Option<Issuance>, ClaimError> {
    let issuance = match &claim.issuance_id {
        Some(id) => Some(app.store.issuance(id).await?.ok_or(ClaimError::Unknown)?),
        None => None,
    };
    let stands = issuance.as_ref().map(|issuance| (issuance.state, issuance.halt));
    if !claim.takes_grant(stands) {
        return Err(ClaimError::Conflict(NOT_NOW));
    }
    if !is_by(app, claim, owner) {
        return Err(ClaimError::WrongWallet(OTHER_WALLET));
    }
    Ok(issuance)
}

async fn keep(app: &App, claim: Claim, signed: SignedGrant) -> Result<(), ClaimError> {
    if !signed.grant.grantee.eq_ignore_ascii_case(&app.identity().caller()) {
        return Err(invalid("grant.grantee", "is not the issuer"));
    }
    grant::check(app, &signed).await?;
    if app.store.is_grant_in_use(signed.grant.id, None).await? {
        return Err(invalid("grant.id", grant::USED));
    }
    let grant_id = Some(signed.grant.id);
    let kept = Kept { grant: Some(signed), ..Kept::of(app, &claim)? };
    let locked = kept.lock(app, &claim.id)?;
    let now = app.clock.now();
    let claim = Claim { state: State::Granted, grant_id, locked, ..claim };
    let mut tx = app.store.begin().await?;
    tx.change_claim(&claim, now).await?;
    emit_claim(app, &mut tx, EventKind::ClaimGranted, &claim, None, now).await?;
    let actor = submitter(&claim).actor();
    tx.record(&AuditEntry::new(now, actor, AuditAction::GrantReceived, claim.id.as_str())).await?;
    tx.commit().await?;
    Ok(())
}
